//! What was done on the participants.

use std::rc::Rc;

use super::Failure;
use crate::plan::{Tally, Unfinished};

/// What was done on the participants, in their order.
#[derive(Clone, Debug, Default)]
pub struct Performed {
    /// How many changes of each came to which end.
    pub tallies: Vec<Tally>,
    /// Why a participant's part ended early.
    pub failures: Vec<Option<Rc<Failure>>>,
    /// What was left, with the reason in words: the host's name, what, and why.
    pub left: Vec<(String, String, String)>,
    /// What was begun, and of which not all is known to have been made.
    pub unfinished: Vec<Unfinished>,
    /// Whether a real server that could be set up does not answer its director.
    pub unanswered: bool,
}
