//! Reads what is on record on the hosts, and what there is now of it.

use std::rc::Rc;

use futures_util::StreamExt;

use super::closer::look_closer;
use super::observe::{facts_of, not_yet_a_shell, read};
use super::probe::{Question, ask, output, said};
use super::{Event, Failure, Job, Links, Observation};
use crate::document::Span;
use crate::plan::{Absence, Recorded, Stranger, Survey, makes_it_the_host};
use crate::playbook::Declaration;
use crate::resource::{Facts, Record, Resource, Stored};
use crate::transport::{Exchange, Link, Turn};

/// What one host has on record.
type Read = (Survey, Vec<Stored>, Link, Turn);

impl Job<'_> {
    /// Reads every participant's records, and the state of what they are about. Beside them is what a run needs to lock the
    /// hosts and to tell of those that could not be read.
    pub async fn recorded(&self, links: &mut Links) -> (Vec<Recorded>, Observation) {
        let held: Vec<(usize, Option<Link>)> =
            (0..self.participants.len()).map(|index| (index, links.take(index))).collect();
        let one = |(index, link): (usize, Option<Link>)| async move {
            let name = self.name(index).to_owned();
            self.emit(Event::Connecting { host: name.clone() });
            let result = self.recorded_one(index, link).await.map_err(Rc::new);
            match &result {
                Ok((_, stored, ..)) => self.emit(Event::Planned { host: name, ok: 0, changes: stored.len() }),
                Err(failure) => self.emit(Event::Failed { host: name, failure: Rc::clone(failure) }),
            }
            (index, result)
        };
        let mut all: Vec<_> =
            futures_util::stream::iter(held).map(one).buffer_unordered(self.forks.max(1)).collect().await;
        all.sort_by_key(|(index, _)| *index);
        let mut recorded = Vec::new();
        let mut observation = Observation::default();
        for (index, result) in all {
            let (result, failure, turn) = match result {
                Ok((survey, stored, link, turn)) => {
                    // Where nothing is on record, nothing more is asked.
                    links.hold(index, (!stored.is_empty()).then_some(link));
                    (Ok((survey, stored)), None, Some(turn))
                }
                Err(failure) if failure.is_unreachable() => (Err(Absence::Unreachable), Some(failure), None),
                Err(failure) => (Err(Absence::Failed), Some(failure), None),
            };
            recorded.push(Recorded { host: self.participants[index].host, result });
            observation.failures.push(failure);
            observation.turns.push(turn);
        }
        (recorded, observation)
    }

    async fn recorded_one(&self, index: usize, link: Option<Link>) -> Result<Read, Failure> {
        let mut link = match link {
            Some(link) => link,
            None => self.open(index).await?,
        };
        let mut exchange = Exchange::reading(link.read_timeout());
        exchange.push_inline(Turn::section());
        exchange.push_inline(Facts::probe());
        exchange.push_reading(Record::probe());
        exchange.name(0, "turn");
        exchange.name(1, "facts");
        exchange.name(2, "records");
        let question = |section| {
            let what = if section < 2 { "the facts" } else { "the records of prior states" };
            Some(Question::about(what))
        };
        let reading = self.telling(index, "what it has on record", ask(&mut link, &exchange, question));
        let reply = reading.await.map_err(not_yet_a_shell)?;
        let turn = Turn::read(output(&reply, 0));
        self.is_root(index, output(&reply, 1))?;
        let facts = facts_of(&reply)?;
        let stored = Record::parse(output(&reply, 2));
        let mut stored = stored.map_err(|unreadable| unreadable.saying(said(&reply, 2)))?;
        // What was changed last is taken back first.
        stored.reverse();
        let declared = stored.iter().map(declaration).collect::<Result<Vec<_>, _>>()?;
        let resources: Vec<&Resource> = declared.iter().map(|declaration| &declaration.resource).collect();
        let host = self.host(&self.participants[index]);
        if let Some(stranger) = Stranger::of(self.inventory, host, &facts)
            && !resources.iter().any(|resource| makes_it_the_host(host, resource))
        {
            return Err(Failure::Stranger(stranger));
        }
        let reading = read(&mut link, &resources, &facts);
        let mut observed = self.telling(index, "the state of its resources", reading).await?;
        let all: Vec<usize> = (0..declared.len()).collect();
        look_closer(&mut link, &declared, &mut observed, &all).await?;
        let survey = Survey { facts, declared, observed, plan: Default::default() };
        Ok((survey, stored, link, turn))
    }
}

/// What a record is about, as if a playbook declared it.
fn declaration(stored: &Stored) -> Result<Declaration, Failure> {
    let resource = Resource::of_record(&stored.record)?;
    Ok(Declaration { stage: 0, task: None, span: Span::default(), resource })
}
