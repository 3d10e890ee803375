//! Machines that go off, and come back.

use std::collections::BTreeSet;
use std::fs::File;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::error::{At, LabError};
use super::event::LabEvent;
use super::guest::Guest;
use super::lab::Lab;

/// How a machine goes down before it boots again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reboot {
    /// As its administrator does it.
    Orderly,
    /// As a power cut does it: what its kernel had not written yet is lost.
    Hard,
}

impl Lab {
    /// Reboots these hosts, or all when none is named, side by side, and waits until each answers with a new boot id.
    pub async fn reboot(
        &self,
        hosts: &[String],
        how: Reboot,
        events: &mut dyn FnMut(LabEvent),
    ) -> Result<(), LabError> {
        let (_lock, guests) = self.chosen(hosts, events).await?;
        let deadline = patience(guests.len());
        let mut rebooting = JoinSet::new();
        for guest in guests {
            let config = self.ssh_config();
            events(LabEvent::MachineRebooting { host: guest.blueprint.host.clone() });
            rebooting.spawn(async move {
                let since = Instant::now();
                let came = match how {
                    Reboot::Orderly => guest.reboot(&config, deadline).await,
                    Reboot::Hard => guest.restarted(deadline).await,
                };
                Coming { guest, since, came }
            });
        }
        tell_ready(rebooting, deadline, events).await
    }

    /// Powers these hosts off, side by side. `up` starts them again, from their own disks.
    pub async fn off(&self, hosts: &[String], events: &mut dyn FnMut(LabEvent)) -> Result<(), LabError> {
        let (_lock, guests) = self.chosen(hosts, events).await?;
        let deadline = patience(guests.len());
        let mut ending = JoinSet::new();
        for guest in guests {
            let config = self.ssh_config();
            events(LabEvent::MachineStopping { host: guest.blueprint.host.clone() });
            ending.spawn(
                async move { guest.power_off(&config, deadline).await.map(|()| guest.blueprint.host) },
            );
        }
        while let Some(joined) = ending.join_next().await {
            let host = joined.map_err(std::io::Error::from).at("a machine's task")??;
            events(LabEvent::MachineStopped { host });
        }
        Ok(())
    }

    /// Which of these hosts have no machine here, running or not.
    ///
    /// # Errors
    /// The lab's folder can't be read.
    pub fn lacking<'h>(&self, hosts: impl IntoIterator<Item = &'h str>) -> Result<Vec<String>, LabError> {
        let made = self.folder.blueprints()?;
        let lacking = hosts.into_iter().filter(|host| made.iter().all(|made| made.host != **host));
        Ok(lacking.map(str::to_owned).collect())
    }

    /// Holds the lab. Gives the machines of these hosts, or all when none is named.
    async fn chosen(
        &self,
        hosts: &[String],
        events: &mut dyn FnMut(LabEvent),
    ) -> Result<(File, Vec<Guest>), LabError> {
        let not_up = || LabError::NotUp { lab: self.name.clone() };
        let lock = self.lock(events).await?.ok_or_else(not_up)?;
        let made = self.folder.blueprints()?;
        if made.is_empty() {
            return Err(not_up());
        }
        let lacking = self.lacking(hosts.iter().map(String::as_str))?;
        if !lacking.is_empty() {
            return Err(LabError::Lacks { hosts: lacking });
        }
        let chosen = made.iter().filter(|made| hosts.is_empty() || hosts.contains(&made.host));
        Ok((lock, chosen.map(|blueprint| self.guest(blueprint)).collect()))
    }
}

/// How long `count` machines may take to boot, or to reboot, on the processors that they share.
pub(super) fn patience(count: usize) -> Duration {
    Duration::from_secs(90 + 15 * count as u64)
}

/// A machine that boots, once that is over.
pub(super) struct Coming {
    pub(super) guest: Guest,
    /// When it was started, or told to reboot.
    pub(super) since: Instant,
    /// Whether it can be reached now.
    pub(super) came: Result<(), LabError>,
}

/// Tells of each machine as it is ready; the first that fails ends the waiting for all.
///
/// One that runs and can't be reached, and one whose kernel has ended where it should have begun anew, is started once
/// more, and told of. Each was seen once in some thousand reboots: by its console all was up, and no try to reach it came
/// through; or it had said "Restarting system", and nothing more. Why is not known. What a machine's own configuration
/// does wrong is wrong after the second boot, too.
pub(super) async fn tell_ready(
    mut machines: JoinSet<Coming>,
    deadline: Duration,
    events: &mut dyn FnMut(LabEvent),
) -> Result<(), LabError> {
    let mut again = BTreeSet::new();
    while let Some(joined) = machines.join_next().await {
        let Coming { guest, since, came } = joined.map_err(std::io::Error::from).at("a machine's task")?;
        let host = guest.blueprint.host.clone();
        let error = match came {
            Ok(()) => {
                events(LabEvent::MachineReady { host, after: since.elapsed() });
                continue;
            }
            Err(error) => error,
        };
        let last = match &error {
            LabError::GuestSilent { last, .. } => last.clone(),
            LabError::GuestDied { .. } => "its kernel has ended".to_owned(),
            _ => return Err(error),
        };
        if !again.insert(host.clone()) {
            return Err(error);
        }
        events(LabEvent::MachineStartedAgain { host, after: since.elapsed(), last });
        machines.spawn(async move {
            let came = guest.restarted(deadline).await;
            Coming { guest, since, came }
        });
    }
    Ok(())
}
