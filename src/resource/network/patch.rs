//! The lines in which a text becomes another, so that edits of different places go well together, and can be taken back.

use serde::{Deserialize, Serialize};
use similar::{Algorithm, capture_diff_slices};

use crate::resource::Script;

/// What changes in a text, from its top to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patch {
    hunks: Vec<Hunk>,
}

/// Lines that give way to others. With the line or lines before them they stand nowhere else, neither in the text as it
/// is once the hunks above are in, nor, the new ones, in the one that this hunk makes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Hunk {
    before: Vec<String>,
    old: Vec<String>,
    new: Vec<String>,
}

/// Reads the file into `line`, makes the hunks of `$lvsprov_patch`, one after the other, and prints it. A hunk that is
/// in already is passed over; where one finds no place, or several, it fails.
const AWK: &str = r#"
function find(want, length_, i, j, hits) {
  hits = 0
  for (i = 0; i + length_ <= count; i++) {
    for (j = 1; j <= length_ && (line[i + j] "") == (want[j] ""); j++) { }
    if (j > length_) { hits++; place = i }
  }
  return hits
}
function swap(i, shift) {
  shift = ins - del
  if (shift > 0) for (i = count; i > place + del; i--) line[i + shift] = line[i]
  if (shift < 0) for (i = place + del + 1; i <= count; i++) line[i + shift] = line[i]
  for (i = 1; i <= ins; i++) line[place + i] = to[i]
  count += shift
}
{ line[NR] = $0 }
END {
  count = NR; del = 0; ins = 0; from[0] = ""; to[0] = ""
  words = split(ENVIRON["lvsprov_patch"], word, "\n")
  for (k = 1; k <= words; k++) {
    kind = substr(word[k], 1, 1); text = substr(word[k], 2)
    if (kind == " " || kind == "-") from[++del] = text
    if (kind == " " || kind == "+") to[++ins] = text
    if (kind != "@") continue
    if (ins > del && find(to, ins) == 1) done = 1
    else if (find(from, del) == 1) { swap(); done = 1 }
    else done = find(to, ins) == 1
    if (!done) exit 3
    del = 0; ins = 0
  }
  for (i = 1; i <= count; i++) print line[i]
}
"#;

impl Patch {
    /// What makes `new` of `old`.
    pub fn between(old: &str, new: &str) -> Patch {
        let whole = || Hunk { before: vec![], old: lines(old), new: lines(new) };
        let by_places = Patch::by_places(&lines(old), &lines(new)).filter(|patch| {
            // it must be told from a text that has the change already
            let is = |patch: &Patch, text| patch.apply(text).is_some_and(|made| lines(&made) == lines(text));
            is(patch, new) && is(&patch.reversed(), old)
        });
        by_places.unwrap_or_else(|| Patch { hunks: vec![whole()] })
    }

    fn by_places(old: &[String], new: &[String]) -> Option<Patch> {
        let (mut now, mut shift) = (old.to_vec(), 0isize);
        let mut hunks = Vec::new();
        for op in capture_diff_slices(Algorithm::Myers, old, new) {
            let (_, from, to) = op.as_tag_tuple();
            let (gone, come) = (&old[from.clone()], &new[to]);
            if gone != come {
                let at = from.start.saturating_add_signed(shift);
                let mut then = now.clone();
                then.splice(at..at + gone.len(), come.iter().cloned());
                hunks.push(Hunk::at(&now, &then, at, gone, come)?);
                now = then;
                shift += come.len() as isize - gone.len() as isize;
            }
        }
        Some(Patch { hunks })
    }

    /// What takes it back.
    pub fn reversed(&self) -> Patch {
        let back =
            |hunk: &Hunk| Hunk { before: hunk.before.clone(), old: hunk.new.clone(), new: hunk.old.clone() };
        Patch { hunks: self.hunks.iter().rev().map(back).collect() }
    }

    /// The text with the change in it; `None` where it has no place for it.
    pub fn apply(&self, text: &str) -> Option<String> {
        let mut now = lines(text);
        for hunk in &self.hunks {
            let (from, to) = (hunk.with(&hunk.old), hunk.with(&hunk.new));
            if to.len() > from.len() && places(&now, &to).len() == 1 {
                continue;
            }
            match places(&now, &from)[..] {
                [at] => _ = now.splice(at..at + from.len(), to),
                _ if places(&now, &to).len() == 1 => {}
                _ => return None,
            }
        }
        Some(now.into_iter().map(|line| line + "\n").collect())
    }

    /// POSIX sh that prints what [`Patch::apply`] makes of the file in `$p`, or fails.
    pub fn script(&self) -> Script {
        let mut ops = String::new();
        for hunk in &self.hunks {
            for (sign, lines) in [(' ', &hunk.before), ('-', &hunk.old), ('+', &hunk.new)] {
                lines.iter().for_each(|line| ops += &format!("{sign}{line}\n"));
            }
            ops += "@\n";
        }
        let mut script = Script::from("lvsprov_patch=");
        script.push_content(&ops);
        script += &format!(" awk '{AWK}' \"$p\"");
        script
    }
}

impl Hunk {
    /// With as few lines before it as make its place plain.
    fn at(now: &[String], then: &[String], at: usize, old: &[String], new: &[String]) -> Option<Hunk> {
        (0..=at).find_map(|before| {
            let hunk = Hunk { before: now[at - before..at].to_vec(), old: old.to_vec(), new: new.to_vec() };
            let (from, to) = (hunk.with(old), hunk.with(new));
            let plain = places(now, &from).len() == 1 && places(then, &to).len() == 1;
            // which of the two states it is must show in the longer one
            let told = if to.len() > from.len() {
                places(now, &to).is_empty()
            } else {
                places(then, &from).is_empty()
            };
            (plain && told).then_some(hunk)
        })
    }

    fn with(&self, lines: &[String]) -> Vec<String> {
        [&self.before, lines].concat()
    }
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// Where these lines stand.
fn places(text: &[String], lines: &[String]) -> Vec<usize> {
    let last = text.len().checked_sub(lines.len());
    last.map_or(Vec::new(), |last| (0..=last).filter(|at| text[*at..].starts_with(lines)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn two_edits_of_one_file_go_well_together() {
        let text = "[Network]\nAddress=a\nGateway=1\n\n[Route]\nx=1\n";
        let first = Patch::between(text, &text.replace("Gateway=1", "Gateway=2"));
        let second = Patch::between(text, &text.replace("Address=a\n", "Address=a\nGateway=::2\n"));
        let both = "[Network]\nAddress=a\nGateway=::2\nGateway=2\n\n[Route]\nx=1\n";
        assert_eq!(first.apply(&second.apply(text).unwrap()).unwrap(), both);
        assert_eq!(second.apply(&first.apply(text).unwrap()).unwrap(), both);
        assert_eq!(second.apply(both).unwrap(), both);
        let back = second.reversed().apply(both).unwrap();
        assert_eq!(first.reversed().apply(&back).unwrap(), text);
    }

    #[test]
    fn a_text_that_has_become_another_is_not_patched() {
        let patch = Patch::between("a\nb\n", "a\nc\n");
        assert_eq!(patch.apply("a\nd\n"), None);
        assert_eq!(patch.apply("a\nb\nb\n"), None);
        assert_eq!(Patch::between("", "a\n").apply("b\n"), None);
    }

    /// What sh makes of a text by the patch, with its own awk or with the other one; `None` where they fail.
    fn by_awk(sh: &[&str], awk: Option<&str>, patch: &Patch, text: &str) -> Option<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let awk = awk.map(|awk| format!("awk() {{ {awk} \"$@\"; }}\n")).unwrap_or_default();
        let script = format!("{awk}set -eu; p={}\n{}\n", file.path().display(), patch.script().reveal());
        let output = std::process::Command::new(sh[0]).args(&sh[1..]).args(["-c", &script]).output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 3)), "{output:?}");
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// mawk or gawk, whatever the machine has, the one true awk, and busybox's.
        #[test]
        fn awk_makes_of_any_text_what_is_foreseen(
            old in "([ab10'\\\\%]{0,3}\n){0,6}", new in "([ab10'\\\\%]{0,3}\n){0,6}", other in "([ab10]{0,2}\n){0,6}",
        ) {
            let patch = Patch::between(&old, &new);
            for (sh, awk) in [(&["sh"][..], None), (&["sh"], Some("original-awk")), (&["busybox", "sh"], None)] {
                for text in [&old, &new, &other] {
                    prop_assert_eq!(by_awk(sh, awk, &patch, text), patch.apply(text));
                    prop_assert_eq!(by_awk(sh, awk, &patch.reversed(), text), patch.reversed().apply(text));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_patch_leads_there_and_back(old in "([abc]\n){0,8}", new in "([abc]\n){0,8}") {
            let patch = Patch::between(&old, &new);
            prop_assert_eq!(patch.apply(&old), Some(new.clone()));
            prop_assert_eq!(patch.apply(&new), Some(new.clone()));
            prop_assert_eq!(patch.reversed().apply(&new), Some(old));
        }
    }
}
