//! One connection a host: a long-lived `sh` that is fed scripts and answers.
//!
//! [`Link::open`] gives the shell, over OpenSSH or on this machine; [`Link::exchange`] is one round trip, however
//! much is asked in it. A link's failure and a script's are told apart by a trailer that only a finished script
//! prints: whatever ends before it is "unknown", never "failed" or "ok".

mod colour;
mod error;
mod exchange;
mod hung;
mod link;
mod local;
mod lock;
mod output;
mod reply;
mod said;
mod shell;
mod ssh;
mod target;
mod trace;
mod word;

pub use error::{LinkError, Unreachable};
pub use exchange::Exchange;
pub use hung::{Ended, Hung};
pub use link::Link;
pub use lock::{Lock, Turn};
pub use output::Output;
pub use reply::{Progress, Reply};
pub use ssh::{Jump, JumpError, configuration, end_masters};
pub use target::{Become, Secret, Settings, Target, Way};
