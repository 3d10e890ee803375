//! A setting in a file of shell assignments, without which a table is not restored.

use crate::resource::Script;
use crate::resource::shell::{Attributes, put, replace};

/// Which setting, where, and what turns it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch {
    /// The file.
    pub file: &'static str,
    /// The variable.
    pub name: &'static str,
    /// The only value that counts as on.
    pub on: &'static str,
    /// Whether another value may be replaced.
    pub replaces: bool,
}

impl Switch {
    /// The line that turns it on.
    fn line(&self) -> String {
        format!("{}=\"{}\"", self.name, self.on)
    }

    /// The value if the line sets it.
    fn value<'a>(&self, line: &'a str) -> Option<&'a str> {
        line.trim_start().strip_prefix(self.name)?.strip_prefix('=')
    }

    /// Whether the file's text turns it on: the last assignment counts. `None` when there is none.
    pub fn read(&self, text: &str) -> Option<bool> {
        self.said(text).map(|value| value == self.on)
    }

    /// The value that the file's text gives it: the last assignment counts. `None` when there is none.
    pub fn said<'a>(&self, text: &'a str) -> Option<&'a str> {
        text.lines().filter_map(|line| self.value(line)).next_back().map(|value| {
            let value = value.split_whitespace().next().unwrap_or_default();
            value.trim_matches(['"', '\''])
        })
    }

    /// The text that turns it on, all else as it is.
    pub fn turned_on(&self, text: &str) -> String {
        let set = self.read(text).is_some();
        let line = |line: &str| if self.value(line).is_some() { self.line() } else { line.to_owned() };
        let mut lines: Vec<String> = text.lines().map(line).collect();
        lines.extend((!set).then(|| self.line()));
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// The text with the setting as `before` has it, all else as it is.
    pub fn set_as_in(&self, before: &str, text: &str) -> String {
        let mut earlier = before.lines().filter(|line| self.value(line).is_some());
        let mut lines = Vec::new();
        for line in text.lines() {
            match self.value(line) {
                None => lines.push(line),
                Some(_) => lines.extend(earlier.next()),
            }
        }
        lines.extend(earlier);
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// POSIX sh that turns it on in what the file holds then: the package that brings the file may not have been there
    /// when the host was read.
    pub(super) fn turn_on(&self) -> Script {
        let Switch { file, name, .. } = self;
        let line = self.line();
        let mut script = Script::from(format!(
            r#"if [ -e {file} ] && grep -q '^[[:space:]]*{name}=' {file}; then
    new=$(sed 's|^[[:space:]]*{name}=.*|{line}|' {file})
else
    new=$(if [ -e {file} ]; then cat {file}; fi)
    new=$new${{new:+
}}'{line}'
fi
"#
        ));
        script += put(file, "printf '%s\\n' \"$new\" >\"$t\"\n".into(), Attributes::default());
        script
    }

    /// POSIX sh that gives the file this text.
    pub fn rewrite(&self, text: &str) -> Script {
        replace(self.file, text, Attributes::default())
    }
}

#[cfg(test)]
mod tests {
    use super::Switch;

    const AUTO: Switch = Switch { file: "/etc/default/ipvsadm", name: "AUTO", on: "true", replaces: true };

    #[test]
    fn the_last_assignment_counts() {
        let read = |text: &str| AUTO.read(text);
        assert_eq!(read("# comment\nAUTO=\"false\"\nDAEMON=\"none\"\n"), Some(false));
        assert_eq!(read("AUTO=false\n  AUTO='true' # on\n"), Some(true));
        assert_eq!(read("#AUTO=true\nAUTOMATIC=true\n"), None);
        assert_eq!(read("AUTO=yes"), Some(false));
    }

    #[test]
    fn what_was_turned_on_is_turned_back_and_the_rest_stays() {
        for before in ["# a\nAUTO=false\nDAEMON=none\n", "DAEMON=none\n", ""] {
            let on = AUTO.turned_on(before);
            assert_eq!(AUTO.read(&on), Some(true));
            assert_eq!(AUTO.set_as_in(before, &on), before);
            let edited = on.clone() + "DAEMON=master\n";
            assert_eq!(AUTO.set_as_in(before, &edited), before.to_owned() + "DAEMON=master\n");
        }
    }
}
