//! What is on the host: the probe, and the parser of what it prints.

use super::super::Unreadable;
use super::boot::{Boot, RulesUnit, UnitState, auto};
use super::script;
use crate::ipvs::{Rules, Table};

/// What a host has of virtual services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The kernel's table with its thresholds; empty when IPVS is not loaded.
    pub(super) kernel: Table,
    /// What the next boot will bring.
    pub(super) boot: Boot,
}

/// Prints sections, each headed by `@NAME` in the first column, which no line of ipvsadm's begins with; a file's
/// lines come with its path before them.
pub(super) fn probe(unit: Option<RulesUnit>) -> String {
    // `ipvsadm -S` loads IPVS when it is not there. A probe must not, and /proc tells without a process.
    let mut probe = script::PATH.to_owned();
    probe.push_str(
        "if [ -e /proc/net/ip_vs ] && command -v ipvsadm >/dev/null; then\n\
         echo @kernel\n\
         ipvsadm -Sn 2>&1\n\
         echo @thresholds\n\
         ipvsadm -Ln --thresholds 2>&1\n\
         fi\n",
    );
    if let Some(unit) = unit {
        probe += unit.state_function();
        probe += &format!(
            "printf '@unit '\n\
             ipvsadm_unit\n\
             echo @files\n\
             grep -s '' /dev/null {} {}\n",
            unit.rules(),
            unit.defaults()
        );
    }
    probe
}

/// Reads what the probe printed.
pub(super) fn parse(unit: Option<RulesUnit>, output: &[u8]) -> Result<Observed, Unreadable> {
    // A rules file need not be UTF-8; what is not becomes U+FFFD in a comment, or a line that does not read.
    let output = String::from_utf8_lossy(output);
    let (mut kernel, mut thresholds) = (String::new(), String::new());
    let (mut rules, mut defaults) = (String::new(), String::new());
    let mut state = None;
    let mut section = "";
    for line in output.lines() {
        match (line.split_once(' '), line, section) {
            (Some(("@unit", name)), _, _) => state = UnitState::named(name),
            (_, "@kernel" | "@thresholds" | "@files", _) => section = line,
            (_, _, "@kernel") => push(&mut kernel, line),
            (_, _, "@thresholds") => push(&mut thresholds, line),
            (_, _, "@files") => {
                let strip = |path: &str| line.strip_prefix(path).and_then(|rest| rest.strip_prefix(':'));
                if let Some(line) = unit.and_then(|unit| strip(unit.rules())) {
                    push(&mut rules, line);
                } else if let Some(line) = unit.and_then(|unit| strip(unit.defaults())) {
                    push(&mut defaults, line);
                } else {
                    return Err(unreadable("the boot-time configuration of virtual services", line));
                }
            }
            _ => return Err(unreadable("virtual services", line)),
        }
    }
    let unit = match (unit, state) {
        (None, _) => UnitState::Absent,
        (Some(_), Some(state)) => state,
        (Some(_), None) => return Err(unreadable("the unit ipvsadm", "")),
    };
    let mut kernel: Table = kernel
        .parse()
        .map_err(|rejected: crate::ipvs::Rejected| unreadable("what ipvsadm -Sn printed", &rejected.text))?;
    kernel
        .learn_thresholds(&thresholds)
        .map_err(|line| unreadable("what ipvsadm -Ln --thresholds printed", &line))?;
    Ok(Observed { kernel, boot: Boot { rules: Rules::read(&rules), auto: auto(defaults.lines()), unit } })
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn unreadable(what: &str, line: &str) -> Unreadable {
    Unreadable { what: what.into(), line: line.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN: Option<RulesUnit> = Some(RulesUnit::Debian { rules: "/etc/ipvsadm.rules" });

    #[test]
    fn a_bare_host_has_nothing() {
        let observed = parse(DEBIAN, b"@unit absent\n@files\n").unwrap();
        let boot = Boot { rules: Rules::default(), auto: None, unit: UnitState::Absent };
        assert_eq!(observed, Observed { kernel: Table::default(), boot });
    }

    #[test]
    fn every_section_is_read() {
        let observed = parse(
            DEBIAN,
            b"@kernel\n-A -t 1.2.3.4:80 -s rr\n-a -t 1.2.3.4:80 -r 10.0.0.1:80 -m -w 1\n@thresholds\n\
              IP Virtual Server version 1.2.1 (size=4096)\nTCP  1.2.3.4:80 rr\n  -> 10.0.0.1:80   9  0  0  0\n\
              @unit disabled\n@files\n/etc/ipvsadm.rules:# @kernel\n/etc/ipvsadm.rules:-A -t 1.2.3.4:80 -s wrr\n\
              /etc/default/ipvsadm:AUTO=\"true\"\n",
        )
        .unwrap();
        assert_eq!(
            observed.kernel.to_string(),
            "-A -t 1.2.3.4:80 -s rr\n-a -t 1.2.3.4:80 -r 10.0.0.1:80 -m -w 1 -x 9\n"
        );
        assert_eq!(observed.boot.rules.table.to_string(), "-A -t 1.2.3.4:80 -s wrr\n");
        assert_eq!(observed.boot.rules.comments, ["# @kernel"]);
        assert_eq!((observed.boot.auto, observed.boot.unit), (Some(true), UnitState::Disabled));
    }

    #[test]
    fn what_ipvsadm_complains_of_is_no_table() {
        let error =
            parse(DEBIAN, b"@kernel\nCan't initialize ipvs: Permission denied\n@unit absent\n").unwrap_err();
        assert_eq!(error.line, "Can't initialize ipvs: Permission denied");
        assert!(parse(DEBIAN, b"").is_err());
    }
}
