//! What becomes of web pages that somebody else wrote.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What becomes of a page that somebody else wrote, where the built-in playbook puts a real server's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Pages {
    /// It is left, and each real server is known by a page at another path.
    #[default]
    Keep,
    /// It is replaced.
    Replace,
}
