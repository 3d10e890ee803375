//! Clusters as proptest invents them: directors with real servers, a playbook whose tasks come in any order, and hosts
//! each of whose resources is as declared or not.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::Path;

use lvsprov::document::Source;
use lvsprov::inventory::{self, Host, Inventory};
use lvsprov::plan::{Absence, Plan, Surveyed};
use lvsprov::playbook::Engine;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::documents::{Documents, Printed, Result};
use super::observed::{Fill, Recorded};

/// The tasks of a playbook: whose each is, and what.
const TASKS: [(&str, &str); 9] = [
    ("real_server", "package: { name: apache2 }"),
    ("real_server", "file: { dest: /etc/motd, content: \"new\\n\" }"),
    ("real_server", "file: { dest: /etc/apache2/tuning.conf, content: \"new\\n\" }"),
    ("real_server", "service: { name: apache2, state: started, restart_on: [/etc/apache2/tuning.conf] }"),
    ("real_server", "default_gateway: { via: \"{{ dip }}\" }"),
    ("director", "package: { name: ipvsadm }"),
    ("director", "kernel_module: { name: ip_vs }"),
    ("director", "sysctl: { name: net.ipv4.ip_forward, value: 1 }"),
    ("director", "virtual_services: { persist: true }"),
];

/// A playbook's only law of its own: a service comes after its files.
const FILE_AND_SERVICE: (usize, usize) = (2, 3);

/// What is known of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    Read,
    Refused,
    Unreachable,
    Failed,
}

/// A host: what is known of it, and how each of its resources is. 0 is as declared.
#[derive(Clone, Debug)]
struct Machine {
    known: Known,
    states: [u8; 8],
}

/// An invented cluster.
#[derive(Clone)]
pub struct World {
    directors: usize,
    real_servers: usize,
    playbook: String,
    machines: Vec<Machine>,
}

fn tasks() -> impl Strategy<Value = Vec<usize>> {
    let order = Just((0..TASKS.len()).collect::<Vec<_>>()).prop_shuffle();
    (order, 4..=TASKS.len()).prop_map(|(mut tasks, count)| {
        let place = |tasks: &[usize], task| tasks.iter().position(|other| *other == task);
        let (file, service) = (place(&tasks, FILE_AND_SERVICE.0), place(&tasks, FILE_AND_SERVICE.1));
        if let (Some(file), Some(service)) = (file, service)
            && file > service
        {
            tasks.swap(file, service);
        }
        tasks.truncate(count);
        tasks
    })
}

/// How plays begin.
const HEADS: [&str; 5] =
    ["", "  serial: 1\n", "  serial: 2\n", "  serial: 50%\n", "  serial: [1, 3]\n  max_failures: 1\n"];

/// How a play begins, when it does not go on with the one before.
fn head() -> impl Strategy<Value = Option<&'static str>> {
    prop_oneof![Just(None), select(&HEADS).prop_map(Some)]
}

fn playbook() -> impl Strategy<Value = String> {
    (tasks(), prop::collection::vec(head(), TASKS.len())).prop_map(|(tasks, heads)| {
        let mut text = String::new();
        for (number, (task, head)) in tasks.into_iter().zip(heads).enumerate() {
            if let Some(head) = head.or((number == 0).then_some("")) {
                let _ = write!(text, "- name: play {number}\n  hosts: all\n{head}  tasks:\n");
            }
            let (role, task) = TASKS[task];
            let _ = write!(text, "    - {task}\n      when: role == '{role}'\n");
        }
        text
    })
}

fn machine() -> impl Strategy<Value = Machine> {
    let known = prop_oneof![
        8 => Just(Known::Read),
        1 => Just(Known::Refused),
        1 => Just(Known::Unreachable),
        1 => Just(Known::Failed),
    ];
    (known, prop::array::uniform8(0..3_u8)).prop_map(|(known, states)| Machine { known, states })
}

impl Arbitrary for World {
    type Parameters = ();
    type Strategy = BoxedStrategy<World>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        let machines = prop::collection::vec(machine(), 6);
        (1..=2_usize, 2..=4_usize, playbook(), machines)
            .prop_map(|(directors, real_servers, playbook, machines)| World {
                directors,
                real_servers,
                playbook,
                machines,
            })
            .boxed()
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} directors, {} real servers\n{}", self.directors, self.real_servers, self.playbook)?;
        let hosts = self.machines.iter().take(self.directors + self.real_servers);
        hosts
            .enumerate()
            .try_for_each(|(index, host)| writeln!(f, "{index}: {:?} {:?}", host.known, host.states))
    }
}

impl World {
    /// Its inventory.
    pub fn inventory(&self) -> Inventory {
        let (mut directors, mut real, mut services) = (String::new(), String::new(), String::new());
        for d in 0..self.directors {
            let (vip, subnet) = (100 + d, 40 + d);
            let _ =
                writeln!(directors, "  d{d}: {{ vip: 192.168.175.{vip}/24, dip: 192.168.{subnet}.100/24 }}");
            let _ = writeln!(
                services,
                "  - {{ name: s{d}, address: \"192.168.175.{vip}:80\", scheduler: rr, forwarding: nat, real_servers: ["
            );
            for r in (d..self.real_servers).step_by(self.directors) {
                let _ = writeln!(real, "  r{r}: {{ rip: 192.168.{subnet}.{}/24 }}", 101 + r);
                let _ = writeln!(services, "      {{ host: r{r} }},");
            }
            let _ = writeln!(services, "    ] }}");
        }
        let text = format!(
            "cluster: invented\ndirectors:\n{directors}real_servers:\n{real}virtual_services:\n{services}"
        );
        inventory::read(Source::new("inventory.yaml", text)).unwrap_or_else(|wrong| panic!("{wrong}"))
    }

    /// The plan for it.
    pub fn plan(&self, inventory: &Inventory) -> Plan {
        self.planned(inventory).unwrap_or_else(|why| panic!("{why}"))
    }

    fn planned(&self, inventory: &Inventory) -> Result<Plan> {
        let engine = Engine::new();
        let documents = Documents::read(inventory, &engine, &self.playbook, &[])?;
        let printed = self.printed(inventory)?;
        let survey = |host: usize| Ok(Surveyed { host, result: documents.survey(&printed, host)? });
        let surveyed = (0..inventory.hosts.len()).map(survey).collect::<Result<_>>()?;
        Ok(Plan::new(inventory, &documents.playbook.plays, surveyed, true))
    }

    fn printed(&self, inventory: &Inventory) -> Result<Machines> {
        let top = Path::new(env!("CARGO_MANIFEST_DIR"));
        let names = inventory.names().map(str::to_owned);
        Ok(Machines {
            settled: Recorded::read(&top.join("bench/observed"))?,
            bare: Recorded::read(&top.join("tests/cases/observed/bare"))?,
            by_name: names.zip(self.machines.iter().cloned()).collect(),
        })
    }

    /// Whether the director of that name forwards before anything is done.
    pub fn forwards(&self, inventory: &Inventory, name: &str) -> bool {
        inventory.index_of(name).is_some_and(|index| self.machines[index].states[SYSCTL] == 0)
    }
}

/// Which of a machine's states each of its resources has.
const PACKAGE: usize = 0;
const MOTD: usize = 1;
const CONF: usize = 2;
const SERVICE: usize = 3;
const GATEWAY: usize = 4;
const MODULE: usize = 5;
const SYSCTL: usize = 6;
const TABLE: usize = 7;

/// What the machines' probes print.
struct Machines {
    settled: Recorded,
    bare: Recorded,
    by_name: BTreeMap<String, Machine>,
}

impl Printed for Machines {
    fn absence(&self, host: &Host) -> Option<Absence> {
        match self.by_name[&host.name].known {
            Known::Unreachable => Some(Absence::Unreachable),
            Known::Failed => Some(Absence::Failed),
            Known::Read | Known::Refused => None,
        }
    }

    fn text(&self, inventory: &Inventory, host: &Host, module: &str) -> Result<String> {
        let machine = &self.by_name[&host.name];
        let state = |place: usize| machine.states[place];
        let recorded = |as_declared: bool| -> Result<String> {
            let texts = if as_declared { &self.settled } else { &self.bare };
            let text = texts.text(host.group(), module).ok_or_else(|| format!("no text of {module}"))?;
            Ok(Fill::new(inventory, host, &host.name).output(module, text))
        };
        match module {
            "package" => recorded(state(PACKAGE) == 0),
            "kernel_module" => recorded(state(MODULE) == 0),
            "sysctl" => recorded(state(SYSCTL) == 0),
            "default_gateway" => recorded(state(GATEWAY) == 0),
            "file" => {
                let body = |place: usize| if state(place) == 0 { "new\n" } else { "old\n" };
                let line = |path: &str| format!("81a4 0 0 4 root root {path}\nwhole\n");
                let (motd, conf) = (line("/etc/motd"), line("/etc/apache2/tuning.conf"));
                Ok(format!(
                    "{motd}{conf}=\n/etc/motd:{}/etc/apache2/tuning.conf:{}=\n",
                    body(MOTD),
                    body(CONF)
                ))
            }
            "service" => {
                let refused = machine.known == Known::Refused;
                let (mark, load, active) = match state(SERVICE) {
                    _ if refused => ("", "masked", "inactive"),
                    0 => ("", "loaded", "active"),
                    1 => (" restart", "loaded", "active"),
                    _ => ("", "loaded", "inactive"),
                };
                Ok(format!(
                    "unit apache2.service{mark}\n=\nId=apache2.service\nLoadState={load}\nActiveState={active}\n"
                ))
            }
            // The table is lost, and the rules file knows it.
            "virtual_services" if state(TABLE) == 1 => {
                let whole = recorded(true)?;
                let rules = whole.find("@unit").ok_or("no unit")?;
                Ok(format!("@running\n@services\n{}", &whole[rules..]))
            }
            "virtual_services" => recorded(state(TABLE) == 0),
            _ => recorded(true),
        }
    }
}

/// What comes of the steps and of what is asked: bad luck at these of them.
#[derive(Clone, Debug, Default)]
pub struct Luck(Vec<Index>);

impl Luck {
    /// Bad luck at some of at most so many.
    pub fn any(most: usize) -> impl Strategy<Value = Luck> {
        prop::collection::vec(any::<Index>(), 0..most).prop_map(Luck)
    }

    /// Whether the one at that place of so many fails.
    pub fn fails(&self, place: usize, of: usize) -> bool {
        of > 0 && self.0.iter().any(|index| index.index(of) == place)
    }
}
