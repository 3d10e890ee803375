//! A lab that is being put up.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::error::{At, LabError};
use super::event::LabEvent;
use super::lab::Lab;
use super::power::{patience, tell_ready};
use super::topology::Topology;
use super::{guest, network, seed};
use crate::inventory::Image;

/// What a lab had before it was put up. That stays as it is, whatever happens.
#[derive(Clone, Debug)]
pub struct Before {
    /// The hosts whose machines it had, with their disks.
    pub machines: Vec<String>,
    /// Those that ran.
    pub running: Vec<String>,
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
        guest::write_wrapper(&lab.folder.path).await?;
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
                guest.greeted(deadline).await?;
                Ok((guest.blueprint.host, since.elapsed()))
            });
        }
        tell_ready(booting, events).await
    }
}
