//! Whether the cluster balances as declared: the clients' curl loops, and what a scheduler must do with them.

mod answers;
mod ask;
mod asking;
mod cause;
mod event;
mod expectation;
mod finding;
mod judge;
mod known;
mod names;
mod page;
mod question;
mod request;

pub use answers::{Answers, Ended};
pub use ask::{Asked, ask};
pub use cause::with_known_cause;
pub use event::{Event, Judged};
pub use expectation::{Expectation, MOST_REQUESTS, cycle, requests};
pub use judge::{Latency, Share, Verdict, judge, not_asked};
pub use page::Pages;
pub use question::NotAsked;
pub use request::Request;
