//! A lab that is being put up.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::PathBuf;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::error::{At, LabError};
use super::event::LabEvent;
use super::lab::Lab;
use super::power::{Coming, patience, tell_ready};
use super::topology::Topology;
use super::wait::telling;
use super::{kernel, made, network, process, seed};
use crate::inventory::{Image, Inventory};

/// What a lab had before it was put up. That stays as it is, whatever happens.
#[derive(Clone, Debug)]
pub struct Before {
    /// The hosts whose machines it had, with their disks.
    pub machines: Vec<String>,
    /// Those that ran.
    pub running: Vec<String>,
}

impl Lab {
    /// Holds the lab, to make the inventory's cluster run here; nothing runs yet.
    pub async fn begin(
        &self,
        inventory: &Inventory,
        events: &mut dyn FnMut(LabEvent),
    ) -> Result<Raising<'_>, LabError> {
        self.check_controller()?;
        let mut topology = Topology::of(inventory)?;
        if network::link(&self.namespace()).exists() && !self.folder.path.exists() {
            return Err(LabError::NamespaceTaken { namespace: self.namespace() });
        }
        let made = self.folder.blueprints()?;
        for blueprint in &mut topology.blueprints {
            let asked = inventory.host(&blueprint.host).and_then(|host| host.image);
            let made = made.iter().find(|made| made.host == blueprint.host).map(|made| made.image);
            // A machine whose host does not say what it is made from stays what it is.
            blueprint.image = asked.or(made).unwrap_or_default();
        }
        let mut bases = BTreeMap::new();
        for blueprint in &topology.blueprints {
            if let Entry::Vacant(entry) = bases.entry(blueprint.image) {
                entry.insert(self.base(blueprint.image, events).await?);
            }
        }
        let lock = loop {
            fs::create_dir_all(&self.folder.path).at(&self.folder.path)?;
            if let Some(lock) = self.lock(events).await? {
                break lock;
            }
        };
        let made = self.folder.blueprints()?;
        let running = process::running(&self.folder.path);
        for blueprint in &topology.blueprints {
            let same = made.iter().find(|made| made.host == blueprint.host);
            if let Some(what) = same.and_then(|made| made::difference(made, blueprint)) {
                return Err(LabError::Changed { host: blueprint.host.clone(), what });
            }
        }
        let retired = made::retired(&made, &topology.blueprints, &running)?;
        let before = Before { machines: made.into_iter().map(|blueprint| blueprint.host).collect(), running };
        Ok(Raising { lab: self, topology, bases, retired, before, _lock: lock })
    }

    /// Takes back what a [`Raising`] put up that was dropped or has failed: all of the lab, or what it had not before.
    pub async fn take_back(&self, before: &Before, events: &mut dyn FnMut(LabEvent)) -> Result<(), LabError> {
        let Some(_lock) = self.lock(events).await? else { return Ok(()) };
        if before.machines.is_empty() {
            return self.take_down(events).await;
        }
        let ours = |host: &str| !before.running.iter().any(|kept| kept == host);
        telling("the machines that were started to end", events, process::end(&self.folder.path, ours))
            .await?;
        for blueprint in self.folder.blueprints()? {
            if !before.machines.contains(&blueprint.host) {
                self.remove(&blueprint.host).await?;
            }
        }
        if before.running.is_empty() {
            network::remove(&self.namespace()).await?;
        }
        self.write_ssh()
    }
}

/// A lab that is held, against other processes, to be put up. Dropping it half way leaves what it had put up so far, which
/// [`Lab::take_back`] ends.
pub struct Raising<'l> {
    pub(super) lab: &'l Lab,
    pub(super) topology: Topology,
    pub(super) bases: BTreeMap<Image, PathBuf>,
    /// The machines that go, because their addresses are now others'.
    pub(super) retired: Vec<String>,
    pub(super) before: Before,
    pub(super) _lock: fs::File,
}

impl Raising<'_> {
    /// What there was before.
    pub fn before(&self) -> &Before {
        &self.before
    }

    /// Starts the machines that do not run, and waits until each answers. What fails keeps the consoles' logs, and leaves
    /// the rest to [`Lab::take_back`].
    pub async fn finish(self, events: &mut dyn FnMut(LabEvent)) -> Result<(), LabError> {
        let folder = &self.lab.folder;
        folder.forget_failure()?;
        let Err(mut error) = self.raise(events).await else { return Ok(()) };
        if let LabError::GuestDied { host, console, .. } | LabError::GuestSilent { host, console, .. } =
            &mut error
        {
            *console = folder.kept_log(host);
        }
        folder.keep_logs(&self.topology.blueprints);
        Err(error)
    }

    async fn raise(&self, events: &mut dyn FnMut(LabEvent)) -> Result<(), LabError> {
        let Raising { lab, topology, bases, retired, before, .. } = self;
        let namespace = lab.namespace();
        network::ensure(&namespace, topology).await?;
        events(LabEvent::NetworkReady { namespace: namespace.clone(), subnets: topology.subnets.len() });
        kernel::write(&lab.folder.path).await?;
        for host in retired {
            lab.remove(host).await?;
            events(LabEvent::MachineStopped { host: host.clone() });
        }
        network::forget_neighbours(&namespace).await?;
        for (image, base) in bases {
            let recorded = lab.folder.base(*image);
            fs::write(&recorded, base.to_string_lossy().as_bytes()).at(&recorded)?;
        }
        let login = lab.folder.file("login_key");
        if !login.exists() {
            seed::new_key(&login, "lab").await?;
        }
        let login = login.with_extension("pub");
        let login = fs::read_to_string(&login).at(login)?;
        let mut started = Vec::new();
        for blueprint in &topology.blueprints {
            if before.running.contains(&blueprint.host) {
                events(LabEvent::MachineKept { host: blueprint.host.clone() });
                continue;
            }
            let guest = lab.guest(blueprint);
            let folder = guest.folder();
            if !lab.folder.has(blueprint) {
                fs::create_dir_all(&folder).at(&folder)?;
                seed::write(&lab.name, blueprint, &topology.blueprints, &login, &folder).await?;
                lab.folder.write_blueprint(blueprint)?;
            }
            guest.start().await?;
            events(LabEvent::MachineStarted { host: blueprint.host.clone() });
            started.push((guest, Instant::now()));
        }
        lab.write_ssh()?;
        // Kernels share this machine's processors while they boot, so each has time for all.
        let deadline = patience(started.len());
        let mut booting = JoinSet::new();
        for (guest, since) in started {
            booting.spawn(async move {
                let came = guest.greeted(Instant::now(), deadline).await;
                Coming { guest, since, came }
            });
        }
        tell_ready(booting, deadline, events).await
    }
}
