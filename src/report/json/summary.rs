//! The last line.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::record::{Aspect, Left};
use crate::plan::{self, Tally, Took};
use crate::report;

/// `summary`, the last line
#[derive(Serialize)]
pub(super) struct Summary<'a> {
    exit: u8,
    hosts: Hosts<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left: Vec<Left<'a>>,
    /// The changes of all hosts; it is not there where none was to be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Changes>,
    /// What was begun, and of which not all is known to have been made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unfinished: Vec<Unfinished<'a>>,
    /// The hosts of which nothing was read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_read: Vec<&'a str>,
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
            changes: summary.changes().map(Changes::of),
            unfinished: summary.unfinished.iter().map(Unfinished::of).collect(),
            not_read: summary.names(|host| host.unread),
            not_verified: summary.not_verified,
            verb: summary.verb,
            seconds: summary.elapsed.as_secs_f64(),
        }
    }
}

/// What came of each change that was planned: it counts in one place.
#[derive(Serialize)]
struct Changes {
    made: usize,
    in_part: usize,
    failed: usize,
    unknown: usize,
    not_begun: usize,
}

impl Changes {
    fn of(tally: Tally) -> Self {
        let Tally { made, in_part, failed, unknown, not_begun } = tally;
        Changes { made, in_part, failed, unknown, not_begun }
    }
}

/// A change that was begun, and of which not all is known to have been made.
#[derive(Serialize)]
struct Unfinished<'a> {
    host: &'a str,
    what: &'a str,
    /// `nothing`, `part` or `unknown`.
    took: &'static str,
    /// What still differed after it, where a part was made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aspects: Vec<Aspect<'a>>,
}

impl<'a> Unfinished<'a> {
    fn of(unfinished: &'a plan::Unfinished) -> Self {
        let plan::Unfinished { host, what, took } = unfinished;
        let (took, aspects) = match took {
            Took::Nothing => ("nothing", Vec::new()),
            Took::Part(aspects) => ("part", aspects.iter().map(Aspect::of).collect()),
            // It is never whole.
            Took::Unknown | Took::Whole => ("unknown", Vec::new()),
        };
        Unfinished { host, what, took, aspects }
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
            #[serde(skip_serializing_if = "Option::is_none")]
            changes: Option<Changes>,
        }
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for report::HostSummary { host, ok, changed, failed, unreachable, changes, unread: _ } in self.0 {
            let (ok, changed, failed, unreachable) = (*ok, *changed, *failed, *unreachable);
            let changes = changes.map(Changes::of);
            map.serialize_entry(host, &Numbers { ok, changed, failed, unreachable, changes })?;
        }
        map.end()
    }
}
