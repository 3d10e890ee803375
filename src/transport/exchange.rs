//! One round trip: sections of shell text that go out together, and their outputs that come back.

use std::fmt::{self, Write as _};
use std::time::Duration;

use super::lock;

/// What is asked of a host in one round trip.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// POSIX sh, each run with no standard input.
    sections: Vec<Section>,
    /// How long the whole may take.
    pub deadline: Duration,
    /// Whether all processes of the exchange must end when the connection does: for sections that change something.
    guarded: bool,
    /// Whether nothing watches it on the host.
    brief: bool,
}

#[derive(Clone)]
struct Section {
    /// What it is about, for whoever looks for a fault.
    name: &'static str,
    script: String,
    kind: Kind,
}

/// A script may hold what must not be printed.
impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Section({:?}, {} bytes)", self.kind, self.script.len())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// In the shell itself, with the descriptor of the host's lock.
    Locking,
    /// In the shell itself, with standard error apart.
    Inline,
    /// In a subshell, with standard error apart.
    Reading,
    /// In a subshell.
    Apart,
    /// In a subshell, and not run once a section before it has failed.
    Chained,
}

/// How much later than the other side, which names what it ends, the host ends what has not ended in time.
const LATER: Duration = Duration::from_secs(20);

/// What the host's own clock is known by among what runs: nobody else writes numbers in this way.
pub(super) const NAP: &str = "00";

/// Tells where a file's lines belong, and keeps its name, once, for [`READ`].
const FILES: &str = r#"lvsprov_names='
'
lvsprov_files() {
for lvsprov_name; do
printf '\036%s f %s\n' MARK "$lvsprov_name"
case $lvsprov_names in *"
$lvsprov_name
"*) ;; *) lvsprov_names="$lvsprov_names$lvsprov_name
";; esac
done
}
"#;

/// Tells the host's time, in whose place the reader puts how far it is from ours.
const TIME: &str = r#"lvsprov_now=
lvsprov_time() { printf '\036%s c %s\n' MARK "${lvsprov_now:-$(date +%s)}"; }
"#;

/// Prints the files that were named, but no pipe, which might have no end. The last line is one of its own, [`READ_ALL`],
/// which is missing where grep is, or came to no end. The shell takes a character at a time, so that it reads nothing by
/// itself but what is short; where that is all, it spares a process.
const READ: &str = r#"IFS='
'; set -f; set --
lvsprov_long=
for lvsprov_name in $lvsprov_names; do
case $lvsprov_name in
/proc/sys/*) ;;
*)
if ! [ -f "$lvsprov_name" ]; then continue; fi
case $lvsprov_name in */os-release) ;; *) lvsprov_long=1 ;; esac ;;
esac
set -- "$@" "$lvsprov_name"
done
set +f; unset IFS
if [ -n "$lvsprov_long" ]; then
LC_ALL=C grep -asH '' -- "$@" - 2>&1 <<lvsprov_end
end
lvsprov_end
else
{
for lvsprov_name; do
while IFS= read -r lvsprov_line || [ -n "$lvsprov_line" ]; do
printf '%s:%s\n' "$lvsprov_name" "$lvsprov_line"
lvsprov_line=
done <"$lvsprov_name"
done
} 2>/dev/null
echo '(standard input):end'
fi"#;

/// What grep says of its own line in [`READ`], and the shell in its place.
pub(super) const READ_ALL: &[u8] = b"(standard input):end\n";

impl Exchange {
    /// An exchange that only reads.
    pub fn reading(deadline: Duration) -> Self {
        Exchange { sections: Vec::new(), deadline, guarded: false, brief: false }
    }

    /// An exchange that changes things: when the connection ends before it has, or its deadline has passed for a while and
    /// nobody has ended it, the host itself ends everything that it started. What must live on is started in a session of
    /// its own, by `setsid` or `systemd-run`.
    ///
    /// Its sections have a shell function `lvsprov_note TEXT`: the text, its first line, is told at once, as
    /// [`Progress::Note`](super::Progress::Note), and is not among the section's output. It writes to standard output, which
    /// must be the section's own.
    pub fn changing(deadline: Duration) -> Self {
        Exchange { sections: Vec::new(), deadline, guarded: true, brief: false }
    }

    /// The same where nothing in it waits for anything, so that it ends by itself in no time. That spares the host three
    /// processes. When the connection ends before it has, the section that runs comes to its end, and no other begins.
    pub fn brief(self) -> Self {
        Exchange { brief: true, ..self }
    }

    /// Adds a section that runs, in a subshell of its own, whatever came of those before it. Gives its index.
    pub fn push(&mut self, script: impl Into<String>) -> usize {
        self.add(script.into(), Kind::Apart)
    }

    /// Adds a section that runs in the shell itself, which spares a slow machine a process: it must neither `exit`,
    /// `exec`, `cd` nor `set` an option. Gives its index.
    ///
    /// It has a shell function `lvsprov_files FILE...`: in its place the section's output has each file's lines, with the
    /// file's name and a colon before each, as `grep -H ''` prints them. One process reads the files of all sections, after
    /// the last of them; what can't be read is left out. A name may be neither relative nor have a line break in it, and a
    /// subshell's calls are lost.
    ///
    /// And it has `lvsprov_time`: in its place the output has a line `clock LEAST MOST`, between which numbers of whole
    /// seconds the host's clock is ahead of ours.
    ///
    /// What it says on standard error is kept apart, see [`Output::said`](super::Output::said), and colours are taken out of
    /// what it prints.
    pub fn push_inline(&mut self, script: impl Into<String>) -> usize {
        self.add(script.into(), Kind::Inline)
    }

    /// Adds a section as [`Exchange::push`] does, whose standard error is kept apart. Gives its index.
    pub fn push_reading(&mut self, script: impl Into<String>) -> usize {
        self.add(script.into(), Kind::Reading)
    }

    /// Adds a section that runs, under `set -eu`, only when all chained ones before it succeeded. Gives its index.
    pub fn push_step(&mut self, script: impl Into<String>) -> usize {
        self.add(script.into(), Kind::Chained)
    }

    /// Adds a section that runs in the shell itself, and sees the lock's descriptor.
    pub(super) fn push_locking(&mut self, script: impl Into<String>) -> usize {
        self.add(script.into(), Kind::Locking)
    }

    fn add(&mut self, script: String, kind: Kind) -> usize {
        let name = match kind {
            Kind::Locking => "lock",
            Kind::Inline | Kind::Apart | Kind::Reading => "probe",
            Kind::Chained => "step",
        };
        self.sections.push(Section { name, script, kind });
        self.sections.len() - 1
    }

    /// Says what the section of that index is about: a word that may be told to everybody.
    pub fn name(&mut self, index: usize, name: &'static str) {
        if let Some(section) = self.sections.get_mut(index) {
            section.name = name;
        }
    }

    /// Each section's name, and its script's size in bytes: what may be told of it.
    pub(super) fn sizes(&self) -> impl Iterator<Item = (&'static str, usize)> + '_ {
        self.sections.iter().map(|section| (section.name, section.script.len()))
    }

    /// Whether it may change something.
    pub(super) fn changes(&self) -> bool {
        self.guarded
    }

    /// How many sections there are.
    pub fn len(&self) -> usize {
        self.sections.len()
    }

    /// Whether the section's standard output is read line by line, and not shown.
    pub(super) fn is_inline(&self, section: usize) -> bool {
        self.sections.get(section).is_some_and(|section| section.kind == Kind::Inline)
    }

    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// The shell text as it is sent. `mark` is the session's secret word, `number` the exchange's: only this text holds
    /// the mark, which neither another user nor a process that a section starts can read.
    pub(super) fn render(&self, mark: &str, number: u64) -> String {
        let lock = lock::DESCRIPTOR;
        let mut text = String::new();
        // The whole is one compound command: the shell has read all of it before it runs any of it.
        text.push_str("{\n");
        let watched = self.guarded && !self.brief;
        if watched {
            let deadline = (self.deadline + self.deadline.min(LATER)).as_secs();
            // Nothing is sent while an exchange runs, so that a read from the connection ends only with it. The
            // watchers end the whole process group: first politely, so that traps can remove temporary files. The first
            // holds the lock too, until all of the group is gone; the second does not, as its sleep may be left behind.
            let _ = write!(
                text,
                "lvsprov_end() {{ trap '' TERM; kill -TERM 0; sleep 2; kill -KILL 0; }}\n\
                 ( trap '' TERM; read -r _ <&3; lvsprov_end ) </dev/null >/dev/null 2>&1 & lvsprov_link=$!\n\
                 ( trap 'kill $nap; exit' TERM; sleep {NAP}{deadline} & nap=$!; wait $nap; lvsprov_end ) \
                 </dev/null >/dev/null 2>&1 {lock}<&- & lvsprov_clock=$!\n"
            );
        }
        if self.guarded {
            let _ = write!(
                text,
                "lvsprov_note() {{ lvsprov_text=${{1%%\"\n\"*}}; printf '\\036%s n %s\\n' {mark} \"$lvsprov_text\"; }}\n"
            );
        }
        let files = self.sections.iter().any(|section| section.script.contains("lvsprov_files"));
        if files {
            text.push_str(&FILES.replace("MARK", mark));
        }
        if self.sections.iter().any(|section| section.script.contains("lvsprov_time")) {
            text.push_str(&TIME.replace("MARK", mark));
        }
        text.push_str("lvsprov_ok=0\n");
        for (index, section) in self.sections.iter().enumerate() {
            if section.kind == Kind::Chained {
                text.push_str("if [ $lvsprov_ok = 0 ]; then\n");
            }
            let _ = writeln!(text, "printf '\\036%s b {index}\\n' {mark}");
            // A shell that says "Terminated" to a connection that is gone must live on to run its traps.
            let options = if section.kind == Kind::Chained { "trap : PIPE; set -eu\n" } else { "" };
            let [open, close] = match section.kind {
                Kind::Locking | Kind::Inline => ["{", "}"],
                Kind::Reading | Kind::Apart | Kind::Chained => ["(", ")"],
            };
            let errors = match section.kind {
                Kind::Inline | Kind::Reading => {
                    let _ = writeln!(text, "printf '\\036%s b {index}\\n' {mark} >&2");
                    ""
                }
                Kind::Locking | Kind::Apart | Kind::Chained => " 2>&1",
            };
            // What a section starts may outlive the connection, and must not hold the lock then.
            let unlocked = match section.kind {
                Kind::Locking => String::new(),
                _ => format!(" {lock}<&-"),
            };
            // A compound without a command is a syntax error, so that an empty section gets one.
            let script = &section.script;
            let _ = writeln!(text, "{open}\n:\n{options}{script}\n{close} </dev/null{errors} 3<&-{unlocked}");
            let _ = writeln!(text, "lvsprov_code=$?\nprintf '\\036%s e {index} %s\\n' {mark} $lvsprov_code");
            if section.kind == Kind::Chained {
                text.push_str("lvsprov_ok=$lvsprov_code\nfi\n");
            }
        }
        if files {
            let index = self.len();
            let _ = writeln!(text, "printf '\\036%s b {index}\\n' {mark}\n{{\n{READ}\n}} 3<&- {lock}<&-");
            let _ = writeln!(text, "printf '\\036%s e {index} 0\\n' {mark}");
        }
        if watched {
            text.push_str(
                "kill -KILL $lvsprov_link; kill -TERM $lvsprov_clock; wait $lvsprov_link $lvsprov_clock\n",
            );
        }
        let _ = writeln!(text, "printf '\\036%s t {number}\\n' {mark} >&2");
        // The trailer is the compound's last command, as a watcher would take any later one for the connection's end.
        let _ = writeln!(text, "printf '\\036%s t {number}\\n' {mark}\n}} 3<&0 </dev/null");
        text
    }
}
