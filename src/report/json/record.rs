//! What the lines hold. Field names are the contract.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::{Serialize, Serializer};

use crate::lab::BuildStep;
use crate::plan::Item;
use crate::report;
use crate::resource::{self, Refusal};
use crate::verify::{Judged, Share};

/// `image_awaited`
#[derive(Serialize)]
pub(super) struct Nothing {}

/// `connecting`, `connected`, `machine_kept`, `machine_started`, `machine_rebooting`, `machine_stopped`
#[derive(Serialize)]
pub(super) struct Host<'a> {
    pub(super) host: &'a str,
}

/// `planned`
#[derive(Serialize)]
pub(super) struct Planned<'a> {
    pub(super) host: &'a str,
    pub(super) ok: usize,
    pub(super) changes: usize,
}

/// `stage_began`
#[derive(Serialize)]
pub(super) struct StageBegan<'a> {
    pub(super) stage: &'a str,
    pub(super) hosts: &'a [String],
}

/// `step_began`
#[derive(Serialize)]
pub(super) struct StepBegan<'a> {
    pub(super) host: &'a str,
    pub(super) label: &'a str,
    pub(super) number: usize,
    pub(super) of: usize,
}

/// `step_done`
#[derive(Serialize)]
pub(super) struct StepDone<'a> {
    pub(super) host: &'a str,
    pub(super) label: &'a str,
}

/// `stage_done`
#[derive(Serialize)]
pub(super) struct StageDone<'a> {
    pub(super) host: &'a str,
    pub(super) changed: usize,
}

/// `waiting`
#[derive(Serialize)]
pub(super) struct Waiting<'a> {
    pub(super) host: &'a str,
    pub(super) what: &'a str,
}

/// `noted`
#[derive(Serialize)]
pub(super) struct Noted<'a> {
    pub(super) host: &'a str,
    pub(super) text: &'a str,
}

/// `guarded`
#[derive(Serialize)]
pub(super) struct Guarded<'a> {
    pub(super) host: &'a str,
    pub(super) label: &'a str,
    pub(super) seconds: u64,
}

/// `left`
#[derive(Serialize)]
pub(super) struct Left<'a> {
    pub(super) host: &'a str,
    pub(super) what: &'a str,
    pub(super) why: &'a str,
}

impl<'a> Left<'a> {
    pub(super) fn of(left: &'a report::LeftOver) -> Self {
        Left { host: &left.host, what: &left.what, why: &left.why }
    }
}

/// `failed`
#[derive(Serialize)]
pub(super) struct Failed<'a> {
    pub(super) host: &'a str,
    pub(super) unreachable: bool,
    pub(super) message: String,
    /// What the host or ssh said, whole.
    pub(super) output: String,
    pub(super) remedy: String,
    /// What still differs, when a change did not take.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) aspects: Vec<Aspect<'a>>,
}

/// `asking`
#[derive(Serialize)]
pub(super) struct Asking<'a> {
    pub(super) client: &'a str,
    pub(super) requests: usize,
}

/// `not_tried`
#[derive(Serialize)]
pub(super) struct NotTried<'a> {
    pub(super) services: &'a [String],
}

/// `verdict`
#[derive(Serialize)]
pub(super) struct Verdict<'a> {
    service: &'a str,
    client: &'a str,
    requests: usize,
    /// `-` for a request that no real server answered.
    sequence: &'a [String],
    counts: Counts<'a>,
    expected: &'a str,
    pass: bool,
    judged: bool,
    findings: &'a [String],
    latency: Option<Latency>,
    /// Why it is not judged.
    why: Option<&'a str>,
    known: &'a [String],
}

impl<'a> Verdict<'a> {
    pub(super) fn of(judged: &'a Judged) -> Self {
        let verdict = &judged.verdict;
        Verdict {
            service: &judged.service,
            client: &judged.client,
            requests: judged.requests,
            sequence: &verdict.sequence,
            counts: Counts(&verdict.counts),
            expected: &verdict.expected,
            pass: verdict.pass,
            judged: verdict.judged,
            findings: &verdict.findings,
            latency: verdict.latency.map(|latency| Latency {
                min: latency.min,
                median: latency.median,
                max: latency.max,
            }),
            why: verdict.why.as_deref(),
            known: &verdict.known,
        }
    }
}

/// Requests by real server, in the inventory's order.
struct Counts<'a>(&'a [Share]);

impl Serialize for Counts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|share| (&share.real_server, share.count)))
    }
}

/// In seconds.
#[derive(Serialize)]
struct Latency {
    min: f64,
    median: f64,
    max: f64,
}

/// `image_building`
#[derive(Serialize)]
pub(super) struct ImageBuilding {
    step: &'static str,
}

impl ImageBuilding {
    pub(super) fn of(step: BuildStep) -> Self {
        let step = match step {
            BuildStep::Bootstrap => "bootstrap",
            BuildStep::Packages => "packages",
            BuildStep::Configuration => "configuration",
            BuildStep::Filesystem => "filesystem",
        };
        ImageBuilding { step }
    }
}

/// `image_ready`
#[derive(Serialize)]
pub(super) struct ImageReady<'a> {
    pub(super) path: Cow<'a, str>,
    pub(super) cached: bool,
}

/// `network_ready`
#[derive(Serialize)]
pub(super) struct NetworkReady<'a> {
    pub(super) namespace: &'a str,
    pub(super) subnets: usize,
}

/// `machine_ready`
#[derive(Serialize)]
pub(super) struct MachineReady<'a> {
    pub(super) host: &'a str,
    pub(super) seconds: f64,
}

/// `machine_started_again`
#[derive(Serialize)]
pub(super) struct MachineStartedAgain<'a> {
    pub(super) host: &'a str,
    pub(super) seconds: f64,
    pub(super) last: &'a str,
}

/// `machine`
#[derive(Serialize)]
pub(super) struct Machine<'a> {
    pub(super) host: &'a str,
    pub(super) running: bool,
    pub(super) answers: bool,
    pub(super) addresses: &'a [ipnet::IpNet],
    pub(super) console: std::borrow::Cow<'a, str>,
}

/// `lab_removed`
#[derive(Serialize)]
pub(super) struct Lab<'a> {
    pub(super) lab: &'a str,
}

/// `step`
#[derive(Serialize)]
pub(super) struct Step<'a> {
    pub(super) name: &'a str,
}

/// `change` and `drift`; a drift has no stage.
#[derive(Serialize)]
pub(super) struct Change<'a> {
    host: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<&'a str>,
    task: Option<&'a str>,
    module: &'static str,
    subject: &'a str,
    aspects: Vec<Aspect<'a>>,
    unknown: bool,
    risks: Vec<Risk<'a>>,
}

impl<'a> Change<'a> {
    pub(super) fn of(
        host: &'a str,
        stage: Option<&'a str>,
        item: &'a Item,
        change: &'a resource::Change,
    ) -> Self {
        Change {
            host,
            stage,
            task: item.task.as_deref(),
            module: item.module,
            subject: &item.subject,
            aspects: change.aspects.iter().map(Aspect::of).collect(),
            unknown: change.unknown,
            risks: change.risks.iter().map(Risk::of).collect(),
        }
    }
}

/// One thing that differs; `null` is nothing there.
#[derive(Serialize)]
pub(super) struct Aspect<'a> {
    what: &'a str,
    old: Option<&'a str>,
    new: Option<&'a str>,
}

impl<'a> Aspect<'a> {
    pub(super) fn of(aspect: &'a resource::Aspect) -> Self {
        Aspect { what: &aspect.what, old: aspect.old.as_deref(), new: aspect.new.as_deref() }
    }
}

#[derive(Serialize)]
#[serde(tag = "risk", rename_all = "snake_case")]
enum Risk<'a> {
    RouteChange { controller: Option<IpAddr>, old: Option<IpAddr>, new: IpAddr },
    CutOff { controller: Option<IpAddr>, what: &'a str },
    ClockStep,
    Restart { service: &'a str },
    Stop { service: &'a str },
    Drain { connections: Option<u64>, seconds: u32, services: Option<&'a str> },
}

impl<'a> Risk<'a> {
    fn of(risk: &'a resource::Risk) -> Self {
        match risk {
            resource::Risk::RouteChange { controller, old, new } => {
                Risk::RouteChange { controller: *controller, old: *old, new: *new }
            }
            resource::Risk::CutOff { controller, what } => Risk::CutOff { controller: *controller, what },
            resource::Risk::ClockStep => Risk::ClockStep,
            resource::Risk::Restart { service } => Risk::Restart { service },
            resource::Risk::Stop { service } => Risk::Stop { service },
            resource::Risk::Drain { connections, seconds, services } => {
                Risk::Drain { connections: *connections, seconds: *seconds, services: services.as_deref() }
            }
        }
    }
}

/// `refused`
#[derive(Serialize)]
pub(super) struct Refused<'a> {
    host: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<&'a str>,
    task: Option<&'a str>,
    module: &'static str,
    subject: &'a str,
    reason: &'a str,
    remedy: &'a str,
}

impl<'a> Refused<'a> {
    pub(super) fn of(host: &'a str, stage: Option<&'a str>, item: &'a Item, refusal: &'a Refusal) -> Self {
        Refused {
            host,
            stage,
            task: item.task.as_deref(),
            module: item.module,
            subject: &item.subject,
            reason: &refusal.reason,
            remedy: &refusal.remedy,
        }
    }
}

/// `complaint`
#[derive(Serialize)]
pub(super) struct Complaint<'a> {
    pub(super) file: &'a str,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) message: &'a str,
    pub(super) remedy: &'a str,
}

/// `error`
#[derive(Serialize)]
pub(super) struct Error<'a> {
    pub(super) message: &'a str,
    pub(super) remedy: &'a str,
}
