//! A change that could cut the controller off: armed on the host to undo itself, made, and confirmed by a new
//! connection. The watchdog is the host's own, outside of everything that ends with a connection. One of two renames of
//! the same file decides: ours, which confirms, or the watchdog's, which takes the change back.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::perform::Doing;
use super::{Event, Failure, Job, observe, space};
use crate::plan::{StepId, Took};
use crate::resource::{Change, Live, Script};
use crate::transport::{Exchange, Link};

/// Where the armed undo lies. A reboot clears it, as it clears the change itself.
const FOLDER: &str = "/run/lvsprov/guard";

/// Seconds that an undo may take.
const UNDOING: u64 = 15;

impl Job<'_> {
    /// Makes the live part of a change under guard.
    pub(super) async fn guard(
        &self,
        doing: &Doing<'_>,
        step: StepId,
        change: &Change,
        link: &mut Link,
    ) -> Result<(), Failure> {
        let (Some(live), Some(deadline)) = (&change.live, self.guard) else { return Ok(()) };
        let host = doing.plan.steps[step.0].host;
        let (name, label) = (self.name(host).to_owned(), doing.plan.label(step));
        let seconds = deadline.as_secs().max(1);
        self.emit(Event::Guarded { host: name, label: label.clone(), seconds });
        let begun = Instant::now();
        let script = &live.script;
        tracing::debug!(host = self.name(host), seconds, step = label, ?script, "changes under guard");
        let mut exchange = Exchange::changing(deadline + Duration::from_secs(UNDOING));
        exchange.push_step(doing.plan.records(&[step]).reveal());
        exchange.push_step(doing.plan.with_record(step) + &armed(live, seconds).reveal());
        doing.progress.borrow_mut().begin(&[step]);
        // The answer may never come: then the new connection tells.
        let reply = tokio::time::timeout(deadline, link.exchange(&exchange, |_| ())).await;
        if let Ok(Ok(reply)) = &reply
            && let Some(output) = reply.sections.iter().flatten().find(|output| output.code != 0)
        {
            let failure = Failure::Step {
                label,
                code: output.code,
                output: String::from_utf8_lossy(&output.bytes).into_owned(),
                script: live.script.clone(),
            };
            return Err(space::explained(link, None, live.undo.reveal().len(), failure).await);
        }
        let mut confirmed = None;
        while confirmed.is_none() && begun.elapsed() < deadline {
            confirmed = self.confirm(host, deadline.saturating_sub(begun.elapsed())).await;
            sleep(Duration::from_millis(300)).await;
        }
        match (confirmed, reply) {
            (Some(_), Ok(Ok(_))) => Ok(()),
            (Some(new), _) => {
                // The old one has the host's lock until it is gone.
                *link = new;
                self.lock_again(host, link).await
            }
            (None, _) => {
                let what = "the host to take it back by itself".to_owned();
                self.emit(Event::Waiting { host: self.name(host).to_owned(), what });
                sleep((deadline + Duration::from_secs(1)).saturating_sub(begun.elapsed())).await;
                let seen = self.taken_back(host).await;
                Err(Failure::TakenBack { label, seconds, seen })
            }
        }
    }

    /// What of a step has taken all the same whose live part could not be made, as far as that can be read.
    pub(super) async fn took_under_guard(
        &self,
        doing: &Doing<'_>,
        step: StepId,
        failure: &Failure,
        link: &mut Link,
    ) -> Took {
        if !doing.progress.borrow().has_begun(step) {
            return Took::Nothing;
        }
        let host = doing.plan.steps[step.0].host;
        let took = match failure {
            Failure::Step { .. } => read_took(doing, step, link).await,
            // The way that the old connection took may be gone.
            Failure::TakenBack { seen: true, .. } => match self.open_anew(host).await {
                Ok(mut link) => read_took(doing, step, &mut link).await,
                Err(_) => None,
            },
            _ => None,
        };
        took.unwrap_or(Took::Unknown)
    }

    /// Confirms by a new connection, which is given when it could.
    async fn confirm(&self, host: usize, within: Duration) -> Option<Link> {
        let confirm = async {
            let mut link = self.open_anew(host).await.ok()?;
            let mut exchange = Exchange::reading(Duration::from_secs(10));
            exchange.push(format!("mv {FOLDER}/armed {FOLDER}/confirmed"));
            let reply = link.exchange(&exchange, |_| ()).await.ok()?;
            let output = reply.sections.into_iter().next().flatten()?;
            (output.code == 0).then_some(link)
        };
        tokio::time::timeout(within, confirm).await.ok().flatten()
    }

    /// Whether the host says that it has taken the change back.
    async fn taken_back(&self, host: usize) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(2 * UNDOING) {
            if let Ok(mut link) = self.open_anew(host).await {
                let mut exchange = Exchange::reading(Duration::from_secs(10));
                exchange.push(format!("[ -e {FOLDER}/over ]"));
                let reply = link.exchange(&exchange, |_| ()).await;
                let output = reply.ok().and_then(|reply| reply.sections.into_iter().next().flatten());
                if output.is_some_and(|output| output.code == 0) {
                    return true;
                }
            }
            sleep(Duration::from_secs(1)).await;
        }
        false
    }
}

/// What of a step has taken, as it reads now; `None` where it can't be read.
async fn read_took(doing: &Doing<'_>, step: StepId, link: &mut Link) -> Option<Took> {
    let plan = doing.plan;
    let survey = plan.hosts[plan.steps[step.0].host].survey.as_ref().ok()?;
    let resource = plan.resource(step, &[])?;
    let observed = observe::read(link, &[&resource], &survey.facts).await.ok()?;
    Some(plan.took(step, &resource, plan.change(step), observed.first()?))
}

/// POSIX sh that arms the undo and makes the change. When the change fails, it is undone at once.
fn armed(live: &Live, seconds: u64) -> Script {
    let mut script = Script::from(format!(
        "umask 077\nmkdir -p /run/lvsprov\nrm -rf {FOLDER}\nmkdir {FOLDER}\nprintf '%s\\n' "
    ));
    script.push_content(&live.undo.reveal());
    script += &format!(
        r#" >{FOLDER}/undo
cat >{FOLDER}/watch <<'lvsprov_end'
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin
sleep {seconds}
mv {FOLDER}/armed {FOLDER}/undoing 2>/dev/null || exit 0
sh {FOLDER}/undo >{FOLDER}/log 2>&1 </dev/null
: >{FOLDER}/over
lvsprov_end
: >{FOLDER}/armed
if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null 2>&1 &&
   systemd-run --quiet --collect --unit="lvsprov-guard-$$" sh {FOLDER}/watch; then :
else setsid sh {FOLDER}/watch </dev/null >/dev/null 2>&1 &
fi
if ! (
set -eu
"#
    );
    script += live.script.clone();
    script += &format!(
        r#"
); then
  if mv {FOLDER}/armed {FOLDER}/undoing 2>/dev/null; then
    sh {FOLDER}/undo
    : >{FOLDER}/over
  fi
  echo "the change failed, and was taken back" >&2
  exit 1
fi
"#
    );
    script
}
