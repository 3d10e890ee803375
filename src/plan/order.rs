//! From plays, batches and laws to waves.
//!
//! A play is a stage, and each of its batches has a slot of its own. A step stands in its batch's slot; where a law has
//! it wait for a step that stands in the same slot or in a later one, it moves behind that, and its host's own later
//! steps with it. Nothing else has a barrier.

use std::collections::{BTreeMap, BTreeSet};

use super::step::{Chunk, Step, StepId, Wave};

/// That one step comes after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub later: StepId,
    pub earlier: StepId,
}

/// Where a step stands: its slot, and its place within it.
type Place = (usize, usize);

/// The waves. `slots` are the steps' slots; `steps` stand in their hosts' order, host after host. `first` are steps that
/// need nothing of their own host: they go before all others where an edge would otherwise have to wait for their slot,
/// or where they would wait themselves behind a step of their host that waits for others, which may be for them.
pub(super) fn waves(steps: &[Step], slots: &[usize], edges: &[Edge], first: &[StepId]) -> Vec<Wave> {
    let mut places: Vec<Place> = slots.iter().map(|slot| (slot + 1, 0)).collect();
    let mut hoisted = vec![false; steps.len()];
    for id in first.iter().collect::<BTreeSet<_>>() {
        let awaited_too_early =
            edges.iter().any(|edge| edge.earlier == *id && slots[edge.later.0] < slots[id.0]);
        let behind = |edge: &Edge| edge.later < *id && steps[edge.later.0].host == steps[id.0].host;
        if awaited_too_early || edges.iter().any(behind) {
            hoisted[id.0] = true;
            places[id.0] = (0, 0);
        }
    }
    // Each round moves a step at least; laws have no circle, so that the rounds end.
    for _ in 0..=steps.len() {
        let mut moved = false;
        let mut last: BTreeMap<usize, Place> = BTreeMap::new();
        for (index, step) in steps.iter().enumerate().filter(|(index, _)| !hoisted[*index]) {
            let before = last.entry(step.host).or_default();
            if places[index] < *before {
                places[index] = *before;
                moved = true;
            }
            *before = places[index];
        }
        for edge in edges.iter().filter(|edge| !hoisted[edge.later.0]) {
            let earlier = places[edge.earlier.0];
            // On one host the order of its own steps is enough.
            let same = steps[edge.earlier.0].host == steps[edge.later.0].host;
            let wanted = if same { earlier } else { (earlier.0, earlier.1 + 1) };
            if places[edge.later.0] < wanted {
                places[edge.later.0] = wanted;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    let mut by_place: BTreeMap<Place, Vec<Chunk>> = BTreeMap::new();
    for (index, step) in steps.iter().enumerate() {
        let chunks = by_place.entry(places[index]).or_default();
        match chunks.iter_mut().rev().find(|chunk| chunk.host == step.host) {
            Some(chunk) => chunk.steps.push(StepId(index)),
            None => chunks.push(Chunk { host: step.host, steps: vec![StepId(index)] }),
        }
    }
    let stage =
        |chunks: &[Chunk]| chunks.iter().map(|chunk| steps[chunk.steps[0].0].stage).min().unwrap_or(0);
    by_place.into_values().map(|chunks| Wave { stage: stage(&chunks), chunks }).collect()
}
