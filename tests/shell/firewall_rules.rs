//! ufw, and plain rules of iptables and nftables, with stand-ins for their programs that keep the rules in /fw.

use lvsprov::resource::{Firewall, Resource};
use serde_json::json;

use crate::declare;
use crate::root::{Root, SHELLS};

/// `iptables`, whose rules are the lines of /fw/live.
const IPTABLES: &str = r#"
if [ "$1" = -w ]; then shift; fi
how=$1 chain=$2
shift 2
case $how in
  -I) at=$1; shift ;;
  *) at=0 ;;
esac
rule="-A $chain $*"
case $how in
  -C) grep -qxF -e "$rule" /fw/live || exit 1 ;;
  -A) printf '%s\n' "$rule" >>/fw/live ;;
  -D) awk -v rule="$rule" '$0 == rule && !done { done = 1; next } { print }' /fw/live >/fw/new; cat /fw/new >/fw/live ;;
  -I) awk -v rule="$rule" -v chain="-A $chain " -v at="$at" 'index($0, chain) == 1 && ++n == at { print rule } { print }' \
        /fw/live >/fw/new; cat /fw/new >/fw/live ;;
esac
"#;

const SAVE: &str = r#"cat /fw/head; cat /fw/live; echo COMMIT"#;

/// A host whose rules are nftables' in the kernel, and on which this unit restores rules of iptables.
fn with_iptables(unit: &str, test: impl Fn(&Root)) {
    for shell in SHELLS {
        println!("under {}", shell.0.join(" "));
        let root = Root::with(shell, "mount -t tmpfs none sys/module; mkdir sys/module/nf_tables\n");
        let wants = "/etc/systemd/system/multi-user.target.wants";
        root.mkdir(wants);
        root.link(&format!("{wants}/{unit}.service"), "/dev/null");
        stubs(&root);
        test(&root);
    }
}

fn stubs(root: &Root) {
    root.stub("iptables", IPTABLES);
    root.stub("iptables-save", SAVE);
    root.stub("ip6tables-save", "exit 1");
}

fn openings(to: &[&str]) -> Resource {
    declare("firewall_opening", json!({ "to": to }))
}

const WEB: &str = "192.168.40.101:80/tcp";
const TIME: &str = "192.168.40.101:123/udp from 192.168.40.0/24";
const WEB_RULE: &str =
    "-A INPUT -d 192.168.40.101/32 -p tcp -m tcp --dport 80 -m comment --comment lvsprov -j ACCEPT";

const HEAD: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n";
const RULES: &str = "-A INPUT -i lo -j ACCEPT\n-A INPUT -m set --match-set bad src -j DROP\n\
    -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -j REJECT --reject-with icmp-host-prohibited\n";

#[test]
fn iptables_lets_it_in_just_before_what_drops_it_and_is_as_before_again() {
    with_iptables("netfilter-persistent", |root| {
        root.write("/fw/head", HEAD);
        root.write("/fw/live", RULES);
        let file = format!("# mine\n*nat\n:INPUT ACCEPT [0:0]\nCOMMIT\n{HEAD}{RULES}COMMIT\n# the end\n");
        root.write("/etc/iptables/rules.v4", &file);
        let shown = root.settle(&openings(&[WEB, TIME]));
        assert_eq!(shown.len(), 4, "{shown:?}");
        for text in [root.read("/fw/live"), root.read("/etc/iptables/rules.v4")] {
            let at = |rule: &str| {
                text.lines().position(|line| line == rule).unwrap_or_else(|| panic!("{rule}\n{text}"))
            };
            let drops = at("-A INPUT -j REJECT --reject-with icmp-host-prohibited");
            assert!((drops - 2..drops).contains(&at(WEB_RULE)), "{text}");
            assert_eq!(text.matches("lvsprov").count(), 2, "{text}");
        }
        // as it was, and then there and back
        root.write("/fw/live", RULES);
        root.write("/etc/iptables/rules.v4", &file);
        root.deploy(&openings(&[WEB, TIME]));
        assert_eq!(root.destroy().len(), 4);
        assert_eq!((root.read("/fw/live"), root.read("/etc/iptables/rules.v4")), (RULES.to_owned(), file));
    });
}

#[test]
fn iptables_with_a_policy_that_drops_gets_it_at_the_end() {
    with_iptables("iptables", |root| {
        root.write("/fw/head", HEAD.replace("INPUT ACCEPT", "INPUT DROP"));
        let rules = RULES.lines().take(3).map(|line| format!("{line}\n")).collect::<String>();
        root.write("/fw/live", &rules);
        let head = HEAD.replace("INPUT ACCEPT", "INPUT DROP");
        root.write("/etc/sysconfig/iptables", format!("{head}{rules}COMMIT\n"));
        root.deploy(&openings(&[WEB]));
        assert_eq!(root.read("/fw/live"), format!("{rules}{WEB_RULE}\n"));
        assert_eq!(root.read("/etc/sysconfig/iptables"), format!("{head}{rules}{WEB_RULE}\nCOMMIT\n"));
        // one of the two is lost
        root.write("/fw/live", &rules);
        assert_eq!(root.settle(&openings(&[WEB])), [format!("running: {WEB}: - -> open (chain INPUT)")]);
        // the service has left
        let change = root.plan(&openings(&[]), &[]).unwrap().unwrap();
        root.sh(&change.unguarded());
        assert_eq!(root.read("/fw/live"), rules);
        assert_eq!(root.read("/etc/sysconfig/iptables"), format!("{head}{rules}COMMIT\n"));
    });
}

#[test]
fn where_nobody_brings_the_rules_at_boot_nothing_is_changed() {
    with_iptables("ip6tables", |root| {
        root.write("/fw/head", HEAD);
        root.write("/fw/live", RULES);
        assert_eq!(root.facts().firewall, Some(Firewall::Iptables));
        let refusal = root.plan(&openings(&[WEB]), &[]).unwrap_err();
        assert!(refusal.reason.contains("who brings its rules at boot is not known"), "{}", refusal.reason);
    });
}

/// `ufw`, whose rules are in /etc/ufw/user.rules, and in the kernel.
const UFW: &str = r#"
delete=
if [ "$1" = delete ]; then delete=1; shift; fi
# allow proto tcp from any to 192.168.40.101 port 80 comment lvsprov
source=; if [ "$5" != any ]; then source="-s $5 "; fi
written="-A ufw-user-input -p $3 -d $7 --dport $9 $source-j ACCEPT"
live="ufw-user-input $source-d $7/32 -p $3 -m $3 --dport $9 -j ACCEPT"
if [ "$delete" ]; then
  grep -vxF -e "$written" /etc/ufw/user.rules >/fw/new
  cat /fw/new >/etc/ufw/user.rules
  iptables -D $live
elif ! grep -qxF -e "$written" /etc/ufw/user.rules; then
  awk -v rule="$written" '/^COMMIT/ { print rule } { print }' /etc/ufw/user.rules >/fw/new
  cat /fw/new >/etc/ufw/user.rules
  iptables -A $live
fi
"#;

#[test]
fn ufw_lets_it_in_and_is_as_before_again() {
    with_iptables("ufw", |root| {
        root.stub("ufw", UFW);
        root.write("/etc/ufw/ufw.conf", "# mine\r\nENABLED=yes\r\n");
        root.write("/etc/default/ufw", "DEFAULT_INPUT_POLICY=\"DROP\"\n");
        let user =
            "*filter\n:ufw-user-input - [0:0]\n-A ufw-user-input -p tcp --dport 22 -j ACCEPT\nCOMMIT\n";
        root.write("/etc/ufw/user.rules", user);
        root.write("/fw/head", "*filter\n:INPUT DROP [0:0]\n:ufw-user-input - [0:0]\n");
        let live = "-A INPUT -j ufw-user-input\n-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT\n";
        root.write("/fw/live", live);
        assert_eq!(root.facts().firewall, Some(Firewall::Ufw));
        root.deploy(&openings(&[WEB, TIME, "192.168.40.101:22/tcp"]));
        assert_eq!(root.plan(&openings(&[WEB, TIME, "192.168.40.101:22/tcp"]), &[]), Ok(None));
        assert!(
            root.calls().contains(
                &"ufw allow proto tcp from any to 192.168.40.101 port 80 comment lvsprov".to_owned()
            )
        );
        // one of the two is lost
        root.write("/fw/live", live);
        let shown = root.settle(&openings(&[WEB, TIME]));
        assert_eq!(shown.len(), 2, "{shown:?}");
        assert_eq!(root.destroy().len(), 4);
        assert_eq!(
            (root.read("/etc/ufw/user.rules"), root.read("/fw/live")),
            (user.to_owned(), live.to_owned())
        );
    });
}

/// `nft`, with one chain, whose rules are the lines of /fw/live, each with its handle.
const NFT: &str = r##"
show='s/ # handle [0-9]*$//'
if [ "$1" = -a ]; then show=; shift; fi
case "$*" in
  list*)
    printf 'table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy POLICY;\n'
    sed "$show" /fw/live | sed 's/^/\t\t/'
    printf '\t}\n}\n' ;;
  'add rule '*)
    rule=${*#add rule inet filter input }
    printf '%s # handle 7%s\n' "$rule" "$(wc -l </fw/live)" >>/fw/live ;;
  'insert rule '*)
    rule=${*#insert rule inet filter input position }
    handle=${rule%% *} rule=${rule#* }
    n=$(wc -l </fw/live)
    while IFS= read -r line; do
      case $line in *"# handle $handle") printf '%s # handle 7%s\n' "$rule" "$n" ;; esac
      printf '%s\n' "$line"
    done </fw/live >/fw/new
    cat /fw/new >/fw/live ;;
  'delete rule '*)
    grep -v "# handle ${*##* }\$" /fw/live >/fw/new
    cat /fw/new >/fw/live ;;
esac
"##;

#[test]
fn nftables_lets_it_in_just_before_what_drops_it_and_is_as_before_again() {
    for (policy, last, line) in [
        ("accept", "reject # handle 6\n", "insert rule inet filter input index 2 "),
        ("drop", "", "add rule inet filter input "),
    ] {
        for shell in SHELLS {
            println!("under {}", shell.0.join(" "));
            let root = Root::with(shell, "mount -t tmpfs none sys/module; mkdir sys/module/nf_tables\n");
            root.stub("nft", &NFT.replace("POLICY", policy));
            let live = format!("iif \"lo\" accept # handle 4\nip saddr @bad drop # handle 5\n{last}");
            root.write("/fw/live", &live);
            let rules: String =
                live.lines().map(|line| format!("\t\t{}\n", line.split(" #").next().unwrap())).collect();
            let file = format!(
                "flush ruleset\ntable inet filter {{\n\tchain input {{\n\t\ttype filter hook input priority filter; policy \
                 {policy};\n{rules}\t}}\n}}"
            );
            root.write("/etc/nftables.conf", &file);
            root.mkdir("/etc/systemd/system/sysinit.target.wants");
            root.link("/etc/systemd/system/sysinit.target.wants/nftables.service", "/dev/null");
            assert_eq!(root.facts().firewall, Some(Firewall::Nftables));
            root.deploy(&openings(&[WEB, TIME]));
            assert_eq!(root.plan(&openings(&[WEB, TIME]), &[]), Ok(None));
            let web = "ip daddr 192.168.40.101 tcp dport 80 accept comment \"lvsprov\"";
            let written = root.read("/etc/nftables.conf");
            assert!(written.contains(&format!("\n{line}{web}\n")), "{written}");
            let now = root.read("/fw/live");
            assert!(now.contains(web) && now.ends_with(last), "{now}");
            assert_eq!(root.settle(&openings(&[WEB, TIME])), [""; 0]);
            assert_eq!(root.destroy().len(), 4);
            assert_eq!(root.read("/fw/live"), live);
            assert_eq!(root.read("/etc/nftables.conf").trim_end(), file);
        }
    }
}
