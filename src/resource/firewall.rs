//! Which firewall is at work on a host, told without a process of its own.

use serde::{Deserialize, Serialize};

/// Who decides what comes in. One of the first two works by one of the last two, and is the one to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Firewall {
    /// firewalld, while it runs.
    Firewalld,
    /// ufw, where it is enabled.
    Ufw,
    /// Rules of iptables: where the kernel has a table for them that is not nftables', or a unit restores them at boot, by
    /// the program that makes rules of nftables of them.
    Iptables,
    /// Rules of nftables, if there are any.
    Nftables,
}

impl Firewall {
    /// All of them, the first that is at work counts.
    pub(super) const ALL: [Firewall; 4] =
        [Firewall::Firewalld, Firewall::Ufw, Firewall::Iptables, Firewall::Nftables];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Firewall::Firewalld => "firewalld",
            Firewall::Ufw => "ufw",
            Firewall::Iptables => "iptables",
            Firewall::Nftables => "nftables",
        }
    }
}

/// A condition of sh: the folder of firewalld's unit is there for as long as the unit has a process. It is of cgroup's second
/// version, or its first.
pub(super) const FIREWALLD: &str = "[ -d /sys/fs/cgroup/system.slice/firewalld.service ] || \\\n  \
    [ -d /sys/fs/cgroup/systemd/system.slice/firewalld.service ]";

/// POSIX sh that prints what tells the firewall, by the shell's own words alone.
pub(super) fn probe() -> String {
    PROBE.replace("FIREWALLD", FIREWALLD)
}

const PROBE: &str = r#"lvsprov_files /etc/ufw/ufw.conf /proc/net/ip_tables_names /proc/net/ip6_tables_names \
  /proc/net/ip_tables_matches /proc/net/ip6_tables_matches
if FIREWALLD; then echo firewall firewalld; fi
if [ -d /sys/module/nf_tables ]; then
  if [ -x /usr/sbin/nft ] || [ -x /sbin/nft ] || command -v nft >/dev/null; then echo firewall nftables; fi
  if [ -d /sys/module/nft_ct ]; then echo firewall nft_ct; fi
  if [ -d /sys/module/xt_conntrack ]; then echo firewall xt_conntrack; fi
  for lvsprov_wants in /etc/systemd/system/*.wants/netfilter-persistent.service \
    /etc/systemd/system/*.wants/iptables.service /etc/systemd/system/*.wants/ip6tables.service
  do if [ -L "$lvsprov_wants" ]; then echo firewall iptables; break; fi; done
fi
"#;

/// What the probe told.
#[derive(Default)]
pub(super) struct Told {
    firewalld: bool,
    ufw: bool,
    iptables: bool,
    nftables: bool,
    iptables_matches_state: bool,
    nftables_matches_state: bool,
}

impl Told {
    /// Reads a line of the probe's, already parted; `false` where it is none of its own.
    pub(super) fn read(&mut self, key: &str, value: &str) -> bool {
        let value = value.trim_end();
        match (key, value) {
            ("/etc/ufw/ufw.conf", _) => {
                if let Some(enabled) = value.trim_start().strip_prefix("ENABLED=") {
                    self.ufw = enabled.trim_matches(['"', '\'']).eq_ignore_ascii_case("yes");
                }
            }
            ("/proc/net/ip_tables_names" | "/proc/net/ip6_tables_names", _) => {
                self.iptables |= value == "filter";
            }
            ("/proc/net/ip_tables_matches" | "/proc/net/ip6_tables_matches", _) => {
                self.iptables_matches_state |= matches!(value, "conntrack" | "state");
            }
            ("firewall", "firewalld") => self.firewalld = true,
            ("firewall", "iptables") => self.iptables = true,
            ("firewall", "nftables") => self.nftables = true,
            ("firewall", "nft_ct") => self.nftables_matches_state = true,
            ("firewall", "xt_conntrack") => self.iptables_matches_state = true,
            _ => return false,
        }
        true
    }

    /// The one that is at work.
    pub(super) fn firewall(&self) -> Option<Firewall> {
        Firewall::ALL.into_iter().find(|firewall| match firewall {
            Firewall::Firewalld => self.firewalld,
            Firewall::Ufw => self.ufw,
            Firewall::Iptables => self.iptables,
            Firewall::Nftables => self.nftables,
        })
    }

    /// Whether it looks at connections' states: firewalld and ufw always do. Of rules it is known that some rule does, not
    /// which.
    pub(super) fn stateful(&self) -> bool {
        match self.firewall() {
            Some(Firewall::Firewalld | Firewall::Ufw) => true,
            Some(Firewall::Iptables) => self.iptables_matches_state,
            Some(Firewall::Nftables) => self.nftables_matches_state,
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[(&str, &str)]) -> (Option<Firewall>, bool) {
        let mut told = Told::default();
        for (key, value) in lines {
            assert!(told.read(key, value), "{key} {value}");
        }
        (told.firewall(), told.stateful())
    }

    #[test]
    fn who_works_by_rules_goes_before_the_rules() {
        let filter = ("/proc/net/ip_tables_names", "filter");
        let nft = ("firewall", "nftables");
        assert_eq!(told(&[filter, nft, ("firewall", "firewalld")]), (Some(Firewall::Firewalld), true));
        assert_eq!(told(&[("/etc/ufw/ufw.conf", "ENABLED=yes\r"), filter]), (Some(Firewall::Ufw), true));
        assert_eq!(told(&[("/etc/ufw/ufw.conf", "ENABLED=no"), filter]), (Some(Firewall::Iptables), false));
        assert_eq!(told(&[("/proc/net/ip6_tables_names", "nat"), nft]), (Some(Firewall::Nftables), false));
        assert_eq!(told(&[nft, ("firewall", "nft_ct")]), (Some(Firewall::Nftables), true));
        assert_eq!(
            told(&[filter, ("/proc/net/ip_tables_matches", "conntrack")]),
            (Some(Firewall::Iptables), true)
        );
        let restored = [nft, ("firewall", "iptables"), ("firewall", "xt_conntrack")];
        assert_eq!(told(&restored), (Some(Firewall::Iptables), true));
        assert_eq!(told(&[]), (None, false));
        assert!(!Told::default().read("firewall", "unheard-of"));
    }
}
