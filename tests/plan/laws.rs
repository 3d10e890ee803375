//! The planner's laws, for any playbook and any state of the hosts.

use std::collections::{BTreeMap, BTreeSet};

use lvsprov::inventory::Inventory;
use lvsprov::plan::{Ending, Plan, Progress, Reason, StepId, Took};
use proptest::prelude::*;

use super::world::{Luck, World};

/// The wave in which each step is made, by its index.
fn waves(plan: &Plan) -> BTreeMap<StepId, usize> {
    let mut waves = BTreeMap::new();
    for (number, wave) in plan.waves.iter().enumerate() {
        for id in wave.chunks.iter().flat_map(|chunk| &chunk.steps) {
            assert_eq!(waves.insert(*id, number), None, "{} is made twice", plan.label(*id));
        }
        let hosts: BTreeSet<usize> = wave.chunks.iter().map(|chunk| chunk.host).collect();
        assert_eq!(hosts.len(), wave.chunks.len(), "a host has one chunk of a wave");
    }
    waves
}

fn name(plan: &Plan, id: StepId) -> &str {
    &plan.hosts[plan.steps[id.0].host].name
}

fn module(plan: &Plan, id: StepId) -> &'static str {
    let step = &plan.steps[id.0];
    plan.hosts[step.host].plan.items[step.item].module
}

fn all(plan: &Plan) -> impl Iterator<Item = StepId> {
    (0..plan.steps.len()).map(StepId)
}

/// The director whose DIP is the real server's gateway.
fn gateway(inventory: &Inventory, real_server: &str) -> String {
    let host = inventory.host(real_server).unwrap();
    let dip = inventory.dips_for(host)[0];
    inventory.directors().find(|director| director.dips().contains(&dip)).unwrap().name.clone()
}

/// What must hold of the plan as it is.
fn holds(inventory: &Inventory, plan: &Plan) {
    let waves = waves(plan);
    for id in all(plan) {
        let (name, label) = (name(plan, id), plan.label(id));
        // Every step is in one wave, or is left, with the reason.
        let left = plan.left.iter().any(|left| plan.hosts[left.host].name == name && left.what == label);
        assert_ne!(waves.contains_key(&id), left, "{name}: {label}");
        let Some(wave) = waves.get(&id) else { continue };
        for need in &plan.steps[id.0].needs {
            let same = plan.steps[need.0].host == plan.steps[id.0].host;
            let before =
                waves.get(need).is_none_or(|other| other < wave || same && other == wave && need < &id);
            assert!(before, "{name}: {label} is made in wave {wave}, before {}", plan.label(*need));
        }
        if module(plan, id) == "default_gateway" {
            let director = gateway(inventory, name);
            let made =
                all(plan).find(|id| module(plan, *id) == "sysctl" && self::name(plan, *id) == director);
            if let Some(made) = made {
                assert!(waves[&made] < *wave, "{name} has its gateway before {director} forwards");
            }
        }
        for part in &plan.steps[id.0].parts {
            let host = part.host.unwrap();
            for of_host in all(plan).filter(|other| plan.steps[other.0].host == host) {
                let earlier = waves.get(&of_host).is_none_or(|other| other < wave);
                assert!(earlier, "{} enters before {}", plan.hosts[host].name, plan.label(of_host));
            }
        }
    }
    // What only a new forwarding needs goes ahead of its turn; nothing else does.
    for host in 0..plan.hosts.len() {
        let own = plan.waves.iter().flat_map(|wave| &wave.chunks).filter(|chunk| chunk.host == host);
        let made: Vec<StepId> = own.flat_map(|chunk| chunk.steps.iter().copied()).collect();
        let others: Vec<StepId> = made.iter().copied().filter(|id| module(plan, *id) != "sysctl").collect();
        assert!(others.is_sorted(), "{}: {others:?}", plan.hosts[host].name);
        let hoisted = made.iter().position(|id| module(plan, *id) == "sysctl");
        assert!(
            hoisted.is_none_or(|at| made[..at].iter().all(|before| before < &made[at])),
            "{}: {made:?}",
            plan.hosts[host].name
        );
    }
    for wave in &plan.waves {
        let of_wave =
            wave.chunks.iter().filter(|chunk| chunk.steps.iter().any(|id| plan.change(*id).interrupts()));
        let hosts: Vec<&str> = of_wave.map(|chunk| plan.hosts[chunk.host].name.as_str()).collect();
        assert!(hosts.len() <= 1, "{hosts:?} are interrupted side by side");
    }
}

/// What happens on the hosts when the plan is performed, with some bad luck.
struct Model<'a> {
    plan: &'a Plan,
    inventory: &'a Inventory,
    luck: &'a Luck,
    progress: Progress,
    /// The directors that forward.
    forwarding: BTreeSet<String>,
    /// Whether a real server did not come back from an interruption.
    down: bool,
}

impl Model<'_> {
    fn perform(&mut self) {
        let plan = self.plan;
        for wave in &plan.waves {
            for chunk in &wave.chunks {
                chunk.steps.iter().for_each(|id| self.step(*id));
            }
        }
    }

    fn step(&mut self, id: StepId) {
        let plan = self.plan;
        let of_step = &plan.steps[id.0];
        let allowed = plan.stages[of_step.stage].max_failures;
        let passed = allowed.filter(|allowed| self.failed_before(of_step.stage, of_step.batch) > *allowed);
        let may = self.progress.may_begin(plan, id, &[]);
        assert!(passed.is_none() || may.is_err(), "{}: a further batch begins", plan.label(id));
        if let Err(reason) = may {
            assert!(!matches!(reason, Reason::MaxFailures { .. }) || passed.is_some());
            assert_ne!(plan.why(&reason, &self.progress), "");
            self.progress.end(plan, id, Ending::Left(reason));
            return;
        }
        let own = name(plan, id).to_owned();
        if module(plan, id) == "default_gateway" {
            let director = gateway(self.inventory, &own);
            let read =
                self.inventory.index_of(&director).is_some_and(|index| plan.hosts[index].survey.is_ok());
            let declared = all(plan).any(|id| module(plan, id) == "sysctl" && name(plan, id) == director);
            let open = self.forwarding.contains(&director) || !declared && read;
            assert!(open, "{own} has {director} as its gateway, which does not forward");
        }
        if plan.change(id).interrupts() {
            assert!(!self.down, "{own} is interrupted after another one did not come back");
        }
        for part in &plan.steps[id.0].parts {
            let ready = self.progress.may_enter(&part.needs);
            let of_host = all(plan).filter(|other| Some(plan.steps[other.0].host) == part.host);
            let done = of_host.into_iter().all(|id| self.progress.ended_well(id));
            assert!(done || part.gate.known || ready.is_err(), "{} enters unready", part.gate.address);
        }
        let failed = self.luck.fails(id.0, plan.steps.len());
        self.progress.end(plan, id, if failed { Ending::Failed(Took::Unknown) } else { Ending::Done });
        self.down |= failed && plan.change(id).interrupts();
        if module(plan, id) == "sysctl" && !failed {
            self.forwarding.insert(own);
        }
    }

    /// How many hosts of a play failed before the batch.
    fn failed_before(&self, stage: usize, batch: usize) -> usize {
        let failed =
            all(self.plan).filter(|id| matches!(self.progress.of_step(*id), Some(Ending::Failed(_))));
        let of_play = failed.map(|id| &self.plan.steps[id.0]);
        of_play.filter(|step| step.stage == stage && step.batch < batch).count()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_keeps_the_laws(world in any::<World>()) {
        let inventory = world.inventory();
        holds(&inventory, &world.plan(&inventory));
    }

    #[test]
    fn whatever_fails_nothing_is_done_that_depends_on_it(world in any::<World>(), luck in Luck::any(3)) {
        let inventory = world.inventory();
        let plan = world.plan(&inventory);
        let forwarding = inventory.directors().map(|director| director.name.clone());
        let mut model = Model {
            plan: &plan,
            inventory: &inventory,
            luck: &luck,
            progress: Progress::of(&plan),
            forwarding: forwarding.filter(|name| world.forwards(&inventory, name)).collect(),
            down: false,
        };
        model.perform();
        let any_failed = all(&plan).any(|id| matches!(model.progress.of_step(id), Some(Ending::Failed(_))));
        if !any_failed {
            let made = plan.waves.iter().flat_map(|wave| &wave.chunks).flat_map(|chunk| &chunk.steps);
            for id in made {
                prop_assert!(model.progress.ended_well(*id), "{} is left for nothing", plan.label(*id));
            }
        }
    }
}
