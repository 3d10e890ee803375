//! A director and its real servers, and a run on them.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use lvsprov::document::Source;
use lvsprov::inventory::{self, Inventory};
use lvsprov::plan::{Plan, Tally, Took};
use lvsprov::playbook::{self, Engine, Playbook, Variables};
use lvsprov::run::{Event, Failure, Job, Links, Participant, Performed, Underway};
use lvsprov::transport::Settings;
use tokio::sync::Notify;

use super::machine::Machine;

/// Hosts `d` (192.168.40.100) and `web1`, `web2`, ... (192.168.40.101, ...), with the service `web`.
pub struct Cluster {
    machines: Vec<Machine>,
    pub playbook: String,
    pub guard: Option<Duration>,
    pub lock_wait: Duration,
    /// What more the inventory says of the service: `, check: none`.
    pub more: &'static str,
    pub read_timeout: Duration,
}

/// What came of a run.
pub struct Outcome {
    pub events: Vec<Event>,
    pub plan: Rc<Plan>,
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
        Cluster {
            machines,
            playbook: playbook.to_owned(),
            guard: None,
            lock_wait: Duration::ZERO,
            more: "",
            read_timeout: settings().read_timeout,
        }
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
             virtual_services:\n  - {{ name: web, address: \"192.168.175.100:80\", scheduler: rr, forwarding: nat{} }}\n",
            self.more
        );
        inventory::read(Source::new("inventory.yaml", text)).unwrap_or_else(|wrong| panic!("{wrong}"))
    }

    /// A run to its end.
    pub fn deploy(&self) -> Outcome {
        self.deploy_while(|_| ())
    }

    /// A run to its end, in which `on` is told of each event as it happens.
    pub fn deploy_while(&self, on: impl Fn(&Event)) -> Outcome {
        let never = |event: &Event| {
            on(event);
            false
        };
        self.deploy_until(never)
    }

    /// A run that is interrupted, as by the operator, at the first event of which `on` says so.
    pub fn deploy_until(&self, on: impl Fn(&Event) -> bool) -> Outcome {
        let (inventory, engine) = (self.inventory(), Engine::new());
        for name in playbook::BUILTIN_TEMPLATES {
            engine.add_file(name, playbook::builtin_template(name).unwrap());
        }
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
        let settings = Settings { read_timeout: self.read_timeout, ..settings() };
        let told = RefCell::new(Vec::new());
        let interrupt = Notify::new();
        let events = |event: Event| {
            if on(&event) {
                interrupt.notify_one();
            }
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
        let begun = RefCell::new(None);
        let ended = block_on(async {
            tokio::select! {
                biased;
                () = interrupt.notified() => None,
                ended = run(&job, &begun) => Some(ended),
            }
        });
        let so_far = begun.into_inner().map(|(plan, underway): Begun| (underway.so_far(&plan), plan));
        let (plan, performed, failures) = match (ended, so_far) {
            (Some((_, failures)), Some((performed, plan))) => {
                (plan, Some(Performed { failures: failures.clone(), ..performed }), failures)
            }
            (None, Some((performed, plan))) => (plan, Some(performed.clone()), performed.failures),
            (Some((plan, failures)), None) => (plan, None, failures),
            (None, None) => panic!("it was interrupted before there was a plan"),
        };
        Outcome { plan, performed, failures, events: told.into_inner() }
    }
}

pub fn settings() -> Settings {
    Settings {
        control_dir: "/nonexistent".into(),
        config_file: None,
        configuration: String::new(),
        connect_timeout: Duration::from_secs(5),
        read_timeout: Duration::from_secs(90),
        persist: Duration::from_secs(1),
    }
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// What is performed, and what has come of it.
type Begun = (Rc<Plan>, Rc<Underway>);

/// As the verb `deploy` has it. What is performed is left in `begun`; gives the plan, and why each host's part ended early.
async fn run(job: &Job<'_>, begun: &RefCell<Option<Begun>>) -> (Rc<Plan>, Vec<Option<Rc<Failure>>>) {
    let plan =
        |surveyed| Rc::new(Plan::new(job.inventory, &job.playbook.plays, surveyed, job.guard.is_some()));
    let mut links = Links::default();
    let mut observation = job.observe(&mut links, true).await;
    let mut planned = plan(std::mem::take(&mut observation.surveyed));
    match job.lock(&planned, &observation, &mut links).await {
        Err(failures) => return (planned, failures),
        Ok(locked) if locked.must_read_again => {
            observation = job.observe(&mut links, true).await;
            planned = plan(std::mem::take(&mut observation.surveyed));
        }
        Ok(_) => {}
    }
    let underway = Rc::new(Underway::of(&planned, observation.failures));
    *begun.borrow_mut() = Some((Rc::clone(&planned), Rc::clone(&underway)));
    job.perform(&planned, &mut links, &underway).await;
    job.unlock(&mut links).await;
    let mut failures = underway.so_far(&planned).failures;
    job.left_without_vips(&planned, &mut links, &mut failures).await;
    (planned, failures)
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

    /// How many changes were made on each host, for certain.
    pub fn changed(&self) -> Vec<usize> {
        let tallies = self.performed.iter().flat_map(|performed| &performed.tallies);
        tallies.map(|tally| tally.made).collect()
    }

    /// How many of the host's changes came to which end.
    pub fn tally(&self, host: &str) -> Tally {
        let index = self.plan.hosts.iter().position(|planned| planned.name == host).unwrap();
        self.performed.as_ref().unwrap().tallies[index]
    }

    /// What is known of each change of which not all is known to have been made: `HOST: LABEL: TOOK`.
    pub fn unfinished(&self) -> Vec<String> {
        let unfinished = self.performed.iter().flat_map(|performed| &performed.unfinished);
        let took = |took: &Took| match took {
            Took::Nothing => "nothing",
            Took::Part(_) => "part",
            Took::Whole => "whole",
            Took::Unknown => "unknown",
        };
        unfinished.map(|one| format!("{}: {}: {}", one.host, one.what, took(&one.took))).collect()
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
