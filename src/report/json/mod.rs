//! For machines: one JSON object a line on stdout. Every line has `event` and `version`; keys may be added without a
//! new version, and none is taken away or changes its meaning within one.

mod record;
mod summary;
mod undeclared;

use std::cell::Cell;

use serde::Serialize;

use super::evidence::evidence;
use super::streams::Streams;
use super::{Clock, Event, Happened, Summary};
use crate::document::Complaints;
use crate::lab::{GuestStatus, LabEvent};
use crate::plan::{HostPlan, Item, Other, Outcome};
use crate::run::{self, Failure};
use crate::verify;
use record as is;

/// The version of the lines' shapes.
const VERSION: u8 = 1;

/// Tells it to machines.
pub(super) struct Json {
    streams: Streams,
    clock: Clock,
    /// Whether the last line is a summary.
    summed_up: Cell<bool>,
}

/// What every line begins with.
#[derive(Serialize)]
struct Line<'a, T> {
    event: &'static str,
    version: u8,
    /// Seconds since 1970-01-01 00:00:00 UTC.
    time: f64,
    #[serde(flatten)]
    record: &'a T,
}

impl Json {
    pub(super) fn new(streams: Streams, clock: Clock) -> Self {
        Json { streams, clock, summed_up: Cell::new(false) }
    }

    pub(super) fn summed_up(&self) -> bool {
        self.summed_up.get()
    }

    pub(super) fn event(&self, event: &Event) {
        match &event.what {
            Happened::Run(event) => self.run(event),
            Happened::Verify(event) => self.verify(event),
            Happened::Lab(event) => self.lab(event),
        }
    }

    fn line<T: Serialize>(&self, event: &'static str, record: &T) {
        let time = (self.clock)().as_millis() as f64 / 1000.0;
        // Records are texts, numbers and lists of them, which always serialize.
        if let Ok(text) = serde_json::to_string(&Line { event, version: VERSION, time, record }) {
            self.streams.out(&text);
            self.summed_up.set(event == "summary");
        }
    }

    fn run(&self, event: &run::Event) {
        use run::Event;
        match event {
            Event::Connecting { host } => self.line("connecting", &is::Host { host }),
            Event::Connected { host } => self.line("connected", &is::Host { host }),
            Event::Planned { host, ok, changes } => {
                self.line("planned", &is::Planned { host, ok: *ok, changes: *changes });
            }
            Event::StageBegan { name, hosts } => {
                self.line("stage_began", &is::StageBegan { stage: name, hosts });
            }
            Event::StepBegan { host, label, number, of } => {
                self.line("step_began", &is::StepBegan { host, label, number: *number, of: *of });
            }
            Event::StepDone { host, label } => self.line("step_done", &is::StepDone { host, label }),
            Event::StageDone { host, changed } => {
                self.line("stage_done", &is::StageDone { host, changed: *changed });
            }
            Event::Waiting { host, what } => self.line("waiting", &is::Waiting { host, what }),
            // Who reads times needs no word of patience.
            Event::Slow { .. } => {}
            Event::Noted { host, text } | Event::Told { host, text } => {
                self.line("noted", &is::Noted { host, text });
            }
            Event::Guarded { host, label, seconds } => {
                self.line("guarded", &is::Guarded { host, label, seconds: *seconds });
            }
            Event::Left { host, what, why } => self.line("left", &is::Left { host, what, why }),
            Event::Failed { host, failure } => self.failed(host, failure),
        }
    }

    fn verify(&self, event: &verify::Event) {
        use verify::Event;
        match event {
            Event::Asking { client, requests } => {
                self.line("asking", &is::Asking { client, requests: *requests });
            }
            Event::Judged(judged) => self.line("verdict", &is::Verdict::of(judged)),
            Event::NotTried { services } => self.line("not_tried", &is::NotTried { services }),
            Event::Failed { client, failure } => self.failed(client, failure),
        }
    }

    fn lab(&self, event: &LabEvent) {
        match event {
            LabEvent::ImageAwaited => self.line("image_awaited", &is::Nothing {}),
            LabEvent::ImageBuilding { step } => self.line("image_building", &is::ImageBuilding::of(*step)),
            LabEvent::ImageReady { path, cached } => {
                self.line("image_ready", &is::ImageReady { path: path.to_string_lossy(), cached: *cached });
            }
            LabEvent::NetworkReady { namespace, subnets } => {
                self.line("network_ready", &is::NetworkReady { namespace, subnets: *subnets });
            }
            LabEvent::MachineKept { host } => self.line("machine_kept", &is::Host { host }),
            LabEvent::MachineStarted { host } => self.line("machine_started", &is::Host { host }),
            LabEvent::MachineReady { host, after } => {
                self.line("machine_ready", &is::MachineReady { host, seconds: after.as_secs_f64() });
            }
            LabEvent::MachineRebooting { host } => self.line("machine_rebooting", &is::Host { host }),
            LabEvent::MachineStartedAgain { host, after, last } => {
                let seconds = after.as_secs_f64();
                self.line("machine_started_again", &is::MachineStartedAgain { host, seconds, last });
            }
            LabEvent::MachineStopping { .. } | LabEvent::Slow { .. } => {}
            LabEvent::MachineStopped { host } => self.line("machine_stopped", &is::Host { host }),
            LabEvent::LabRemoved { lab } => self.line("lab_removed", &is::Lab { lab }),
        }
    }

    pub(super) fn machines(&self, machines: &[GuestStatus]) {
        for machine in machines {
            let record = is::Machine {
                host: &machine.host,
                running: machine.running(),
                answers: machine.answers,
                addresses: &machine.addresses,
                console: machine.console.to_string_lossy(),
            };
            self.line("machine", &record);
        }
    }

    pub(super) fn step(&self, name: &str) {
        self.line("step", &is::Step { name });
    }

    pub(super) fn plan(&self, stages: &[String], hosts: &[(&str, Option<&HostPlan>)]) {
        for (host, plan) in hosts {
            for item in plan.iter().flat_map(|plan| &plan.items) {
                let stage = stages.get(item.stage).map(String::as_str);
                self.item("change", host, stage, item);
            }
        }
    }

    pub(super) fn drift(&self, hosts: &[(&str, Option<&HostPlan>)]) {
        for (host, plan) in hosts {
            for item in plan.iter().flat_map(|plan| &plan.items) {
                self.item("drift", host, None, item);
            }
        }
    }

    fn item(&self, event: &'static str, host: &str, stage: Option<&str>, item: &Item) {
        match &item.outcome {
            Outcome::Ok => {}
            Outcome::Change(change) => self.line(event, &is::Change::of(host, stage, item, change)),
            Outcome::Refused(refusal) => self.line("refused", &is::Refused::of(host, stage, item, refusal)),
        }
    }

    pub(super) fn undeclared(&self, others: &[(&str, &Other)]) {
        for (host, other) in others {
            self.line("undeclared", &undeclared::Undeclared::of(host, other));
        }
    }

    pub(super) fn complaints(&self, complaints: &[Complaints]) {
        for complaint in complaints.iter().flatten() {
            let (line, column) = complaint.position();
            let (file, message) = (complaint.source.name(), &complaint.message);
            self.line("complaint", &is::Complaint { file, line, column, message, remedy: &complaint.remedy });
        }
    }

    pub(super) fn error(&self, message: &str, remedy: &str) {
        self.line("error", &is::Error { message, remedy });
    }

    pub(super) fn summary(&self, summary: &Summary) {
        self.line("summary", &summary::Summary::of(summary));
    }

    fn failed(&self, host: &str, failure: &Failure) {
        let aspects = match failure {
            Failure::NotTaken { aspects, .. } => aspects.iter().map(is::Aspect::of).collect(),
            _ => Vec::new(),
        };
        let record = is::Failed {
            host,
            unreachable: failure.is_unreachable(),
            message: failure.to_string(),
            output: evidence(failure),
            remedy: failure.remedy(),
            aspects,
        };
        self.line("failed", &record);
    }
}
