//! The signals by which the operator interrupts.

use std::task::Poll;

use tokio::signal::unix::{SignalKind, signal};

/// Ready on SIGINT, SIGTERM or SIGHUP: from this call on, not only once it is waited for, so that no moment is left in
/// which a signal would end the process and leave behind what it put up. What was told to be ignored, as `nohup` does
/// with SIGHUP, stays so.
pub(super) fn interrupted() -> impl Future<Output = ()> {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let ignored = ignored(&std::fs::read_to_string("/proc/self/status").unwrap_or_default());
    let heeded = kinds.into_iter().filter(|kind| ignored >> (kind.as_raw_value() - 1) & 1 == 0);
    let mut signals: Vec<_> = heeded.filter_map(|kind| signal(kind).ok()).collect();
    std::future::poll_fn(move |context| {
        match signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
}

/// The signals that the process ignores, the lowest bit for signal 1, from `/proc/self/status` (proc(5)). Asking the
/// C library would need unsafe code.
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::ignored;

    #[test]
    fn the_mask_is_read() {
        assert_eq!(ignored("Name:\tx\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000002\n"), 0x1001);
        assert_eq!(ignored(""), 0);
    }
}
