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
//! | `undeclared` | what is on the hosts, is not declared, and stays |
//! | `progress` | what has come of the steps so far, and whether a step may begin |
//! | `took` | what a step that did not end well has changed all the same |
//! | `tally` | how many changes of a host came to which end |
//! | `unfinished` | what was begun, and of which not all is known to have been made |
//! | `stranger` | a machine that is not the host that the inventory means |
//! | `yielding` | what is left because it is somebody else's, and what takes its place |
//! | `missing_vip` | VIPs that are on no interface of their director |

mod cluster;
mod forward;
mod host;
mod interruption;
mod law;
mod left;
mod missing_vip;
mod order;
mod progress;
mod reverse;
mod step;
mod stranger;
mod survey;
mod tally;
mod took;
mod undeclared;
mod unfinished;
mod yielding;

pub use cluster::{Plan, PlannedHost, Stage};
pub use host::{HostPlan, Item, Outcome};
pub use left::{Left, Reason};
pub use missing_vip::missing_vips;
pub use progress::{Ending, Progress};
pub use reverse::Recorded;
pub use step::{Chunk, Part, Proof, Step, StepId, Wave};
pub use stranger::{Stranger, makes_it_the_host};
pub use survey::{Absence, Survey, Surveyed};
pub use tally::Tally;
pub use took::Took;
pub use undeclared::{Other, Undeclared};
pub use unfinished::Unfinished;
