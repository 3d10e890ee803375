//! Commands, for what no other kind does. Only running one can tell what it changes.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Aspect, Change, Context, Facts, Kind, Refusal, Unreadable, quote};

/// A command, for what no other module does.
///
/// It runs on every deploy, unless a guard says that it has nothing to do. A plan calls it unknown, never ok: without
/// `creates` or `unless` it runs, and counts as a change, every time.
///
/// ```yaml
/// - command: { cmd: a2enmod headers, creates: /etc/apache2/mods-enabled/headers.load }
/// - command: { cmd: "make install", chdir: /srv/app, unless: "test -x /usr/local/bin/app", timeout: 120 }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The command, as text of sh.
    pub cmd: String,
    /// A path: when it exists, the command does not run. It must exist afterwards.
    #[serde(default)]
    pub creates: Option<String>,
    /// A test, as text of sh: when it succeeds, the command does not run. It must succeed afterwards. A plan runs it
    /// too, so it must change nothing.
    #[serde(default)]
    pub unless: Option<String>,
    /// The directory in which the command and its test run; `/` when it is left out.
    #[serde(default)]
    pub chdir: Option<String>,
    /// How many seconds the command may take; 600 when it is left out. Tasks that run in one go share the sum of theirs.
    #[serde(default)]
    pub timeout: Option<u64>,
}

impl Command {
    fn directory(&self) -> &str {
        self.chdir.as_deref().unwrap_or("/")
    }

    /// sh that succeeds when there is nothing to do. The texts are quoted, so that even a syntax error in one of them
    /// is that one's failure alone.
    fn guard(&self) -> String {
        let creates = self.creates.as_ref().map(|path| format!("[ -e {} ]", quote(path)));
        let unless = self.unless.as_ref().map(|test| {
            format!(
                "( set +eu; cd {} && eval {} ) </dev/null >/dev/null 2>&1",
                quote(self.directory()),
                quote(test)
            )
        });
        let guards: Vec<String> = creates.into_iter().chain(unless).collect();
        if guards.is_empty() { "false".into() } else { guards.join(" || ") }
    }
}

impl Kind for Command {
    const MODULE: &'static str = "command";
    /// Whether a guard says that there is nothing to do.
    type Observed = bool;
    type Prior = ();

    fn subject(&self) -> String {
        let line = self.cmd.trim().lines().next().unwrap_or("");
        let short: String = line.chars().take(60).collect();
        if short.len() < self.cmd.trim().len() { format!("{short}…") } else { short }
    }

    fn check(&self) -> Result<(), String> {
        let texts = [Some(&self.cmd), self.unless.as_ref(), self.chdir.as_ref(), self.creates.as_ref()];
        if texts.into_iter().flatten().any(|text| text.trim().is_empty() || text.contains('\0')) {
            return Err(
                "`cmd`, `creates`, `unless` and `chdir` must not be empty, nor hold a NUL character".into()
            );
        }
        match self.creates.as_ref().into_iter().chain(&self.chdir).find(|path| !path.starts_with('/')) {
            Some(path) => Err(format!("`{path}` must be an absolute path, beginning with /")),
            None => Ok(()),
        }
    }

    fn settles(&self) -> bool {
        self.creates.is_some() || self.unless.is_some()
    }

    fn probe(batch: &[&Self], _facts: &Facts) -> String {
        batch.iter().map(|c| format!("if {}; then echo settled; else echo open; fi\n", c.guard())).collect()
    }

    fn parse(batch: &[&Self], _facts: &Facts, output: &[u8]) -> Result<Vec<bool>, Unreadable> {
        let text = String::from_utf8_lossy(output);
        let read = |line: &str| match line {
            "settled" => Ok(true),
            "open" => Ok(false),
            _ => Err(Unreadable::new("command", line)),
        };
        let guards = text.lines().map(read).collect::<Result<Vec<_>, _>>()?;
        if guards.len() == batch.len() {
            Ok(guards)
        } else {
            Err(Unreadable::new("command", "it ends too early"))
        }
    }

    fn differ(&self, &settled: &bool, _: Context<'_>) -> Result<Option<Change>, Refusal> {
        if settled {
            return Ok(None);
        }
        let aspects = vec![Aspect::value("runs", None, Some(self.cmd.trim().to_owned()))];
        let script = format!(
            "if {}; then exit 0; fi\ncd {}\nexec sh -c {}\n",
            self.guard(),
            quote(self.directory()),
            quote(&self.cmd),
        );
        let deadline = Duration::from_secs(self.timeout.unwrap_or(600));
        Ok(Some(Change { deadline, unknown: true, ..Change::new(aspects, script) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_plan_does_not_know_what_a_command_changes() {
        let facts = Facts::example();
        let context = Context { facts: &facts, changing: &BTreeSet::new() };
        let bare = Command { cmd: "date".into(), creates: None, unless: None, chdir: None, timeout: None };
        assert!(!bare.settles());
        assert!(bare.differ(&false, context).unwrap().unwrap().unknown);
        let guarded = Command { creates: Some("/etc/done".into()), ..bare };
        assert!(guarded.settles());
        assert_eq!(guarded.differ(&true, context), Ok(None));
    }

    #[test]
    fn a_long_command_is_named_by_its_beginning() {
        let long = Command { cmd: "a\nb".into(), creates: None, unless: None, chdir: None, timeout: None };
        assert_eq!(long.subject(), "a…");
    }
}
