//! A YAML value whose texts may hold templates, compiled.

use minijinja::value::ValueKind;
use minijinja::{Expression, Template, Value};
use serde_json::Value as Json;

use super::engine::{self, Engine, TemplateError};
use crate::document::{Complaints, Node, Span, Value as Yaml};

/// A value that becomes JSON once the variables are known. Spans are those of the YAML it was read from.
#[derive(Debug)]
pub(super) enum Templated<'e> {
    /// Nothing to render in it.
    Plain(Json),
    /// A text that is one `{{ expression }}`: the value keeps its type.
    Expression { expression: Expression<'e, 'static>, text: String, span: Span },
    /// The same with blanks beside it, as a block of YAML has them, which ends with a newline: only a list or mapping
    /// is not meant to have them, and all else is the text.
    Block { expression: Expression<'e, 'static>, template: Template<'e, 'e>, span: Span },
    /// A text with templates in it.
    Text { template: Template<'e, 'e>, span: Span },
    /// A list.
    List(Vec<Templated<'e>>),
    /// A mapping.
    Map(Vec<(String, Templated<'e>)>),
}

impl<'e> Templated<'e> {
    /// Compiles every text of the node; what does not compile is complained of, and taken as empty.
    pub(super) fn compile(node: &Node, engine: &'e Engine, complaints: &mut Complaints) -> Templated<'e> {
        match &node.value {
            Yaml::Text(text) if text.contains("{{") || text.contains("{%") => {
                Self::compile_text(text, node.span, engine, complaints)
            }
            Yaml::Sequence(items) => {
                let items: Vec<_> =
                    items.iter().map(|item| Self::compile(item, engine, complaints)).collect();
                if items.iter().all(|item| matches!(item, Templated::Plain(_))) {
                    return Templated::Plain(node.to_json());
                }
                Templated::List(items)
            }
            Yaml::Mapping(entries) => Templated::Map(
                entries
                    .iter()
                    .map(|entry| (entry.key.value.clone(), Self::compile(&entry.value, engine, complaints)))
                    .collect(),
            ),
            _ => Templated::Plain(node.to_json()),
        }
    }

    fn compile_text(
        text: &str,
        span: Span,
        engine: &'e Engine,
        complaints: &mut Complaints,
    ) -> Templated<'e> {
        let compiled = match sole_expression(text) {
            Some(inner) if text.trim() == text => engine
                .expression(inner)
                .map(|expression| Templated::Expression { expression, text: inner.trim().to_owned(), span }),
            Some(inner) => engine.expression(inner).and_then(|expression| {
                engine.text(text).map(|template| Templated::Block { expression, template, span })
            }),
            None => engine.text(text).map(|template| Templated::Text { template, span }),
        };
        compiled.unwrap_or_else(|error| {
            complaints.add(span, error.message, error.remedy);
            Templated::Plain(Json::Null)
        })
    }

    /// The value with these variables. The error comes with the place of the text that it is about.
    pub(super) fn render(&self, variables: &Value) -> Result<Json, (Span, TemplateError)> {
        Ok(match self {
            Templated::Plain(value) => value.clone(),
            Templated::Block { expression, template, span } => {
                let structure = expression.eval(variables.clone()).ok().filter(|value| {
                    matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable | ValueKind::Map)
                });
                match structure.and_then(|value| serde_json::to_value(&value).ok()) {
                    Some(value) => value,
                    None => text(template, *span, variables)?,
                }
            }
            Templated::Expression { expression, text, span } => {
                let value = engine::evaluate(expression, text, variables).map_err(|error| (*span, error))?;
                serde_json::to_value(&value).map_err(|error| {
                    let message = format!("`{text}` is no value that a module takes: {error}");
                    (
                        *span,
                        TemplateError {
                            message,
                            remedy: "give a text, number or list".into(),
                            place: None,
                            undefined: None,
                        },
                    )
                })?
            }
            Templated::Text { template, span } => text(template, *span, variables)?,
            Templated::List(items) => {
                Json::Array(items.iter().map(|item| item.render(variables)).collect::<Result<_, _>>()?)
            }
            Templated::Map(entries) => Json::Object(
                entries
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), value.render(variables)?)))
                    .collect::<Result<_, _>>()?,
            ),
        })
    }
}

impl Templated<'_> {
    /// Everything in it that does not render, each with its place.
    pub(super) fn errors(&self, variables: &Value) -> Vec<(Span, TemplateError)> {
        match self {
            Templated::List(items) => items.iter().flat_map(|item| item.errors(variables)).collect(),
            Templated::Map(entries) => {
                entries.iter().flat_map(|(_, value)| value.errors(variables)).collect()
            }
            leaf => leaf.render(variables).err().into_iter().collect(),
        }
    }
}

fn text(template: &Template<'_, '_>, span: Span, variables: &Value) -> Result<Json, (Span, TemplateError)> {
    engine::render(template, variables).map(Json::String).map_err(|error| (span, error))
}

/// What is between the braces when the text is nothing but one `{{ }}`, and blanks beside it.
fn sole_expression(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    // `{{-` and `-}}` are braces of a template too, not a minus.
    let of_braces = inner.starts_with(['-', '+']) || inner.ends_with(['-', '+']);
    let several = inner.contains("{{") || inner.contains("}}") || inner.contains("{%");
    (!of_braces && !several).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::sole_expression;

    #[test]
    fn only_a_text_that_is_one_expression_keeps_its_type() {
        assert_eq!(sole_expression("{{ time.servers }}"), Some(" time.servers "));
        assert_eq!(sole_expression("{{ a }}/{{ b }}"), None);
        assert_eq!(sole_expression("x {{ a }}"), None);
        assert_eq!(sole_expression("{{ -5 }}"), Some(" -5 "));
        assert_eq!(sole_expression(" {{ a }}\n"), Some(" a "));
        for text in ["{{ a }} {{ b }}\n", "{{- a }}", "{{ a -}}", "{{+ a }}", "{{ a +}}"] {
            assert_eq!(sole_expression(text), None, "{text:?}");
        }
    }
}
