//! A file whose content is rendered.

use minijinja::Value;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::composite::{Composite, ExpandError};
use crate::playbook::engine;
use crate::playbook::scope::Scope;
use crate::resource::{File, Mode, Resource, text_or_integer_schema};

/// A file whose content is rendered from a template.
///
/// Everything but `src` is as of `file`. Templates are minijinja, Jinja2's language, and strict: an undefined
/// variable is an error, found before the first connection.
///
/// ```yaml
/// - template: { src: index.html.j2, dest: "{{ httpd.docroot }}/index.html" }
/// ```
// What a file's arguments may be, `file` knows.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Template {
    /// The template's file name. It is looked for in `templates/` beside the playbook, then in `templates/` beside the
    /// playbook's folder, then beside the inventory, then among the built-in ones.
    src: String,
    /// The absolute path of the file. A symbolic link is followed.
    dest: String,
    /// The mode in octal, in quotes. Without it a file keeps the mode it has; a new one gets `"0644"`.
    #[serde(default)]
    #[schemars(with = "Option<Mode>")]
    mode: Option<Json>,
    /// The owner, by name or number. Without it a file keeps the one it has; a new one is root's.
    #[serde(default)]
    #[schemars(schema_with = "text_or_integer_schema")]
    owner: Option<Json>,
    /// The group, by name or number. Without it a file keeps the one it has; a new one is root's.
    #[serde(default)]
    #[schemars(schema_with = "text_or_integer_schema")]
    group: Option<Json>,
    /// Whether the content is never to be shown: a plan says that it differs, not how.
    #[serde(default = "no")]
    #[schemars(with = "bool")]
    secret: Json,
}

/// Not what stands for nothing: a file refuses that.
fn no() -> Json {
    Json::Bool(false)
}

impl Composite for Template {
    const MODULE: &'static str = "template";

    fn expand(self, scope: Scope<'_>, variables: &Value) -> Result<Vec<Resource>, ExpandError> {
        let Template { src, dest, mode, owner, group, secret } = self;
        let content = engine::render(&scope.engine.file(&src)?, variables)?;
        let file = json!({
            "dest": dest, "content": content, "mode": mode, "owner": owner, "group": group, "secret": secret,
        });
        Resource::read::<File>(file).map(|file| vec![file]).map_err(ExpandError::Args)
    }
}
