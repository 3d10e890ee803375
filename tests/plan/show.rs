//! A plan as text: what a reviewer of a policy wants to see of it.

use std::fmt::Write as _;

use lvsprov::plan::{Absence, Other, Part, Plan, Progress, Stage, StepId, Undeclared, Wave};
use lvsprov::resource::{Aspect, Risk};
use similar::{ChangeTag, TextDiff};

use super::case::Case;

/// All of it.
pub fn plan(case: &Case, plan: &Plan) -> String {
    let mut text = format!("lvsprov {}\n", case.command.words);
    for stage in plan.stages.iter().filter(|stage| stage.batches.len() > 1 || stage.max_failures.is_some()) {
        text += &batches(stage);
    }
    for (index, wave) in plan.waves.iter().enumerate() {
        let _ = write!(text, "\nwave {}: {}\n", index + 1, plan.stages[wave.stage].name);
        text += &chunks(case, plan, wave);
    }
    let progress = Progress::of(plan);
    for (index, left) in plan.left.iter().enumerate() {
        text += if index == 0 { "\nleft\n" } else { "" };
        let why = plan.why(&left.reason, &progress);
        let _ = writeln!(text, "  {}: {}\n    {why}", plan.hosts[left.host].name, left.what);
    }
    for (index, found) in plan.undeclared.iter().enumerate() {
        text += if index == 0 { "\nleft alone\n" } else { "" };
        let _ = writeln!(text, "  {}: {}", plan.hosts[found.host].name, undeclared(found));
    }
    let refusals =
        plan.hosts.iter().flat_map(|host| host.plan.refusals().map(move |(item, why)| (host, item, why)));
    for (index, (host, item, why)) in refusals.enumerate() {
        text += if index == 0 { "\nrefused\n" } else { "" };
        let _ = writeln!(text, "  {}: {}\n    {}; {}", host.name, item.label(), why.reason, why.remedy);
    }
    let of = |absence| -> Vec<&str> {
        let absent = plan.hosts.iter().filter(|host| host.survey.as_ref().err() == Some(&absence));
        absent.map(|host| host.name.as_str()).collect()
    };
    let unchanged = plan.hosts.iter().filter(|host| host.survey.is_ok() && host.plan.is_empty());
    let named = [
        ("can't be reached", of(Absence::Unreachable)),
        ("could not be read", of(Absence::Failed)),
        ("as declared", unchanged.map(|host| host.name.as_str()).collect()),
    ];
    let mut first = true;
    for (what, hosts) in named.iter().filter(|(_, hosts)| !hosts.is_empty()) {
        text += if std::mem::take(&mut first) { "\n" } else { "" };
        let _ = writeln!(text, "{what}: {}", hosts.join(", "));
    }
    text
}

fn undeclared(found: &Undeclared) -> String {
    let list = |all: &[std::net::IpAddr]| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match &found.what {
        Other::Host { address, services } => {
            let services: Vec<String> = services.iter().map(ToString::to_string).collect();
            format!("the host of {address}, which leaves {}", services.join(", "))
        }
        Other::Service { service, strangers } => {
            let mut text = format!("{}, {} real servers", service.key, service.real_servers.len());
            for (is, what) in [
                (service.running, "running"),
                (service.at_boot == Some(true), "at boot"),
                (service.ours, "changed by an earlier run"),
            ] {
                text += &if is { format!(", {what}") } else { String::new() };
            }
            if !strangers.is_empty() {
                text += &format!(", no declared host: {}", list(strangers));
            }
            text
        }
    }
}

fn batches(stage: &Stage) -> String {
    let sizes: Vec<String> = stage.batches.iter().map(ToString::to_string).collect();
    let most = stage.max_failures.map_or("any number".into(), |most| most.to_string());
    format!("  {}: batches of {}; may fail: {most}\n", stage.name, sizes.join(", "))
}

fn chunks(case: &Case, plan: &Plan, wave: &Wave) -> String {
    let mut text = String::new();
    for chunk in &wave.chunks {
        let _ = writeln!(text, "  {}", plan.hosts[chunk.host].name);
        for id in &chunk.steps {
            text += &step(case, plan, *id);
        }
    }
    text
}

fn step(case: &Case, plan: &Plan, id: StepId) -> String {
    let (of_step, change) = (&plan.steps[id.0], plan.change(id));
    let mut text = format!("    {}\n", plan.label(id));
    let mut line = |what: String| {
        let _ = writeln!(text, "        {what}");
    };
    change.aspects.iter().for_each(|one| line(aspect(one)));
    let several = plan.stages[of_step.stage].batches.len() > 1;
    if several {
        line(format!("batch: {}", of_step.batch + 1));
    }
    for need in &of_step.needs {
        line(format!("needs: {}, {}", plan.hosts[plan.steps[need.0].host].name, plan.label(*need)));
    }
    for part in &of_step.parts {
        line(format!("gate: {}", gate(case, plan, part)));
    }
    for risk in &change.risks {
        line(format!("risk: {}", self::risk(risk)));
    }
    if of_step.guarded {
        line("guarded: it is taken back by itself unless a new connection confirms it".into());
    }
    if let Some(proof) = &of_step.proof {
        let addresses: Vec<String> = proof.queries.iter().map(|query| query.address.to_string()).collect();
        line(format!("proof: {} is answered by {}", plan.hosts[proof.from].name, addresses.join(", ")));
    }
    text
}

fn aspect(aspect: &Aspect) -> String {
    let Aspect { what, old, new, text, .. } = aspect;
    let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".into());
    if !text {
        return format!("{what}: {} -> {}", side(old), side(new)).replace('\n', "\\n");
    }
    let (old, new) = (old.clone().unwrap_or_default(), new.clone().unwrap_or_default());
    let diff = TextDiff::from_lines(&old, &new);
    let count = |tag| diff.iter_all_changes().filter(|change| change.tag() == tag).count();
    format!("{what}: -{} +{} lines", count(ChangeTag::Delete), count(ChangeTag::Insert))
}

fn gate(case: &Case, plan: &Plan, part: &Part) -> String {
    let what = plan.entering(&case.inventory, &part.gate);
    let Some(host) = part.host else { return what };
    let of_host = plan.steps.iter().filter(|step| step.host == host).count();
    match part.needs.len() {
        0 if part.gate.known => format!("{what}, which was in the table before"),
        0 => what,
        all if all == of_host => format!("{what}, after all {all} steps of {}", plan.hosts[host].name),
        some => format!("{what}, after {some} of {of_host} steps of {}", plan.hosts[host].name),
    }
}

fn risk(risk: &Risk) -> String {
    match risk {
        Risk::RouteChange { controller, old, new } => {
            let [controller, old] =
                [controller, old].map(|it| it.map_or("unknown".into(), |it| it.to_string()));
            format!("the way to the controller ({controller}) moves from {old} to {new}")
        }
        Risk::CutOff { controller, what } => {
            let controller = controller.map_or("unknown".into(), |it| it.to_string());
            format!("the way to the controller ({controller}) may go: {what}")
        }
        Risk::ClockStep => "step of the clock".into(),
        Risk::Restart { service } => format!("restart of {service}"),
        Risk::Stop { service } => format!("stop of {service}"),
        Risk::Drain { connections, seconds, services } => {
            let open = connections.map_or("unknown".into(), |open| open.to_string());
            let of = services.as_ref().map_or(String::new(), |services| format!(" of {services}"));
            format!("{open} connections{of} have {seconds} s to end")
        }
    }
}

/// Each step's script, under a name that sorts in the order of the steps.
pub fn scripts(plan: &Plan) -> Vec<(String, String)> {
    let ids = plan.waves.iter().flat_map(|wave| &wave.chunks).flat_map(|chunk| &chunk.steps);
    ids.enumerate()
        .map(|(number, id)| {
            let (change, host) = (plan.change(*id), &plan.hosts[plan.steps[id.0].host].name);
            let name = format!("{:02}-{host}-{}.sh", number + 1, word(&plan.label(*id)));
            (name, plan.with_record(*id) + &change.unguarded())
        })
        .collect()
}

fn word(label: &str) -> String {
    let word: String =
        label.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    let parts: Vec<&str> = word.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-").chars().take(40).collect()
}
