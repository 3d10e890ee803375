//! What has come of a plan so far: for the run that goes on by it, and for whoever has to tell before it has ended.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Failure, Performed};
use crate::plan::{Plan, Progress, Tally, Unfinished};

/// What has come of a plan so far.
pub struct Underway {
    pub(super) progress: RefCell<Progress>,
    pub(super) performed: RefCell<Performed>,
}

impl Underway {
    /// Nothing has begun. `failures` are those of reading, by participant.
    pub fn of(plan: &Plan, failures: Vec<Option<Rc<Failure>>>) -> Underway {
        let performed = Performed { failures, ..Performed::default() };
        Underway { progress: RefCell::new(Progress::of(plan)), performed: RefCell::new(performed) }
    }

    /// What was done until now. What is being made is not known to be made.
    pub fn so_far(&self, plan: &Plan) -> Performed {
        let progress = self.progress.borrow();
        Performed {
            tallies: Tally::of_hosts(plan, &progress),
            unfinished: Unfinished::all(plan, &progress),
            ..self.performed.borrow().clone()
        }
    }
}
