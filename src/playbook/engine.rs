//! The template engine: strict about what is undefined, and every template compiled once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, Expression, Template, UndefinedBehavior, Value};

use super::habits;
use crate::document::{Source, Span};

/// Compiles and keeps templates. Template files are given to it beforehand: it reads none itself.
#[derive(Debug)]
pub struct Engine {
    environment: Environment<'static>,
    texts: Texts,
}

/// Template texts by name: a file's own name, or for a text within a playbook the text itself. An error says why a file
/// could not be read.
type Texts = Arc<Mutex<HashMap<String, Result<String, String>>>>;

/// A `when:` expression.
#[derive(Debug)]
pub(super) struct Condition<'e> {
    pub(super) expression: Expression<'e, 'static>,
    pub(super) text: String,
    pub(super) span: Span,
}

/// A template that does not compile or render.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
    /// The place within a template *file*, when it is there.
    pub place: Option<Box<(Source, Span)>>,
    /// The variable that is undefined, when that is what is wrong.
    pub undefined: Option<String>,
}

impl TemplateError {
    /// One that is about no place of a template file, nor about what is undefined.
    pub(super) fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        TemplateError { message: message.into(), remedy: remedy.into(), place: None, undefined: None }
    }
}

impl Default for Engine {
    fn default() -> Self {
        Engine::new()
    }
}

impl Engine {
    /// An engine that knows no template file yet.
    pub fn new() -> Self {
        let texts = Texts::default();
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        // A file is what its template says, to the last newline; and a line that only holds a tag leaves none behind.
        let syntax =
            SyntaxConfig::builder().keep_trailing_newline(true).trim_blocks(true).lstrip_blocks(true).build();
        if let Ok(syntax) = syntax {
            environment.set_syntax(syntax);
        }
        // Without it, which is how a release is built, no error knows the variable or the place that it is about.
        environment.set_debug(true);
        // Nothing here is HTML: a file's name must not bring escapes into it.
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        let known = Arc::clone(&texts);
        environment.set_loader(move |name| {
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            let unreadable = |why| Error::new(ErrorKind::BadSerialization, why);
            known.get(name).cloned().transpose().map_err(unreadable)
        });
        Engine { environment, texts }
    }

    /// Gives it a template file, which templates may include by this name.
    pub fn add_file(&self, name: &str, text: &str) {
        self.add(name, Ok(text.to_owned()));
    }

    /// Tells it of a template file that can't be read, which is an error where a template is to be made of it.
    pub fn add_unreadable(&self, name: &str, why: String) {
        self.add(name, Err(why));
    }

    /// A template file that it was given.
    ///
    /// # Errors
    /// There is none of that name, or it does not compile.
    pub(super) fn file(&self, name: &str) -> Result<Template<'_, '_>, TemplateError> {
        self.environment.get_template(name).map_err(|error| explain(&error, None))
    }

    /// A text with `{{ }}` or `{% %}` in it.
    pub(super) fn text(&self, text: &str) -> Result<Template<'_, '_>, TemplateError> {
        self.add(text, Ok(text.to_owned()));
        self.environment.get_template(text).map_err(|error| explain(&error, None))
    }

    /// An expression, as it stands between `{{` and `}}`.
    pub(super) fn expression(&self, text: &str) -> Result<Expression<'_, 'static>, TemplateError> {
        self.environment.compile_expression_owned(text.to_owned()).map_err(|error| explain(&error, None))
    }

    fn add(&self, name: &str, text: Result<String, String>) {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.entry(name.to_owned()).or_insert(text);
    }
}

/// The value of an expression; what is undefined is an error.
pub(super) fn evaluate(
    expression: &Expression<'_, 'static>,
    text: &str,
    variables: &Value,
) -> Result<Value, TemplateError> {
    let value = expression.eval(variables.clone()).map_err(|error| explain(&error, Some(variables)))?;
    if value.is_undefined() {
        return Err(undefined(text.trim(), Some(variables)));
    }
    Ok(value)
}

/// A rendered template's text.
pub(super) fn render(template: &Template<'_, '_>, variables: &Value) -> Result<String, TemplateError> {
    template.render(variables.clone()).map_err(|error| explain(&error, Some(variables)))
}

/// What the engine's error means for whoever wrote the template.
fn explain(error: &Error, variables: Option<&Value>) -> TemplateError {
    // Of an included file the outer error only says that it could not be rendered.
    let errors: Vec<&Error> = std::iter::successors(Some(error), |error| {
        std::error::Error::source(*error).and_then(|source| source.downcast_ref())
    })
    .collect();
    let place = errors.iter().rev().find_map(|error| place(error));
    let error = errors.last().copied().unwrap_or(error);
    let mut explained = match error.kind() {
        kind if kind == ErrorKind::UndefinedError || undefined_part(error).is_some() => {
            let range = error.range();
            let text = error.template_source().zip(range).and_then(|(text, range)| text.get(range));
            undefined(undefined_part(error).or(text).unwrap_or("a variable"), variables)
        }
        ErrorKind::TemplateNotFound => TemplateError {
            message: error.detail().unwrap_or("the template was not found").to_owned(),
            remedy: "put it into `templates/` beside the playbook's folder or beside the inventory".into(),
            place: None,
            undefined: None,
        },
        // What the loader says of a file.
        ErrorKind::BadSerialization if error.name().is_none() => TemplateError {
            message: error.detail().unwrap_or("the template can't be read").to_owned(),
            remedy: "see that it is there, may be read, and is UTF-8".into(),
            place: None,
            undefined: None,
        },
        kind => TemplateError {
            message: match error.detail() {
                Some(detail) => format!("{kind}: {detail}"),
                None => kind.to_string(),
            },
            remedy: "correct the expression; docs/playbook.md has the variables and filters".into(),
            place: None,
            undefined: None,
        },
    };
    explained.place = place;
    explained
}

/// What is undefined, as far as the engine says it in words: of `{{ nmae | upper }}` it points to the filter.
fn undefined_part(error: &Error) -> Option<&str> {
    let (before, _) = error.detail()?.split_once("` is undefined")?;
    before.rsplit('`').next()
}

/// Where in a template *file* an error is.
fn place(error: &Error) -> Option<Box<(Source, Span)>> {
    let of_file = |name: &&str| !name.contains("{{") && !name.contains("{%") && *name != "<expression>";
    let name = error.name().filter(of_file)?;
    let range = error.range()?;
    let source = Source::new(name, error.template_source()?);
    Some(Box::new((source, Span { offset: range.start, length: range.end - range.start })))
}

fn undefined(text: &str, variables: Option<&Value>) -> TemplateError {
    let path = text.trim().trim_start_matches("{{").trim_end_matches("}}").trim();
    let names: Vec<String> = variables
        .and_then(|variables| variables.try_iter().ok())
        .map(|names| names.filter_map(|name| name.as_str().map(str::to_owned)).collect())
        .unwrap_or_default();
    let root = path.split(['.', '[', ' ', '|']).next().unwrap_or(path);
    let remedy = if names.iter().any(|name| name == root) {
        format!("`{root}` is defined, but not this part of it")
    } else if let Some(instead) = habits::variable(root) {
        instead.to_owned()
    } else {
        let choice = crate::document::choose_from(root, names.iter().map(String::as_str));
        let or = if choice.ends_with('?') { " Else" } else { "; or" };
        format!("{choice}{or} define it under `vars`")
    };
    TemplateError {
        message: format!("`{path}` is undefined"),
        remedy,
        place: None,
        undefined: Some(root.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the tests or the release: minijinja's own choice differs between the two.
    #[test]
    fn errors_know_their_places_however_it_is_built() {
        assert!(Engine::new().environment.debug());
    }

    #[test]
    fn what_is_undefined_is_named_and_not_the_filter_that_it_goes_through() {
        let engine = Engine::new();
        let variables = minijinja::context! { host => minijinja::context! { name => "web" } };
        let message = |text: &str| render(&engine.text(text).unwrap(), &variables).unwrap_err().message;
        for (text, undefined) in [
            ("{{ nmae }}", "nmae"),
            ("{{ nmae | upper }}", "nmae"),
            ("{{ host.nmae | default('x') | upper }}{{ host.nmae | upper }}", "host.nmae"),
            ("{{ nmae.first }}", "nmae"),
            ("{% for x in nmae %}{% endfor %}", "nmae"),
            ("{{ 'a' ~ nmae }}", "nmae"),
            ("{{ 1 + nmae }}", "nmae"),
            ("{% if nmae == 1 %}{% endif %}", "nmae"),
        ] {
            assert_eq!(message(text), format!("`{undefined}` is undefined"), "{text}");
        }
    }

    #[test]
    fn what_is_undefined_in_an_included_file_is_told_there() {
        let engine = Engine::new();
        engine.add_file("page", "{% include 'head' %}\n");
        engine.add_file("head", "{% include 'title' %}\n");
        engine.add_file("title", "one\n<{{ nmae }}>\n");
        let variables = minijinja::context! { name => "web" };
        let error = render(&engine.file("page").unwrap(), &variables).unwrap_err();
        assert_eq!(error.message, "`nmae` is undefined");
        assert!(error.remedy.starts_with("did you mean `name`?"), "{}", error.remedy);
        let (source, span) = *error.place.unwrap();
        assert_eq!((source.name(), source.slice(span)), ("title", "nmae"));
    }
}
