//! What a kind of thing on a host must know about itself.

use std::collections::BTreeSet;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Ability, Change, Facts, Gate, Need, Refusal, Undeclared, Unreadable};

/// What a kind may look at beside its own declaration and observation. Pure data.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The host's facts.
    pub facts: &'a Facts,
    /// The files that the same plan changes before this resource's turn, by path: a service whose file is among
    /// them must restart or reload.
    pub changing: &'a BTreeSet<String>,
}

/// A kind of resource: a value of the implementing type is one declaration, for one host, fully rendered.
///
/// Where a task declares it by its arguments, its documentation and its fields' is the module's reference: the first
/// paragraph sums it up, and a block of YAML shows tasks that call it.
///
/// Declared and observed are values in canonical form; [`Kind::differ`] is pure, so that a plan is a function of
/// the two and nothing else.
pub trait Kind: Clone + Serialize + DeserializeOwned {
    /// The module's name in a playbook.
    const MODULE: &'static str;

    /// What is on the host, in canonical form.
    type Observed: Clone + Debug + PartialEq;

    /// What must be known of the thing as it was before lvsprov first changed it, to bring it back to that.
    type Prior: Clone + Debug + PartialEq + Serialize + DeserializeOwned;

    /// Which thing of the kind this is, in a few words for reports: `net.ipv4.ip_forward`.
    fn subject(&self) -> String;

    /// What the arguments' types can't say: a name with a character that no such name has.
    ///
    /// # Errors
    /// What is wrong and what to write instead.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// The file that this declares, if it is one: what [`Context::changing`] holds.
    fn path(&self) -> Option<&str> {
        None
    }

    /// The files whose change this needs to take notice of by a restart, and so to interrupt what the host serves.
    fn restarts_for(&self) -> &[String] {
        &[]
    }

    /// What the host can do once this is as declared.
    fn provides(&self) -> Option<Ability> {
        None
    }

    /// What must be true on another host before this changes.
    fn needs(&self) -> Option<Need> {
        None
    }

    /// Whether [`Kind::differ`] must give `None` after the change. A command that nothing guards never does.
    fn settles(&self) -> bool {
        true
    }

    /// Whether what it runs on the host is not to be shown.
    fn is_secret(&self) -> bool {
        false
    }

    /// POSIX sh that prints what is on the host for all of `batch` at once, in as few processes as possible. It
    /// touches nothing, never reads standard input, and runs in the caller's own shell, which it must leave as it is
    /// but for variables and positional parameters. Its output is framed by the caller, so that it may print raw file
    /// contents, and `lvsprov_files FILE...` puts files' lines into it, see
    /// [`Exchange::push_inline`](crate::transport::Exchange::push_inline). Its exit code is not looked at: what it can't
    /// tell it must print.
    fn probe(batch: &[&Self], facts: &Facts) -> String;

    /// One observation for each of `batch`, in its order, from what the probe printed.
    ///
    /// # Errors
    /// The output is not what [`Kind::probe`] can have printed.
    fn parse(batch: &[&Self], facts: &Facts, output: &[u8]) -> Result<Vec<Self::Observed>, Unreadable>;

    /// What has to change, or `None`.
    ///
    /// # Errors
    /// The change can't be made safely, with the reason and the remedy.
    fn differ(&self, observed: &Self::Observed, context: Context<'_>) -> Result<Option<Change>, Refusal>;

    /// POSIX sh that prints what the plan of a change has to know beside what the probe tells of every host; `None` where
    /// the probe has told it. It is asked for what changes alone, and like a probe it touches nothing.
    fn closer(&self, _observed: &Self::Observed) -> Option<String> {
        None
    }

    /// Takes in what [`Kind::closer`]'s text printed. What does not read stays unknown.
    fn learn(_observed: &mut Self::Observed, _output: &[u8]) {}

    /// What there is beside what is declared: it is told, and is no difference. `as_declared` tells that
    /// [`Kind::differ`] has found none.
    fn undeclared(&self, _observed: &Self::Observed, _as_declared: bool) -> Vec<Undeclared> {
        Vec::new()
    }

    /// The declaration without what stands behind these gates: what does not answer, or must wait.
    fn without(&self, _shut: &[&Gate]) -> Self {
        self.clone()
    }

    /// Why what is there is left as it is, though it is not as declared: it is somebody else's. In words; `None` where nothing
    /// is left.
    fn yields(&self, _observed: &Self::Observed) -> Option<String> {
        None
    }

    /// What does the work of this on all hosts as soon as one of them yields, with what is there of it.
    fn stand_in(&self, _observed: &Self::Observed) -> Option<(Self, Self::Observed)> {
        None
    }

    /// Whether what was observed is about to become something else by itself, so that it is worth another look: a unit
    /// that is still starting.
    fn unsettled(_observed: &Self::Observed) -> bool {
        false
    }

    /// What else is at work on the host that has to end before anything is changed, in words.
    fn busy(_observed: &Self::Observed) -> Option<String> {
        None
    }

    /// What is recorded before the first change, from what there is then; `None` where a change can't be taken back.
    fn prior(&self, _observed: &Self::Observed) -> Option<Self::Prior> {
        None
    }

    /// The declaration as far as it must be recorded to find the thing again: without contents, and without secrets.
    fn trace(&self) -> Self {
        self.clone()
    }

    /// POSIX sh that copies what the record can't hold into its folder, which is the current directory.
    fn keep(&self) -> String {
        String::new()
    }

    /// The reverse: what has to change so that the thing is as it was, or `None` when it is. `self` is a
    /// [`Kind::trace`]; its script finds the record's folder in `$record`.
    ///
    /// # Errors
    /// That can't be done safely, with the reason and the remedy.
    fn revert(
        &self,
        _prior: &Self::Prior,
        _observed: &Self::Observed,
        _context: Context<'_>,
    ) -> Result<Option<Change>, Refusal> {
        Ok(None)
    }
}
