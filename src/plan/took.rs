//! What a step that did not end well has changed all the same.

use super::cluster::Plan;
use super::step::StepId;
use crate::resource::{Aspect, Change, Observed, Resource};

/// What a step that did not end well has changed all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Took {
    /// It was not begun, or what was read after it is as it was before.
    Nothing,
    /// Some of it: this still differed when it was read after it.
    Part(Vec<Aspect>),
    /// All of it: what went wrong came after it.
    Whole,
    /// It was begun, and how far it got is not known.
    Unknown,
}

impl Plan {
    /// What of a step's `change` has taken, as `observed` is read after it. Of a change that only running it can tell,
    /// reading tells nothing.
    pub fn took(&self, step: StepId, resource: &Resource, change: &Change, observed: &Observed) -> Took {
        if change.unknown {
            return Took::Unknown;
        }
        match self.remaining(step, resource, observed) {
            Ok(None) => Took::Whole,
            Ok(Some(left)) if there(&left.aspects).eq(there(&change.aspects)) => Took::Nothing,
            Ok(Some(left)) => Took::Part(left.aspects),
            Err(_) => Took::Unknown,
        }
    }
}

/// What there is of what differs. What it is to become may be told in other words by then.
fn there(aspects: &[Aspect]) -> impl Iterator<Item = (&str, Option<&str>)> {
    aspects.iter().map(|aspect| (aspect.what.as_str(), aspect.old.as_deref()))
}
