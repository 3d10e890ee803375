//! A lab: an inventory's cluster on this machine.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::{At, LabError};
use super::event::LabEvent;
use super::folder::{self, Folder};
use super::guest::Guest;
use super::topology::Blueprint;
use super::wait::telling;
use super::{image, kernel, network, process, program, ssh};
use crate::inventory::Image;

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
        self.ssh_config().exists() && process::any_runs(&self.folder.path)
    }

    /// Ends every process of the lab and removes all that it has on this machine; also what an `up` left that was cut
    /// off at any moment. Nothing there is nothing to do.
    pub async fn down(&self, events: &mut dyn FnMut(LabEvent)) -> Result<(), LabError> {
        self.check_controller()?;
        self.folder.forget_failure()?;
        // Without a folder, a namespace of this name is not of this state directory.
        let Some(_lock) = self.lock(events).await? else { return Ok(()) };
        self.take_down(events).await
    }

    pub(super) async fn take_down(&self, events: &mut dyn FnMut(LabEvent)) -> Result<(), LabError> {
        let mut hosts: Vec<String> =
            process::all(&self.folder.path).into_iter().map(|process| process.host).collect();
        hosts.sort_unstable();
        hosts.dedup();
        telling("its machines to end", events, process::end(&self.folder.path, |_| true)).await?;
        for host in hosts {
            events(LabEvent::MachineStopped { host });
        }
        network::remove(&self.namespace()).await?;
        fs::remove_dir_all(&self.folder.path).at(&self.folder.path)?;
        events(LabEvent::LabRemoved { lab: self.name.clone() });
        Ok(())
    }

    /// Holds the lab until it is dropped, against other processes; `None` when its folder is not there (any more).
    pub(super) async fn lock(&self, events: &mut dyn FnMut(LabEvent)) -> Result<Option<fs::File>, LabError> {
        telling("another lvsprov that is at work on this lab", events, self.folder.lock(&self.name)).await
    }

    /// The base image of that flavour: the one that the lab's disks are made over, even when a newer recipe would make
    /// another.
    pub(super) async fn base(
        &self,
        image: Image,
        events: &mut dyn FnMut(LabEvent),
    ) -> Result<PathBuf, LabError> {
        match fs::read_to_string(self.folder.base(image)).map(PathBuf::from) {
            Ok(path) if path.exists() => {
                events(LabEvent::ImageReady { path: path.clone(), cached: true });
                Ok(path)
            }
            _ => image::ensure(&self.cache, image, events).await,
        }
    }

    /// Whether this machine has all that a lab needs.
    pub(super) fn check_controller(&self) -> Result<(), LabError> {
        if !rustix::process::geteuid().is_root() {
            return Err(LabError::NotRoot);
        }
        program::check_needed(kernel::needs_library())?;
        if Path::new("/dev/net/tun").exists() { Ok(()) } else { Err(LabError::NoTun) }
    }

    /// Ends a machine, and removes its disk.
    pub(super) async fn remove(&self, host: &str) -> Result<(), LabError> {
        process::end(&self.folder.path, |one| one == host).await?;
        let folder = folder::machine(&self.folder.path, host);
        fs::remove_dir_all(&folder).at(&folder)
    }

    pub(super) fn guest(&self, blueprint: &Blueprint) -> Guest {
        Guest { blueprint: blueprint.clone(), lab: self.folder.clone(), namespace: self.namespace() }
    }

    pub(super) fn write_ssh(&self) -> Result<(), LabError> {
        let blueprints = self.folder.blueprints()?;
        let known = ssh::known_hosts(&blueprints, |blueprint| {
            ssh::public_key(&folder::machine(&self.folder.path, &blueprint.host))
        })?;
        let config = ssh::config(&blueprints, &self.folder.path, &self.exe, &self.namespace());
        for (path, text) in [(self.folder.file("known_hosts"), known), (self.ssh_config(), config)] {
            fs::write(&path, text).at(&path)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lab_that_is_not_there_has_no_machines() {
        let settings = LabSettings { cache: "/n".into(), state: "/n/s".into(), exe: "/n/e".into() };
        let lab = Lab::new(&settings, "web");
        assert!(!lab.has_guests());
        assert_eq!(lab.namespace(), "lvsprov-web");
        assert_eq!(lab.console_log("c"), Path::new("/n/s/web/machines/c/console.log"));
    }
}
