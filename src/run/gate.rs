//! Asks what must be true just before a step, and shows what must be true after it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use super::perform::Doing;
use super::{Event, Failure, Job};
use crate::plan::{Left, Part, Reason, StepId};
use crate::resource::Gate;
use crate::transport::{Exchange, Link};

/// How long asking may take beside the waiting itself.
const MORE: Duration = Duration::from_secs(30);

impl Job<'_> {
    /// The gates of a step that are shut: those whose real server is not ready, or does not answer its director.
    pub(super) async fn shut(
        &self,
        doing: &Doing<'_>,
        step: StepId,
        link: &mut Link,
    ) -> Result<Vec<Gate>, Failure> {
        let of_step = &doing.plan.steps[step.0];
        let mut shut: Vec<(Gate, Reason)> = Vec::new();
        let mut open: Vec<&Part> = Vec::new();
        for part in &of_step.parts {
            let ready = doing.progress.borrow().may_enter(&part.needs);
            match ready {
                Ok(()) => open.push(part),
                Err(reason) => shut.push((part.gate.clone(), reason)),
            }
        }
        let addresses: BTreeSet<SocketAddr> = open.iter().map(|part| part.gate.address).collect();
        if !addresses.is_empty() {
            let answering = self.answering(of_step.host, link, &addresses, doing.plan.label(step)).await?;
            for part in open.iter().filter(|part| !answering.contains(&part.gate.address)) {
                shut.push((part.gate.clone(), Reason::Unanswered(part.gate.address)));
            }
        }
        for (gate, reason) in &shut {
            if matches!(reason, Reason::Unanswered(_)) && self.is_up(doing, gate) {
                doing.performed.borrow_mut().unanswered = true;
            }
            let what = doing.plan.entering(self.inventory, gate);
            self.leave(doing, &Left { host: of_step.host, what, reason: reason.clone() });
        }
        Ok(shut.into_iter().map(|(gate, _)| gate).collect())
    }

    /// Shows that a real server serves again after a step that interrupted it.
    pub(super) async fn prove(&self, doing: &Doing<'_>, step: StepId) {
        let Some(proof) = &doing.plan.steps[step.0].proof else { return };
        if !doing.progress.borrow().ended_well(step) {
            return;
        }
        let label = doing.plan.label(step);
        let answering = match self.open(proof.from).await {
            Ok(mut link) => self.answering(proof.from, &mut link, &proof.addresses, label.clone()).await,
            Err(error) => Err(error.into()),
        };
        let failure = match answering {
            Ok(answering) if answering == proof.addresses => return,
            Ok(answering) => Failure::Unproved {
                label,
                addresses: proof.addresses.difference(&answering).copied().collect(),
            },
            Err(failure) => failure,
        };
        self.fail_step(doing, step, failure);
    }

    /// Which of the addresses answer a director.
    async fn answering(
        &self,
        director: usize,
        link: &mut Link,
        addresses: &BTreeSet<SocketAddr>,
        label: String,
    ) -> Result<BTreeSet<SocketAddr>, Failure> {
        let what = match addresses.len() {
            1 => "a real server's answer".to_owned(),
            count => format!("the answers of {count} real servers"),
        };
        self.emit(Event::Waiting { host: self.name(director).to_owned(), what });
        let mut exchange = Exchange::reading(Gate::longest(addresses.len()) + MORE);
        let script = Gate::probe(addresses);
        exchange.push(script.as_str());
        let reply = link.exchange(&exchange, |_| ()).await?;
        match reply.sections.first().and_then(Option::as_ref) {
            Some(output) if output.code == 0 => Ok(Gate::answering(&output.bytes)),
            output => Err(Failure::Step {
                label,
                code: output.map_or(1, |output| output.code),
                output: output
                    .map(|output| String::from_utf8_lossy(&output.bytes).into_owned())
                    .unwrap_or_default(),
                script: script.into(),
            }),
        }
    }

    /// Whether the gate's real server could be reached by us in this run.
    fn is_up(&self, doing: &Doing<'_>, gate: &Gate) -> bool {
        let mut hosts = doing.plan.hosts.iter();
        let host = hosts.find(|host| self.inventory.hosts[host.host].has(gate.address.ip()));
        host.is_none_or(|host| host.survey.is_ok())
    }
}
