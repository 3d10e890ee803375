//! How a lab's machines are.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use tokio::task::JoinSet;

use super::error::LabError;
use super::event::LabEvent;
use super::lab::Lab;
use super::wait::telling;

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
    /// How every machine is, in the inventory's order; empty when there is no lab.
    pub async fn status(&self, events: &mut dyn FnMut(LabEvent)) -> Result<Vec<GuestStatus>, LabError> {
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
        let mut all = telling("the machines' answers", events, asked.join_all()).await;
        all.sort_unstable_by_key(|(index, _)| *index);
        Ok(all.into_iter().map(|(_, status)| status).collect())
    }
}
