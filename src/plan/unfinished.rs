//! A change that was begun, and of which not all is known to have been made.

use super::cluster::Plan;
use super::progress::{Ending, Progress};
use super::took::Took;

/// A change that was begun, and of which not all is known to have been made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// Its host's name.
    pub host: String,
    /// The step's label.
    pub what: String,
    /// What is known of it; never [`Took::Whole`].
    pub took: Took,
}

impl Unfinished {
    /// All of them, in the plan's order.
    pub fn all(plan: &Plan, progress: &Progress) -> Vec<Unfinished> {
        let begun = plan.ids().filter(|(id, _)| progress.has_begun(*id));
        let unfinished = begun.filter_map(|(id, step)| {
            let took = match progress.of_step(id) {
                None | Some(Ending::Unread) => Took::Unknown,
                Some(Ending::Failed(Took::Whole)) => return None,
                Some(Ending::Failed(took)) => took.clone(),
                Some(Ending::Done | Ending::DoneInPart | Ending::Left(_)) => return None,
            };
            Some(Unfinished { host: plan.hosts[step.host].name.clone(), what: plan.label(id), took })
        });
        unfinished.collect()
    }
}
