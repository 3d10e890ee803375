//! What a module's documentation says of it.

use serde_json::Value as Json;

use super::argument::{Absence, Argument};
use super::module::Module;

/// A module's reference. All of it comes from the documentation of the type that its arguments are read into: the
/// first paragraph is the summary, and a block of YAML holds the examples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The module.
    pub name: &'static str,
    /// One sentence.
    pub summary: String,
    /// What else there is to know, in paragraphs of one line each.
    pub paragraphs: Vec<String>,
    /// Its arguments, the required ones first.
    pub arguments: Vec<Argument>,
    /// Tasks that call it, as YAML.
    pub examples: String,
}

impl Reference {
    /// That of a module.
    pub fn of(module: Module) -> Reference {
        let schema = module.schema();
        let text = schema.get("description").and_then(Json::as_str).unwrap_or_default();
        let (prose, rest) = text.split_once("```yaml\n").unwrap_or((text, ""));
        let (examples, _) = rest.split_once("```").unwrap_or((rest, ""));
        let one_line = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut paragraphs = prose.split("\n\n").map(one_line).filter(|paragraph| !paragraph.is_empty());
        let summary = paragraphs.next().unwrap_or_default();
        let mut arguments = Argument::all(&schema);
        arguments.sort_by_key(|argument| argument.absence != Absence::Required);
        Reference {
            name: module.name,
            summary,
            paragraphs: paragraphs.collect(),
            arguments,
            examples: examples.to_owned(),
        }
    }
}
