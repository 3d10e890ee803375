//! One run at a time changes a host: all hosts that the plan changes are locked before the first change.

use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::{Instant, sleep};

use super::observe::not_yet_a_shell;
use super::{Event, Failure, Job, Links, Observation};
use crate::plan::Plan;
use crate::transport::{Link, Lock, Turn};

/// How often a lock that another run holds is asked for again.
const AGAIN: Duration = Duration::from_secs(1);

/// How long what a lost shell has started may take to end, and with it the lock: it is told to, and killed 2 s later.
const LINGERING: Duration = Duration::from_secs(15);

/// The plan's hosts are locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locked {
    /// Whether another run may have changed one of them since they were read.
    pub must_read_again: bool,
}

impl Job<'_> {
    /// Locks every host that the plan changes; the links hold the locks. The first of them is locked before all others, so
    /// that of two runs on the same hosts one gets all of them.
    ///
    /// # Errors
    /// By participant, why it could not be locked. Nothing is locked then, and nothing was changed.
    pub async fn lock(
        &self,
        plan: &Plan,
        observation: &Observation,
        links: &mut Links,
    ) -> Result<Locked, Vec<Option<Rc<Failure>>>> {
        let mut hosts: Vec<usize> = plan.steps.iter().map(|step| step.host).collect();
        hosts.dedup();
        let mut locked = Locked { must_read_again: false };
        let until = Instant::now() + self.lock_wait;
        let (first, rest) = hosts.split_at(hosts.len().min(1));
        for group in [first, rest] {
            let work: Vec<_> = group.iter().map(|host| (*host, links.take(*host))).collect();
            let one = |(host, link): (usize, Option<Link>)| async move {
                (host, self.lock_one(host, link, until).await)
            };
            let mut work = futures_util::stream::iter(work).map(one).buffer_unordered(self.forks.max(1));
            let mut failures: Vec<Option<Rc<Failure>>> = vec![None; plan.hosts.len()];
            while let Some((host, result)) = work.next().await {
                match result {
                    Ok((link, last, waited)) => {
                        let turn = observation.turns.get(host).and_then(Option::as_ref);
                        let unbroken = turn.is_some_and(|turn| turn.is_unbroken(&last));
                        locked.must_read_again |= waited || !unbroken;
                        links.hold(host, Some(link));
                    }
                    // A host whose connection fails holds nobody up: its steps try again, and fail by themselves.
                    Err(Failure::Link(_)) => {}
                    Err(failure) => {
                        let failure = Rc::new(failure);
                        let name = self.name(host).to_owned();
                        self.emit(Event::Failed { host: name, failure: Rc::clone(&failure) });
                        failures[host] = Some(failure);
                    }
                }
            }
            drop(work);
            if failures.iter().any(Option::is_some) {
                self.unlock(links).await;
                return Err(failures);
            }
        }
        Ok(locked)
    }

    /// Gives all locks back.
    pub async fn unlock(&self, links: &mut Links) {
        // One that is lost has given its lock back by that.
        let all = links.all().map(|link| async move { drop(link.unlock().await) });
        let all: Vec<_> = all.collect();
        futures_util::stream::iter(all).buffer_unordered(self.forks.max(1)).collect::<Vec<()>>().await;
    }

    /// A new shell that holds its host's lock.
    pub(super) async fn open_locked(&self, host: usize) -> Result<Link, Failure> {
        let until = Instant::now() + LINGERING.max(self.lock_wait);
        let (link, ..) = self.lock_one(host, None, until).await?;
        Ok(link)
    }

    /// Has a new shell take the lock over from one of this run that was lost.
    pub(super) async fn lock_again(&self, host: usize, link: &mut Link) -> Result<(), Failure> {
        let until = Instant::now() + LINGERING.max(self.lock_wait);
        self.take_lock(host, link, until).await.map(drop)
    }

    async fn lock_one(
        &self,
        host: usize,
        link: Option<Link>,
        until: Instant,
    ) -> Result<(Link, Turn, bool), Failure> {
        if let Some(mut link) = link {
            match self.take_lock(host, &mut link, until).await {
                Ok((last, waited)) => return Ok((link, last, waited)),
                // It was lost since the host was read, and has changed nothing there.
                Err(Failure::Link(_)) => {}
                Err(failure) => return Err(failure),
            }
        }
        let mut link = self.open(host).await?;
        match self.take_lock(host, &mut link, until).await {
            Ok((last, waited)) => Ok((link, last, waited)),
            Err(failure) => Err(not_yet_a_shell(failure)),
        }
    }

    /// Whose turn it was before, and whether another run had to be waited for.
    async fn take_lock(&self, host: usize, link: &mut Link, until: Instant) -> Result<(Turn, bool), Failure> {
        let mut told = false;
        loop {
            match link.lock(self.holder).await? {
                Lock::Taken { last } => return Ok((last, told)),
                Lock::Unable { why, remedy } => return Err(Failure::Unlockable { why, remedy }),
                Lock::Held { by } if Instant::now() >= until => return Err(Failure::Locked { by }),
                Lock::Held { by } => {
                    if !told {
                        let what = format!("another run that changes it: {by}");
                        self.emit(Event::Waiting { host: self.name(host).to_owned(), what });
                        told = true;
                    }
                    sleep(AGAIN).await;
                }
            }
        }
    }
}
