//! Whether the cluster balances as declared: the clients' curl loops, and what a scheduler must do with them.

mod ask;
mod curl;
mod event;
mod expectation;
mod judge;
mod page;

pub use ask::{Asked, ask};
pub use event::{Event, Judged};
pub use expectation::{Expectation, MOST_REQUESTS, cycle, requests};
pub use judge::{Latency, Request, Share, Verdict, judge};
pub use page::Pages;
