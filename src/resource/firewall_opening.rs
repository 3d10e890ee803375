//! What the firewall of a host lets in: now, and after the next boot.
//!
//! The firewall's owner is looked for, never guessed, and is asked by its own program. What is open already, by whatever
//! means, is no change. What lvsprov has opened is on record on the host, so that it closes that and nothing else.

mod firewalld;
mod hole;
mod iptables;
mod lines;
mod nftables;
mod opening;
mod owner;
mod sections;
mod ufw;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::opening::Opening;

use self::firewalld::Firewalld;
use self::hole::{Hole, When};
use self::iptables::Iptables;
use self::nftables::Nftables;
use self::owner::Owner;
use self::sections::Sections;
use self::ufw::Ufw;
use super::{Aspect, Change, Context, Facts, Firewall, Kind, Refusal, Script, Unreadable};

/// What the firewall lets in, now and after the next boot.
///
/// What runs and what the next boot brings are compared apart. What is open already, by a service, a port or a rule of
/// somebody else's, is no change. What lvsprov has opened before and is not named any more is closed; what others have
/// opened stays.
///
/// Under firewalld it is a rich rule for the one address, in the zone of the interface that has the address; under ufw a
/// rule of `ufw allow`. Plain rules of iptables or nftables get one more, with the comment `lvsprov`, just before what would
/// drop the packets, and the file that brings them at boot gets the same. What is not understood in them is left alone.
///
/// The module refuses where a rule of somebody else's rejects the same, which is not fought, and where plain rules would drop
/// it that nobody is known to bring at boot. Where no firewall is at work, nothing is changed. A host has one task of it, as
/// what the task does not name is closed.
///
/// ```yaml
/// - firewall_opening: { to: "{{ openings }}" }
///   when: facts.firewall
/// - firewall_opening: { to: ["192.168.175.100:443/tcp", "192.168.40.100:123/udp from 192.168.40.0/24"] }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirewallOpening {
    /// Everything that is to come in, each as `ADDRESS:PORT/PROTOCOL`, with `from NETWORK` behind it where not everybody
    /// may. The variable `openings` has what the cluster needs on the host.
    #[schemars(with = "Vec<String>")]
    pub to: Vec<Opening>,
}

/// What is on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    state: State,
    /// What lvsprov has made, as far as it is on record.
    made: Vec<Hole>,
    /// What all tasks of the host name together: what one opens, no other closes.
    named: Vec<Opening>,
}

/// The firewall, by its owner.
#[derive(Clone, Debug, PartialEq)]
enum State {
    /// None is at work.
    None,
    /// Of firewalld.
    Firewalld(Firewalld),
    /// Of ufw.
    Ufw(Ufw),
    /// Of nobody but whoever wrote the rules.
    Iptables(Iptables),
    /// The same, of nftables.
    Nftables(Nftables),
}

/// What there was before: nothing of it has to be known, as what was made is on record by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {}

impl Kind for FirewallOpening {
    const MODULE: &'static str = "firewall_opening";
    type Observed = Observed;
    type Prior = Prior;

    fn subject(&self) -> String {
        match self.to.as_slice() {
            [] => "all".into(),
            [one] => one.to_string(),
            [first, rest @ ..] => format!("{first} and {} more", rest.len()),
        }
    }

    fn probe(batch: &[&Self], facts: &Facts) -> String {
        let recorded =
            Hole::probe(Self::MODULE, &batch.first().map(|of| of.trace()).unwrap_or_default().subject());
        let state = match facts.firewall {
            Some(Firewall::Firewalld) => Firewalld::probe(),
            Some(Firewall::Ufw) => Ufw::probe(),
            Some(Firewall::Iptables) => Iptables::probe(),
            Some(Firewall::Nftables) => Nftables::probe(),
            None => String::new(),
        };
        format!("echo =opened\n{recorded}{state}")
    }

    fn parse(batch: &[&Self], facts: &Facts, output: &[u8]) -> Result<Vec<Observed>, Unreadable> {
        let text = String::from_utf8_lossy(output);
        let sections = Sections::of(&text);
        let missing = || Unreadable::new(Self::MODULE, "it ends too early");
        let made = Hole::parse(sections.lines("opened").ok_or_else(missing)?)?;
        let state = match facts.firewall {
            None => State::None,
            Some(Firewall::Firewalld) => State::Firewalld(Firewalld::parse(&sections).ok_or_else(missing)?),
            Some(Firewall::Ufw) => State::Ufw(Ufw::parse(&sections).ok_or_else(missing)?),
            Some(Firewall::Iptables) => State::Iptables(Iptables::parse(&sections).ok_or_else(missing)?),
            Some(Firewall::Nftables) => State::Nftables(Nftables::parse(&sections).ok_or_else(missing)?),
        };
        let named = batch.iter().flat_map(|declared| declared.to.iter().copied()).collect();
        let observed = Observed { state, made, named };
        Ok(batch.iter().map(|_| observed.clone()).collect())
    }

    fn differ(&self, observed: &Observed, context: Context<'_>) -> Result<Option<Change>, Refusal> {
        let Some(owner) = observed.state.owner() else { return Ok(None) };
        let (mut wanted, mut open) = (BTreeSet::new(), BTreeSet::new());
        for opening in &observed.named {
            for (hole, is_open) in owner.places(opening, context.facts)? {
                if !is_open && self.to.contains(opening) {
                    open.insert(hole.clone());
                }
                wanted.insert(hole);
            }
        }
        let close: Vec<&Hole> =
            observed.closable(owner, context.facts).filter(|hole| !wanted.contains(hole)).collect();
        Ok(change(owner, &open.iter().collect::<Vec<_>>(), &close, context.facts))
    }

    fn unsettled(observed: &Observed) -> bool {
        matches!(&observed.state, State::Firewalld(state) if state.is_starting())
    }

    fn prior(&self, _observed: &Observed) -> Option<Prior> {
        Some(Prior {})
    }

    /// What was declared first tells nothing about what was made since.
    fn trace(&self) -> Self {
        FirewallOpening::default()
    }

    fn keep(&self) -> String {
        Firewalld::keep().to_owned()
    }

    fn revert(
        &self,
        _: &Prior,
        observed: &Observed,
        context: Context<'_>,
    ) -> Result<Option<Change>, Refusal> {
        let now = context.facts.firewall;
        if let Some(hole) =
            observed.made.iter().find(|hole| hole.when == When::AtBoot && now != Some(hole.owner))
        {
            let (owner, opening) = (hole.owner.name(), hole.opening);
            return Err(Refusal {
                reason: format!("lvsprov has opened {opening} in {owner}, which is not at work now"),
                remedy: format!(
                    "start {owner} and run again; where {owner} is gone for good, remove the record: \
                     /var/lib/lvsprov/records/*/opened has what was opened"
                ),
            });
        }
        let Some(owner) = observed.state.owner() else { return Ok(None) };
        if let State::Firewalld(state) = &observed.state
            && !observed.made.is_empty()
        {
            state.answers()?;
        }
        let close: Vec<&Hole> = observed.closable(owner, context.facts).collect();
        Ok(change(owner, &[], &close, context.facts).map(|mut change| {
            change.script += owner.tidy(&close);
            change
        }))
    }
}

impl State {
    fn owner(&self) -> Option<&dyn Owner> {
        match self {
            State::Firewalld(state) => Some(state),
            State::Ufw(state) => Some(state),
            State::Iptables(state) => Some(state),
            State::Nftables(state) => Some(state),
            State::None => None,
        }
    }
}

impl Observed {
    /// What lvsprov has made and is there still.
    fn closable<'a>(&'a self, owner: &'a dyn Owner, facts: &Facts) -> impl Iterator<Item = &'a Hole> {
        let now = facts.firewall;
        self.made.iter().filter(move |hole| now == Some(hole.owner) && owner.holds(hole))
    }
}

/// Opens and closes these. What is opened is on record before, and what is closed leaves the record after.
fn change(owner: &dyn Owner, open: &[&Hole], close: &[&Hole], facts: &Facts) -> Option<Change> {
    if open.is_empty() && close.is_empty() {
        return None;
    }
    let place = |hole: &Hole| Some(format!("open ({})", hole.place));
    let what = |hole: &Hole| format!("{}: {}", hole.when, hole.opening);
    let opened = open.iter().map(|hole| Aspect::value(what(hole), None, place(hole)));
    let closed = close.iter().map(|hole| Aspect::value(what(hole), place(hole), None));
    let aspects = opened.chain(closed).collect();
    let mut script = Script::from("PATH=$PATH:/usr/sbin:/sbin\n");
    script += Hole::remember(open);
    script += owner.open(open, facts);
    script += owner.close(close);
    script += Hole::forget(close);
    Some(Change::new(aspects, script))
}

#[cfg(test)]
mod tests;
