use super::*;

const USER: &str = "*filter\n:ufw-user-input - [0:0]\n### RULES ###\n\n### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n\
    -A ufw-user-input -p tcp --dport 22 -j ACCEPT\nCOMMIT\n";

const BEFORE: &str = "*filter\n:ufw-before-input - [0:0]\n:ufw-not-local - [0:0]\n-A ufw-before-input -i lo -j ACCEPT\n\
    -A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
    -A ufw-before-input -m conntrack --ctstate INVALID -j ufw-logging-deny\n\
    -A ufw-before-input -m conntrack --ctstate INVALID -j DROP\n-A ufw-before-input -p udp --sport 67 --dport 68 -j ACCEPT\n\
    -A ufw-before-input -j ufw-not-local\n-A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN\n\
    -A ufw-not-local -m addrtype --dst-type MULTICAST -j RETURN\n\
    -A ufw-not-local -m limit --limit 3/min --limit-burst 10 -j ufw-logging-deny\n-A ufw-not-local -j DROP\nCOMMIT\n";

/// What runs by these files.
fn running(user: &str) -> String {
    let rules = |text: &str| -> String {
        text.lines().filter(|line| line.starts_with("-A")).map(|line| format!("{line}\n")).collect()
    };
    format!(
        "*filter\n:INPUT DROP [0:0]\n:ufw-before-input - [0:0]\n:ufw-user-input - [0:0]\n:ufw-not-local - [0:0]\n\
         :ufw-before-logging-input - [0:0]\n-A INPUT -j ufw-before-logging-input\n-A INPUT -j ufw-before-input\n{}-A ufw-before-input -j ufw-user-input\n{}COMMIT\n",
        rules(BEFORE),
        rules(user)
    )
}

fn observed(live: &str, user: &str, policy: &str) -> Ufw {
    let file = |path: &str, text: &str| -> String {
        text.split_inclusive('\n').map(|line| format!("{path}:{line}")).collect()
    };
    let text = format!(
        "=ip\n{live}=ip6\n=files\n/etc/default/ufw:DEFAULT_INPUT_POLICY=\"{policy}\"\r\n{}{}",
        file("/etc/ufw/before.rules", BEFORE),
        file("/etc/ufw/user.rules", user)
    );
    Ufw::parse(&Sections::of(&text)).unwrap()
}

fn open(observed: &Ufw, opening: &str) -> Result<Vec<bool>, Refusal> {
    let places = observed.places(&opening.parse().unwrap(), &Facts::example())?;
    Ok(places.into_iter().map(|(_, is_open)| is_open).collect())
}

const WEB: &str = "192.168.40.101:80/tcp";

#[test]
fn what_runs_and_what_the_files_say_are_told_apart() {
    let web =
        USER.replace("COMMIT", "-A ufw-user-input -p tcp -d 192.168.40.101 --dport 80 -j ACCEPT\nCOMMIT");
    assert_eq!(open(&observed(&running(USER), USER, "DROP"), WEB), Ok(vec![false, false]));
    assert_eq!(open(&observed(&running(&web), USER, "DROP"), WEB), Ok(vec![true, false]));
    assert_eq!(open(&observed(&running(USER), &web, "DROP"), WEB), Ok(vec![false, true]));
    assert_eq!(open(&observed(&running(USER), USER, "DROP"), "192.168.40.101:22/tcp"), Ok(vec![true, true]));
    assert_eq!(open(&observed(&running(USER), USER, "ACCEPT"), WEB), Ok(vec![false, true]));
}

#[test]
fn a_rule_that_denies_the_same_is_not_fought() {
    let denies = USER.replace("COMMIT", "-A ufw-user-input -p tcp --dport 80 -j DROP\nCOMMIT");
    let refusal = open(&observed(&running(USER), &denies, "DROP"), WEB).unwrap_err();
    assert!(
        refusal.reason.ends_with("(at boot): `-A ufw-user-input -p tcp --dport 80 -j DROP`"),
        "{}",
        refusal.reason
    );
    let refusal = open(&observed(&running(&denies), USER, "DROP"), WEB).unwrap_err();
    assert!(refusal.reason.contains("(running)"), "{}", refusal.reason);
}

#[test]
fn what_can_not_be_read_or_said_is_refused() {
    let refusal = open(&observed(&running(USER), "", "DROP"), WEB).unwrap_err();
    assert!(
        refusal.reason.contains("/etc/ufw/user.rules has no rules that could be read"),
        "{}",
        refusal.reason
    );
    let refusal = open(&observed(&running(USER), USER, "DROP"), "192.168.40.101:80/sctp").unwrap_err();
    assert!(refusal.reason.contains("no rules for sctp"), "{}", refusal.reason);
}
