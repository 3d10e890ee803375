//! What the README and the pages of `docs/` say is what the program does: every name of the contract stands in the page
//! that has the subject, examples work, links lead somewhere, and what is shown was printed.

#![allow(clippy::unwrap_used)]

mod consoles;
mod examples;
mod form;
mod messages;
mod names;
mod page;
mod pictures;
