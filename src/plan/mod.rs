//! The plan of the whole cluster: a pure value, made from what is declared and what was observed on every host.
//!
//! | file | holds |
//! |---|---|
//! | `survey` | what was read of a host, or that it could not be read |
//! | `host` | one host's resources, each with what is to happen to it |
//! | `step` | one change with what it depends on, its gates, its proof |
//! | `cluster` | the plan: all hosts, all steps, in waves |
//! | `forward`, `reverse` | how it is made: to what is declared, or back to what is on record |
//! | `law` | which step of another host a step depends on, whatever the playbook's order |
//! | `interruption` | what interrupts real servers: one after another |
//! | `order` | from plays, batches and laws to waves |
//! | `left` | what is not done in a run, and why |
//! | `progress` | what has come of the steps so far, and whether a step may begin |

mod cluster;
mod forward;
mod host;
mod interruption;
mod law;
mod left;
mod order;
mod progress;
mod reverse;
mod step;
mod survey;

pub use cluster::{Plan, PlannedHost, Stage};
pub use host::{HostPlan, Item, Outcome};
pub use left::{Left, Reason};
pub use progress::{Ending, Progress};
pub use reverse::Recorded;
pub use step::{Chunk, Part, Proof, Step, StepId, Wave};
pub use survey::{Absence, Survey, Surveyed};
