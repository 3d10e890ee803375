//! Drives the hosts side by side: observes them, performs a plan over their connections, and emits events. It decides
//! nothing: what is done, in which order, and what may begin is the plan's.

mod chunk;
mod closer;
mod event;
mod failure;
mod gate;
mod guard;
mod job;
mod links;
mod lock;
mod making;
mod missing_vip;
mod observe;
mod overrun;
mod perform;
mod performed;
mod probe;
mod recorded;
mod space;
mod underway;
mod wait;

pub use event::Event;
pub use failure::Failure;
pub use job::{Job, Memory, Participant};
pub use links::Links;
pub use lock::Locked;
pub use observe::Observation;
pub use performed::Performed;
pub use underway::Underway;
