//! One argument of a module, in words, from its JSON Schema.

use schemars::Schema;
use serde_json::Value as Json;

/// What a module's reference says of one argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// The key.
    pub name: String,
    /// What can be written, in words: `text or list of texts`.
    pub values: String,
    /// What holds when it is left out.
    pub absence: Absence,
    /// What it is for.
    pub meaning: String,
    /// Where it is one of a few words: each with its meaning.
    pub words: Vec<(String, String)>,
}

/// What holds when an argument is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// It must not be.
    Required,
    /// Nothing is declared by it.
    Optional,
    /// This, as it would be written.
    Default(String),
}

impl Argument {
    /// Those of a schema, in its order.
    pub(super) fn all(schema: &Schema) -> Vec<Argument> {
        let root = schema.as_value();
        let required = |name: &str| {
            let names = root.get("required").and_then(Json::as_array);
            names.is_some_and(|names| names.iter().any(|one| one == name))
        };
        let arguments = root.get("properties").and_then(Json::as_object);
        let argument = |(name, schema): (&String, &Json)| {
            let (mut values, mut words) = (Vec::new(), Vec::new());
            tell(schema, root, &mut values, &mut words);
            values.dedup();
            Argument {
                name: name.clone(),
                values: alternatives(&values),
                absence: if required(name) { Absence::Required } else { absence(schema.get("default")) },
                meaning: text(schema, "description"),
                words,
            }
        };
        arguments.into_iter().flatten().map(argument).collect()
    }
}

fn absence(default: Option<&Json>) -> Absence {
    match default {
        None | Some(Json::Null) => Absence::Optional,
        Some(Json::Array(items)) if items.is_empty() => Absence::Optional,
        Some(Json::String(word)) => Absence::Default(word.clone()),
        Some(value) => Absence::Default(value.to_string()),
    }
}

/// Collects what can be written, and the words among it that have a meaning of their own.
fn tell(schema: &Json, root: &Json, values: &mut Vec<String>, words: &mut Vec<(String, String)>) {
    let target =
        schema.get("$ref").and_then(Json::as_str).and_then(|path| root.pointer(path.strip_prefix('#')?));
    if let Some(target) = target {
        return tell(target, root, values, words);
    }
    if let Some(title) = schema.get("title").and_then(Json::as_str) {
        return values.push(title.to_owned());
    }
    if let Some(word) = schema.get("const").and_then(Json::as_str) {
        words.push((word.to_owned(), text(schema, "description")));
        return values.push(format!("`{word}`"));
    }
    let several = ["anyOf", "oneOf"].into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
    several.for_each(|one| tell(one, root, values, words));
    let types = match schema.get("type") {
        Some(Json::Array(types)) => types.iter().filter_map(Json::as_str).collect(),
        Some(Json::String(only)) => vec![only.as_str()],
        _ => Vec::new(),
    };
    for name in types {
        match name {
            "null" => {}
            "boolean" => values.extend(["true", "false"].map(str::to_owned)),
            "integer" => values.push("whole number".to_owned()),
            "array" => {
                let mut each = Vec::new();
                if let Some(items) = schema.get("items") {
                    tell(items, root, &mut each, words);
                }
                let each: Vec<String> = each.iter().map(|one| plural(one)).collect();
                values.push(format!("list of {}", alternatives(&each)));
            }
            "object" => values.push("mapping".to_owned()),
            "string" => values.push(of_format(schema.get("format").and_then(Json::as_str)).to_owned()),
            other => values.push(other.to_owned()),
        }
    }
}

fn of_format(format: Option<&str>) -> &'static str {
    match format {
        Some("ipv4") => "IPv4 address",
        Some("ipv6") => "IPv6 address",
        Some("ip") => "IP address",
        _ => "text",
    }
}

fn plural(word: &str) -> String {
    format!("{word}{}", if word.ends_with('s') { "es" } else { "s" })
}

/// `a, b or c`
fn alternatives(values: &[String]) -> String {
    match values {
        [] => "anything".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn text(schema: &Json, key: &str) -> String {
    let words = schema.get(key).and_then(Json::as_str).unwrap_or_default().split_whitespace();
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::modules;

    #[test]
    fn arguments_are_told_in_words() {
        let told = |module: &str| -> Vec<(String, String, Absence)> {
            let module = modules().into_iter().find(|known| known.name == module).unwrap();
            let all = Argument::all(&module.schema()).into_iter();
            all.map(|argument| (argument.name, argument.values, argument.absence)).collect()
        };
        let argument = |name: &str, values: &str, absence| (name.to_owned(), values.to_owned(), absence);
        let default = |value: &str| Absence::Default(value.to_owned());
        assert_eq!(
            told("package")[..2],
            [
                argument("name", "text or list of texts", Absence::Required),
                argument("state", "`present`, `latest` or `absent`", default("present")),
            ]
        );
        let file = told("file");
        assert!(file.contains(&argument("owner", "text or whole number", Absence::Optional)), "{file:?}");
        assert!(file.contains(&argument("mode", "octal digits in quotes", Absence::Optional)), "{file:?}");
        assert!(file.contains(&argument("secret", "true or false", default("false"))), "{file:?}");
        assert_eq!(told("sysctl")[1], argument("value", "text, number, true or false", Absence::Required));
        assert_eq!(told("service")[1], argument("state", "`started` or `stopped`", Absence::Optional));
        assert_eq!(told("virtual_services")[0], argument("persist", "true or false", default("true")));
        assert_eq!(told("template")[2], argument("mode", "octal digits in quotes", Absence::Optional));
    }
}
