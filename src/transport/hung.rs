//! A shell whose time was up: what it was at, and its end.

use std::time::Duration;

use super::exchange::NAP;
use super::{Exchange, Link};

/// How long ending it may take.
const DEADLINE: Duration = Duration::from_secs(20);

/// What was at work on a host when an exchange's time was up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hung {
    /// The command lines of what the shell was running.
    pub running: Vec<String>,
    /// What came of ending it.
    pub ended: Ended,
}

/// What came of ending what did not end by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ended {
    /// All of it has ended.
    All,
    /// These command lines still run: nothing ends a process that waits in the kernel for a disk or a server.
    Not(Vec<String>),
    /// The host could not be asked.
    #[default]
    Unknown,
}

/// Prints what runs in the shell's process group, ends the group, and prints what is left of it. What has a group of its
/// own, as what is to outlive a connection has, stays.
const END: &str = r#"shell=SHELL
stat() {
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  set -- ${line##*) }
  state=$1 group=$3
}
words() { printf '%.160s' "$(tr '\0\n' '  ' <"/proc/$1/cmdline" 2>/dev/null)"; }
others() {
  for p in /proc/[0-9]*; do
    p=${p#/proc/}
    [ "$p" != "$shell" ] || continue
    stat "$p" || continue
    if [ "$group" = "$whole" ] && [ "$state" != Z ]; then
      line=$(words "$p")
      case $line in "sleep NAP"*|*/"sleep NAP"*) continue ;; esac
      # A shell's part that waits for a tool is not what hangs.
      if [ "$1" = left ] || [ "$line" != "$own" ]; then printf '%s %s\n' "$1" "$line"; fi
    fi
  done
}
stat $$ && mine=$group
if ! stat "$shell"; then echo ended; exit 0; fi
whole=$group
if [ "$whole" = "$mine" ] || [ "$whole" -le 1 ]; then exit 1; fi
own=$(words "$shell")
others runs
for signal in TERM KILL; do
  kill -$signal "-$whole" 2>/dev/null || :
  for try in 1 2 3; do
    left=$(others left)
    if [ -z "$left" ]; then echo ended; exit 0; fi
    sleep 1
  done
done
printf '%s\n' "$left"
"#;

impl Link {
    /// Ends what runs on the host since an exchange's time was up, over a new connection. This one is of no more use.
    pub async fn end(&self) -> Hung {
        let Some(shell) = self.shell_id() else { return Hung::default() };
        let Ok(mut link) = self.another().await else { return Hung::default() };
        let mut exchange = Exchange::reading(DEADLINE);
        exchange.push(END.replace("SHELL", &shell.to_string()).replace("NAP", NAP));
        let reply = link.exchange(&exchange, |_| ()).await;
        let output = reply.ok().and_then(|reply| reply.sections.into_iter().next().flatten());
        output.map(|output| Hung::read(&output.bytes)).unwrap_or_default()
    }
}

impl Hung {
    /// Without the command lines, where they are `secret`.
    pub fn told(self, secret: bool) -> Hung {
        let hidden = |lines: Vec<String>| match lines.len() {
            0 => lines,
            _ => vec!["(secret)".to_owned()],
        };
        match self {
            Hung { running, ended: Ended::Not(left) } if secret => {
                Hung { running: hidden(running), ended: Ended::Not(hidden(left)) }
            }
            Hung { running, ended } if secret => Hung { running: hidden(running), ended },
            hung => hung,
        }
    }

    fn read(printed: &[u8]) -> Hung {
        let text = String::from_utf8_lossy(printed);
        let lines = |word: &str| -> Vec<String> {
            let own = text.lines().filter_map(|line| line.strip_prefix(word)).map(str::trim);
            own.filter(|line| !line.is_empty()).map(str::to_owned).collect()
        };
        let left = lines("left ");
        let ended = match left.is_empty() {
            true if text.lines().any(|line| line == "ended") => Ended::All,
            true => Ended::Unknown,
            false => Ended::Not(left),
        };
        Hung { running: lines("runs "), ended }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_host_says_of_the_end_is_read() {
        let hung = Hung::read(b"runs dpkg-query -W apache2 \nended\n");
        assert_eq!((hung.running, hung.ended), (vec!["dpkg-query -W apache2".to_owned()], Ended::All));
        let stuck = Hung::read(b"runs stat -L /mnt/nfs \nleft stat -L /mnt/nfs \n");
        assert_eq!(stuck.ended, Ended::Not(vec!["stat -L /mnt/nfs".into()]));
        assert_eq!(Hung::read(b"").ended, Ended::Unknown);
    }
}
