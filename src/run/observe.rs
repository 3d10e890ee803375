//! Reads what the hosts are, and what is declared for them.

use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;

use super::closer::closer;
use super::probe::{Probe, Question, ask, output, said};
use super::{Event, Failure, Job, Links};
use crate::inventory::{Host, Role};
use crate::plan::{Absence, Stranger, Survey, Surveyed, makes_it_the_host};
use crate::playbook::Declaration;
use crate::resource::{Facts, Login, Observed, Resource, Unreadable};
use crate::transport::{Exchange, Link, LinkError, Reply, Turn};

/// How long another run's package transaction is waited for.
const BUSY_DEADLINE: Duration = Duration::from_secs(900);

/// What was read of all hosts, in the participants' order.
#[derive(Default)]
pub struct Observation {
    /// For the plan.
    pub surveyed: Vec<Surveyed>,
    /// Why a host could not be read.
    pub failures: Vec<Option<Rc<Failure>>>,
    /// Whose turn it was last to change each host, just before it was read.
    pub turns: Vec<Option<Turn>>,
}

impl Job<'_> {
    /// Reads every participant: facts and all resources in one exchange where the facts are as they were the last time,
    /// else in two. The shells that `keep` picks, and those of hosts that are to change, stay open.
    pub async fn observe(&self, links: &mut Links, keep: bool) -> Observation {
        let held: Vec<(usize, Option<Link>)> =
            (0..self.participants.len()).map(|index| (index, links.take(index))).collect();
        let one = |(index, link): (usize, Option<Link>)| async move {
            let name = self.name(index).to_owned();
            let result = self.observe_one(index, link).await.map_err(Rc::new);
            match &result {
                Ok((survey, ..)) => self.emit(Event::Planned {
                    host: name,
                    ok: survey.plan.ok(),
                    changes: survey.plan.changes().count(),
                }),
                Err(failure) => self.emit(Event::Failed { host: name, failure: Rc::clone(failure) }),
            }
            // A connection that nothing more is asked over would only be one more open file.
            let result = result.map(|(survey, link, turn)| {
                let host = self.host(&self.participants[index]);
                let wanted = keep && (!survey.plan.is_empty() || asks(host));
                (survey, wanted.then_some(link), turn)
            });
            (index, result)
        };
        let mut read: Vec<_> =
            futures_util::stream::iter(held).map(one).buffer_unordered(self.forks.max(1)).collect().await;
        read.sort_by_key(|(index, _)| *index);
        let mut observation = Observation::default();
        for (index, result) in read {
            let host = self.participants[index].host;
            let (result, failure, turn) = match result {
                Ok((survey, link, turn)) => {
                    links.hold(index, link);
                    (Ok(survey), None, Some(turn))
                }
                Err(failure) if failure.is_unreachable() => (Err(Absence::Unreachable), Some(failure), None),
                Err(failure) => (Err(Absence::Failed), Some(failure), None),
            };
            observation.turns.push(turn);
            observation.surveyed.push(Surveyed { host, result });
            observation.failures.push(failure);
        }
        observation
    }

    async fn observe_one(&self, index: usize, link: Option<Link>) -> Result<(Survey, Link, Turn), Failure> {
        let host = self.host(&self.participants[index]);
        let mut link = match link {
            Some(link) => link,
            None => {
                self.emit(Event::Connecting { host: host.name.clone() });
                self.open(index).await?
            }
        };
        // What the host was the last time is most probably what it is: then one exchange tells all.
        let guess = self.memory.recall(&host.name);
        let guess = guess.and_then(|facts| Some((self.declared(index, &facts).ok()?, facts)));
        let reading = self.read_facts(&mut link, guess, index);
        let (facts, turn, early) = self.telling(index, "what it says of itself", reading).await?;
        self.memory.remember(&host.name, &facts);
        self.emit(Event::Connected { host: host.name.clone() });
        let (declared, observed) = match early {
            Some(read) => read,
            None => {
                let declared = self.declared(index, &facts)?;
                let reading = read_declared(&mut link, &declared, &facts);
                let observed = self.telling(index, "the state of its resources", reading).await?;
                (declared, observed)
            }
        };
        let observed = self.when_idle(host, &mut link, &declared, &facts, observed).await?;
        let survey = closer(&mut link, Survey::new(facts, declared, observed)).await?;
        Ok((survey, link, turn))
    }

    fn declared(&self, index: usize, facts: &Facts) -> Result<Vec<Declaration>, Failure> {
        self.declared_by(index, facts, self.tags)
    }

    /// What the tasks with one of these tags declare.
    fn declared_by(&self, index: usize, facts: &Facts, tags: &[String]) -> Result<Vec<Declaration>, Failure> {
        let participant = &self.participants[index];
        let scope = (self.engine, self.inventory, self.host(participant), facts);
        self.playbook.declare(scope, self.variables, &participant.plays, tags).map_err(Failure::Declare)
    }

    /// Makes sure that a machine is the host that the inventory means: it has one of its addresses, or the playbook, whatever
    /// part of it is selected, gives it one.
    fn is_the_host(&self, index: usize, facts: &Facts) -> Result<(), Failure> {
        let host = self.host(&self.participants[index]);
        let Some(stranger) = Stranger::of(self.inventory, host, facts) else { return Ok(()) };
        let declared = self.declared_by(index, facts, &[]).unwrap_or_default();
        let is_made = declared.iter().any(|declaration| makes_it_the_host(host, &declaration.resource));
        if is_made { Ok(()) } else { Err(Failure::Stranger(stranger)) }
    }

    /// The facts; and beside them what the guess declares and what there is of it, where the guess was right.
    async fn read_facts(
        &self,
        link: &mut Link,
        guess: Option<(Vec<Declaration>, Facts)>,
        index: usize,
    ) -> Result<(Facts, Turn, Option<(Vec<Declaration>, Vec<Observed>)>), Failure> {
        let mut exchange = Exchange::reading(link.read_timeout());
        // Whose turn it was is asked before anything else: whatever a run changes after that makes it another one's.
        exchange.push_inline(Turn::section());
        exchange.push_inline(Facts::probe());
        exchange.name(0, "turn");
        exchange.name(1, "facts");
        let probe = guess.as_ref().map(|(declared, facts)| {
            let probe = Probe::of(&resources(declared), facts).of_tasks(declared);
            let first = probe.push(&mut exchange);
            (probe, first)
        });
        let question = |section| match &probe {
            Some((probe, first)) if section >= *first => probe.question(section, *first),
            _ => Some(Question::about("the facts")),
        };
        let reply = ask(link, &exchange, question).await.map_err(not_yet_a_shell)?;
        let turn = Turn::read(output(&reply, 0));
        self.is_root(index, output(&reply, 1))?;
        let facts = facts_of(&reply)?;
        self.is_the_host(index, &facts)?;
        let right = guess.filter(|(_, guessed)| *guessed == facts);
        let early = match (right, probe) {
            (Some((declared, _)), Some((probe, first))) => {
                let observed = probe.parse(&resources(&declared), &facts, &reply, first)?;
                Some((declared, observed))
            }
            _ => None,
        };
        Ok((facts, turn, early))
    }

    /// Makes sure that the scripts run as root, before anything is made of what they printed: much of that can be read by
    /// nobody else, and would be taken for something that it is not.
    pub(super) fn is_root(&self, index: usize, facts: &[u8]) -> Result<(), Failure> {
        match Login::read(facts) {
            Some(login) if !login.is_root() => {
                let becoming = self.participants[index].target.r#become.is_some();
                Err(Failure::NotRoot { login, becoming })
            }
            // Where it does not tell, the facts' own parser says so.
            _ => Ok(()),
        }
    }

    /// Reads again for as long as something else is at work on the host that must not be disturbed.
    async fn when_idle(
        &self,
        host: &Host,
        link: &mut Link,
        declared: &[Declaration],
        facts: &Facts,
        mut observed: Vec<Observed>,
    ) -> Result<Vec<Observed>, Failure> {
        let begun = tokio::time::Instant::now();
        let mut told = None;
        while let Some(what) = observed.iter().find_map(Resource::busy) {
            if begun.elapsed() > BUSY_DEADLINE {
                return Err(Failure::Busy { what });
            }
            if told.as_ref() != Some(&what) {
                self.emit(Event::Waiting { host: host.name.clone(), what: what.clone() });
                told = Some(what);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            observed = read_declared(link, declared, facts).await?;
        }
        Ok(observed)
    }
}

/// The facts, from a reply whose second section told them.
pub(super) fn facts_of(reply: &Reply) -> Result<Facts, Unreadable> {
    Facts::parse(output(reply, 1)).map_err(|unreadable| unreadable.saying(said(reply, 1)))
}

/// Observes all the resources in one exchange.
pub(super) async fn read(
    link: &mut Link,
    resources: &[&Resource],
    facts: &Facts,
) -> Result<Vec<Observed>, Failure> {
    observed(link, Probe::of(resources, facts), resources, facts).await
}

/// The same, of what tasks have declared.
async fn read_declared(
    link: &mut Link,
    declared: &[Declaration],
    facts: &Facts,
) -> Result<Vec<Observed>, Failure> {
    let resources = resources(declared);
    observed(link, Probe::of(&resources, facts).of_tasks(declared), &resources, facts).await
}

async fn observed(
    link: &mut Link,
    probe: Probe,
    resources: &[&Resource],
    facts: &Facts,
) -> Result<Vec<Observed>, Failure> {
    let mut exchange = Exchange::reading(link.read_timeout());
    let first = probe.push(&mut exchange);
    let reply = ask(link, &exchange, |section| probe.question(section, first)).await?;
    Ok(probe.parse(resources, facts, &reply, first)?)
}

fn resources(declared: &[Declaration]) -> Vec<&Resource> {
    declared.iter().map(|declaration| &declaration.resource).collect()
}

/// Whether something is asked from the host after the plan was made: clients ask the services, directors new real servers.
fn asks(host: &Host) -> bool {
    !matches!(host.role, Role::RealServer { .. })
}

/// A shell that ends before its first answer is one that never came up.
pub(super) fn not_yet_a_shell(failure: Failure) -> Failure {
    match failure {
        Failure::Link(LinkError::Lost { stderr }) => {
            LinkError::Unreachable { why: crate::transport::Unreachable::Shell, stderr }.into()
        }
        other => other,
    }
}
