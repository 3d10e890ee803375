//! What a host is, read before anything is declared for it.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::firewall::{self, Told};
use super::shell::SELINUX;
use super::{Ability, Family, Firewall, Os, REAL_SERVER_PAGE, Unreadable};

/// A host's facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Its operating system.
    pub os: Os,
    /// What it calls itself.
    pub hostname: String,
    /// `uname -r`
    pub kernel: String,
    /// The kernel's name for this boot: another one after every reboot.
    pub boot_id: String,
    /// The user that the scripts run as; 0 is root.
    pub uid: u32,
    /// Whether systemd runs it.
    pub systemd: bool,
    /// Whether SELinux is on and has a policy, be it only to log.
    #[serde(default)]
    pub selinux: bool,
    /// Its addresses: interface and address with prefix length.
    pub addresses: Vec<(String, IpNet)>,
    /// Whether it forwards IPv4.
    pub forwards_ipv4: bool,
    /// Whether it forwards IPv6.
    pub forwards_ipv6: bool,
    /// Whether it is reached over ssh, and not as this machine itself.
    pub over_ssh: bool,
    /// The ssh connection as the host sees it; `None` when it does not know it.
    pub connection: Option<Connection>,
    /// The firewall that is at work, if one is.
    #[serde(default)]
    pub firewall: Option<Firewall>,
    /// Whether the firewall looks at connections' states, so that it takes packets for invalid whose connection it does not
    /// know.
    #[serde(default)]
    pub stateful_firewall: bool,
    /// Whether a page of its own, [`REAL_SERVER_PAGE`], is in the folder of a web server.
    #[serde(default)]
    pub has_own_page: bool,
}

/// Both ends of the ssh connection, from `$SSH_CONNECTION`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// The controller's address as the host sees it.
    pub client: IpAddr,
    /// The host's address that the controller connected to.
    pub server: IpAddr,
}

/// `ip` is the only process that this starts: one of its own reads the files of all probes.
const PROBE: &str = r#"release=/etc/os-release
[ -r $release ] || release=/usr/lib/os-release
lvsprov_files $release /proc/sys/kernel/hostname /proc/sys/kernel/osrelease /proc/sys/kernel/random/boot_id \
  /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding
while read -r lvsprov_key lvsprov_uid; do
  case $lvsprov_key in Uid:) echo "uid $lvsprov_uid"; break ;; esac
done </proc/self/status
[ -d /run/systemd/system ] && echo systemd
SELINUX && echo selinux
printf 'way %s\nssh %s\nuser %s\n' "${lvsprov_way-}" "${SSH_CONNECTION-}" "${LOGNAME:-${USER-}}"
"#;

/// The folders that [`Distribution`](super::Distribution) has.
const OWN_PAGE: &str = "for lvsprov_docroot in /var/www/html /srv/www/htdocs /var/www/localhost/htdocs; do
  if [ -f $lvsprov_docroot/REAL_SERVER_PAGE ]; then echo own_page; fi
done
";

/// The end of the probe.
const ADDRESSES: &str = r#"echo addresses
if command -v ip >/dev/null; then ip -o addr show || echo "failed $?"; fi
echo end
"#;

/// The tool whose words stand between `addresses` and `end`.
const IP: &str = "ip -o addr show";

impl Facts {
    /// POSIX sh that prints the facts, as a section in the shell itself, see
    /// [`Exchange::push_inline`](crate::transport::Exchange::push_inline). It touches nothing.
    pub fn probe() -> String {
        let own_page = OWN_PAGE.replace("REAL_SERVER_PAGE", REAL_SERVER_PAGE);
        let probe = PROBE.replace("SELINUX", SELINUX);
        [probe.as_str(), firewall::probe().as_str(), own_page.as_str(), ADDRESSES].concat()
    }

    /// The facts from what [`Facts::probe`] printed.
    ///
    /// # Errors
    /// A part is missing or does not read.
    pub fn parse(output: &[u8]) -> Result<Facts, Unreadable> {
        let text = String::from_utf8_lossy(output);
        let mut release = (String::new(), String::new(), String::new());
        let (mut hostname, mut kernel, mut boot_id) = (String::new(), None, String::new());
        let (mut uid, mut systemd, mut selinux, mut ended) = (None, false, false, false);
        let (mut by_ip, mut has_own_page) = (false, false);
        let (mut addresses, mut connection, mut over_ssh) = (Vec::new(), None, true);
        let (mut forwards_ipv4, mut forwards_ipv6) = (false, false);
        let mut firewall = Told::default();
        for line in text.lines() {
            let unreadable = || Unreadable::new("facts", line);
            if by_ip && line != "end" {
                addresses.extend(address(line).ok_or_else(|| unreadable().by(IP))?);
                continue;
            }
            let end = line.find(if line.starts_with('/') { ':' } else { ' ' });
            let (key, value) = end.map_or((line, ""), |end| (&line[..end], &line[end + 1..]));
            match key {
                "/etc/os-release" | "/usr/lib/os-release" => match value.split_once('=') {
                    Some(("ID", id)) => release.0 = unquoted(id),
                    Some(("ID_LIKE", like)) => release.1 = unquoted(like),
                    Some(("VERSION_ID", version)) => release.2 = unquoted(version),
                    _ => {}
                },
                "/proc/sys/kernel/hostname" => hostname = value.to_owned(),
                "/proc/sys/kernel/osrelease" => kernel = Some(value.to_owned()),
                "/proc/sys/kernel/random/boot_id" => boot_id = value.to_owned(),
                "uid" => {
                    let real = value.split_whitespace().next().and_then(|real| real.parse().ok());
                    uid = Some(real.ok_or_else(unreadable)?);
                }
                "/proc/sys/net/ipv4/ip_forward" => forwards_ipv4 = value != "0",
                "/proc/sys/net/ipv6/conf/all/forwarding" => forwards_ipv6 = value != "0",
                "systemd" => systemd = true,
                "selinux" => selinux = true,
                // what says nothing of itself is taken for the way that can be lost
                "way" => over_ssh = value != "local",
                "ssh" => connection = Connection::read(value),
                // `Login` reads it
                "user" => {}
                "own_page" => has_own_page = true,
                "addresses" => by_ip = true,
                "end" => ended = true,
                _ if firewall.read(key, value) => {}
                _ => return Err(unreadable()),
            }
        }
        if !ended {
            return Err(Unreadable::new("facts", "they end too early"));
        }
        let missing = |what: &str| Unreadable::new("facts", format!("no {what}: is this Linux with /proc?"));
        let (id, like, version) = release;
        Ok(Facts {
            os: Os { family: Family::of(&id, &like), id, version },
            hostname,
            kernel: kernel.ok_or_else(|| missing("kernel"))?,
            boot_id,
            uid: uid.ok_or_else(|| missing("uid"))?,
            systemd,
            selinux,
            addresses,
            forwards_ipv4,
            forwards_ipv6,
            over_ssh,
            connection,
            firewall: firewall.firewall(),
            stateful_firewall: firewall.stateful(),
            has_own_page,
        })
    }

    /// Whether the host can do that already.
    pub fn can(&self, ability: Ability) -> bool {
        match ability {
            Ability::Forwards { ipv6: false } => self.forwards_ipv4,
            Ability::Forwards { ipv6: true } => self.forwards_ipv6,
            Ability::Has { address } => self.addresses.iter().any(|(_, net)| net.addr() == address),
        }
    }

    /// The interface and network on which `address` is a neighbour.
    pub fn on_link(&self, address: IpAddr) -> Option<&(String, IpNet)> {
        self.addresses.iter().find(|(_, net)| net.contains(&address))
    }
}

/// A line of `ip -o addr show`: `2: eth0    inet 192.168.40.101/24 brd ...`. The interface may be `eth0@if5`, and a
/// point-to-point address comes without a length. `Some(None)` for what is no address of the internet's.
fn address(line: &str) -> Option<Option<(String, IpNet)>> {
    let mut words = line.split_whitespace().skip(1);
    let (interface, family, net) = (words.next()?, words.next()?, words.next()?);
    if !matches!(family, "inet" | "inet6") {
        return Some(None);
    }
    let interface = interface.split('@').next()?;
    let net = net.parse().or_else(|_| net.parse::<IpAddr>().map(IpNet::from)).ok()?;
    Some(Some((interface.to_owned(), net)))
}

/// A value of os-release, which is quoted as in sh.
fn unquoted(value: &str) -> String {
    value.trim().trim_matches(|c| c == '"' || c == '\'').to_owned()
}

impl Connection {
    /// From `$SSH_CONNECTION`: the client's address and port, the server's address and port.
    fn read(text: &str) -> Option<Connection> {
        // an address of a link carries its interface: fe80::1%eth0
        let address = |word: &str| word.split('%').next()?.parse().ok();
        let mut words = text.split(' ');
        let client = address(words.next()?)?;
        let server = address(words.nth(1)?)?;
        Some(Connection { client, server })
    }
}

#[cfg(test)]
impl Facts {
    /// A Debian 12 real server of the tutorial, reached over its old router.
    pub(crate) fn example() -> Facts {
        let read = |text: &str| text.parse().unwrap();
        let address = |text: &str| text.parse().unwrap();
        Facts {
            os: Os { id: "debian".into(), version: "12".into(), family: Family::Debian },
            hostname: "lvs_real_server01".into(),
            kernel: "6.1.0".into(),
            boot_id: "b".into(),
            uid: 0,
            systemd: true,
            selinux: false,
            addresses: vec![("lo".into(), read("127.0.0.1/8")), ("eth0".into(), read("192.168.40.101/24"))],
            forwards_ipv4: false,
            forwards_ipv6: false,
            over_ssh: true,
            connection: Some(Connection { client: address("10.9.9.9"), server: address("192.168.40.101") }),
            firewall: None,
            stateful_firewall: false,
            has_own_page: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read() {
        let facts = Facts::parse(
            b"/etc/os-release:NAME=\"Rocky Linux\"\n/etc/os-release:ID=\"rocky\"\n\
              /etc/os-release:VERSION_ID=\"9.3\"\n/etc/os-release:ID_LIKE=\"rhel centos fedora\"\n\
              /proc/sys/kernel/hostname:rs\n/proc/sys/kernel/osrelease:5.14.0\n/proc/sys/kernel/random/boot_id:1-2\n\
              uid 0\t0\t0\t0\n\
              /proc/sys/net/ipv4/ip_forward:1\n/proc/sys/net/ipv6/conf/all/forwarding:0\n\
              systemd\nselinux\nssh 10.0.0.9 50000 192.168.40.101 22\nuser root\n/proc/net/ip_tables_names:filter\n\
              firewall firewalld\nown_page\naddresses\n\
              1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n\
              2: eth0@if4    inet 192.168.40.101/24 brd 192.168.40.255 scope global eth0\\  valid_lft forever\n\
              2: eth0    inet6 fe80::1/64 scope link \\       valid_lft forever preferred_lft forever\n\
              3: tun0    inet 10.8.0.1 peer 10.8.0.2/32 scope global tun0\\       valid_lft forever\nend\n",
        )
        .unwrap();
        assert_eq!(facts.os, Os { id: "rocky".into(), version: "9.3".into(), family: Family::RedHat });
        assert!(facts.systemd && facts.selinux && facts.has_own_page);
        assert!(facts.can(Ability::Forwards { ipv6: false }) && !facts.can(Ability::Forwards { ipv6: true }));
        let has = |address: &str| facts.can(Ability::Has { address: address.parse().unwrap() });
        assert!(has("192.168.40.101") && !has("192.168.40.102"));
        assert_eq!(facts.connection.unwrap().client.to_string(), "10.0.0.9");
        assert_eq!(facts.on_link("192.168.40.1".parse().unwrap()).unwrap().0, "eth0");
        assert_eq!(facts.on_link("10.0.0.9".parse().unwrap()), None);
        assert_eq!((facts.firewall, facts.stateful_firewall), (Some(Firewall::Firewalld), true));
        let remembered = serde_json::to_string(&facts).unwrap();
        assert_eq!(serde_json::from_str::<Facts>(&remembered).unwrap(), facts);
    }

    #[test]
    fn a_tool_that_does_not_say_what_it_should_is_named() {
        let of = |printed: &str| {
            let text = format!("/proc/sys/kernel/osrelease:6.1\nuid 0\naddresses\n{printed}end\n");
            Facts::parse(text.as_bytes()).map_err(|unreadable| unreadable.to_string())
        };
        let error = of("ip: garbage\n").unwrap_err();
        assert_eq!(error, "facts: can't read what `ip -o addr show` printed: `ip: garbage`");
        let error = of("failed 127\n").unwrap_err();
        assert_eq!(error, "facts: `ip -o addr show` failed with exit code 127");
        assert!(of("").is_ok(), "a host need not have it");
    }

    #[test]
    fn facts_that_were_cut_short_are_no_facts() {
        assert!(Facts::parse(b"/proc/sys/kernel/osrelease:5.14.0\nuid 0\n").is_err());
        assert!(Facts::parse(b"").is_err());
    }
}
