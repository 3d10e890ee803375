//! Where the guests' packages come from: where this machine's own come from.

use super::program::Program;

/// Lines for sources.list of a Debian suite, with its updates and security ones, from the mirrors that this machine has for
/// its own suite. Empty on a machine that has none: mmdebstrap then takes its default.
pub async fn lines(suite: &str) -> Vec<String> {
    let format = "$(REPO_URI) $(RELEASE) $(COMPONENT)";
    let listed = Program::new("apt-get")
        .args(["indextargets", "--format", format, "Created-By: Packages", "Origin: Debian"])
        .run()
        .await;
    translated(&listed.unwrap_or_default(), suite)
}

/// From lines of `URI RELEASE COMPONENT`: of the main component of one suite, if it is there whole.
fn translated(listed: &str, suite: &str) -> Vec<String> {
    let main = |line: &'_ str| match line.split_whitespace().collect::<Vec<_>>()[..] {
        [uri, release, "main"] => Some((uri.to_owned(), release.to_owned())),
        _ => None,
    };
    let main: Vec<(String, String)> = listed.lines().filter_map(main).collect();
    // A suite of a code name has no dash; `bookworm-backports` and the like are further ones.
    let whole = |release: &&String| !release.contains('-');
    let mut suites = main.iter().map(|(_, release)| release).filter(whole);
    let Some(own) = suites.clone().find(|own| *own == suite).or_else(|| suites.next()) else {
        return Vec::new();
    };
    let mut lines: Vec<String> = Vec::new();
    for (uri, release) in &main {
        let Some(rest @ ("" | "-updates" | "-security")) = release.strip_prefix(own.as_str()) else {
            continue;
        };
        let line = format!("deb {uri} {suite}{rest} main");
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOKWORM: &str = "http://a/debian/ bookworm main\nhttp://a/debian/ bookworm non-free\n\
        http://a/debian/ bookworm main\nhttp://a/debian/ bookworm-updates main\n\
        http://a/debian/ bookworm-backports main\nhttp://s/ bookworm-security main\n";

    #[test]
    fn another_suite_comes_from_the_same_mirrors() {
        for suite in ["bookworm", "trixie"] {
            let expected = [
                format!("deb http://a/debian/ {suite} main"),
                format!("deb http://a/debian/ {suite}-updates main"),
                format!("deb http://s/ {suite}-security main"),
            ];
            assert_eq!(translated(BOOKWORM, suite), expected);
        }
    }

    #[test]
    fn of_two_suites_the_wanted_one_counts() {
        let both = format!("http://new/ trixie main\n{BOOKWORM}");
        assert_eq!(translated(&both, "bookworm"), translated(BOOKWORM, "bookworm"));
        assert_eq!(translated(&both, "trixie"), ["deb http://new/ trixie main"]);
    }

    #[test]
    fn a_part_of_a_suite_is_not_enough() {
        assert_eq!(translated("http://a/debian/ bookworm-updates main\n", "bookworm"), [""; 0]);
        assert_eq!(translated("", "bookworm"), [""; 0]);
    }
}
