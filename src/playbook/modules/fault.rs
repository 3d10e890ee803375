//! What is wrong with one argument of a module, whatever else there is: the first mistake of a task hides no other.

use serde_json::{Map, Value as Json};

use super::argument::{Absence, Argument};
use super::module::Module;
use super::reference::Reference;
use crate::document::{choose_from, nearest};
use crate::playbook::{TemplateError, habits};

/// An argument that is none of the module's.
pub(in crate::playbook) struct Unknown {
    pub(in crate::playbook) error: TemplateError,
    /// The argument that is most probably meant.
    pub(in crate::playbook) meant: Option<String>,
}

impl Module {
    /// Its arguments, as its reference tells them.
    pub(in crate::playbook) fn arguments(self) -> Vec<Argument> {
        Argument::all(&self.schema())
    }

    /// What is wrong with an argument's name; `known` are the module's.
    pub(in crate::playbook) fn unknown(self, name: &str, known: &[Argument]) -> Option<Unknown> {
        let names = || known.iter().map(|argument| argument.name.as_str());
        if names().any(|known| known == name) {
            return None;
        }
        let renamed = habits::renamed(self.name, name);
        let instead = habits::argument(self.name, name).map(str::to_owned);
        let meant = renamed.or_else(|| nearest(name, names())).filter(|_| instead.is_none());
        let remedy = match (instead, renamed) {
            (Some(instead), _) => instead,
            (None, Some(ours)) => format!("write `{ours}`"),
            (None, None) => choose_from(name, names()),
        };
        let message = format!("`{name}` is no argument of `{}`", self.name);
        Some(Unknown { error: TemplateError::new(message, remedy), meant: meant.map(str::to_owned) })
    }

    /// What is missing, when arguments of these names are there.
    pub(in crate::playbook) fn lacking(self, there: &[&str], known: &[Argument]) -> Vec<TemplateError> {
        let required = known.iter().filter(|argument| argument.absence == Absence::Required);
        let lacking = required.filter(|argument| !there.contains(&argument.name.as_str()));
        let error = |argument: &Argument| {
            let message = format!("`{}` lacks its argument `{}`", self.name, argument.name);
            TemplateError::new(message, self.example())
        };
        lacking.map(error).collect()
    }

    /// What is wrong with an argument's value; what has no place of its own is found by [`Module::resources`].
    pub(in crate::playbook) fn fault(self, name: &str, value: &Json) -> Option<TemplateError> {
        let alone = Map::from_iter([(name.to_owned(), value.clone())]);
        let message = (self.shape)(Json::Object(alone)).err()?;
        // Of all others it is said that they are missing.
        if message.starts_with("missing field `") || message.starts_with("unknown field `") {
            return None;
        }
        let arguments = self.arguments();
        let argument = arguments.iter().find(|argument| argument.name == name)?;
        let word = value.as_str().map(str::to_owned).or_else(|| value.as_bool().map(|word| word.to_string()));
        let habit = word.as_deref().and_then(|word| habits::value(self.name, name, word));
        let words = || argument.words.iter().map(|(word, _)| word.as_str());
        let takes_no_list = value.is_array() && !argument.values.contains("list");
        let (what, remedy) = match word {
            Some(word) if message.starts_with("unknown variant") && words().next().is_some() => {
                let all = choose_from(&word, words());
                let all =
                    if all.ends_with('?') { format!("{all} It can be: {}", listed(words())) } else { all };
                (format!("cannot be `{word}`"), all)
            }
            _ if takes_no_list || message.starts_with("invalid type") => {
                (format!("must be {}", articles(&argument.values)), remedy(argument, value, self))
            }
            _ => return Some(TemplateError::new(format!("{}: {message}", self.name), self.more())),
        };
        let remedy = habit.map_or(remedy, str::to_owned);
        Some(TemplateError::new(format!("`{name}` of `{}` {what}", self.name), remedy))
    }

    /// How a task that calls it is written.
    pub(in crate::playbook) fn example(self) -> String {
        let reference = Reference::of(self);
        let first = reference.examples.lines().next().and_then(|line| line.strip_prefix("- "));
        first.map_or_else(|| self.more(), |example| format!("write it as `{example}`"))
    }

    fn more(self) -> String {
        format!("`lvsprov doc {}` says what it takes", self.name)
    }
}

/// What to write instead of a value of another type.
fn remedy(argument: &Argument, value: &Json, module: Module) -> String {
    let (name, values) = (&argument.name, &argument.values);
    let plain = |value: &Json| match value {
        // It may be a secret.
        _ if name == "content" => None,
        Json::String(text) if is_plain(text) => Some(text.clone()),
        Json::String(_) => Some(value.to_string()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let number = |text: &str| text.parse::<i64>().is_ok();
    match value {
        Json::Array(items) if values.contains("text") && !values.contains("list") => {
            match items.first().and_then(plain) {
                Some(first) if items.len() == 1 => {
                    format!("leave the brackets or the `- ` out: `{name}: {first}`")
                }
                Some(first) => format!(
                    "write one and no list: `{name}: {first}`; for each of several, write `{name}: \"{{{{ item }}}}\"` and, \
                     beside the module, `loop: [{first}, ...]`"
                ),
                None if name == "content" => {
                    "write its lines as one text: `content: \"one\\ntwo\\n\"`, or below `content: |`".into()
                }
                None => format!("write one and no list; {}", module.example()),
            }
        }
        Json::String(text) if values.contains("number") && number(text) => {
            format!("write it without quotes: `{name}: {text}`")
        }
        Json::String(text) if values.starts_with("list") && is_plain(text) => {
            format!("put it into brackets: `{name}: [{text}]`")
        }
        _ if values.starts_with("octal") => format!("write `{name}: \"0644\"`"),
        _ if values == "true or false" => format!("write `{name}: true` or `{name}: false`"),
        _ => format!("write {}; `lvsprov doc {}` has examples", articles(values), module.name),
    }
}

/// Whether a text can stand in YAML's brackets without quotes.
fn is_plain(text: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "_./-".contains(letter);
    !text.is_empty() && text.chars().all(fits) && !text.starts_with('-')
}

fn articles(values: &str) -> String {
    let values = values.replace("whole number", "a whole number").replace("list of", "a list of");
    if values == "mapping" { "a mapping".to_owned() } else { values }
}

fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}
