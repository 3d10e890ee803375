//! What lvsprov has ever changed of a director's virtual services: kept beside the record of the prior state, because
//! what is declared today need not be what was declared then, and what somebody else adds must stay.

use std::collections::BTreeSet;

use super::super::{RECORDS, Script, Unreadable, quote};
use super::sections::Sections;
use crate::ipvs::ServiceKey;

/// The services and things that were changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Touched {
    /// The services of the live table.
    pub(super) live: BTreeSet<ServiceKey>,
    /// The services of the rules file.
    pub(super) rules: BTreeSet<ServiceKey>,
    /// What else.
    pub(super) things: BTreeSet<Thing>,
}

/// What is changed for the next boot beside single services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Thing {
    /// The rules file.
    Rules,
    /// The setting that turns restoring on.
    Switch,
    /// Whether the unit starts.
    Unit,
}

impl Thing {
    const ALL: [Thing; 3] = [Thing::Rules, Thing::Switch, Thing::Unit];

    fn name(self) -> &'static str {
        match self {
            Thing::Rules => "rules",
            Thing::Switch => "switch",
            Thing::Unit => "unit",
        }
    }
}

impl Touched {
    /// POSIX sh that adds these to what is kept in the record's folder, `$record`, where there is one.
    pub(super) fn script(&self) -> Script {
        if *self == Touched::default() {
            return Script::new();
        }
        let services = [("live", &self.live), ("at boot", &self.rules)];
        let services = services
            .into_iter()
            .flat_map(|(place, keys)| keys.iter().map(move |key| format!("{place} {}\n", key.arguments())));
        let things = self.things.iter().map(|thing| format!("{}\n", thing.name()));
        let lines: String = services.chain(things).collect();
        Script::from(format!(
            r#"if [ -d "${{record:-}}" ]; then
    {{ cat "$record/touched" 2>/dev/null || :; printf %s {lines}; }} | sort -u >"$record/touched.new"
    sync "$record/touched.new" 2>/dev/null || sync
    mv -f "$record/touched.new" "$record/touched"
fi
"#,
            lines = quote(&lines)
        ))
    }

    /// POSIX sh that prints what is kept.
    pub(super) fn probe() -> String {
        format!(
            "for kept in {RECORDS}/*/touched; do\nif [ -e \"$kept\" ]; then echo @touched; lvsprov_files \"$kept\"; fi\n\
             if [ -d \"$kept\" ]; then echo \"$kept is a directory\"; fi\ndone\n"
        )
    }

    /// The same for where nothing depends on it: what can't be read is left out.
    pub(super) fn probe_if_there() -> String {
        format!(
            "for kept in {RECORDS}/*/touched; do\nif [ -f \"$kept\" ]; then echo @touched; lvsprov_files \"$kept\"; fi\ndone\n"
        )
    }

    /// What is kept, from what the probe printed.
    pub(super) fn parse(printed: &Sections<'_>) -> Result<Touched, Unreadable> {
        let mut touched = Touched::default();
        for line in printed.lines("touched").unwrap_or_default() {
            // The file's name stands before it.
            let line = line.split_once("/touched:").map_or(*line, |(_, line)| line);
            let thing = Thing::ALL.into_iter().find(|thing| thing.name() == line);
            let key = |place: &str| ServiceKey::read(line.strip_prefix(place)?);
            if let Some(thing) = thing {
                touched.things.insert(thing);
            } else if let Some(key) = key("live ") {
                touched.live.insert(key);
            } else if let Some(key) = key("at boot ") {
                touched.rules.insert(key);
            } else {
                return Err(Unreadable::new("what was changed of virtual services", line));
            }
        }
        Ok(touched)
    }
}
