//! A host's clock against the controller's. What sets it is chrony; whether it has is seen here.

use serde::{Deserialize, Serialize};

use super::shell::SAY;
use super::{Aspect, Change, Context, Facts, Kind, Refusal, Risk, Unreadable};

/// That the clock goes with the controller's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {}

/// How many seconds the host's clock is ahead of the controller's: no fewer and no more than these. When the host told its
/// time is known only as far as the exchange's own time tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    least: i64,
    most: i64,
}

/// How many seconds a clock may be off.
const TOLERANCE: i64 = 2;

/// chrony steps the clock by itself within its first measurements (`makestep 1 3`), and afterwards only when it is told to.
const STEP: &str = r#"tracking=$(chronyc -n tracking 2>/dev/null) || tracking=
case $tracking in
*'Not synchronised'* | '') say "chrony has no answer of its time servers yet: the clock stays as it is until it has; chronyc sources tells which answer" ;;
*) chronyc makestep >/dev/null ;;
esac
"#;

impl Kind for Clock {
    const MODULE: &'static str = "clock";
    type Observed = Offset;
    type Prior = ();

    fn subject(&self) -> String {
        "system time".into()
    }

    /// chrony sets the clock when its servers answer, which may be later.
    fn settles(&self) -> bool {
        false
    }

    fn probe(_batch: &[&Self], _facts: &Facts) -> String {
        "lvsprov_time\n".into()
    }

    fn parse(batch: &[&Self], _facts: &Facts, output: &[u8]) -> Result<Vec<Offset>, Unreadable> {
        let text = String::from_utf8_lossy(output);
        let offset = || {
            let (least, most) = text.trim_end().strip_prefix("clock ")?.split_once(' ')?;
            Some(Offset { least: least.parse().ok()?, most: most.parse().ok()? })
        };
        let offset = offset().ok_or_else(|| Unreadable::new(Self::MODULE, text.trim_end()).by("date +%s"))?;
        Ok(vec![offset; batch.len()])
    }

    fn differ(&self, offset: &Offset, _: Context<'_>) -> Result<Option<Change>, Refusal> {
        let Some(off) = offset.told() else { return Ok(None) };
        let aspect = Aspect::value(self.subject(), Some(off), Some("in step with it".into()));
        let script = format!("{SAY}{STEP}");
        Ok(Some(Change { risks: vec![Risk::ClockStep], ..Change::new(vec![aspect], script) }))
    }
}

impl Offset {
    /// What is known to be wrong: `at least 3 days behind the controller's clock`.
    fn told(self) -> Option<String> {
        let (seconds, way) = match self {
            Offset { least, .. } if least > TOLERANCE => (least, "ahead of"),
            Offset { most, .. } if most < -TOLERANCE => (-most, "behind"),
            _ => return None,
        };
        Some(format!("at least {} {way} the controller's clock", rounded(seconds)))
    }
}

/// In the largest unit of which there are two or more, rounded down: `7 minutes`.
fn rounded(seconds: i64) -> String {
    let units = [(31_556_952, "years"), (86_400, "days"), (3_600, "hours"), (60, "minutes"), (1, "seconds")];
    let unit = units.into_iter().find(|(length, _)| seconds >= 2 * length);
    let (length, name) = unit.unwrap_or((1, "seconds"));
    format!("{} {name}", seconds / length)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn change(printed: &str) -> Option<Change> {
        let facts = Facts::example();
        let clock = Clock::default();
        let offset = Clock::parse(&[&clock], &facts, printed.as_bytes()).unwrap().remove(0);
        clock.differ(&offset, Context { facts: &facts, changing: &BTreeSet::new() }).unwrap()
    }

    #[test]
    fn only_what_is_known_to_be_off_is_told() {
        for printed in ["clock 0 1\n", "clock -1 2\n", "clock 2 4\n", "clock -40 -2\n", "clock -600 600\n"] {
            assert_eq!(change(printed), None, "{printed}");
        }
        let off = |printed| change(printed).unwrap().aspects.remove(0).old.unwrap();
        assert_eq!(off("clock 3 5\n"), "at least 3 seconds ahead of the controller's clock");
        assert_eq!(off("clock -90000 -86400\n"), "at least 24 hours behind the controller's clock");
        assert_eq!(off("clock 63113904 63113999\n"), "at least 2 years ahead of the controller's clock");
        assert_eq!(change("clock -9 -7\n").unwrap().risks, [Risk::ClockStep]);
    }

    #[test]
    fn a_host_that_does_not_tell_its_time_is_not_taken_to_be_right() {
        let facts = Facts::example();
        for printed in ["", "clock unknown \n"] {
            let error = Clock::parse(&[&Clock::default()], &facts, printed.as_bytes()).unwrap_err();
            assert!(error.to_string().contains("`date +%s`"), "{error}");
        }
    }
}
