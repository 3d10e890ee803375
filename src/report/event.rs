//! Everything that happens, of whichever room, with its time.

use std::time::Duration;

use crate::{lab, run, verify};

/// Something that has happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// When: since 1970-01-01 00:00:00 UTC.
    pub at: Duration,
    /// What.
    pub what: Happened,
}

/// What has happened.
#[derive(Clone, Debug)]
pub enum Happened {
    /// In a run.
    Run(run::Event),
    /// While the clients ask.
    Verify(verify::Event),
    /// To the lab.
    Lab(lab::LabEvent),
}

impl From<run::Event> for Happened {
    fn from(event: run::Event) -> Self {
        Happened::Run(event)
    }
}

impl From<verify::Event> for Happened {
    fn from(event: verify::Event) -> Self {
        Happened::Verify(event)
    }
}

impl From<lab::LabEvent> for Happened {
    fn from(event: lab::LabEvent) -> Self {
        Happened::Lab(event)
    }
}
