//! The modules' reference: on a terminal, and as the written one.

mod markdown;
mod text;

pub use markdown::{markdown, section};
pub use text::{list, page};

use crate::playbook::{Absence, Argument};

/// What can be written, and what holds without it: ``text; default `present` ``.
fn values(argument: &Argument) -> String {
    match &argument.absence {
        Absence::Required => format!("{}; required", argument.values),
        Absence::Optional => format!("{}; optional", argument.values),
        Absence::Default(value) => format!("{}; default `{value}`", argument.values),
    }
}
