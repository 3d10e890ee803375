//! What a host printed, and nobody here can read.

use std::fmt;

/// A probe's output that does not read as it should.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unreadable {
    /// Which part of the output.
    pub what: String,
    /// The line in question, or what was missing.
    pub line: String,
    /// The command line of the tool that printed it, where that is known.
    pub tool: Option<&'static str>,
    /// The module that asked, once that is known, and what its tasks are called.
    pub asked: Option<Box<(&'static str, Vec<String>)>>,
    /// What was said on standard error meanwhile.
    pub said: String,
}

impl Unreadable {
    /// The part and the line.
    pub fn new(what: impl Into<String>, line: impl Into<String>) -> Self {
        Unreadable { what: what.into(), line: line.into(), ..Unreadable::default() }
    }

    /// With the tool that printed the line. Where that is `failed CODE`, as probes have it, the tool has failed.
    pub fn by(self, tool: &'static str) -> Self {
        Unreadable { tool: Some(tool), ..self }
    }

    /// With what was said on standard error.
    pub fn saying(self, said: &[u8]) -> Self {
        Unreadable { said: String::from_utf8_lossy(said).trim().to_owned(), ..self }
    }

    /// With the module that asked, and the names of its tasks.
    pub fn asked_by(self, module: &'static str, tasks: Vec<String>) -> Self {
        Unreadable { asked: Some(Box::new((module, tasks))), ..self }
    }
}

/// `address (task `Addresses`): can't read what `ip -o addr show` printed: `garbage``
impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unreadable { what, line, tool, asked, .. } = self;
        match asked.as_deref() {
            Some((module, tasks)) => {
                write!(f, "{module}{}: ", of_tasks(tasks))?;
                if what != module {
                    write!(f, "{what}: ")?;
                }
            }
            None => write!(f, "{what}: ")?,
        }
        match (tool, line.strip_prefix("failed ")) {
            (Some(tool), Some(code)) => write!(f, "`{tool}` failed with exit code {code}"),
            (Some(tool), None) => write!(f, "can't read what `{tool}` printed: `{line}`"),
            (None, _) => write!(f, "can't read `{line}`"),
        }
    }
}

impl std::error::Error for Unreadable {}

/// ` (task `A`, `B`)`; nothing where they have no names. Many are not all named.
pub fn of_tasks(tasks: &[String]) -> String {
    const MOST: usize = 3;
    let names: Vec<String> = tasks.iter().take(MOST).map(|task| format!("`{task}`")).collect();
    let word = if tasks.len() == 1 { "task" } else { "tasks" };
    match tasks.len() {
        0 => String::new(),
        count if count > MOST => format!(" ({word} {} and {} more)", names.join(", "), count - MOST),
        _ => format!(" ({word} {})", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn task_module_and_tool_are_named() {
        let bare = Unreadable::new("address", "garbage");
        assert_eq!(bare.to_string(), "address: can't read `garbage`");
        let tasks = ["Addresses", "More"].map(str::to_owned).into();
        let named = bare.by("ip -o addr show").saying(b"warning\n").asked_by("address", tasks);
        assert_eq!(
            named.to_string(),
            "address (tasks `Addresses`, `More`): can't read what `ip -o addr show` printed: `garbage`"
        );
        assert_eq!(named.said, "warning");
        let failed = Unreadable::new("the settings of IPVS", "failed 255").by("ipvsadm -L --timeout");
        assert_eq!(
            failed.asked_by("ipvs_settings", Vec::new()).to_string(),
            "ipvs_settings: the settings of IPVS: `ipvsadm -L --timeout` failed with exit code 255"
        );
        let five: Vec<String> = ["a", "b", "c", "d", "e"].map(str::to_owned).into();
        assert_eq!(of_tasks(&five), " (tasks `a`, `b`, `c` and 2 more)");
    }
}
