//! Kernel parameters: what runs, and what the next boot brings. Only the one key is ever written or set.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::drop_in::{self, DropIn, base};
use super::named_line::line_of;
use super::shell::{Attributes, replace};
use super::word::words;
use super::{Ability, Aspect, Change, Context, Facts, Kind, Refusal, Scalar, Script, Unreadable, quote};

mod reverse;

pub use reverse::Prior;

/// A kernel parameter's value, now and after the next boot.
///
/// The kernel's value, and what all files of `sysctl.d` together bring at boot by their order of precedence, are
/// compared apart. Only this key is written, to `/etc/sysctl.d/99-zz-lvsprov-KEY.conf`, and set. The module refuses
/// where a file that counts later says otherwise.
///
/// ```yaml
/// - sysctl: { name: net.ipv4.ip_forward, value: 1 }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sysctl {
    /// The key: `net.ipv4.ip_forward`. Where a part of it holds a dot itself, write slashes:
    /// `net/ipv4/conf/eth0.100/rp_filter`.
    pub name: String,
    /// The value. `true` is 1 and `false` 0; white space between several numbers does not matter.
    pub value: Scalar,
}

/// What is on the host for one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The running value; `None` when the kernel has no such key.
    pub running: Option<String>,
    /// What counts at boot; `None` when no file says anything, and the kernel's own value stays.
    pub at_boot: Option<Assignment>,
    /// What /etc/sysctl.conf says, which `sysctl --system` of procps reads last.
    pub legacy: Option<Assignment>,
    /// The lines of lvsprov's own file for this key; `None` when there is none.
    pub own: Option<Vec<String>>,
}

/// A value that a file assigns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The value, in canonical form.
    pub value: String,
    /// The file.
    pub path: String,
}

const LEGACY: &str = "/etc/sysctl.conf";

/// The key as a path below /proc/sys: the first separator tells which of the two forms it is written in.
fn path(name: &str) -> String {
    match name.find(['.', '/']) {
        Some(at) if name.as_bytes()[at] == b'.' => name
            .chars()
            .map(|c| {
                if c == '.' {
                    '/'
                } else if c == '/' {
                    '.'
                } else {
                    c
                }
            })
            .collect(),
        _ => name.to_owned(),
    }
}

fn canonical(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join("\t")
}

/// As one reads it: the kernel separates several numbers by tabs.
fn shown(value: &str) -> String {
    value.replace('\t', " ")
}

impl Sysctl {
    /// The file of lvsprov's own for this key. It sorts after what people usually write there.
    fn own(&self) -> String {
        format!("/etc/sysctl.d/99-zz-lvsprov-{}.conf", self.name.replace('/', "-"))
    }

    fn value(&self) -> String {
        canonical(&self.value.0)
    }
}

impl Kind for Sysctl {
    const MODULE: &'static str = "sysctl";
    type Observed = Observed;
    type Prior = Prior;

    fn subject(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        let legal = |c: char| c.is_ascii_alphanumeric() || "./_-:@".contains(c);
        let parts = path(&self.name);
        if !self.name.chars().all(legal) || parts.split('/').any(|p| p.is_empty() || p == "." || p == "..") {
            return Err(format!("`{}` is no kernel parameter's name, like net.ipv4.ip_forward", self.name));
        }
        if self.value().is_empty() || self.value.0.contains('\n') {
            return Err("`value` must be one line that is not empty".into());
        }
        Ok(())
    }

    fn provides(&self) -> Option<Ability> {
        let on = self.value() == "1";
        match path(&self.name).as_str() {
            "net/ipv4/ip_forward" | "net/ipv4/conf/all/forwarding" if on => {
                Some(Ability::Forwards { ipv6: false })
            }
            "net/ipv6/conf/all/forwarding" if on => Some(Ability::Forwards { ipv6: true }),
            _ => None,
        }
    }

    fn probe(batch: &[&Self], _facts: &Facts) -> String {
        // not `read`: dash's asks for one byte after the other, and the kernel gives a number's first digit alone
        let keys: Vec<String> = batch.iter().map(|s| format!("/proc/sys/{}", path(&s.name))).collect();
        format!(
            "lvsprov_files {}\necho =\n{}",
            words(keys.iter().map(String::as_str)),
            drop_in::probe("sysctl.d", &[LEGACY])
        )
    }

    fn parse(batch: &[&Self], _facts: &Facts, output: &[u8]) -> Result<Vec<Observed>, Unreadable> {
        let text = String::from_utf8_lossy(output);
        let unreadable = |line: &str| Unreadable::new("sysctl", line);
        let (running, files) = text.split_once("=\n").ok_or_else(|| unreadable("it ends too early"))?;
        if let Some(line) = running.lines().find(|line| !line.starts_with("/proc/sys/")) {
            return Err(unreadable(line));
        }
        let (files, legacy) = drop_in::parse(files, &[LEGACY])?;
        let observe = |sysctl: &&Self| {
            let key = path(&sysctl.name);
            let file = format!("/proc/sys/{key}");
            Observed {
                running: running.lines().find_map(|line| line_of(&file, line)).map(canonical),
                at_boot: effective(&key, &files),
                legacy: effective(&key, &legacy),
                own: files.iter().find(|file| file.path == sysctl.own()).map(|file| file.lines.clone()),
            }
        };
        Ok(batch.iter().map(observe).collect())
    }

    fn differ(&self, observed: &Observed, context: Context<'_>) -> Result<Option<Change>, Refusal> {
        let (value, own) = (self.value(), self.own());
        // without systemd, procps' init script reads the old file after all others
        let legacy = observed.legacy.as_ref().filter(|_| !context.facts.systemd);
        let at_boot = legacy.or(observed.at_boot.as_ref());
        let mut aspects = Vec::new();
        let mut script = Script::new();
        if at_boot.is_none_or(|a| a.value != value) {
            if let Some(a) =
                at_boot.filter(|a| a.path == LEGACY && legacy.is_some() || base(&a.path) > base(&own))
            {
                return Err(Refusal {
                    reason: format!(
                        "{} sets {} to {} at boot, after any file of lvsprov's",
                        a.path,
                        self.name,
                        shown(&a.value)
                    ),
                    remedy: format!("remove that line from {}, then run again", a.path),
                });
            }
            let old = at_boot.map(|a| format!("{} ({})", shown(&a.value), a.path));
            aspects.push(Aspect::value("at boot", old, Some(format!("{} ({own})", shown(&value)))));
            let (path, text) = (path(&self.name), shown(&value));
            let key = if path.contains('.') { path } else { path.replace('/', ".") };
            let content = format!("# Written by lvsprov, for this key alone.\n{key} = {text}\n");
            let attributes = Attributes { mode: Some("0644"), owner: Some("0"), group: Some("0") };
            script += "mkdir -p /etc/sysctl.d\n";
            script += replace(&own, &content, attributes);
        }
        if observed.running.as_ref() != Some(&value) {
            aspects.push(Aspect::value(
                "running",
                observed.running.as_deref().map(shown),
                Some(shown(&value)),
            ));
            script += &format!(
                r#"k={}
[ -e "$k" ] || {{ echo "the kernel has no $k: if a module brings it, declare that before it with kernel_module" >&2; exit 1; }}
printf '%s\n' {} >"$k"
"#,
                quote(&format!("/proc/sys/{}", path(&self.name))),
                quote(&shown(&value)),
            );
        }
        Ok((!aspects.is_empty()).then(|| Change::new(aspects, script)))
    }

    fn prior(&self, observed: &Observed) -> Option<Prior> {
        Some(Prior { running: observed.running.clone(), own: observed.own.clone() })
    }

    fn keep(&self) -> String {
        reverse::keep(self)
    }

    fn revert(&self, prior: &Prior, observed: &Observed, _: Context<'_>) -> Result<Option<Change>, Refusal> {
        Ok(prior.reversal(self, observed))
    }
}

/// What the files leave a key at: the last assignment to it; where there is none, the last pattern that matches it,
/// unless the key is excluded from patterns by a line of its own (sysctl.d(5)).
fn effective(key: &str, files: &[DropIn]) -> Option<Assignment> {
    let (mut exact, mut pattern, mut excluded) = (None, None, false);
    for file in files {
        for line in &file.lines {
            match line.split_once('=') {
                Some((name, value)) => {
                    let name = path(name.trim().trim_start_matches('-').trim());
                    let found = || Some(Assignment { value: canonical(value), path: file.path.clone() });
                    if name == key {
                        exact = found();
                    } else if name.contains(['*', '?', '[']) && matches(&name, key) {
                        pattern = found();
                    }
                }
                None => excluded |= line.strip_prefix('-').is_some_and(|name| path(name.trim()) == key),
            }
        }
    }
    exact.or(pattern.filter(|_| !excluded))
}

/// Whether a pattern of `*` and `?`, neither of which matches a slash, covers the key. Sets in brackets are taken to
/// match any one character.
fn matches(pattern: &str, key: &str) -> bool {
    let (mut p, k) = (pattern.chars(), key);
    match p.next() {
        None => k.is_empty(),
        Some('*') => {
            let rest = p.as_str();
            let end = k.find('/').unwrap_or(k.len());
            (0..=end).filter(|&at| k.is_char_boundary(at)).any(|at| matches(rest, &k[at..]))
        }
        Some(c) => {
            let rest =
                if c == '[' { p.as_str().split_once(']').map_or("", |(_, rest)| rest) } else { p.as_str() };
            let mut key = k.chars();
            key.next().is_some_and(|own| if c == '?' || c == '[' { own != '/' } else { own == c })
                && matches(rest, key.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn forward() -> Sysctl {
        Sysctl { name: "net.ipv4.ip_forward".into(), value: Scalar("1".into()) }
    }

    fn differ(sysctl: &Sysctl, running: &str, files: &[(&str, &str)]) -> Result<Option<Change>, Refusal> {
        let facts = Facts::example();
        let named: String = files.iter().map(|(path, _)| format!("file {path}\n")).collect();
        let lines: String = files.iter().map(|(path, line)| format!("{path}:{line}\n")).collect();
        let output = format!("/proc/sys/{}:{running}\n=\n{named}{lines}", path(&sysctl.name));
        let observed = Sysctl::parse(&[sysctl], &facts, output.as_bytes()).unwrap().remove(0);
        sysctl.differ(&observed, Context { facts: &facts, changing: &BTreeSet::new() })
    }

    #[test]
    fn what_runs_and_what_the_next_boot_brings_are_told_apart() {
        let what = |running, files: &[(&str, &str)]| -> Vec<String> {
            let change = differ(&forward(), running, files).unwrap();
            change.map(|c| c.aspects.into_iter().map(|a| a.what).collect()).unwrap_or_default()
        };
        let set = ("/etc/sysctl.d/99-sysctl.conf", "net.ipv4.ip_forward=1");
        assert_eq!(what("0", &[]), ["at boot", "running"]);
        assert_eq!(what("1", &[]), ["at boot"]);
        assert_eq!(what("0", &[set]), ["running"]);
        assert!(what("1", &[set]).is_empty());
    }

    #[test]
    fn the_last_assignment_counts_in_any_of_its_spellings() {
        let at_boot = |files: &[(&str, &str)]| differ(&forward(), "1", files).unwrap().is_none();
        let (early, late) = ("/usr/lib/sysctl.d/10-a.conf", "/etc/sysctl.d/20-b.conf");
        assert!(at_boot(&[(late, "net/ipv4/ip_forward = 1"), (early, "net.ipv4.ip_forward = 0")]));
        assert!(!at_boot(&[(late, "-net.ipv4.ip_forward = 0"), (early, "net.ipv4.ip_forward = 1")]));
        assert!(at_boot(&[(late, "net.ipv4.* = 0"), (early, "net.ipv4.ip_forward = 1")]));
        assert!(at_boot(&[(early, "net.ipv4.ip_f?rward = 1")]));
        assert!(!at_boot(&[(early, "net.*.ip_forward = 1"), (late, "-net.ipv4.ip_forward")]));
    }

    #[test]
    fn a_file_that_sorts_later_and_contradicts_is_not_fought() {
        let refusal =
            differ(&forward(), "1", &[("/etc/sysctl.d/zzz.conf", "net.ipv4.ip_forward=0")]).unwrap_err();
        assert!(refusal.reason.contains("/etc/sysctl.d/zzz.conf sets net.ipv4.ip_forward to 0"));
    }

    proptest::proptest! {
        /// Whatever files there are: with lvsprov's own beside them, the key is settled.
        #[test]
        fn its_own_file_settles_it(values in proptest::collection::vec((0usize..4, 0usize..5, 0u8..3), 0..8)) {
            const NAMES: [&str; 5] =
                ["/etc/sysctl.d/1.conf", "/run/sysctl.d/1.conf", "/usr/lib/sysctl.d/50-x.conf", "/etc/sysctl.d/99-sysctl.conf", "/lib/sysctl.d/99-z.conf"];
            const KEYS: [&str; 4] = ["net.ipv4.ip_forward", "-net/ipv4/ip_forward", "net.ipv4.*", "net.ipv4.tcp_sack"];
            let mut lines: Vec<(usize, String)> =
                values.into_iter().map(|(key, file, value)| (file, format!("{} = {value}", KEYS[key]))).collect();
            lines.sort_by_key(|(file, _)| *file);
            let mut files: Vec<(&str, &str)> = lines.iter().map(|(file, line)| (NAMES[*file], line.as_str())).collect();
            if let Some(change) = differ(&forward(), "1", &files).unwrap() {
                proptest::prop_assert!(change.script.reveal().contains("\nnet.ipv4.ip_forward = 1\n"));
                let own = forward().own();
                files.push((&own, "net.ipv4.ip_forward = 1"));
                proptest::prop_assert_eq!(differ(&forward(), "1", &files), Ok(None));
            }
        }
    }

    #[test]
    fn several_numbers_are_compared_as_numbers_not_as_white_space() {
        let ports =
            Sysctl { name: "net.ipv4.ip_local_port_range".into(), value: Scalar("1024  60999".into()) };
        let file = ("/etc/sysctl.d/1.conf", "net.ipv4.ip_local_port_range = 1024 60999");
        assert_eq!(differ(&ports, "1024\t60999", &[file]), Ok(None));
    }

    #[test]
    fn a_dotted_interface_keeps_its_dot() {
        let vlan = Sysctl { name: "net.ipv4.conf.eth0/100.rp_filter".into(), value: Scalar("2".into()) };
        assert_eq!(path(&vlan.name), "net/ipv4/conf/eth0.100/rp_filter");
        let script = differ(&vlan, "1", &[]).unwrap().unwrap().script.reveal();
        assert!(script.contains("net/ipv4/conf/eth0.100/rp_filter = 2"));
    }
}
