//! The probes of some resources, as sections of an exchange.

use crate::resource::{Facts, Observed, Resource, Section, Unreadable};
use crate::transport::{Exchange, Reply};

/// The probes of some resources.
pub(super) struct Probe {
    sections: Vec<Section>,
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

/// What a section printed; nothing where it did not run.
pub(super) fn output(reply: &Reply, index: usize) -> &[u8] {
    reply.sections.get(index).and_then(Option::as_ref).map_or(&[], |output| output.bytes.as_slice())
}
