//! Who the scripts run as.

/// The user that the scripts run as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// 0 is root.
    pub uid: u32,
    /// What the host calls it; empty where it does not say.
    pub name: String,
}

impl Login {
    /// The user, from what [`Facts::probe`](super::Facts::probe) printed, whatever else of that reads; `None` where it does
    /// not tell.
    pub fn read(output: &[u8]) -> Option<Login> {
        let text = String::from_utf8_lossy(output);
        let after = |start: &str| text.lines().find_map(|line| line.strip_prefix(start));
        let uid = after("uid ")?.split_whitespace().next()?.parse().ok()?;
        Some(Login { uid, name: after("user ").unwrap_or_default().trim().to_owned() })
    }

    /// Whether it is root.
    pub fn is_root(&self) -> bool {
        self.uid == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_told_also_where_nothing_else_reads() {
        let told = b"grep: /x: Permission denied\nuid 1000\t1000\t1000\t1000\nuser ann\n";
        assert_eq!(Login::read(told), Some(Login { uid: 1000, name: "ann".into() }));
        assert!(Login::read(b"uid 0\t0\t0\t0\n").unwrap().is_root());
        assert_eq!(Login::read(b"user ann\n"), None);
    }
}
