//! The page by which a real server is known.

use minijinja::Value;
use schemars::JsonSchema;
use serde::Deserialize;

use super::composite::{Composite, ExpandError};
use crate::inventory::Pages;
use crate::playbook::engine;
use crate::playbook::scope::Scope;
use crate::resource::{File, Kind, REAL_SERVER_PAGE, Resource};

/// The page by which `verify` tells the real servers apart.
///
/// It is the `index.html` of the web server's folder where that holds nothing, or nothing but the distribution's own page.
/// Where somebody else's page or other files are there, `index.html` is left as it is, and that is told. All real servers
/// then have the page as `lvsprov-real-server` in the same folder, and `verify` asks them for that. A page that was written
/// from here before, or that is as the template says, counts as ours.
///
/// With `pages: replace` in the inventory it is `index.html` in any case.
///
/// ```yaml
/// - real_server_page: { src: index.html.j2, folder: "{{ httpd.docroot }}" }
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RealServerPage {
    /// The template's file name, which is looked for as that of `template`. What it says must differ from real server to
    /// real server.
    src: String,
    /// The web server's folder: an absolute path.
    folder: String,
}

impl Composite for RealServerPage {
    const MODULE: &'static str = "real_server_page";

    fn expand(self, scope: Scope<'_>, variables: &Value) -> Result<Vec<Resource>, ExpandError> {
        let RealServerPage { src, folder } = self;
        if !folder.starts_with('/') {
            let message = format!("`folder` is `{folder}`: it must be an absolute path, beginning with /");
            return Err(ExpandError::Args(message));
        }
        let content = engine::render(&scope.engine.file(&src)?, variables)?;
        let folder = folder.trim_end_matches('/');
        let mut page = File::new(format!("{folder}/index.html"), content);
        page.check().map_err(ExpandError::Args)?;
        if scope.inventory.pages == Pages::Keep {
            page.elsewhere = Some(format!("{folder}/{REAL_SERVER_PAGE}"));
        }
        Ok(vec![page.into()])
    }
}
