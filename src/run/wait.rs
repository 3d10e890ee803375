//! A wait that takes long says what it is for.

use std::cell::Cell;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{Event, Job};

/// A wait that takes longer is told.
pub(super) const LONG: Duration = Duration::from_secs(1);

/// When a wait began; `None` while something else is going on.
#[derive(Default)]
pub(super) struct Since(Cell<Option<Instant>>);

impl Since {
    /// Just now.
    pub(super) fn now() -> Since {
        let since = Since::default();
        since.begin();
        since
    }

    /// It begins now.
    pub(super) fn begin(&self) {
        self.0.set(Some(Instant::now()));
    }

    /// It is not begun, or over.
    pub(super) fn end(&self) {
        self.0.set(None);
    }
}

impl Job<'_> {
    /// Does the work. Where that takes long, what it waits for on the participant's host is told.
    pub(super) async fn telling<T>(&self, host: usize, what: &str, work: impl Future<Output = T>) -> T {
        self.telling_since(&Since::now(), host, what, work).await
    }

    /// Does the work, a part of which is the wait: from when `since` says that it began. It is told once.
    pub(super) async fn telling_since<T>(
        &self,
        since: &Since,
        host: usize,
        what: &str,
        work: impl Future<Output = T>,
    ) -> T {
        let mut work = pin!(work);
        loop {
            let due = since.0.get().unwrap_or_else(Instant::now) + LONG;
            if let Ok(done) = timeout_at(due, &mut work).await {
                return done;
            }
            // It may have begun in the meantime, or be over.
            if since.0.get().is_some_and(|begun| begun.elapsed() >= LONG) {
                self.emit(Event::Slow { host: self.name(host).to_owned(), what: what.to_owned() });
                return work.await;
            }
        }
    }
}
