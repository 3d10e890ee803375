//! Machines that several tests share, one after the other.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use libtest_mimic::Trial;

use super::{Cluster, tell};

/// What a test works on.
pub enum Scenario {
    /// Machines of its own.
    Own(fn()),
    /// Shared machines to which nothing was deployed. It leaves them as declared.
    Bare(&'static Machines, fn(&Cluster)),
    /// Shared machines as their inventory declares them. It leaves them so.
    Declared(&'static Machines, fn(&Cluster)),
}

/// A cluster that tests share: its name, and how it is made.
pub struct Machines {
    pub name: &'static str,
    pub make: fn() -> Cluster,
}

/// The shared machines that are up: those of one cluster at a time.
static UP: Mutex<Option<(&'static str, Cluster)>> = Mutex::new(None);

impl Scenario {
    /// The test of that name. It tells how long it took, with the machines that it had to bring up or to take down.
    pub fn trial(self, name: &'static str) -> Trial {
        Trial::test(name, move || {
            eprintln!();
            let begun = Instant::now();
            let result = catch_unwind(AssertUnwindSafe(|| self.run()));
            let how = if result.is_ok() { "passed" } else { "failed" };
            tell(&format!("{name} {how} after {} s", begun.elapsed().as_secs()));
            result.map_err(|panic| said(&*panic).into())
        })
    }

    fn run(self) {
        let (machines, is_bare, scenario) = match self {
            Scenario::Own(test) => {
                take_down();
                return test();
            }
            Scenario::Bare(machines, scenario) => (machines, true, scenario),
            Scenario::Declared(machines, scenario) => (machines, false, scenario),
        };
        let kept = take().filter(|(name, _)| *name == machines.name && !is_bare);
        let cluster = match kept {
            Some((_, cluster)) => cluster,
            None => machines.brought_up(is_bare),
        };
        match catch_unwind(AssertUnwindSafe(|| scenario(&cluster))) {
            Ok(()) => *UP.lock().unwrap_or_else(PoisonError::into_inner) = Some((machines.name, cluster)),
            Err(panic) => {
                // Nobody knows what state they are in: the next test gets new ones.
                cluster.show_what_happened();
                drop(cluster);
                resume_unwind(panic);
            }
        }
    }
}

impl Machines {
    fn brought_up(&self, is_bare: bool) -> Cluster {
        let cluster = (self.make)();
        cluster.up();
        if !is_bare {
            tell("deploy");
            cluster.lab("deploy", cluster.inventory, &[]).exits(0);
        }
        cluster
    }
}

/// Takes the shared machines down that are up.
pub fn take_down() {
    drop(take());
}

fn take() -> Option<(&'static str, Cluster)> {
    UP.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// A panic's words.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}
