//! A director and its real servers, and a run on them.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use lvsprov::document::Source;
use lvsprov::inventory::{self, Inventory};
use lvsprov::plan::Plan;
use lvsprov::playbook::{Engine, Playbook, Variables};
use lvsprov::run::{Event, Failure, Job, Links, Participant, Performed};
use lvsprov::transport::Settings;

use super::machine::Machine;

/// Hosts `d` (192.168.40.100) and `web1`, `web2`, ... (192.168.40.101, ...), with the service `web`.
pub struct Cluster {
    machines: Vec<Machine>,
    pub playbook: String,
    pub guard: Option<Duration>,
    pub lock_wait: Duration,
}

/// What came of a run.
pub struct Outcome {
    pub events: Vec<Event>,
    pub plan: Plan,
    /// `None` where the hosts could not be locked, and nothing was begun.
    pub performed: Option<Performed>,
    pub failures: Vec<Option<Rc<Failure>>>,
}

impl Cluster {
    pub fn new(real_servers: usize, playbook: &str) -> Cluster {
        let real = |number: usize| {
            Machine::real_server(&format!("web{number}"), &format!("192.168.40.{}", 100 + number))
        };
        let machines = [Machine::director("d")].into_iter().chain((1..=real_servers).map(real)).collect();
        Cluster { machines, playbook: playbook.to_owned(), guard: None, lock_wait: Duration::ZERO }
    }

    pub fn machine(&self, name: &str) -> &Machine {
        self.machines.iter().find(|machine| machine.name == name).unwrap()
    }

    pub fn machine_mut(&mut self, name: &str) -> &mut Machine {
        self.machines.iter_mut().find(|machine| machine.name == name).unwrap()
    }

    pub fn inventory(&self) -> Inventory {
        let real = |number: usize| format!("  web{number}: {{ rip: 192.168.40.{}/24 }}\n", 100 + number);
        let real: String = (1..self.machines.len()).map(real).collect();
        let text = format!(
            "cluster: test\ndirectors:\n  d: {{ vip: 192.168.175.100/24, dip: 192.168.40.100/24 }}\nreal_servers:\n{real}\
             virtual_services:\n  - {{ name: web, address: \"192.168.175.100:80\", scheduler: rr, forwarding: nat }}\n"
        );
        inventory::read(Source::new("inventory.yaml", text)).unwrap_or_else(|wrong| panic!("{wrong}"))
    }

    /// A run to its end.
    pub fn deploy(&self) -> Outcome {
        self.deploy_while(|_| ())
    }

    /// A run to its end, in which `on` is told of each event as it happens.
    pub fn deploy_while(&self, on: impl Fn(&Event)) -> Outcome {
        let (inventory, engine) = (self.inventory(), Engine::new());
        let playbook = Playbook::read(&Source::new("playbook.yaml", self.playbook.as_str()), &engine);
        let playbook = playbook.unwrap_or_else(|wrong| panic!("{wrong}"));
        let variables = Variables::new(&inventory);
        let selected = playbook.select(&inventory).unwrap();
        let participants: Vec<Participant> = self
            .machines
            .iter()
            .enumerate()
            .map(|(host, machine)| Participant {
                host,
                target: machine.target(),
                plays: selected.iter().map(|of_play| of_play[host]).collect(),
            })
            .collect();
        let settings = settings();
        let told = RefCell::new(Vec::new());
        let events = |event: Event| {
            on(&event);
            told.borrow_mut().push(event);
        };
        let job = Job {
            inventory: &inventory,
            playbook: &playbook,
            engine: &engine,
            variables: &variables,
            participants: &participants,
            tags: &[],
            settings: &settings,
            forks: 10,
            mark: "m4rk",
            events: &events,
            guard: self.guard,
            holder: "ann@desk",
            lock_wait: self.lock_wait,
            memory: &(),
        };
        let (plan, performed, failures) = block_on(run(&job));
        Outcome { plan, performed, failures, events: told.into_inner() }
    }
}

pub fn settings() -> Settings {
    Settings {
        control_dir: "/nonexistent".into(),
        config_file: None,
        configuration: String::new(),
        connect_timeout: Duration::from_secs(5),
        persist: Duration::from_secs(1),
    }
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// As the verb `deploy` has it.
async fn run(job: &Job<'_>) -> (Plan, Option<Performed>, Vec<Option<Rc<Failure>>>) {
    let plan = |surveyed| Plan::new(job.inventory, &job.playbook.plays, surveyed, job.guard.is_some());
    let mut links = Links::default();
    let mut observation = job.observe(&mut links, true).await;
    let mut planned = plan(std::mem::take(&mut observation.surveyed));
    match job.lock(&planned, &observation, &mut links).await {
        Err(failures) => return (planned, None, failures),
        Ok(locked) if locked.must_read_again => {
            observation = job.observe(&mut links, true).await;
            planned = plan(std::mem::take(&mut observation.surveyed));
        }
        Ok(_) => {}
    }
    let performed = job.perform(&planned, &mut links, observation.failures).await;
    job.unlock(&mut links).await;
    let failures = performed.failures.clone();
    (planned, Some(performed), failures)
}

impl Outcome {
    /// Why the host's part ended early; empty when it did not.
    pub fn failure(&self, host: &str) -> String {
        let index = self.plan.hosts.iter().position(|planned| planned.name == host).unwrap();
        self.failures[index].as_ref().map(ToString::to_string).unwrap_or_default()
    }

    /// The hosts whose part ended early.
    pub fn failed(&self) -> Vec<&str> {
        let hosts = self.plan.hosts.iter().zip(&self.failures);
        hosts.filter(|(_, failure)| failure.is_some()).map(|(host, _)| host.name.as_str()).collect()
    }

    /// What was left: `HOST: WHAT: WHY`.
    pub fn left(&self) -> Vec<String> {
        let left = self.performed.iter().flat_map(|performed| &performed.left);
        left.map(|(host, what, why)| format!("{host}: {what}: {why}")).collect()
    }

    /// How many changes were made on each host.
    pub fn changed(&self) -> Vec<usize> {
        self.performed.as_ref().map(|performed| performed.changed.clone()).unwrap_or_default()
    }

    /// The changes that were made, in their order: `HOST: LABEL`.
    pub fn made(&self) -> Vec<String> {
        let made = self.events.iter().filter_map(|event| match event {
            Event::StepDone { host, label } => Some(format!("{host}: {label}")),
            _ => None,
        });
        made.collect()
    }

    /// The place of a change among all that were made.
    #[track_caller]
    pub fn place(&self, change: &str) -> usize {
        let made = self.made();
        made.iter().position(|one| one == change).unwrap_or_else(|| panic!("{change}: {made:#?}"))
    }

    /// Everything went as planned.
    #[track_caller]
    pub fn whole(&self) -> &Outcome {
        assert!(self.failed().is_empty() && self.left().is_empty(), "{:#?}", self.events);
        self
    }
}
