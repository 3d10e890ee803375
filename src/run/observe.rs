//! Reads what the hosts are, and plans what each must change.

use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;

use super::{Event, Failure, Job, Machine};
use crate::plan::HostPlan;
use crate::playbook::Declaration;
use crate::resource::{Facts, Observed, Resource, Unreadable};
use crate::transport::{Exchange, Link, LinkError, Reply};

/// How long reading may take on one host: long enough for a machine that is busy installing packages.
const READ_DEADLINE: Duration = Duration::from_secs(90);

/// One host after it was read.
pub struct Seen<'a> {
    /// Which.
    pub machine: &'a Machine,
    /// Its name.
    pub name: &'a str,
    /// What was read, or why nothing was.
    pub result: Result<Observation, Rc<Failure>>,
}

/// What a host is and should be.
pub struct Observation {
    /// Its open shell, unless it was let go.
    pub link: Option<Link>,
    /// Its facts.
    pub facts: Facts,
    /// What is declared for it.
    pub declared: Vec<Declaration>,
    /// What must change.
    pub plan: HostPlan,
}

impl<'a> Job<'a> {
    /// Reads every machine: facts in one exchange, all resources in another. Gives them in the machines' order.
    /// `keep` tells whether the connections stay open for what comes next.
    pub async fn observe(&self, keep: bool) -> Vec<Seen<'a>> {
        let job = *self;
        let one = |machine: &'a Machine| async move {
            let name = job.inventory.hosts[machine.host].name.as_str();
            job.emit(Event::Connecting { host: name.to_owned() });
            let result = job.observe_one(machine, keep).await.map_err(Rc::new);
            match &result {
                Ok(seen) => job.emit(Event::Planned {
                    host: name.to_owned(),
                    ok: seen.plan.ok(),
                    changes: seen.plan.changes().count(),
                }),
                Err(failure) => {
                    job.emit(Event::Failed { host: name.to_owned(), failure: Rc::clone(failure) });
                }
            }
            Seen { machine, name, result }
        };
        let mut seen: Vec<Seen> = futures_util::stream::iter(job.machines)
            .map(one)
            .buffer_unordered(job.forks.max(1))
            .collect()
            .await;
        seen.sort_by_key(|seen| seen.machine.host);
        seen
    }

    async fn observe_one(&self, machine: &Machine, keep: bool) -> Result<Observation, Failure> {
        let host = self.host(machine);
        let mut link = Link::open(&machine.target, self.settings, self.mark.to_owned()).await?;
        let mut exchange = Exchange::reading(READ_DEADLINE);
        exchange.push_inline(Facts::probe());
        let reply = link.exchange(&exchange, |_| ()).await.map_err(not_yet_a_shell)?;
        let facts = Facts::parse(output(&reply, 0))?;
        self.emit(Event::Connected { host: host.name.clone() });

        let scope = (self.engine, self.inventory, host, &facts);
        let declared = self
            .playbook
            .declare(scope, self.variables, &machine.plays, self.tags)
            .map_err(Failure::Declare)?;
        let resources: Vec<&Resource> = declared.iter().map(|declaration| &declaration.resource).collect();
        let observed = read(&mut link, &resources, &facts).await?;
        let plan = HostPlan::new(&declared, &observed, &facts);
        Ok(Observation { link: keep.then_some(link), facts, declared, plan })
    }
}

/// Observes all the resources in one exchange.
async fn read(link: &mut Link, resources: &[&Resource], facts: &Facts) -> Result<Vec<Observed>, Failure> {
    let probe = Probe::of(resources, facts);
    let mut exchange = Exchange::reading(READ_DEADLINE);
    let first = probe.push(&mut exchange);
    let reply = link.exchange(&exchange, |_| ()).await?;
    Ok(probe.parse(resources, facts, &reply, first)?)
}

/// The probes of some resources, as sections of an exchange.
pub(super) struct Probe {
    sections: Vec<crate::resource::Section>,
}

impl Probe {
    pub(super) fn of(resources: &[&Resource], facts: &Facts) -> Probe {
        Probe { sections: Resource::probe_all(resources, facts) }
    }

    /// Adds the sections to an exchange. Gives the index of the first.
    pub(super) fn push(&self, exchange: &mut Exchange) -> usize {
        let first = exchange.len();
        for section in &self.sections {
            exchange.push_inline(section.script.as_str());
        }
        first
    }

    /// The observations in the resources' order, from the sections that begin at `first`.
    pub(super) fn parse(
        &self,
        resources: &[&Resource],
        facts: &Facts,
        reply: &Reply,
        first: usize,
    ) -> Result<Vec<Observed>, Unreadable> {
        let mut all: Vec<Option<Observed>> = vec![None; resources.len()];
        for (number, section) in self.sections.iter().enumerate() {
            let observed = section.parse(resources, facts, output(reply, first + number))?;
            for (index, observed) in section.indices.iter().zip(observed) {
                all[*index] = Some(observed);
            }
        }
        let every: Option<Vec<Observed>> = all.into_iter().collect();
        every.ok_or_else(|| Unreadable::new("probe", "a resource was not asked for"))
    }
}

fn output(reply: &Reply, index: usize) -> &[u8] {
    reply.sections.get(index).and_then(Option::as_ref).map_or(&[], |output| output.bytes.as_slice())
}

/// A shell that ends before its first answer is one that never came up.
fn not_yet_a_shell(error: LinkError) -> LinkError {
    match error {
        LinkError::Lost { stderr } => {
            LinkError::Unreachable { why: crate::transport::Unreachable::Shell, stderr }
        }
        other => other,
    }
}
