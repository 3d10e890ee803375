//! The last line.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::record::Left;
use crate::report;

/// `summary`, the last line
#[derive(Serialize)]
pub(super) struct Summary<'a> {
    exit: u8,
    hosts: Hosts<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left: Vec<Left<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    not_verified: bool,
    verb: &'static str,
    seconds: f64,
}

impl<'a> Summary<'a> {
    pub(super) fn of(summary: &'a report::Summary) -> Self {
        Summary {
            exit: summary.exit,
            hosts: Hosts(&summary.hosts),
            left: summary.left.iter().map(Left::of).collect(),
            not_verified: summary.not_verified,
            verb: summary.verb,
            seconds: summary.elapsed.as_secs_f64(),
        }
    }
}

/// Each host's numbers by its name, in the inventory's order.
struct Hosts<'a>(&'a [report::HostSummary]);

impl Serialize for Hosts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Numbers {
            ok: usize,
            changed: usize,
            failed: usize,
            unreachable: bool,
        }
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for report::HostSummary { host, ok, changed, failed, unreachable } in self.0 {
            let (ok, changed, failed, unreachable) = (*ok, *changed, *failed, *unreachable);
            map.serialize_entry(host, &Numbers { ok, changed, failed, unreachable })?;
        }
        map.end()
    }
}
