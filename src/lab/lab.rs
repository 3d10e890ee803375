//! A lab: an inventory's cluster on this machine.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use rustix::fs::{FlockOperation, flock};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::error::{At, LabError};
use super::event::LabEvent;
use super::machine::{self, Machine};
use super::topology::{Plan, Topology, digest};
use super::{image, network, program, seed, ssh};
use crate::inventory::Inventory;

/// Where labs keep what they keep.
#[derive(Clone, Debug)]
pub struct LabSettings {
    /// The base images' folder.
    pub cache: PathBuf,
    /// The folder under which every lab has one by its name. Programs must be executable there.
    pub state: PathBuf,
    /// The program that has the `lab-proxy` verb.
    pub exe: PathBuf,
}

/// A lab, up or not. It is known by the inventory's cluster name.
#[derive(Clone, Debug)]
pub struct Lab {
    name: String,
    folder: PathBuf,
    failed: PathBuf,
    cache: PathBuf,
    exe: PathBuf,
}

/// How a machine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineStatus {
    /// Its host name.
    pub host: String,
    /// Its first process on this machine, while it runs.
    pub pid: Option<i32>,
    /// Its sshd greets.
    pub answers: bool,
    /// Its addresses of the inventory.
    pub addresses: Vec<IpNet>,
    /// What its kernel and systemd print.
    pub console: PathBuf,
}

impl MachineStatus {
    /// It has been started and has not ended.
    pub fn running(&self) -> bool {
        self.pid.is_some()
    }
}

impl Lab {
    /// The lab of that name. Nothing is touched.
    pub fn new(settings: &LabSettings, name: &str) -> Lab {
        let file = file_name(name);
        let state = std::path::absolute(&settings.state).unwrap_or_else(|_| settings.state.clone());
        Lab {
            folder: state.join(&file),
            failed: state.join(format!("{file}.failed")),
            name: name.to_owned(),
            cache: settings.cache.clone(),
            exe: settings.exe.clone(),
        }
    }

    /// The name of its network namespace.
    pub fn namespace(&self) -> String {
        format!("lvsprov-{}", file_name(&self.name))
    }

    /// An ssh_config(5) that reaches each of its hosts by name, from outside the namespace.
    pub fn ssh_config(&self) -> PathBuf {
        self.folder.join("ssh_config")
    }

    /// What a machine's kernel and systemd print; after a failed `up`, what they printed.
    pub fn console_log(&self, host: &str) -> PathBuf {
        let live = machine::folder(&self.folder, host).join("console.log");
        let kept = self.failed.join(format!("{host}.log"));
        if !live.exists() && kept.exists() { kept } else { live }
    }

    /// Whether it has machines, and all of them run.
    pub fn is_up(&self) -> bool {
        let Ok(plans) = self.plans() else { return false };
        let running = machine::processes(&self.folder);
        !plans.is_empty()
            && self.ssh_config().exists()
            && plans.iter().all(|plan| running.iter().any(|process| process.host == plan.host))
    }

    /// Makes the inventory's cluster run here. Machines that are up already stay as they are; what fails takes down what
    /// it put up, keeping the consoles' logs. A caller who drops the future calls [`Lab::down`].
    pub async fn up(&self, inventory: &Inventory, events: &mut dyn FnMut(LabEvent)) -> Result<(), LabError> {
        self.check_machine()?;
        let topology = Topology::of(inventory)?;
        if network::link(&self.namespace()).exists() && !self.folder.exists() {
            return Err(LabError::NamespaceTaken { namespace: self.namespace() });
        }
        let image = image::ensure(&self.cache, events).await?;
        fs::create_dir_all(&self.folder).at(&self.folder)?;
        let _lock = self.lock().await?;
        let before = self.plans()?;
        if self.failed.exists() {
            fs::remove_dir_all(&self.failed).at(&self.failed)?;
        }
        if let Some(plan) = topology.machines.iter().find(|plan| before.iter().any(|old| differ(old, plan))) {
            return Err(LabError::Changed { host: plan.host.clone() });
        }
        let running: Vec<String> =
            machine::processes(&self.folder).into_iter().map(|process| process.host).collect();
        let raised = self.raise(&topology, &image, &running, events).await;
        if raised.is_err() {
            self.keep_logs(&topology.machines);
            // The first failure is the one to tell; what a clean-up leaves, `down` finds again.
            if running.is_empty() {
                let _ = self.take_down(events).await;
            } else {
                let _ = machine::end(&self.folder, |host| !running.iter().any(|kept| kept == host)).await;
            }
        }
        raised
    }

    async fn raise(
        &self,
        topology: &Topology,
        image: &Path,
        running: &[String],
        events: &mut dyn FnMut(LabEvent),
    ) -> Result<(), LabError> {
        let namespace = self.namespace();
        network::ensure(&namespace, topology).await?;
        events(LabEvent::NetworkReady { namespace: namespace.clone(), subnets: topology.subnets.len() });
        machine::write_wrapper(&self.folder).await?;
        let login = self.folder.join("login_key");
        if !login.exists() {
            seed::new_key(&login, "lab").await?;
        }
        let login = login.with_extension("pub");
        let login = fs::read_to_string(&login).at(login)?;
        let mut started = Vec::new();
        for plan in &topology.machines {
            if running.contains(&plan.host) {
                events(LabEvent::MachineKept { host: plan.host.clone() });
                continue;
            }
            let machine = self.machine(plan);
            let folder = machine.folder();
            if !record(&folder).exists() {
                fs::create_dir_all(&folder).at(&folder)?;
                seed::write(&self.name, plan, &topology.machines, &login, &folder).await?;
                write_plan(plan, &folder)?;
            }
            machine.start(image).await?;
            events(LabEvent::MachineStarted { host: plan.host.clone() });
            started.push((machine, Instant::now()));
        }
        self.write_ssh()?;
        // Kernels share this machine's processors while they boot, so each has time for all.
        let deadline = patience(started.len());
        let mut booting = JoinSet::new();
        for (machine, since) in started {
            booting.spawn(async move {
                machine.greeted(deadline).await?;
                Ok((machine.plan.host, since.elapsed()))
            });
        }
        tell_ready(booting, events).await
    }

    /// Ends every process of the lab and removes all that it has on this machine; also what an `up` left that was cut
    /// off at any moment. Nothing there is nothing to do.
    pub async fn down(&self, events: &mut dyn FnMut(LabEvent)) -> Result<(), LabError> {
        self.check_machine()?;
        if self.failed.exists() {
            fs::remove_dir_all(&self.failed).at(&self.failed)?;
        }
        if !self.folder.exists() {
            // A namespace of this name, if any, is not of this state directory.
            return Ok(());
        }
        let _lock = self.lock().await?;
        self.take_down(events).await
    }

    async fn take_down(&self, events: &mut dyn FnMut(LabEvent)) -> Result<(), LabError> {
        let mut hosts: Vec<String> =
            machine::processes(&self.folder).into_iter().map(|process| process.host).collect();
        hosts.sort_unstable();
        hosts.dedup();
        machine::end(&self.folder, |_| true).await?;
        for host in hosts {
            events(LabEvent::MachineStopped { host });
        }
        network::remove(&self.namespace()).await?;
        fs::remove_dir_all(&self.folder).at(&self.folder)?;
        events(LabEvent::LabRemoved { lab: self.name.clone() });
        Ok(())
    }

    /// How every machine is, in the inventory's order; empty when there is no lab.
    pub async fn status(&self) -> Result<Vec<MachineStatus>, LabError> {
        let mut asked = JoinSet::new();
        for plan in self.plans()? {
            let machine = self.machine(&plan);
            asked.spawn(async move {
                let pid = machine.pid();
                let answers = pid.is_some() && machine.answers(Duration::from_secs(5)).await;
                let addresses = plan.addresses().collect();
                (
                    plan.index,
                    MachineStatus { pid, answers, addresses, console: machine.console(), host: plan.host },
                )
            });
        }
        let mut all = asked.join_all().await;
        all.sort_unstable_by_key(|(index, _)| *index);
        Ok(all.into_iter().map(|(_, status)| status).collect())
    }

    /// Reboots these hosts, or all when none is named, side by side, and waits until each answers with a new boot id.
    pub async fn reboot(&self, hosts: &[String], events: &mut dyn FnMut(LabEvent)) -> Result<(), LabError> {
        let plans = self.plans()?;
        if let Some(host) = hosts.iter().find(|host| plans.iter().all(|plan| plan.host != **host)) {
            let known = plans.into_iter().map(|plan| plan.host).collect();
            return Err(LabError::UnknownMachine { lab: self.name.clone(), host: host.clone(), known });
        }
        let _lock = self.lock().await?;
        let chosen: Vec<&Plan> =
            plans.iter().filter(|plan| hosts.is_empty() || hosts.contains(&plan.host)).collect();
        let deadline = patience(chosen.len());
        let mut rebooting = JoinSet::new();
        for plan in chosen {
            let (machine, config) = (self.machine(plan), self.ssh_config());
            events(LabEvent::MachineRebooting { host: plan.host.clone() });
            rebooting.spawn(async move {
                let since = Instant::now();
                machine.reboot(&config, deadline).await?;
                Ok((machine.plan.host, since.elapsed()))
            });
        }
        tell_ready(rebooting, events).await
    }

    /// Whether this machine has all that a lab needs.
    fn check_machine(&self) -> Result<(), LabError> {
        if !rustix::process::geteuid().is_root() {
            return Err(LabError::NotRoot);
        }
        program::check_needed()?;
        if Path::new("/dev/net/tun").exists() { Ok(()) } else { Err(LabError::NoTun) }
    }

    fn machine(&self, plan: &Plan) -> Machine {
        Machine { plan: plan.clone(), lab: self.folder.clone(), namespace: self.namespace() }
    }

    /// The machines that the lab has, in the inventory's order.
    fn plans(&self) -> Result<Vec<Plan>, LabError> {
        let machines = self.folder.join("machines");
        let mut plans: Vec<Plan> = Vec::new();
        if !machines.exists() {
            return Ok(plans);
        }
        for entry in fs::read_dir(&machines).at(&machines)? {
            let record = record(&entry.at(&machines)?.path());
            // A machine without one was being made when its maker was cut off: it never ran.
            if record.exists() {
                let text = fs::read_to_string(&record).at(&record)?;
                plans.push(serde_json::from_str(&text).map_err(std::io::Error::from).at(&record)?);
            }
        }
        plans.sort_unstable_by_key(|plan| plan.index);
        Ok(plans)
    }

    fn write_ssh(&self) -> Result<(), LabError> {
        let plans = self.plans()?;
        let known =
            ssh::known_hosts(&plans, |plan| ssh::public_key(&machine::folder(&self.folder, &plan.host)))?;
        let config = ssh::config(&plans, &self.folder, &self.exe, &self.namespace());
        for (path, text) in [(self.folder.join("known_hosts"), known), (self.ssh_config(), config)] {
            fs::write(&path, text).at(&path)?;
        }
        Ok(())
    }

    /// Holds the lab until it is dropped, against other processes.
    async fn lock(&self) -> Result<File, LabError> {
        let begun = Instant::now();
        let folder = File::open(&self.folder).at(&self.folder)?;
        while flock(&folder, FlockOperation::NonBlockingLockExclusive).is_err() {
            if begun.elapsed() > Duration::from_secs(5) {
                return Err(LabError::Busy { lab: self.name.clone() });
            }
            sleep(Duration::from_millis(100)).await;
        }
        Ok(folder)
    }

    /// Saves what the consoles said from the removal of the lab's folder.
    fn keep_logs(&self, plans: &[Plan]) {
        let kept = fs::create_dir_all(&self.failed).is_ok();
        for plan in plans.iter().filter(|_| kept) {
            let console = machine::folder(&self.folder, &plan.host).join("console.log");
            // A machine that was not started has said nothing.
            let _ = fs::copy(console, self.failed.join(format!("{}.log", plan.host)));
        }
    }
}

/// How long `count` machines may take to boot, or to reboot, on the processors that they share.
fn patience(count: usize) -> Duration {
    Duration::from_secs(90 + 15 * count as u64)
}

/// Tells of each machine as it is ready; the first that fails ends the waiting for all.
async fn tell_ready(
    mut machines: JoinSet<Result<(String, Duration), LabError>>,
    events: &mut dyn FnMut(LabEvent),
) -> Result<(), LabError> {
    while let Some(joined) = machines.join_next().await {
        let (host, after) = joined.map_err(std::io::Error::from).at("a machine's task")??;
        events(LabEvent::MachineReady { host, after });
    }
    Ok(())
}

/// Where a machine's plan is kept.
fn record(folder: &Path) -> PathBuf {
    folder.join("plan.json")
}

/// Records a machine whose seed is complete. Renamed into place, so that half of it is never read.
fn write_plan(plan: &Plan, folder: &Path) -> Result<(), LabError> {
    let (fresh, record) = (folder.join("plan.new"), record(folder));
    let text = serde_json::to_string_pretty(plan).map_err(std::io::Error::from).at(&record)?;
    fs::write(&fresh, text).at(&fresh)?;
    fs::rename(&fresh, &record).at(&record)
}

/// Whether a machine that was made by the one plan cannot pass for one of the other.
fn differ(made: &Plan, asked: &Plan) -> bool {
    made.host == asked.host && (&made.cards, made.port) != (&asked.cards, asked.port)
}

/// A cluster's name as a file's: what may not stand in one is left out, and a digest keeps such names apart.
fn file_name(name: &str) -> String {
    let plain: String =
        name.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(*letter)).collect();
    if plain == name && !plain.is_empty() && !plain.starts_with('.') && plain.len() <= 64 {
        return plain;
    }
    let start: String = plain.trim_start_matches('.').chars().take(40).collect();
    format!("{start}-{}", digest(&[name], 4))
}

#[cfg(test)]
mod tests {
    use super::super::topology::tests::tutorial;
    use super::*;

    #[test]
    fn a_clusters_name_becomes_a_files() {
        assert_eq!(file_name("web-1"), "web-1");
        assert!(file_name("../web").starts_with("web-"));
        assert!(file_name("a b").starts_with("ab-"));
        assert_ne!(file_name("a b"), file_name("a/b"));
        assert!(file_name(&"x".repeat(300)).len() < 64);
    }

    #[test]
    fn a_machine_is_another_with_other_addresses() {
        let plan = Topology::of(&tutorial()).unwrap().machines.remove(0);
        let mut moved = plan.clone();
        moved.cards[0].addresses.clear();
        let mut renumbered = plan.clone();
        renumbered.index = 7;
        assert!(differ(&plan, &moved));
        assert!(!differ(&plan, &renumbered));
    }

    #[test]
    fn a_lab_that_is_not_there_is_not_up() {
        let settings = LabSettings { cache: "/n".into(), state: "/n/s".into(), exe: "/n/e".into() };
        let lab = Lab::new(&settings, "web");
        assert!(!lab.is_up());
        assert_eq!(lab.namespace(), "lvsprov-web");
        assert_eq!(lab.console_log("c"), Path::new("/n/s/web/machines/c/console.log"));
    }
}
