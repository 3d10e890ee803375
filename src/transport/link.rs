//! An open shell on a host.

use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::reply::{Progress, Reader, Reply};
use super::said::{Said, keep};
use super::shell::Shell;
use super::{Exchange, LinkError, Lock, Secret, Settings, Target, Way, local, lock, ssh, trace};

/// How much of the shell's standard error is kept: the end tells what went wrong.
const STDERR_KEPT: usize = 8 * 1024;

/// How long standard error is waited for when all of standard output has come: they are two streams.
const LATE: Duration = Duration::from_secs(1);

/// How long the host may take to lock, or to unlock.
const LOCK_DEADLINE: Duration = Duration::from_secs(30);

/// A long-lived `sh` on a host. Dropping it ends the shell and, through the guard of a changing exchange, whatever
/// the shell was running.
pub struct Link {
    /// The host's.
    name: String,
    shell: Shell,
    /// A word that nothing on the host can know, in front of everything that is not a section's output.
    mark: String,
    number: u64,
    stderr: Vec<u8>,
    /// Whether standard error comes at all: where it once did not, it is not waited for again.
    hears: bool,
    /// The word of the lock that it holds.
    held: Option<String>,
    /// The shell's process number on the host, once it is known.
    shell_id: Option<u32>,
    /// What leads to another one like this.
    origin: (Target, Settings),
}

impl Link {
    /// Connects, becomes root where that is asked for, and gives the shell.
    ///
    /// # Errors
    /// [`LinkError::Unreachable`], [`LinkError::Become`], or [`LinkError::Start`].
    pub async fn open(target: &Target, settings: &Settings, mark: String) -> Result<Link, LinkError> {
        Link::connect(target, settings, mark, false).await
    }

    /// As [`Link::open`], over a new connection of its own, whatever master lives: that it comes up proves that the host
    /// can be reached now. It leaves no master behind.
    ///
    /// # Errors
    /// [`LinkError::Unreachable`], [`LinkError::Become`], or [`LinkError::Start`].
    pub async fn open_anew(target: &Target, settings: &Settings, mark: String) -> Result<Link, LinkError> {
        Link::connect(target, settings, mark, true).await
    }

    async fn connect(
        target: &Target,
        settings: &Settings,
        mark: String,
        anew: bool,
    ) -> Result<Link, LinkError> {
        trace::opening(target, anew);
        let begun = Instant::now();
        let link = async {
            let shell = match &target.way {
                Way::Local(words) => local::shell(words)?,
                Way::Ssh { .. } => {
                    let (command, hello) = (shell_command(target, &mark), word_of(&mark));
                    if anew {
                        ssh::shell_anew(target, settings, &command, &hello).await?
                    } else {
                        ssh::shell(target, settings, &command, &hello).await?
                    }
                }
            };
            Link::begin(shell, target, settings, mark).await
        };
        let link = link.await;
        trace::opened(&target.name, begun.elapsed(), link.as_ref().err());
        link
    }

    /// Makes the shell root's where that is asked for, and brings it into a known state.
    async fn begin(
        shell: Shell,
        target: &Target,
        settings: &Settings,
        mark: String,
    ) -> Result<Link, LinkError> {
        let origin = (target.clone(), settings.clone());
        let (name, stderr) = (target.name.clone(), Vec::new());
        let (hears, held, shell_id) = (true, None, None);
        let mut link = Link { name, shell, mark, number: 0, stderr, hears, held, shell_id, origin };
        if let Some(r#become) = &target.r#become {
            let deadline = Instant::now() + settings.connect_timeout;
            link.become_root(r#become.password.as_ref(), deadline).await?;
        }
        // Messages in the scripts' own language, without colours where a tool lets itself be told; programs of the system's
        // administrator in reach.
        // $SSH_CONNECTION tells a host its way here only where its sshd and sudo let it; this one is always told.
        let way = if matches!(target.way, Way::Local(_)) { "local" } else { "ssh" };
        let prelude = format!(
            "LC_ALL=C NO_COLOR=1 SYSTEMD_COLORS=0; export LC_ALL NO_COLOR SYSTEMD_COLORS\n\
             unset LANGUAGE COLOR CLICOLOR_FORCE FORCE_COLOR GREP_OPTIONS GREP_COLOR GREP_COLORS\n\
             printf '\\036%s p %s\\n' {mark} $$\n\
             PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin; export PATH; umask 022; lvsprov_way={way}\n",
            mark = link.mark,
        );
        link.send(&prelude).await?;
        Ok(link)
    }

    /// Takes the host's lock, if nobody else holds it: for as long as the link lives, or until [`Link::unlock`]. `holder`
    /// says to others who has it, such as `ann@desk`.
    ///
    /// # Errors
    /// As [`Link::exchange`].
    pub async fn lock(&mut self, holder: &str) -> Result<Lock, LinkError> {
        if let Some(word) = &self.held {
            return Ok(Lock::Taken { last: lock::of_word(word) });
        }
        let word = word_of(&format!("{} {} {:?}", self.mark, self.number, SystemTime::now()));
        let mut exchange = Exchange::reading(LOCK_DEADLINE);
        exchange.push_locking(lock::take(holder, &word));
        let reply = self.exchange(&exchange, |_| ()).await?;
        let outcome = lock::outcome(&reply.sections[0].clone().unwrap_or_default());
        if matches!(outcome, Lock::Taken { .. }) {
            self.held = Some(word);
        }
        Ok(outcome)
    }

    /// Gives the host's lock back, if this link holds it. A lock that ends with its link makes whoever takes it next read
    /// the host once more.
    ///
    /// # Errors
    /// As [`Link::exchange`].
    pub async fn unlock(&mut self) -> Result<(), LinkError> {
        let Some(word) = self.held.take() else { return Ok(()) };
        let mut exchange = Exchange::reading(LOCK_DEADLINE);
        exchange.push_locking(lock::give_back(&word));
        self.exchange(&exchange, |_| ()).await.map(drop)
    }

    /// Sends the exchange's sections and reads their outputs; `on` is told how far it is.
    ///
    /// # Errors
    /// [`LinkError::Lost`] and [`LinkError::Deadline`]: what the sections did is unknown, and the link is of no more use.
    pub async fn exchange(
        &mut self,
        exchange: &Exchange,
        mut on: impl FnMut(Progress),
    ) -> Result<Reply, LinkError> {
        self.number += 1;
        let begun = Instant::now();
        let deadline = begun + exchange.deadline;
        let text = exchange.render(&self.mark, self.number);
        trace::asks(&self.name, self.number, exchange, text.len());
        let mut reader = Reader::new(exchange, &self.mark, self.number);
        let mut said = Said::new(exchange.len(), &self.mark, self.number);
        let mut received = 0;
        let Link { name, number, shell, hears, .. } = self;
        let hears = *hears;
        let mut on = |progress: Progress| {
            if let Progress::Ended(section, code) = progress {
                trace::ended(name, *number, section, code, begun.elapsed());
            }
            on(progress);
        };
        let work = async {
            // A host that answers while it is still being written to must be read, or both ends wait for ever.
            let writing = async {
                shell.stdin.write_all(text.as_bytes()).await?;
                shell.stdin.flush().await
            };
            let reading = async {
                let mut out = [0; 16 * 1024];
                let mut err = [0; 1024];
                let mut err_open = true;
                let (mut reply, mut late) = (None, deadline);
                loop {
                    if reply.is_some() && (said.is_whole() || !err_open || !hears) {
                        return reply;
                    }
                    tokio::select! {
                        count = shell.stdout.read(&mut out), if reply.is_none() => match count {
                            Ok(count) if count > 0 => {
                                received += count;
                                reply = reader.take(&out[..count]);
                                reader.progress().for_each(&mut on);
                                late = deadline.min(Instant::now() + LATE);
                            }
                            _ => return None,
                        },
                        count = shell.stderr.read(&mut err), if err_open => match count {
                            Ok(count) if count > 0 => said.take(&err[..count]),
                            _ => err_open = false,
                        },
                        () = sleep_until(late), if reply.is_some() => return reply,
                    }
                }
            };
            let (written, reply) = tokio::join!(writing, reading);
            written.ok().and(reply)
        };
        let ended = timeout_at(deadline, work).await;
        self.shell_id = reader.shell().or(self.shell_id);
        let result = match ended {
            Ok(Some(mut reply)) => {
                self.hears &= said.is_whole();
                let (sections, outside) = said.end();
                for (section, said) in reply.sections.iter_mut().zip(sections) {
                    if let Some(output) = section {
                        output.said = said;
                    }
                }
                keep(&mut self.stderr, &outside, STDERR_KEPT);
                Ok(reply)
            }
            Ok(None) => Err(LinkError::Lost { stderr: self.last_words(said).await }),
            Err(_) => Err(LinkError::Deadline(exchange.deadline)),
        };
        trace::answered(&self.name, self.number, received, begun.elapsed(), result.as_ref());
        result
    }

    /// How long reading what is on the host may take: see [`Settings::read_timeout`].
    pub fn read_timeout(&self) -> Duration {
        self.origin.1.read_timeout
    }

    /// The shell's process number on the host; `None` before its first answer.
    pub(super) fn shell_id(&self) -> Option<u32> {
        self.shell_id
    }

    /// Another link to the same host.
    ///
    /// # Errors
    /// As [`Link::open`].
    pub(super) async fn another(&self) -> Result<Link, LinkError> {
        let (target, settings) = &self.origin;
        Link::open(target, settings, self.mark.clone()).await
    }

    /// Waits until sudo has started the shell, giving the password when, and only when, sudo asks.
    async fn become_root(&mut self, password: Option<&Secret>, deadline: Instant) -> Result<(), LinkError> {
        let (prompt, hello) = (prompt(&self.mark), hello(&self.mark));
        let mut given = false;
        let mut out = Vec::new();
        let refused = |wanted, stderr: &[u8]| LinkError::Become {
            password_wanted: wanted,
            stderr: String::from_utf8_lossy(stderr).replace(&prompt, "").trim().to_owned(),
        };
        loop {
            let (mut some_out, mut some_err) = ([0; 1024], [0; 1024]);
            let step = async {
                tokio::select! {
                    count = self.shell.stdout.read(&mut some_out) => (count.unwrap_or(0), 0),
                    count = self.shell.stderr.read(&mut some_err) => (0, count.unwrap_or(0)),
                }
            };
            match timeout_at(deadline, step).await {
                Err(_) => return Err(refused(false, b"no answer in time")),
                Ok((0, 0)) => return Err(refused(password.is_none(), &self.stderr)),
                Ok((count, more)) => {
                    out.extend_from_slice(&some_out[..count]);
                    keep(&mut self.stderr, &some_err[..more], STDERR_KEPT);
                }
            }
            if String::from_utf8_lossy(&out).contains(&hello) {
                self.stderr.clear();
                return Ok(());
            }
            if String::from_utf8_lossy(&self.stderr).contains(&prompt) {
                let Some(password) = password.filter(|_| !given) else {
                    return Err(refused(!given, &self.stderr));
                };
                given = true;
                let stderr = String::from_utf8_lossy(&self.stderr).replace(&prompt, "");
                self.stderr = stderr.into_bytes();
                self.send(&format!("{}\n", password.reveal())).await?;
            }
        }
    }

    async fn send(&mut self, text: &str) -> Result<(), LinkError> {
        let sent = async {
            self.shell.stdin.write_all(text.as_bytes()).await?;
            self.shell.stdin.flush().await
        };
        match sent.await {
            Ok(()) => Ok(()),
            Err(_) => {
                let said = Said::new(0, &self.mark, self.number);
                Err(LinkError::Lost { stderr: self.last_words(said).await })
            }
        }
    }

    /// What the shell said on standard error, when its output has ended.
    async fn last_words(&mut self, mut said: Said) -> String {
        let mut rest = Vec::new();
        let read = self.shell.stderr.read_to_end(&mut rest);
        let _ = tokio::time::timeout(Duration::from_millis(300), read).await;
        said.take(&rest);
        keep(&mut self.stderr, &said.last(), STDERR_KEPT);
        String::from_utf8_lossy(&self.stderr).trim().to_owned()
    }
}

/// What the login shell of the host is told to run. It is kept to words that every login shell reads alike.
fn shell_command(target: &Target, mark: &str) -> String {
    match &target.r#become {
        None => "exec sh".into(),
        // sudo clears the environment; the shell says hello because there may be a prompt before it.
        Some(r#become) => format!(
            "exec sudo {} -p {} env SSH_CONNECTION=\"$SSH_CONNECTION\" sh -c 'echo {}; exec sh'",
            if r#become.password.is_some() { "-S" } else { "-n" },
            prompt(mark),
            hello(mark),
        ),
    }
}

/// What sudo asks with. It stands on sudo's command line, where all users of the host can read it: the mark is not to
/// be known from it.
fn prompt(mark: &str) -> String {
    format!("{}-password:", word_of(mark))
}

fn hello(mark: &str) -> String {
    format!("{}-hello", word_of(mark))
}

fn word_of(mark: &str) -> String {
    Sha256::digest(mark).iter().take(8).fold("lvsprov-".to_owned(), |word, byte| format!("{word}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::super::Become;
    use super::*;

    #[test]
    fn no_command_line_of_the_host_holds_the_mark() {
        let way = Way::Local(vec!["sh".into()]);
        let target = |r#become| Target { name: "web1".into(), way: way.clone(), r#become };
        for target in [target(None), target(Some(Become::default()))] {
            assert!(!shell_command(&target, "m4rk").contains("m4rk"), "{target:?}");
        }
    }
}
