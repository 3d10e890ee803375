//! One opening at one place, and the record of those that lvsprov has made: kept beside the record of the prior state,
//! because what is declared today need not be what was declared then, and what somebody else opens must stay.

use std::fmt::{self, Write as _};

use super::super::record::pattern;
use super::super::{Firewall, Script, Unreadable, quote};
use super::Opening;

/// Whether it counts now, or after the next boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// In what runs.
    Running,
    /// In what the next boot reads.
    AtBoot,
}

/// An opening at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hole {
    /// Whose place it is.
    pub owner: Firewall,
    /// When it counts.
    pub when: When,
    /// Where, as its owner calls it: `zone public`, `/etc/iptables/rules.v4`. It has no tab and no line break in it.
    pub place: String,
    /// What comes in.
    pub opening: Opening,
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            When::Running => "running",
            When::AtBoot => "at boot",
        })
    }
}

/// The file in the record's folder, with a hole a line.
const FILE: &str = "opened";

impl Hole {
    fn line(&self) -> String {
        format!("{}\t{}\t{}\t{}\n", self.owner.name(), self.when, self.place, self.opening)
    }

    fn read(line: &str) -> Option<Hole> {
        let mut words = line.split('\t');
        let (owner, when, place, opening) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let owner = Firewall::ALL.into_iter().find(|known| known.name() == owner)?;
        let when = [When::Running, When::AtBoot].into_iter().find(|known| known.to_string() == when)?;
        Some(Hole { owner, when, place: place.to_owned(), opening: opening.parse().ok()? })
    }

    /// POSIX sh that puts these on record, in the folder `$record`, where there is one.
    pub fn remember(holes: &[&Hole]) -> Script {
        kept(holes, "cat \"$record/opened\" 2>/dev/null || :; printf %s \"$lines\"")
    }

    /// POSIX sh that takes these from the record: when somebody else opens the same later, that is theirs.
    pub fn forget(holes: &[&Hole]) -> Script {
        kept(holes, "printf %s \"$lines\" | grep -vxFf - \"$record/opened\" 2>/dev/null || :")
    }

    /// POSIX sh that prints what is on record for the resource of this module and subject.
    pub fn probe(module: &str, subject: &str) -> String {
        format!("lvsprov_files {}/{FILE}\n", pattern(module, subject))
    }

    /// What is on record, from the lines that the probe printed.
    pub fn parse(lines: &[&str]) -> Result<Vec<Hole>, Unreadable> {
        let hole = |line: &&str| {
            let own = line.split_once("/opened:").map_or(*line, |(_, own)| own);
            Hole::read(own).ok_or_else(|| Unreadable::new("what was opened in the firewall", *line))
        };
        lines.iter().map(hole).collect()
    }
}

/// POSIX sh that rewrites the file from what `write` prints.
fn kept(holes: &[&Hole], write: &str) -> Script {
    if holes.is_empty() {
        return Script::new();
    }
    let lines = holes.iter().fold(String::new(), |mut lines, hole| {
        let _ = write!(lines, "{}", hole.line());
        lines
    });
    Script::from(format!(
        r#"if [ -d "${{record:-}}" ]; then
lines={lines}
{{ {write}; }} | sort -u >"$record/opened.new"
sync "$record/opened.new" 2>/dev/null || sync
mv -f "$record/opened.new" "$record/opened"
fi
"#,
        lines = quote(&lines)
    ))
}
