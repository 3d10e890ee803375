//! What every scenario uses.

mod cluster;
mod events;
mod guest;
mod machines;
mod running;

pub use cluster::{Cluster, commands};
pub use events::{Events, Outcome};
pub use machines::{Machines, Scenario, take_down};
pub use running::Running;

use std::time::{Duration, Instant};

/// Tells whoever watches with `--nocapture` which part is running.
pub fn tell(what: &str) {
    eprintln!("-- {what}");
}

/// Waits until `done` gives something; looks again every half second.
#[track_caller]
pub fn until<T>(what: &str, within: Duration, mut done: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = done() {
            return value;
        }
        assert!(begun.elapsed() < within, "{what}: not within {} s", within.as_secs());
        std::thread::sleep(Duration::from_millis(500));
    }
}
