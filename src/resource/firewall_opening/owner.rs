//! What the owner of a firewall must tell and do.

use super::super::{Facts, Refusal, Script};
use super::{Hole, Opening};

/// A firewall as it was read. It changes nothing but what it is told to open and to close.
pub trait Owner {
    /// Where an opening has to be, each with whether that is open already, by whatever means; none where nothing is in the
    /// way.
    ///
    /// # Errors
    /// Somebody's rule is in the way, or it is not known how to open it.
    fn places(&self, opening: &Opening, facts: &Facts) -> Result<Vec<(Hole, bool)>, Refusal>;

    /// Whether what lvsprov once made is there.
    fn holds(&self, hole: &Hole) -> bool;

    /// POSIX sh that makes these.
    fn open(&self, holes: &[&Hole], facts: &Facts) -> Script;

    /// POSIX sh that closes these.
    fn close(&self, holes: &[&Hole]) -> Script;

    /// POSIX sh that puts away what closing these has left, when everything is taken back.
    fn tidy(&self, _holes: &[&Hole]) -> Script {
        Script::new()
    }
}
