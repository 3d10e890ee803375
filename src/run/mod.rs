//! Drives the hosts side by side: observes them, applies their plans stage by stage, and emits events.

mod apply;
mod event;
mod failure;
mod job;
mod observe;

pub use apply::{Applied, ApplyOptions};
pub use event::Event;
pub use failure::Failure;
pub use job::{Job, Machine};
pub use observe::{Observation, Seen};
