//! Whether a script failed for want of room, which not every shell says.

use std::time::Duration;

use super::Failure;
use crate::resource::Full;
use crate::transport::{Exchange, Link};

/// How long asking may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// The failure of a script that was about `file`, if about one, and `bytes` long: with the file systems that have no room
/// left, where a write failed and that is why.
pub(super) async fn explained(
    link: &mut Link,
    file: Option<&str>,
    bytes: usize,
    failure: Failure,
) -> Failure {
    let (label, code, output, script) = match failure {
        Failure::Step { label, code, output, script } => (label, code, output, script),
        other => return other,
    };
    let full = if Full::may_be_why(&output) { full(link, file, bytes).await } else { Vec::new() };
    if full.is_empty() {
        return Failure::Step { label, code, output, script };
    }
    let mounts = full.iter().map(|full| full.mount.as_str()).collect::<Vec<_>>().join(", ");
    let told = full.iter().map(|full| format!("{}\n", full.told)).collect::<String>();
    let end = if output.is_empty() || output.ends_with('\n') { "" } else { "\n" };
    Failure::NoSpace { label, mounts, output: format!("{output}{end}{}", told.trim_end()) }
}

/// The file systems without room; none where the host can't be asked.
async fn full(link: &mut Link, file: Option<&str>, bytes: usize) -> Vec<Full> {
    let mut exchange = Exchange::changing(DEADLINE);
    exchange.push_reading(Full::probe(file, bytes));
    let reply = link.exchange(&exchange, |_| ()).await;
    let output = reply.ok().and_then(|reply| reply.sections.into_iter().next().flatten());
    output.map(|output| Full::parse(&output.bytes)).unwrap_or_default()
}
