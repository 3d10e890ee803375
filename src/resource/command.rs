//! Commands, for what no other kind does. Only running one can tell what it changes.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::args::true_or_false;
use super::{Aspect, Change, Context, Facts, Kind, Refusal, Script, Unreadable, quote};

/// A command, for what no other module does.
///
/// It runs on every deploy, unless a guard says that it has nothing to do. A plan calls it unknown, never ok: without
/// `creates` or `unless` it runs, and counts as a change, every time.
///
/// ```yaml
/// - command: { cmd: a2enmod headers, creates: /etc/apache2/mods-enabled/headers.load }
/// - command: { cmd: "make install", chdir: /srv/app, unless: "test -x /usr/local/bin/app", timeout: 120 }
/// - command: { cmd: "app-admin set-password {{ inventory_hostname }}-s3cret", creates: /var/lib/app/admin, secret: true }
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
    /// Whether its texts are never to be shown, nor what it prints: a plan says that it runs, and a failure with which exit
    /// code it ended.
    #[serde(default, deserialize_with = "secret")]
    pub secret: bool,
}

/// What stands for a text that is not to be shown.
const SECRET: &str = "(secret)";

/// The value is not told: it may be the secret itself.
fn secret<'de, D: Deserializer<'de>>(input: D) -> Result<bool, D::Error> {
    true_or_false(input, "`secret` is true or false; the secret stands in `cmd`")
}

impl Command {
    fn directory(&self) -> &str {
        self.chdir.as_deref().unwrap_or("/")
    }

    /// A text as one word, which a secret command does not show.
    fn push_word(&self, script: &mut Script, text: &str) {
        if self.secret {
            script.push_content(text);
        } else {
            *script += &quote(text);
        }
    }

    /// sh that succeeds when there is nothing to do. The texts are quoted, so that even a syntax error in one of them
    /// is that one's failure alone.
    fn guard(&self) -> Script {
        let mut guard = Script::new();
        if let Some(path) = &self.creates {
            guard += "[ -e ";
            self.push_word(&mut guard, path);
            guard += " ]";
        }
        if let Some(test) = &self.unless {
            guard += if guard.is_empty() { "( set +eu; cd " } else { " || ( set +eu; cd " };
            self.push_word(&mut guard, self.directory());
            guard += " && eval ";
            self.push_word(&mut guard, test);
            guard += " ) </dev/null >/dev/null 2>&1";
        }
        if guard.is_empty() { Script::from("false") } else { guard }
    }

    /// sh that runs it. A secret one is on no command line, where all users of the host could read it, and what it prints
    /// does not leave the host.
    fn script(&self) -> Script {
        let mut script = Script::from("if ");
        script += self.guard();
        script += "; then exit 0; fi\n";
        script += if self.secret { "( set +eu; trap - PIPE; set --; cd " } else { "cd " };
        self.push_word(&mut script, self.directory());
        script += if self.secret { " && eval " } else { "\nexec sh -c " };
        self.push_word(&mut script, &self.cmd);
        script += if self.secret {
            " ) >/dev/null 2>&1 || {\ncode=$?\necho \"what it said is not shown, as it is secret\" >&2\nexit $code\n}\n"
        } else {
            "\n"
        };
        script
    }
}

impl Kind for Command {
    const MODULE: &'static str = "command";
    /// Whether a guard says that there is nothing to do.
    type Observed = bool;
    type Prior = ();

    fn subject(&self) -> String {
        if self.secret {
            return SECRET.into();
        }
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
            Some(_) if self.secret => {
                Err("`creates` and `chdir` must be absolute paths, beginning with /".into())
            }
            Some(path) => Err(format!("`{path}` must be an absolute path, beginning with /")),
            None => Ok(()),
        }
    }

    fn settles(&self) -> bool {
        self.creates.is_some() || self.unless.is_some()
    }

    fn is_secret(&self) -> bool {
        self.secret
    }

    fn probe(batch: &[&Self], _facts: &Facts) -> String {
        let one = |command: &&Self| {
            format!("if {}; then echo settled; else echo open; fi\n", command.guard().reveal())
        };
        batch.iter().map(one).collect()
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
        let runs = if self.secret { SECRET } else { self.cmd.trim() };
        let aspects = vec![Aspect::value("runs", None, Some(runs.to_owned()))];
        let deadline = Duration::from_secs(self.timeout.unwrap_or(600));
        Ok(Some(Change { deadline, unknown: true, ..Change::new(aspects, self.script()) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn command(cmd: &str) -> Command {
        Command { cmd: cmd.into(), creates: None, unless: None, chdir: None, timeout: None, secret: false }
    }

    #[test]
    fn a_plan_does_not_know_what_a_command_changes() {
        let facts = Facts::example();
        let context = Context { facts: &facts, changing: &BTreeSet::new() };
        let bare = command("date");
        assert!(!bare.settles());
        assert!(bare.differ(&false, context).unwrap().unwrap().unknown);
        let guarded = Command { creates: Some("/etc/done".into()), ..bare };
        assert!(guarded.settles());
        assert_eq!(guarded.differ(&true, context), Ok(None));
    }

    #[test]
    fn a_long_command_is_named_by_its_beginning() {
        assert_eq!(command("a\nb").subject(), "a…");
    }

    #[test]
    fn a_secret_shows_nowhere_but_in_what_the_host_runs() {
        let facts = Facts::example();
        let context = Context { facts: &facts, changing: &BTreeSet::new() };
        let [cmd, unless] = ["login --token s3cret", "test -e /s3cret"].map(str::to_owned);
        let secret = Command {
            creates: Some("/var/s3cret".into()),
            unless: Some(unless),
            chdir: Some("/srv/s3cret".into()),
            secret: true,
            ..command(&cmd)
        };
        let change = secret.differ(&false, context).unwrap().unwrap();
        assert!(!format!("{change:?}").contains("s3cret"), "{change:?}");
        assert!(!change.script.to_string().contains("s3cret"), "{}", change.script);
        assert_eq!(
            (secret.subject().as_str(), change.script.reveal().matches("s3cret").count()),
            ("(secret)", 5)
        );
        let wrong = Command { creates: Some("s3cret".into()), ..secret };
        assert!(!wrong.check().unwrap_err().contains("s3cret"));
        let open = command(&cmd).differ(&false, context).unwrap().unwrap();
        assert_eq!(open.script.to_string(), open.script.reveal(), "what is no secret is shown as it runs");
    }
}
