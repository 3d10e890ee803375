//! Asks what must be true just before a step, and shows what must be true after it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use super::perform::Doing;
use super::probe::{Question, ask};
use super::{Event, Failure, Job};
use crate::plan::{Left, Part, Reason, StepId, Took};
use crate::resource::{Answers, Gate, Query};
use crate::transport::{Exchange, Link};

/// How long asking may take beside the waiting itself.
const MORE: Duration = Duration::from_secs(30);

/// How many real servers are named of those that are waited for.
const NAMED: usize = 3;

impl Job<'_> {
    /// The gates of a step that are shut, each with the reason: its real server is not ready, or does not answer its director.
    pub(super) async fn shut(
        &self,
        doing: &Doing<'_>,
        step: StepId,
        link: &mut Link,
    ) -> Result<Vec<(Gate, Reason)>, Failure> {
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
        let queries: BTreeSet<Query> = open.iter().map(|part| part.gate.query()).collect();
        if !queries.is_empty() {
            let answers = self.answers(of_step.host, link, &queries, doing.plan.label(step)).await?;
            for part in &open {
                let (address, query) = (part.gate.address, part.gate.query());
                if answers.right.contains(&query) {
                    continue;
                }
                let reason = match answers.wrong.get(&query) {
                    Some(said) => Reason::FailsCheck { address, said: said.clone() },
                    None => Reason::Unanswered(address),
                };
                shut.push((part.gate.clone(), reason));
            }
        }
        for (gate, reason) in &shut {
            let asked = matches!(reason, Reason::Unanswered(_) | Reason::FailsCheck { .. });
            if asked && self.is_up(doing, gate) {
                doing.performed.borrow_mut().unanswered = true;
            }
            let what = doing.plan.entering(self.inventory, gate);
            self.leave(doing, &Left { host: of_step.host, what, reason: reason.clone() });
        }
        Ok(shut)
    }

    /// Shows that a real server serves again after a step that interrupted it.
    pub(super) async fn prove(&self, doing: &Doing<'_>, step: StepId) {
        let Some(proof) = &doing.plan.steps[step.0].proof else { return };
        if !doing.progress.borrow().ended_well(step) {
            return;
        }
        let label = doing.plan.label(step);
        let answers = match self.open(proof.from).await {
            Ok(mut link) => self.answers(proof.from, &mut link, &proof.queries, label.clone()).await,
            Err(error) => Err(error.into()),
        };
        let failure = match answers {
            Ok(answers) if answers.right == proof.queries => return,
            Ok(answers) if !answers.wrong.is_empty() => {
                let said =
                    |query| answers.wrong.get(query).map_or("it accepts no connection", String::as_str);
                let failing = proof.queries.difference(&answers.right);
                let failing = failing.map(|query| (query.address, said(query).to_owned()));
                Failure::FailsCheck { label, failing: failing.collect() }
            }
            Ok(answers) => Failure::Unproved {
                label,
                addresses: proof.queries.difference(&answers.right).map(|query| query.address).collect(),
            },
            Err(failure) => failure,
        };
        // It was made and read back.
        self.fail_step(doing, step, Took::Whole, failure);
    }

    /// What came of a director's queries.
    async fn answers(
        &self,
        director: usize,
        link: &mut Link,
        queries: &BTreeSet<Query>,
        label: String,
    ) -> Result<Answers, Failure> {
        let real_servers: BTreeSet<_> = queries.iter().map(|query| query.address).collect();
        self.emit(Event::Waiting { host: self.name(director).to_owned(), what: self.awaited(&real_servers) });
        let mut exchange = Exchange::reading(Query::longest(queries) + MORE);
        let script = Query::ask(queries);
        exchange.push(script.as_str());
        let question = |_| Some(Question::about("the real servers' answers"));
        let reply = ask(link, &exchange, question).await?;
        match reply.sections.first().and_then(Option::as_ref) {
            Some(output) if output.code == 0 => Ok(Answers::read(queries, &output.bytes)),
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

    /// `the answer of web1 (192.168.40.101:80)`
    fn awaited(&self, addresses: &BTreeSet<SocketAddr>) -> String {
        let names = self.inventory.table_names();
        let named: Vec<String> =
            addresses.iter().take(NAMED).map(|address| names.real_server(address)).collect();
        match addresses.len() {
            1 => format!("the answer of {}", named.concat()),
            all if all > NAMED => format!("the answers of {} and {} more", named.join(", "), all - NAMED),
            _ => format!("the answers of {}", named.join(", ")),
        }
    }

    /// Whether the gate's real server could be reached by us in this run.
    fn is_up(&self, doing: &Doing<'_>, gate: &Gate) -> bool {
        let mut hosts = doing.plan.hosts.iter();
        let host = hosts.find(|host| self.inventory.hosts[host.host].has(gate.address.ip()));
        host.is_none_or(|host| host.survey.is_ok())
    }
}
