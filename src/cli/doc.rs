//! `doc`: the modules' reference.

use std::io::Write;

use serde_json::{Map, Value as Json};

use super::args::{DocArgs, DocFormat};
use super::exit::{Exit, Stop};
use crate::document::choose_from;
use crate::playbook::{Module, Reference, modules};
use crate::report::manual;

pub(super) fn doc(args: &DocArgs) -> Result<Exit, Stop> {
    let chosen = match &args.module {
        None => None,
        Some(name) => Some(named(name)?),
    };
    let shown: Vec<Module> = chosen.map_or_else(modules, |module| vec![module]);
    let references: Vec<Reference> = shown.iter().copied().map(Reference::of).collect();
    let text = match (args.output, chosen) {
        (DocFormat::Text, None) => manual::list(&references),
        (DocFormat::Text, Some(_)) => references.iter().map(manual::page).collect(),
        (DocFormat::Markdown, None) => manual::markdown(&references),
        (DocFormat::Markdown, Some(_)) => references.iter().map(manual::section).collect(),
        (DocFormat::Json, None) => {
            let all: Map<String, Json> =
                shown.iter().map(|module| (module.name.to_owned(), module.schema().to_value())).collect();
            format!("{:#}\n", Json::Object(all))
        }
        (DocFormat::Json, Some(module)) => format!("{:#}\n", module.schema().as_value()),
    };
    // Whoever reads no further (`| head`) has had enough.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(Exit::Done)
}

fn named(name: &str) -> Result<Module, Stop> {
    let known = modules();
    known.iter().copied().find(|module| module.name == name).ok_or_else(|| {
        let names = known.iter().map(|module| module.name);
        Stop::usage(format!("there is no module `{name}`"), choose_from(name, names))
    })
}
