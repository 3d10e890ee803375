//! From arguments and documents to a job that can be run.

use std::collections::BTreeSet;
use std::mem::ManuallyDrop;
use std::path::Path;
use std::time::Duration;

use super::args::{ApplyArgs, ClusterArgs, HostArgs};
use super::context::Context;
use super::exit::Stop;
use super::lab::has;
use super::load::{Loaded, Wanted, load};
use super::memory::FactsFile;
use super::{password, settings};
use crate::inventory::{Host, Inventory, Pattern};
use crate::lab::{Lab, login, telling};
use crate::plan::{Plan, Surveyed};
use crate::playbook::Engine;
use crate::run::{self, Job, Participant};
use crate::transport::{Become, Secret, Settings, Target, Way};

/// A job's parts, which the job borrows.
pub(super) struct Prepared<'e> {
    engine: &'e Engine,
    /// Not dropped: the process ends soon after the job, and to free the parts of a large inventory one by one takes time.
    pub(super) loaded: ManuallyDrop<Loaded<'e>>,
    participants: Vec<Participant>,
    settings: Settings,
    mark: String,
    tags: Vec<String>,
    forks: usize,
    guard: Option<Duration>,
    holder: String,
    lock_wait: Duration,
    memory: FactsFile,
}

impl<'e> Prepared<'e> {
    /// The job of the playbook that `deploy` runs.
    pub(super) async fn of_cluster(
        args: &ClusterArgs,
        apply: Option<&ApplyArgs>,
        engine: &'e Engine,
        context: &Context,
    ) -> Result<Prepared<'e>, Stop> {
        let wanted = Wanted::deploy(args.playbook.playbook.as_deref());
        Prepared::new(args.inventory.path(), wanted, &args.hosts, apply, engine, context).await
    }

    /// Reads and tries everything that the job needs; nothing is connected to.
    pub(super) async fn new(
        inventory: &Path,
        wanted: Wanted<'_>,
        args: &HostArgs,
        apply: Option<&ApplyArgs>,
        engine: &'e Engine,
        context: &Context,
    ) -> Result<Prepared<'e>, Stop> {
        let loaded = load(inventory, wanted, engine)?;
        let lab = if args.lab { Some(running_lab(&loaded.inventory)?) } else { None };
        let hosts = limited(&loaded.inventory, args.limit.as_deref())?;
        if let Some(lab) = &lab {
            has(lab, hosts.iter().map(|index| loaded.inventory.hosts[*index].name.as_str()))?;
        }
        let known = tags(&loaded);
        if let Some(tag) = args.tags.iter().find(|tag| !known.contains(&tag.as_str())) {
            let remedy = crate::document::choose_from(tag, known.iter().copied());
            return Err(Stop::usage(format!("no task has the tag `{tag}`"), remedy));
        }
        // The operator is asked last: a mistake elsewhere need not cost them the typing. In a lab no sudo wants a password.
        let password = if lab.is_some() { None } else { password::password(args).await? };
        let participants = hosts
            .into_iter()
            .map(|index| Participant {
                host: index,
                target: target(&loaded.inventory.hosts[index], args, lab.as_ref(), password.as_ref()),
                plays: loaded.selected.iter().map(|of_play| of_play[index]).collect(),
            })
            .collect();
        let connect_timeout = Duration::from_secs(args.connect_timeout.into());
        Ok(Prepared {
            engine,
            participants,
            guard: guard(apply),
            holder: settings::holder(),
            lock_wait: Duration::from_secs(apply.map_or(0, |args| args.lock_wait).into()),
            memory: FactsFile::of(&loaded.inventory.cluster, args.lab),
            settings: connections(lab.as_ref(), connect_timeout, context).await,
            mark: settings::mark()?,
            tags: args.tags.clone(),
            forks: args.forks.into(),
            loaded: ManuallyDrop::new(loaded),
        })
    }

    /// The job, which tells `events` what happens.
    pub(super) fn job<'a>(&'a self, events: &'a dyn Fn(run::Event)) -> Job<'a> {
        Job {
            inventory: &self.loaded.inventory,
            playbook: &self.loaded.playbook,
            engine: self.engine,
            variables: &self.loaded.variables,
            participants: &self.participants,
            tags: &self.tags,
            settings: &self.settings,
            forks: self.forks,
            mark: &self.mark,
            events,
            guard: self.guard,
            holder: &self.holder,
            lock_wait: self.lock_wait,
            memory: &self.memory,
        }
    }

    /// The plan for what was read. Where a host changes more than was told of it when it was read, it is told again.
    pub(super) fn plan(&self, surveyed: Vec<Surveyed>, context: &Context) -> Plan {
        let Loaded { inventory, playbook, .. } = &*self.loaded;
        let plan = Plan::new(inventory, &playbook.plays, surveyed, self.guard.is_some());
        for host in plan.grown.iter().map(|index| &plan.hosts[*index]) {
            let (ok, changes) = (host.plan.ok(), host.plan.changes().count());
            context.tell(run::Event::Planned { host: host.name.clone(), ok, changes });
        }
        plan
    }

    /// Leaves out the hosts that no play names: nothing is to be done there, and nothing asked.
    pub(super) fn only_named(&mut self) {
        self.participants.retain(|participant| participant.plays.iter().any(|named| *named));
    }

    /// The names of the hosts that take part.
    pub(super) fn hosts(&self) -> impl Iterator<Item = &str> + Clone {
        self.participants.iter().map(|one| self.loaded.inventory.hosts[one.host].name.as_str())
    }
}

/// How to connect. A `Match exec` in ssh's configuration may run anything, and take its time.
async fn connections(lab: Option<&Lab>, connect_timeout: Duration, context: &Context) -> Settings {
    let mut tell = |_| context.report.waiting("ssh", "its configuration: a `Match exec` in it may take long");
    telling("", &mut tell, settings::connections(lab, connect_timeout)).await
}

/// How long a new connection has to confirm a change that could cut us off; `None` where the operator waives that.
fn guard(apply: Option<&ApplyArgs>) -> Option<Duration> {
    const DEFAULT: u16 = 30;
    let seconds = apply.map_or(DEFAULT, |args| args.guard);
    let waived = apply.is_some_and(|args| args.allow_route_change);
    (!waived).then(|| Duration::from_secs(seconds.into()))
}

/// The inventory's lab, which must be there. A machine of it that is off is a host that is down.
fn running_lab(inventory: &Inventory) -> Result<Lab, Stop> {
    let lab = settings::lab_of(inventory)?;
    if lab.has_guests() {
        Ok(lab)
    } else {
        Err(Stop::usage(
            format!("the lab of cluster `{}` is not up", inventory.cluster),
            "start it with `lvsprov lab up INVENTORY`",
        ))
    }
}

/// The indices of the hosts that `--limit` leaves.
fn limited(inventory: &Inventory, limit: Option<&str>) -> Result<Vec<usize>, Stop> {
    let Some(limit) = limit else { return Ok((0..inventory.hosts.len()).collect()) };
    Pattern::new(limit).select(inventory).map_err(|errors| {
        let message: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let remedy = match errors.iter().find_map(|error| error.suggestion.as_deref()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "give host names, group names or wildcards of the inventory to --limit".into(),
        };
        Stop::usage(message.join("; "), remedy)
    })
}

/// The tags of the playbook's tasks.
fn tags<'a>(loaded: &'a Loaded<'_>) -> BTreeSet<&'a str> {
    let tasks = loaded.playbook.plays.iter().flat_map(|play| &play.tasks);
    tasks.flat_map(|task| task.tags.iter().map(String::as_str)).collect()
}

/// How the host is reached. A lab's machines have an ssh_config of their own, which knows them, and the inventory's users,
/// by name; of what the inventory says of the real ones, `become` alone holds for them, where the user is not root.
fn target(host: &Host, args: &HostArgs, lab: Option<&Lab>, password: Option<&Secret>) -> Target {
    let become_root = args.r#become || host.ssh.r#become == Some(true);
    if lab.is_some() {
        let way = Way::Ssh {
            destination: host.name.clone(),
            user: None,
            port: None,
            identity_file: None,
            jump: None,
            options: Default::default(),
        };
        let r#become = (become_root && login(host).is_some()).then(Become::default);
        return Target { name: host.name.clone(), way, r#become };
    }
    let ssh = &host.ssh;
    let way = Way::Ssh {
        destination: host.connect_to(),
        user: ssh.user.clone(),
        port: ssh.port,
        identity_file: ssh.identity_file.clone(),
        jump: ssh.jump.clone(),
        options: ssh.options.clone(),
    };
    let r#become = become_root.then(|| Become { password: password.cloned() });
    Target { name: host.name.clone(), way, r#become }
}
