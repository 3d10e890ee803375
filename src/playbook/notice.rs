//! Which services take notice of a file's change.

use std::collections::{BTreeMap, HashMap};

use super::{Declaration, DeclareError, TemplateError};
use crate::resource::{Effect, FileState, Resource, Service};

/// A unit that depends on a file.
#[derive(Default)]
struct Reader {
    /// Its last declaration.
    last: usize,
    /// What it needs when the file changes, with the name that each declaration calls it by.
    effects: Vec<(String, Effect)>,
}

/// Tells each file which services must restart or reload when it changes, so that the file's own change can leave word
/// of it on the host: a run that is interrupted between the two is then made good by the next.
///
/// Only a service that comes later takes notice, as any other would find the word in the next run. Gives an error for
/// each service whose file gets its content after it for the last time. A task that sets a file's mode may come at any
/// time.
pub(super) fn give(declared: &mut [Declaration]) -> Vec<DeclareError> {
    // By path and unit.
    let mut readers: BTreeMap<(String, String), Reader> = BTreeMap::new();
    // By path: the last declaration that is about what is in the file.
    let mut contents: HashMap<&str, usize> = HashMap::new();
    for (index, declaration) in declared.iter().enumerate() {
        match &declaration.resource {
            Resource::File(file) if file.content.is_some() || file.state == FileState::Absent => {
                contents.insert(&file.dest, index);
            }
            Resource::Service(service) => {
                for (path, effect) in reads(service) {
                    let reader = readers.entry((path.to_owned(), unit(service).to_owned())).or_default();
                    reader.last = index;
                    reader.effects.push((service.name.clone(), effect));
                }
            }
            _ => {}
        }
    }
    let is_late = |path: &str, service: usize| contents.get(path).is_some_and(|file| *file > service);
    let mut late: Vec<(usize, &str)> =
        readers.iter().map(|((path, _), reader)| (reader.last, path.as_str())).collect();
    late.retain(|(service, path)| is_late(path, *service));
    late.sort_unstable();
    let errors = late.into_iter().map(|(service, path)| late_file(&declared[service], path)).collect();
    for (index, declaration) in declared.iter_mut().enumerate() {
        if let Resource::File(file) = &mut declaration.resource {
            let later =
                readers.iter().filter(|((path, _), reader)| *path == file.dest && reader.last > index);
            file.notifies = later.flat_map(|(_, reader)| reader.effects.iter().cloned()).collect();
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
    let error = TemplateError::new(message, "move the service below the file's task");
    DeclareError { span: service.span, error }
}
