//! What holds for every ssh, a host's and a jump host's.

use crate::transport::Settings;

/// Nobody is there to be asked, and a host key is never taken on trust, whatever ~/.ssh/config says: neither a host's nor
/// that of a jump host on the way.
pub(super) const TRUST: [(&str, &str); 2] = [("BatchMode", "yes"), ("StrictHostKeyChecking", "yes")];

/// ssh's ConnectTimeout, in seconds.
pub(super) fn connect_timeout(settings: &Settings) -> String {
    settings.connect_timeout.as_secs().max(1).to_string()
}
