//! A wait that takes long says what it is for.

use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;

use super::event::LabEvent;

/// A wait that takes longer is told.
const LONG: Duration = Duration::from_secs(1);

/// Does the work. Where that takes long, what is waited for is told.
pub async fn telling<T>(what: &str, events: &mut dyn FnMut(LabEvent), work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    if let Ok(done) = timeout(LONG, &mut work).await {
        return done;
    }
    events(LabEvent::Slow { what: what.to_owned() });
    work.await
}
