//! What the next boot will bring: a rules file, and the unit that reads it.
//!
//! A distribution's way to do that is one file beside this one and one line in [`WAYS`].

mod debian_init;
mod debian_unit;
mod diff;
mod observed;
mod open_rc;
mod rhel_unit;
mod suse_unit;
mod switch;

pub(super) use diff::BootDiff;
pub(super) use observed::{Boot, Texts, UnitState};
pub(super) use switch::Switch;

use self::debian_init::DebianInit;
use self::debian_unit::DebianUnit;
use self::open_rc::OpenRc;
use self::rhel_unit::RhelUnit;
use self::suse_unit::SuseUnit;
use super::super::Facts;

/// A distribution's way to restore the live table at boot.
pub(super) trait BootRestore: Sync {
    /// Whether hosts of this kind may have it.
    fn serves(&self, facts: &Facts) -> bool;

    /// The file that it restores.
    fn rules(&self) -> &'static str;

    /// Whether lines of it that begin with `#` are passed over. Where not, the restore stops at them.
    fn comments(&self) -> bool {
        true
    }

    /// The setting without which it restores nothing, where there is one.
    fn switch(&self) -> Option<Switch>;

    /// POSIX sh: a condition that is true where its package is installed. It starts no process.
    fn installed(&self) -> &'static str;

    /// POSIX sh that prints the name of a [`UnitState`] where it is installed, with as few processes as possible.
    fn state(&self) -> &'static str;

    /// POSIX sh that has it start at every boot. It does not start it now: that would flush the live table.
    fn enable(&self) -> &'static str;

    /// POSIX sh that starts it now where it does not run and its package has not started it; empty where that is the
    /// package's work. Its start flushes the live table: it is for an empty one, before that is filled.
    fn start(&self) -> &'static str {
        ""
    }

    /// POSIX sh that has it start at no boot. It does not stop it now: that would flush the live table.
    fn disable(&self) -> &'static str;

    /// POSIX sh that has it overwrite its rules file again when it stops, where that was taken from it.
    fn release(&self) -> &'static str {
        "    :\n"
    }
}

/// All ways that are known. Of those that a host may have, the first one that is installed counts.
const WAYS: [&dyn BootRestore; 5] = [&DebianUnit, &DebianInit, &RhelUnit, &SuseUnit, &OpenRc];

/// The ways that a host may have, at least one. Which one it has may only be known there, once its package is
/// installed: all of them use the same files.
#[derive(Clone)]
pub(super) struct Ways(Vec<&'static dyn BootRestore>);

impl Ways {
    /// The host's, when its distribution is known.
    pub(super) fn of(facts: &Facts) -> Option<Ways> {
        let ways: Vec<_> = WAYS.into_iter().filter(|way| way.serves(facts)).collect();
        (!ways.is_empty()).then_some(Ways(ways))
    }

    /// See [`BootRestore::rules`].
    pub(super) fn rules(&self) -> &'static str {
        self.0[0].rules()
    }

    /// See [`BootRestore::comments`].
    pub(super) fn comments(&self) -> bool {
        self.0[0].comments()
    }

    /// See [`BootRestore::switch`].
    pub(super) fn switch(&self) -> Option<Switch> {
        self.0[0].switch()
    }

    /// POSIX sh that does for the way that the host has what `act` gives for it, and `otherwise` when it has none.
    fn each(&self, act: impl Fn(&dyn BootRestore) -> &'static str, otherwise: &str) -> String {
        let mut script = String::new();
        for (number, way) in self.0.iter().enumerate() {
            let word = if number == 0 { "if" } else { "elif" };
            script += &format!("{word} {}; then\n{}", way.installed(), act(*way));
        }
        script + &format!("else\n{otherwise}\nfi\n")
    }

    /// A function in POSIX sh that prints the name of a [`UnitState`].
    fn state_function(&self) -> String {
        format!("boot_restore() {{\n{}}}\n", self.each(|way| way.state(), "    echo absent"))
    }

    /// See [`BootRestore::start`].
    pub(super) fn start(&self) -> &'static str {
        self.0[0].start()
    }

    /// POSIX sh that takes back what [`Ways::enable`] did to a unit that started at boot before as well.
    pub(super) fn release(&self) -> String {
        self.each(|way| way.release(), "    :")
    }

    /// POSIX sh that has the unit start, or not start, at every boot, unless that is so already.
    pub(super) fn enable(&self, enable: bool) -> String {
        let missing =
            "    echo 'ipvsadm is not installed: add `package: { name: ipvsadm }` before' >&2\n    exit 1";
        let (state, act) = if enable {
            (UnitState::Enabled, self.each(|way| way.enable(), missing))
        } else {
            (UnitState::Disabled, self.each(|way| way.disable(), "    :"))
        };
        let (function, state) = (self.state_function(), state.name());
        format!("{function}if [ \"$(boot_restore)\" != {state} ]; then\n{act}fi\n")
    }
}

/// Every file that a way may read, for the record of what there was before.
pub(super) fn files() -> Vec<&'static str> {
    let of_way = |way: &'static dyn BootRestore| {
        std::iter::once(way.rules()).chain(way.switch().map(|switch| switch.file))
    };
    let mut files: Vec<_> = WAYS.into_iter().flat_map(of_way).collect();
    files.sort_unstable();
    files.dedup();
    files
}
