//! Which services take notice of a file's change.

use std::collections::HashMap;

use super::declare::{Declaration, DeclareError};
use super::engine::TemplateError;
use crate::resource::{Effect, Resource, Service};

/// Tells each file which services must restart or reload when it changes, so that the file's own change can leave word
/// of it on the host: a run that is interrupted between the two is then made good by the next.
///
/// Gives an error for each service whose file comes after it for the last time: it would find the word in the next run.
pub(super) fn give(declared: &mut [Declaration]) -> Vec<DeclareError> {
    let mut notices: HashMap<String, Vec<(String, Effect)>> = HashMap::new();
    // By path, and by path and unit: the last declaration.
    let (mut files, mut services) = (HashMap::new(), HashMap::new());
    for (index, declaration) in declared.iter().enumerate() {
        match &declaration.resource {
            Resource::File(file) => _ = files.insert(file.dest.as_str(), index),
            Resource::Service(service) => {
                for (path, effect) in reads(service) {
                    notices.entry(path.to_owned()).or_default().push((service.name.clone(), effect));
                    services.insert((path, unit(service)), index);
                }
            }
            _ => {}
        }
    }
    let is_late = |&(&(path, _), &service): &(&(&str, &str), &usize)| {
        files.get(path).is_some_and(|file| *file > service)
    };
    let mut late: Vec<(usize, &str)> =
        services.iter().filter(is_late).map(|((path, _), service)| (*service, *path)).collect();
    late.sort_unstable();
    let errors = late.into_iter().map(|(service, path)| late_file(&declared[service], path)).collect();
    for declaration in declared {
        if let Resource::File(file) = &mut declaration.resource {
            file.notifies = notices.get(&file.dest).cloned().unwrap_or_default();
        }
    }
    errors
}

fn reads(service: &Service) -> impl Iterator<Item = (&str, Effect)> {
    let restart = service.restart_on.iter().map(|path| (path.as_str(), Effect::Restart));
    restart.chain(service.reload_on.iter().map(|path| (path.as_str(), Effect::Reload)))
}

fn unit(service: &Service) -> &str {
    service.name.strip_suffix(".service").unwrap_or(&service.name)
}

fn late_file(service: &Declaration, path: &str) -> DeclareError {
    let name = service.resource.subject();
    let message = format!("`{path}` is declared after the service `{name}`, which depends on it");
    let remedy = "move the service below the file's task".to_owned();
    DeclareError {
        span: service.span,
        error: TemplateError { message, remedy, place: None, undefined: None },
    }
}
