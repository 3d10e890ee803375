//! ipvsadm: the table is what its calls made of it, and nothing else changes it.

mod edits;
mod leave;

use std::net::SocketAddr;
use std::time::Duration;

use super::super::sections::Sections;
use super::{Engine, Live, LiveChange};
use crate::ipvs::{Connections, Edit, Rejected, ServiceKey, Table, TableDiff};
use crate::resource::Unreadable;

pub(super) struct Ipvsadm;

/// How many lines /proc has of a small table, its heading's three among them.
const SMALL: usize = 12;

/// `ipvsadm` loads IPVS when it is not there. A probe must not, and /proc tells without a process.
///
/// To list a large table takes a call of the kernel for each service, and ipvsadm's two listings have one half each: `-S`
/// has no thresholds, `-L --thresholds` no weights. /proc has the weights of all services in one call, but not what is in a
/// tunnel: only where there is one, `-S` is asked too. Of the real servers in a large listing, only those with a threshold
/// are told, and of those in a large /proc only what is always read, and a `=` where they are those of the service before:
/// many services have the same. Their connections are asked for when they leave. A small table, as most are, takes no other
/// process: the shell reads it, which costs a call of the kernel a byte; where many are declared, it does not begin to.
///
/// A pipe hides how ipvsadm ended, and a shell around it is one process more. So it is called again where it listed fewer
/// services than /proc has, to learn whether it failed or one went away meanwhile.
const PROBE: &str = r#"if [ -e /proc/net/ip_vs ] && command -v ipvsadm >/dev/null; then
lines=SKIPPED running= tunnel=0
while [ $lines -lt SMALL ] && IFS= read -r line; do
lines=$((lines + 1)) running="$running$line
"
case $line in *' Tunnel '*) tunnel=3;; esac
done </proc/net/ip_vs
if [ $lines -lt SMALL ]; then
printf '@running\n%s@services\n' "$running"
ipvsadm -Ln --thresholds || echo "failed $?"
else
ipvsadm -Ln --thresholds | awk '
function tell() {
  if (servers == "") return
  print (servers == before ? "=" : servers)
  before = servers
  servers = ""
}
BEGIN { print "@running" }
!listing && $1 == "->" {
  if ($3 == "Tunnel") tunnel = 1
  servers = servers (servers == "" ? "" : "\n") $1 " " $2 " " $3 " " $4
  next
}
!listing { tell(); print; unlisted++; next }
!told { tell(); print "@services"; told = 1 }
$1 != "->" { unlisted-- }
$1 != "->" || $3 != 0 || $4 != 0
END { if (!told) { tell(); print "@services" } exit (unlisted > 0 ? 4 : 0) + (tunnel ? 3 : 0) }' /proc/net/ip_vs listing=1 - || tunnel=$?
case $tunnel in 4|7) ipvsadm -Ln --thresholds >/dev/null || echo "failed $?"; esac
fi
case $tunnel in 3|7) echo @saved; ipvsadm -Sn || echo "failed $?"; esac
fi
"#;

impl Engine for Ipvsadm {
    fn probe(&self, declared: &Table) -> String {
        let real_servers: usize = declared.services.values().map(|service| service.real_servers.len()).sum();
        let small = 3 + declared.services.len() + real_servers < SMALL;
        PROBE.replace("SKIPPED", if small { "0" } else { "SMALL" }).replace("SMALL", &SMALL.to_string())
    }

    fn parse(&self, printed: &Sections<'_>) -> Result<Live, Unreadable> {
        let Some(services) = printed.lines("services") else {
            return Ok(Live { table: Table::default(), connections: Some(Connections::default()) });
        };
        let listed = |line| Unreadable::new("virtual_services", line).by("ipvsadm -Ln --thresholds");
        if let Some(saved) = printed.lines("saved") {
            let rejected =
                |rejected: Rejected| Unreadable::new("virtual_services", rejected.text).by("ipvsadm -Sn");
            let mut table: Table = saved.join("\n").parse().map_err(rejected)?;
            table.learn_thresholds(services.iter().copied()).map_err(listed)?;
            return Ok(Live { table, connections: None });
        }
        let mut table = Table::listed(services.iter().copied()).map_err(listed)?;
        let running = printed.lines("running").unwrap_or_default();
        let connections = table
            .learn_real_servers(running.iter().copied())
            .map_err(|line| Unreadable::new("/proc/net/ip_vs", line))?;
        // What has no weight here came between the two readings.
        table.learn_thresholds(services.iter().copied()).map_err(listed)?;
        Ok(Live { table, connections })
    }

    fn count(&self, leaving: &[(ServiceKey, SocketAddr)]) -> String {
        leave::count(leaving)
    }

    fn counted(&self, printed: &str) -> Option<Connections> {
        leave::counted(printed)
    }

    fn change(&self, diff: &TableDiff<'_>, drain: &dyn Fn(ServiceKey) -> u32) -> LiveChange {
        let edits = diff.edits();
        if edits.is_empty() {
            return LiveChange { script: Default::default(), longest: Duration::ZERO };
        }
        let first_removal = edits.iter().position(Edit::removes).unwrap_or(edits.len());
        let (coming, going) = edits.split_at(first_removal);
        let mut script = edits::needs(edits.len(), !going.is_empty()) + &edits::calls(coming, edits.len());
        let mut longest = edits::longest(&edits);
        if !going.is_empty() {
            let (calls, seconds) = leave::calls(going, edits.len(), drain);
            script += &calls;
            longest += Duration::from_secs(seconds.into());
        }
        LiveChange { script: script.into(), longest }
    }
}
