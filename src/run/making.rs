//! A step as it is made, and what reading it back tells of it.

use super::Failure;
use crate::plan::{Ending, Plan, StepId, Took};
use crate::resource::{Change, Observed, Resource};

/// A step as it is made: without what is left out of it.
pub(super) struct Making {
    pub(super) step: StepId,
    pub(super) change: Change,
    pub(super) resource: Resource,
    /// The text that is run, with what goes before and after it.
    pub(super) script: String,
    /// How it ends when it ends well.
    pub(super) ending: Ending,
}

impl Making {
    /// What of it has taken, as `observed` is read after it.
    pub(super) fn took(&self, plan: &Plan, observed: &Observed) -> Took {
        plan.took(self.step, &self.resource, &self.change, observed)
    }

    /// What still differs after it.
    pub(super) fn not_taken(&self, plan: &Plan, observed: &Observed) -> Option<Failure> {
        let label = format!("{} {}", self.resource.module(), self.resource.subject());
        match plan.remaining(self.step, &self.resource, observed) {
            Ok(None) => None,
            Ok(Some(change)) => Some(Failure::NotTaken { label, aspects: change.aspects }),
            Err(refusal) => Some(Failure::Refused { label, refusal }),
        }
    }

    /// How it has ended when its script ended well and a later one of the same exchange did not, as `observed` was read
    /// once after both.
    pub(super) fn ended(&self, plan: &Plan, observed: Option<&Observed>) -> Ending {
        match observed {
            None => Ending::Unread,
            Some(observed) if self.not_taken(plan, observed).is_none() => self.ending.clone(),
            // It may still become what it is to be.
            Some(observed) if Resource::unsettled(observed) => Ending::Unread,
            Some(observed) => Ending::Failed(self.took(plan, observed)),
        }
    }
}
