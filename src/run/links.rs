//! The shells that a run holds open, by participant.

use std::collections::BTreeMap;

use super::Job;
use crate::transport::{Link, LinkError};

/// Open shells. A host of which nothing more is wanted has none.
#[derive(Default)]
pub struct Links {
    held: BTreeMap<usize, Link>,
}

impl Links {
    /// Takes the participant's shell, when it is held.
    pub(super) fn take(&mut self, participant: usize) -> Option<Link> {
        self.held.remove(&participant)
    }

    /// Holds the participant's shell.
    pub(super) fn hold(&mut self, participant: usize, link: Option<Link>) {
        if let Some(link) = link {
            self.held.insert(participant, link);
        }
    }

    /// All shells that are held.
    pub(super) fn all(&mut self) -> impl Iterator<Item = &mut Link> {
        self.held.values_mut()
    }
}

impl Job<'_> {
    /// A shell on the participant's host: the one that is held, else a new one.
    ///
    /// # Errors
    /// It can't be reached.
    pub async fn shell(&self, participant: usize, links: &mut Links) -> Result<Link, LinkError> {
        match links.take(participant) {
            Some(link) => Ok(link),
            None => self.open(participant).await,
        }
    }

    /// A new shell over a connection of its own: that it comes up shows that there is a way to the host now.
    pub(super) async fn open_anew(&self, participant: usize) -> Result<Link, LinkError> {
        Link::open_anew(&self.participants[participant].target, self.settings, self.mark.to_owned()).await
    }

    /// A new shell on the participant's host, over its live connection where there is one.
    pub(super) async fn open(&self, participant: usize) -> Result<Link, LinkError> {
        let target = &self.participants[participant].target;
        let opening = Link::open(target, self.settings, self.mark.to_owned());
        self.telling(participant, "a connection", opening).await
    }
}
