//! A lab: an inventory's cluster on this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::error::{At, LabError};
use super::event::LabEvent;
use super::folder::Folder;
use super::guest::{self, Guest};
use super::raising::{Before, Raising};
use super::topology::{Blueprint, Topology};
use super::{image, network, process, program, ssh};
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
    pub(super) name: String,
    pub(super) folder: Folder,
    cache: PathBuf,
    exe: PathBuf,
}

/// How a machine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestStatus {
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

impl GuestStatus {
    /// It has been started and has not ended.
    pub fn running(&self) -> bool {
        self.pid.is_some()
    }
}

impl Lab {
    /// The lab of that name. Nothing is touched.
    pub fn new(settings: &LabSettings, name: &str) -> Lab {
        Lab {
            folder: Folder::new(&settings.state, name),
            name: name.to_owned(),
            cache: settings.cache.clone(),
            exe: settings.exe.clone(),
        }
    }

    /// The name of its network namespace.
    pub fn namespace(&self) -> String {
        network::name(&self.folder.path)
    }

    /// An ssh_config(5) that reaches each of its hosts by name, from outside the namespace.
    pub fn ssh_config(&self) -> PathBuf {
        self.folder.file("ssh_config")
    }

    /// What a machine's kernel and systemd print; after a failed `up`, what they printed.
    pub fn console_log(&self, host: &str) -> PathBuf {
        self.folder.console(host)
    }

    /// Whether it has machines, running or not.
    ///
    /// # Errors
    /// Its folder can't be read.
    pub fn exists(&self) -> Result<bool, LabError> {
        Ok(!self.folder.blueprints()?.is_empty())
    }

    /// Whether any of its machines runs: those that do not are hosts that are down.
    pub fn has_guests(&self) -> bool {
        self.ssh_config().exists() && !process::all(&self.folder.path).is_empty()
    }

    /// Holds the lab, to make the inventory's cluster run here; nothing runs yet.
    pub async fn begin(
        &self,
        inventory: &Inventory,
        events: &mut dyn FnMut(LabEvent),
    ) -> Result<Raising<'_>, LabError> {
        self.check_controller()?;
        let topology = Topology::of(inventory)?;
        if network::link(&self.namespace()).exists() && !self.folder.path.exists() {
            return Err(LabError::NamespaceTaken { namespace: self.namespace() });
        }
        let image = self.image(events).await?;
        let lock = loop {
            fs::create_dir_all(&self.folder.path).at(&self.folder.path)?;
            if let Some(lock) = self.folder.lock(&self.name).await? {
                break lock;
            }
        };
        let recorded = self.folder.blueprints()?;
        if let Some(blueprint) =
            topology.blueprints.iter().find(|blueprint| recorded.iter().any(|old| differ(old, blueprint)))
        {
            return Err(LabError::Changed { host: blueprint.host.clone() });
        }
        let before = Before {
            machines: recorded.into_iter().map(|blueprint| blueprint.host).collect(),
            running: process::all(&self.folder.path).into_iter().map(|process| process.host).collect(),
        };
        Ok(Raising { lab: self, topology, image, before, _lock: lock })
    }

    /// Ends every process of the lab and removes all that it has on this machine; also what an `up` left that was cut
    /// off at any moment. Nothing there is nothing to do.
    pub async fn down(&self, events: &mut dyn FnMut(LabEvent)) -> Result<(), LabError> {
        self.check_controller()?;
        self.folder.forget_failure()?;
        // Without a folder, a namespace of this name is not of this state directory.
        let Some(_lock) = self.folder.lock(&self.name).await? else { return Ok(()) };
        self.take_down(events).await
    }

    /// Takes back what a [`Raising`] put up that was dropped or has failed: all of the lab, or what it had not before.
    pub async fn take_back(&self, before: &Before, events: &mut dyn FnMut(LabEvent)) -> Result<(), LabError> {
        let Some(_lock) = self.folder.lock(&self.name).await? else { return Ok(()) };
        if before.machines.is_empty() {
            return self.take_down(events).await;
        }
        process::end(&self.folder.path, |host| !before.running.iter().any(|kept| kept == host)).await?;
        for blueprint in
            self.folder.blueprints()?.iter().filter(|blueprint| !before.machines.contains(&blueprint.host))
        {
            let folder = guest::folder(&self.folder.path, &blueprint.host);
            fs::remove_dir_all(&folder).at(&folder)?;
        }
        if before.running.is_empty() {
            network::remove(&self.namespace()).await?;
        }
        self.write_ssh()
    }

    async fn take_down(&self, events: &mut dyn FnMut(LabEvent)) -> Result<(), LabError> {
        let mut hosts: Vec<String> =
            process::all(&self.folder.path).into_iter().map(|process| process.host).collect();
        hosts.sort_unstable();
        hosts.dedup();
        process::end(&self.folder.path, |_| true).await?;
        for host in hosts {
            events(LabEvent::MachineStopped { host });
        }
        network::remove(&self.namespace()).await?;
        fs::remove_dir_all(&self.folder.path).at(&self.folder.path)?;
        events(LabEvent::LabRemoved { lab: self.name.clone() });
        Ok(())
    }

    /// How every machine is, in the inventory's order; empty when there is no lab.
    pub async fn status(&self) -> Result<Vec<GuestStatus>, LabError> {
        let mut asked = JoinSet::new();
        for blueprint in self.folder.blueprints()? {
            let guest = self.guest(&blueprint);
            asked.spawn(async move {
                let pid = guest.pid();
                let answers = pid.is_some() && guest.answers(Duration::from_secs(5)).await;
                let addresses = blueprint.addresses().collect();
                (
                    blueprint.index,
                    GuestStatus { pid, answers, addresses, console: guest.console(), host: blueprint.host },
                )
            });
        }
        let mut all = asked.join_all().await;
        all.sort_unstable_by_key(|(index, _)| *index);
        Ok(all.into_iter().map(|(_, status)| status).collect())
    }

    /// Reboots these hosts, or all when none is named, side by side, and waits until each answers with a new boot id.
    pub async fn reboot(&self, hosts: &[String], events: &mut dyn FnMut(LabEvent)) -> Result<(), LabError> {
        let not_up = || LabError::NotUp { lab: self.name.clone() };
        let _lock = self.folder.lock(&self.name).await?.ok_or_else(not_up)?;
        let blueprints = self.folder.blueprints()?;
        if blueprints.is_empty() {
            return Err(not_up());
        }
        if let Some(host) =
            hosts.iter().find(|host| blueprints.iter().all(|blueprint| blueprint.host != **host))
        {
            let known = blueprints.into_iter().map(|blueprint| blueprint.host).collect();
            return Err(LabError::UnknownGuest { lab: self.name.clone(), host: host.clone(), known });
        }
        let chosen: Vec<&Blueprint> = blueprints
            .iter()
            .filter(|blueprint| hosts.is_empty() || hosts.contains(&blueprint.host))
            .collect();
        let deadline = patience(chosen.len());
        let mut rebooting = JoinSet::new();
        for blueprint in chosen {
            let (guest, config) = (self.guest(blueprint), self.ssh_config());
            events(LabEvent::MachineRebooting { host: blueprint.host.clone() });
            rebooting.spawn(async move {
                let since = Instant::now();
                guest.reboot(&config, deadline).await?;
                Ok((guest.blueprint.host, since.elapsed()))
            });
        }
        tell_ready(rebooting, events).await
    }

    /// The base image: the one that the lab's disks are made over, even when a newer recipe would make another.
    async fn image(&self, events: &mut dyn FnMut(LabEvent)) -> Result<PathBuf, LabError> {
        match fs::read_to_string(self.folder.file("image")).map(PathBuf::from) {
            Ok(path) if path.exists() => {
                events(LabEvent::ImageReady { path: path.clone(), cached: true });
                Ok(path)
            }
            _ => image::ensure(&self.cache, events).await,
        }
    }

    /// Whether this machine has all that a lab needs.
    fn check_controller(&self) -> Result<(), LabError> {
        if !rustix::process::geteuid().is_root() {
            return Err(LabError::NotRoot);
        }
        program::check_needed()?;
        if Path::new("/dev/net/tun").exists() { Ok(()) } else { Err(LabError::NoTun) }
    }

    pub(super) fn guest(&self, blueprint: &Blueprint) -> Guest {
        Guest { blueprint: blueprint.clone(), lab: self.folder.path.clone(), namespace: self.namespace() }
    }

    pub(super) fn write_ssh(&self) -> Result<(), LabError> {
        let blueprints = self.folder.blueprints()?;
        let known = ssh::known_hosts(&blueprints, |blueprint| {
            ssh::public_key(&guest::folder(&self.folder.path, &blueprint.host))
        })?;
        let config = ssh::config(&blueprints, &self.folder.path, &self.exe, &self.namespace());
        for (path, text) in [(self.folder.file("known_hosts"), known), (self.ssh_config(), config)] {
            fs::write(&path, text).at(&path)?;
        }
        Ok(())
    }
}

/// How long `count` machines may take to boot, or to reboot, on the processors that they share.
pub(super) fn patience(count: usize) -> Duration {
    Duration::from_secs(90 + 15 * count as u64)
}

/// Tells of each machine as it is ready; the first that fails ends the waiting for all.
pub(super) async fn tell_ready(
    mut machines: JoinSet<Result<(String, Duration), LabError>>,
    events: &mut dyn FnMut(LabEvent),
) -> Result<(), LabError> {
    while let Some(joined) = machines.join_next().await {
        let (host, after) = joined.map_err(std::io::Error::from).at("a machine's task")??;
        events(LabEvent::MachineReady { host, after });
    }
    Ok(())
}

/// Whether a machine that was made by the one blueprint cannot pass for one of the other.
fn differ(made: &Blueprint, asked: &Blueprint) -> bool {
    made.host == asked.host && (&made.cards, made.port) != (&asked.cards, asked.port)
}

#[cfg(test)]
mod tests {
    use super::super::topology::tests::tutorial;
    use super::*;

    #[test]
    fn a_machine_is_another_with_other_addresses() {
        let blueprint = Topology::of(&tutorial()).unwrap().blueprints.remove(0);
        let mut moved = blueprint.clone();
        moved.cards[0].addresses.clear();
        let mut renumbered = blueprint.clone();
        renumbered.index = 7;
        assert!(differ(&blueprint, &moved));
        assert!(!differ(&blueprint, &renumbered));
    }

    #[test]
    fn a_lab_that_is_not_there_has_no_machines() {
        let settings = LabSettings { cache: "/n".into(), state: "/n/s".into(), exe: "/n/e".into() };
        let lab = Lab::new(&settings, "web");
        assert!(!lab.has_guests());
        assert_eq!(lab.namespace(), "lvsprov-web");
        assert_eq!(lab.console_log("c"), Path::new("/n/s/web/machines/c/console.log"));
    }
}
