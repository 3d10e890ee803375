//! Directors that have not all of their VIPs.

use std::rc::Rc;

use super::observe::not_yet_a_shell;
use super::probe::{Question, ask, output};
use super::{Event, Failure, Job, Links};
use crate::inventory::Vip;
use crate::plan::{Plan, missing_vips};
use crate::resource::Facts;
use crate::transport::Exchange;

impl Job<'_> {
    /// Tells which directors of the plan have a VIP of their services on no interface, and gives that as their failure, by
    /// participant. Before anything is performed, or where nothing was, it is known from what the plan was made of.
    pub fn without_vips(&self, plan: &Plan) -> Vec<Option<Rc<Failure>>> {
        let mut failures = vec![None; plan.hosts.len()];
        for (host, vips) in plan.missing_vips(self.inventory) {
            failures[host] = Some(self.told(host, Failure::NoVip { vips }));
        }
        failures
    }

    /// As [`Job::without_vips`], after the plan was performed; `failures` are those of performing. A host that was to change is
    /// read again, as a command may have put the address there. Of a host that failed by then, nothing more is asked or told.
    pub async fn left_without_vips(
        &self,
        plan: &Plan,
        links: &mut Links,
        failures: &mut [Option<Rc<Failure>>],
    ) {
        for (host, mut vips) in plan.missing_vips(self.inventory) {
            if failures[host].is_some() {
                continue;
            }
            if plan.steps.iter().any(|step| step.host == host) {
                match self.vips_missing_now(host, links).await {
                    Ok(now) => vips.retain(|vip| now.contains(vip)),
                    Err(failure) => {
                        failures[host] = Some(self.told(host, failure));
                        continue;
                    }
                }
            }
            if !vips.is_empty() {
                failures[host] = Some(self.told(host, Failure::NoVip { vips }));
            }
        }
    }

    async fn vips_missing_now(&self, index: usize, links: &mut Links) -> Result<Vec<Vip>, Failure> {
        let mut link = self.shell(index, links).await?;
        let mut exchange = Exchange::reading(link.read_timeout());
        exchange.push_inline(Facts::probe());
        let question = |_| Some(Question::about("the facts"));
        let reply = ask(&mut link, &exchange, question).await.map_err(not_yet_a_shell)?;
        let facts = Facts::parse(output(&reply, 0))?;
        links.hold(index, Some(link));
        Ok(missing_vips(self.inventory, self.host(&self.participants[index]), &facts))
    }

    fn told(&self, host: usize, failure: Failure) -> Rc<Failure> {
        let failure = Rc::new(failure);
        self.emit(Event::Failed { host: self.name(host).to_owned(), failure: Rc::clone(&failure) });
        failure
    }
}
