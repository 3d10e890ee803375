//! A package manager, by the sh that asks and tells it.

use super::status::Back;
use super::wanted::Work;

/// What there is to say to one package manager.
pub(super) struct Manager {
    /// POSIX sh with a function `query NAME...`, which prints a line on each package that is known: name, architecture, and
    /// status, flag and version as dpkg has them; one that is not installed may be missing. Where the database can't be
    /// read it prints `=unreadable`.
    pub query: &'static str,
    /// See [`super::transaction::Words::list`].
    pub list: &'static str,
    /// POSIX sh with a function `offers NAME...`, which prints from the index alone `=offers NAME VERSION` for each version
    /// that could be had, or installed already, and `=candidate NAME VERSION` where the manager has a choice of its own.
    pub offers: &'static str,
    /// See [`super::index::probe`].
    pub index: &'static str,
    /// The sh of a transaction that does what is wanted.
    pub body: fn(&Work<'_>) -> String,
    /// The sh of one that takes back.
    pub back: fn(&Back<'_>) -> String,
    /// What to do about a database that can't be read.
    pub mend: &'static str,
}
