//! How long the kernel remembers a connection of which it sees nothing more: `ipvsadm --set`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest that every kernel takes, in seconds: `INT_MAX / HZ` with 1000 ticks a second (`ip_vs_set_timeout`).
pub const LONGEST_TIMEOUT: u32 = 2_147_483;

/// Seconds after which the kernel forgets a connection that is silent. What is left out stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timeouts {
    /// Of a TCP connection; the kernel begins with 900.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<u32>,
    /// Of a TCP connection after its FIN; the kernel begins with 120.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp_fin: Option<u32>,
    /// Of a flow of UDP; the kernel begins with 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub udp: Option<u32>,
}

impl Timeouts {
    /// What a kernel has that was told nothing (`tcp_timeouts` and `udp_timeouts` in the kernel's `ip_vs_proto_*.c`).
    pub const KERNELS: Timeouts = Timeouts { tcp: Some(900), tcp_fin: Some(120), udp: Some(300) };

    /// Each with the name that an inventory has for it.
    pub fn named(&self) -> [(&'static str, Option<u32>); 3] {
        [("tcp", self.tcp), ("tcp_fin", self.tcp_fin), ("udp", self.udp)]
    }

    /// Whether none is set.
    pub fn is_empty(&self) -> bool {
        *self == Timeouts::default()
    }

    /// From `ipvsadm -L --timeout`: `Timeout (tcp tcpfin udp): 900 120 300`.
    pub fn listed(line: &str) -> Option<Timeouts> {
        let numbers = line.strip_prefix("Timeout (tcp tcpfin udp): ")?.split_whitespace();
        let numbers: Vec<u32> = numbers.map(str::parse).collect::<Result<_, _>>().ok()?;
        let [tcp, tcp_fin, udp] = numbers[..] else { return None };
        Some(Timeouts { tcp: Some(tcp), tcp_fin: Some(tcp_fin), udp: Some(udp) })
    }

    /// The words after `--set`, where 0 leaves one as it is.
    pub fn arguments(&self) -> String {
        self.named().map(|(_, seconds)| seconds.unwrap_or(0).to_string()).join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ipvsadm_lists_is_read() {
        assert_eq!(Timeouts::listed("Timeout (tcp tcpfin udp): 900 120 300"), Some(Timeouts::KERNELS));
        assert_eq!(Timeouts::listed("Timeout (tcp tcpfin udp): 900 120"), None);
    }

    #[test]
    fn what_is_left_out_stays() {
        let fin = Timeouts { tcp_fin: Some(30), ..Timeouts::default() };
        assert_eq!(fin.arguments(), "0 30 0");
    }
}
