//! Whether the cluster balances as declared: what a scheduler must do with a client's requests.

mod expectation;
mod judge;

pub use expectation::{Expectation, cycle, requests};
pub use judge::{Latency, Request, Share, Verdict, judge};
