//! Versions, as each family's package manager orders them.

use std::cmp::Ordering;

use crate::resource::Family;

/// Which of two versions is the newer one.
pub(super) fn compare(family: Family, a: &str, b: &str) -> Ordering {
    match family {
        Family::Debian => debian(a, b),
        Family::Alpine => rpm(&alpine(a), &alpine(b)),
        _ => rpm(a, b),
    }
}

/// Whether a version is what was declared: the same, one that begins so where a `*` ends it, or one of its builds where
/// the declared one names none.
pub(super) fn matches(family: Family, declared: &str, version: &str) -> bool {
    // the probe tells no epoch of rpm's
    let declared = if family == Family::Debian { declared } else { without_epoch(declared) };
    match declared.strip_suffix('*') {
        Some(prefix) => version.starts_with(prefix),
        None if declared == version => true,
        None if family == Family::Debian || declared.contains('-') => false,
        None => version.rsplit_once('-').is_some_and(|(version, _)| version == declared),
    }
}

fn without_epoch(version: &str) -> &str {
    version.split_once(':').map_or(version, |(_, version)| version)
}

/// deb-version(7).
fn debian(a: &str, b: &str) -> Ordering {
    let parts = |version: &str| -> (u64, String, String) {
        let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, "0"));
        (epoch.parse().unwrap_or(0), upstream.to_owned(), revision.to_owned())
    };
    let (a, b) = (parts(a), parts(b));
    a.0.cmp(&b.0).then_with(|| debian_part(&a.1, &b.1)).then_with(|| debian_part(&a.2, &b.2))
}

fn debian_part(mut a: &str, mut b: &str) -> Ordering {
    // a tilde is before the end, letters are before all other signs
    let weight = |c: Option<char>| match c {
        Some('~') => -1,
        None => 0,
        Some(c) if c.is_ascii_alphabetic() => i64::from(u32::from(c)),
        Some(c) => i64::from(u32::from(c)) + 256,
    };
    let sign = |text: &str| text.chars().next().filter(|c| !c.is_ascii_digit());
    while !a.is_empty() || !b.is_empty() {
        while sign(a).is_some() || sign(b).is_some() {
            let (x, y) = (sign(a), sign(b));
            if x != y {
                return weight(x).cmp(&weight(y));
            }
            let length = x.map_or(0, char::len_utf8);
            (a, b) = (&a[length..], &b[length..]);
        }
        let (x, y) = (digits(&mut a), digits(&mut b));
        if x != y {
            return number(x, y);
        }
    }
    Ordering::Equal
}

/// The digits that it begins with, which are taken off it, without leading zeros.
fn digits<'a>(text: &mut &'a str) -> &'a str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    *text = rest;
    number.trim_start_matches('0')
}

fn number(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// rpm-version(7), version and release. The epoch is left out, and so is the release where one has none.
fn rpm(a: &str, b: &str) -> Ordering {
    let parts = |version| -> (String, Option<String>) {
        let version: &str = without_epoch(version);
        match version.rsplit_once('-') {
            Some((version, release)) => (version.to_owned(), Some(release.to_owned())),
            None => (version.to_owned(), None),
        }
    };
    let (a, b) = (parts(a), parts(b));
    let releases = || a.1.as_deref().zip(b.1.as_deref()).map_or(Ordering::Equal, |(a, b)| rpm_part(a, b));
    rpm_part(&a.0, &b.0).then_with(releases)
}

fn rpm_part(mut a: &str, mut b: &str) -> Ordering {
    loop {
        let separator = |c: char| !c.is_ascii_alphanumeric() && c != '~' && c != '^';
        (a, b) = (a.trim_start_matches(separator), b.trim_start_matches(separator));
        // a tilde is before the end, a caret behind it, and before all else
        let rank = |text: &str| match text.chars().next() {
            Some('~') => 0,
            None => 1,
            Some('^') => 2,
            Some(c) if c.is_ascii_alphabetic() => 3,
            Some(_) => 4,
        };
        let (x, y) = (rank(a), rank(b));
        if x != y {
            return x.cmp(&y);
        }
        match x {
            1 => return Ordering::Equal,
            0 | 2 => (a, b) = (&a[1..], &b[1..]),
            4 => {
                let (x, y) = (digits(&mut a), digits(&mut b));
                if x != y {
                    return number(x, y);
                }
            }
            _ => {
                let end = |text: &str| text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
                let ((x, rest), (y, other)) = (a.split_at(end(a)), b.split_at(end(b)));
                if x != y {
                    return x.cmp(y);
                }
                (a, b) = (rest, other);
            }
        }
    }
}

/// apk's suffixes as rpm's signs: `_rc1` is before what it leads to, `_p1` behind it.
fn alpine(version: &str) -> String {
    let mut text = version.to_owned();
    for before in ["_alpha", "_beta", "_pre", "_rc"] {
        text = text.replace(before, &before.replace('_', "~"));
    }
    text.replace('_', "^")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the managers' own tests and pages: each is older than the next.
    #[test]
    fn versions_are_ordered_as_the_managers_order_them() {
        let debian =
            ["1.0~rc1-1", "1.0-1", "1.0-1+deb12u1", "1.0-1+deb12u10", "1.0a-1", "1.0+b-1", "1.1", "1:0.1"];
        let rpm = [
            "1.0~rc1-1",
            "1.0-1.el9",
            "1.0-1.el9_2.3",
            "1.0-2.el9",
            "1.0^git1-1",
            "1.0a-1",
            "1.0.1-1",
            "1.10-1",
        ];
        let alpine = [
            "1.2_alpha1-r0",
            "1.2_rc1-r0",
            "1.2-r0",
            "1.2-r10",
            "1.2_p1-r0",
            "1.2a-r0",
            "1.2.1-r0",
            "1.10-r0",
        ];
        for (family, versions) in [(Family::Debian, debian), (Family::RedHat, rpm), (Family::Alpine, alpine)]
        {
            for (i, a) in versions.iter().enumerate() {
                for (j, b) in versions.iter().enumerate() {
                    assert_eq!(compare(family, a, b), i.cmp(&j), "{family:?}: {a} and {b}");
                }
            }
        }
        assert_eq!(compare(Family::Suse, "2.4.58", "2.4.58-150600.5.3"), Ordering::Equal);
    }

    #[test]
    fn a_declared_version_is_met_by_itself_its_builds_and_what_begins_so() {
        for (family, declared, version, met) in [
            (Family::Debian, "2.4.62-1~deb12u2", "2.4.62-1~deb12u2", true),
            (Family::Debian, "2.4.62", "2.4.62-1~deb12u2", false),
            (Family::Debian, "2.4.*", "2.4.62-1~deb12u2", true),
            (Family::Debian, "1:9.*", "9.18-1", false),
            (Family::RedHat, "2.4.57", "2.4.57-5.el9", true),
            (Family::RedHat, "2.4.57-5.el9", "2.4.57-8.el9", false),
            (Family::RedHat, "1:2.4.57", "2.4.57-5.el9", true),
            (Family::Suse, "2.4", "2.4.57-5", false),
            (Family::Alpine, "2.4.62", "2.4.62-r1", true),
        ] {
            assert_eq!(matches(family, declared, version), met, "{declared} and {version}");
        }
    }
}
