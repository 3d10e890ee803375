//! One rule, `-A ...` or `-a ...`, as values.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use super::option::{Given, Line, take_apart};
use super::{
    Forwarding, Protocol, RealServer, Scheduler, ServiceKey, Tunnel, TunnelChecksum, VirtualService,
};

/// What ipvsadm takes `-p` without a value to be. Its man page says 300; its source and the kernel say 360.
const DEFAULT_PERSISTENCE: u32 = 360;

/// The longest persistence that ipvsadm takes: 31 days.
const LONGEST_PERSISTENCE: u32 = 31 * 24 * 60 * 60;

/// A rule of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// `-A`, with no real server yet.
    Service(VirtualService),
    /// `-a`
    Server(ServiceKey, SocketAddr, RealServer),
}

/// Reads one rule, with the reason why ipvsadm could not restore it though its meaning is plain.
///
/// # Errors
/// What is wrong with it.
pub(super) fn rule(line: &str) -> Result<(Rule, Option<&'static str>), String> {
    let Line { options, misspelt } = take_apart(line)?;
    let (first, rest) = options.split_first().ok_or("it is empty")?;
    let rule = match first.0 {
        "add-service" => Rule::Service(service(key(rest)?, rest)?),
        "add-server" => {
            let key = key(rest)?;
            let (address, server) = server(key, rest)?;
            Rule::Server(key, address, server)
        }
        _ => return Err("it begins with neither `-A` nor `-a`".into()),
    };
    Ok((rule, misspelt))
}

impl ServiceKey {
    /// The service that [`ServiceKey::arguments`] name.
    pub fn read(arguments: &str) -> Option<ServiceKey> {
        key(&take_apart(arguments).ok()?.options).ok()
    }
}

/// Whether a line has a name in an address, as `ipvsadm-save` without `-n` writes it.
pub(super) fn has_name(line: &str) -> bool {
    const ADDRESSES: [&str; 4] = ["tcp-service", "udp-service", "sctp-service", "real-server"];
    take_apart(line).is_ok_and(|line| {
        let addresses = line.options.iter().filter(|(option, _)| ADDRESSES.contains(option));
        addresses.flat_map(|(_, value)| value).any(|value| address(value).is_err())
    })
}

/// The service that the options name.
fn key(options: &[Given<'_>]) -> Result<ServiceKey, String> {
    let ipv6 = options.iter().any(|(name, _)| *name == "ipv6");
    let mut keys = options.iter().filter_map(|(name, value)| {
        let protocol = match *name {
            "tcp-service" => Protocol::Tcp,
            "udp-service" => Protocol::Udp,
            "sctp-service" => Protocol::Sctp,
            "fwmark-service" => {
                let mark = number(value, 1..=u32::MAX, "firewall mark");
                return Some(mark.map(|mark| ServiceKey::FirewallMark(mark, ipv6)));
            }
            _ => return None,
        };
        Some(
            address(value.unwrap_or_default())
                .map(|(ip, port)| ServiceKey::Address(protocol, SocketAddr::new(ip, port.unwrap_or(0)))),
        )
    });
    let key = keys.next().ok_or("it names no service")??;
    if keys.next().is_some() { Err("it names two services".into()) } else { Ok(key) }
}

fn service(key: ServiceKey, options: &[Given<'_>]) -> Result<VirtualService, String> {
    let mut service = VirtualService::new(key, Scheduler::Wlc);
    let mut flags = "";
    for (name, value) in options {
        match *name {
            "scheduler" => {
                service.scheduler = value.unwrap_or_default().parse().map_err(|error| format!("{error}"))?;
            }
            "persistent" => {
                service.persistence = Some(match value {
                    None => DEFAULT_PERSISTENCE,
                    Some(_) => number(value, 1..=LONGEST_PERSISTENCE, "persistence")?,
                });
            }
            "netmask" => service.netmask = netmask(value.unwrap_or_default(), key.is_ipv6())?,
            "pe" => service.persistence_engine = value.map(str::to_owned),
            "ops" => service.one_packet = true,
            "sched-flags" => flags = value.unwrap_or_default(),
            "tcp-service" | "udp-service" | "sctp-service" | "fwmark-service" | "ipv6" => {}
            other => return Err(format!("`--{other}` is no option of a service")),
        }
    }
    service.scheduler_flags = service.scheduler.flags(flags).map_err(|error| error.to_string())?;
    if service.persistence.is_none() {
        // The kernel keeps a granularity only for what is persistent.
        service.netmask = None;
    }
    match key {
        ServiceKey::Address(_, address) if address.port() == 0 && service.persistence.is_none() => {
            Err("port 0 is only for a persistent service".into())
        }
        ServiceKey::Address(Protocol::Tcp | Protocol::Sctp, _) if service.one_packet => {
            Err("one-packet scheduling is only for UDP".into())
        }
        _ => Ok(service),
    }
}

fn server(key: ServiceKey, options: &[Given<'_>]) -> Result<(SocketAddr, RealServer), String> {
    let mut server = RealServer::new(Forwarding::Dr, 1);
    let mut real_server = None;
    let (mut tunnel, mut port, mut checksum) = ("ipip", 0, TunnelChecksum::None);
    for (name, value) in options {
        match *name {
            "real-server" => real_server = Some(address(value.unwrap_or_default())?),
            "masquerading" => server.forwarding = Forwarding::Nat,
            "gatewaying" => server.forwarding = Forwarding::Dr,
            "ipip" => server.forwarding = Forwarding::Tun,
            "weight" => server.weight = number(value, 0..=u16::MAX, "weight")?,
            "u-threshold" => server.upper_threshold = number(value, 0..=u32::MAX, "upper threshold")?,
            "l-threshold" => server.lower_threshold = number(value, 0..=u32::MAX, "lower threshold")?,
            "tun-type" => tunnel = value.unwrap_or_default(),
            "tun-port" => port = number(value, 1..=u16::MAX, "tunnel port")?,
            "tun-nocsum" => checksum = TunnelChecksum::None,
            "tun-csum" => checksum = TunnelChecksum::Full,
            "tun-remcsum" => checksum = TunnelChecksum::Remote,
            "tcp-service" | "udp-service" | "sctp-service" | "fwmark-service" | "ipv6" => {}
            other => return Err(format!("`--{other}` is no option of a real server")),
        }
    }
    let (ip, given_port) = real_server.ok_or("it names no real server")?;
    if server.forwarding == Forwarding::Tun {
        server.tunnel = match tunnel {
            "ipip" => Tunnel::Ipip,
            "gue" => Tunnel::Gue { port, checksum },
            "gre" => Tunnel::Gre { checksum },
            other => return Err(format!("`{other}` is no tunnel type")),
        };
    }
    if server.lower_threshold > server.upper_threshold {
        return Err("its lower threshold is above the upper one".into());
    }
    let port = match (key, server.forwarding) {
        (ServiceKey::Address(_, service), Forwarding::Nat) => given_port.unwrap_or(service.port()),
        // ipvsadm rewrites it without a word: such a packet keeps the port that the client used.
        (ServiceKey::Address(_, service), Forwarding::Dr | Forwarding::Tun) => service.port(),
        (ServiceKey::FirewallMark(..), _) => given_port.unwrap_or(0),
    };
    Ok((SocketAddr::new(ip, port), server))
}

/// `1.2.3.4`, `1.2.3.4:80`, `[2001:db8::1]:80`, `[2001:db8::1]`, `2001:db8::1`: numbers only, because a name's meaning
/// is another one at each boot.
fn address(text: &str) -> Result<(IpAddr, Option<u16>), String> {
    let not_numeric = || format!("`{text}` is not numeric");
    let port = |text: &str| text.parse::<u16>().map_err(|_| not_numeric());
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Ok((ip, None));
    }
    if let Some((ip, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let ip = ip.parse::<Ipv6Addr>().map_err(|_| not_numeric())?;
        return match rest.strip_prefix(':') {
            Some(number) => Ok((ip.into(), Some(port(number)?))),
            None if rest.is_empty() => Ok((ip.into(), None)),
            None => Err(not_numeric()),
        };
    }
    let (ip, number) = text.split_once(':').ok_or_else(not_numeric)?;
    let ip = ip.parse::<Ipv4Addr>().map_err(|_| not_numeric())?;
    Ok((ip.into(), Some(port(number)?)))
}

/// The granularity in canonical form: `None` when every client is on its own.
pub(super) fn netmask(text: &str, ipv6: bool) -> Result<Option<String>, String> {
    if ipv6 {
        let length = number(&Some(text), 1..=128_u8, "prefix length")?;
        Ok((length != 128).then(|| length.to_string()))
    } else {
        let mask: Ipv4Addr = text.parse().map_err(|_| format!("`{text}` is no netmask"))?;
        Ok((mask != Ipv4Addr::BROADCAST).then(|| mask.to_string()))
    }
}

fn number<N: FromStr + PartialOrd + std::fmt::Display>(
    text: &Option<&str>,
    range: std::ops::RangeInclusive<N>,
    what: &str,
) -> Result<N, String> {
    let text = text.unwrap_or_default();
    text.parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| format!("`{text}` is no {what} ({} to {})", range.start(), range.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_service(line: &str) -> VirtualService {
        match rule(line).unwrap().0 {
            Rule::Service(service) => service,
            Rule::Server(..) => panic!("{line} is no service"),
        }
    }

    #[test]
    fn the_defaults_are_ipvsadms() {
        assert_eq!(read_service("-A -t 1.2.3.4:80").scheduler, Scheduler::Wlc);
        assert_eq!(read_service("-A -t 1.2.3.4 -p").persistence, Some(360));
        let server = rule("-a -t 1.2.3.4:80 -r 10.0.0.1").unwrap().0;
        let key = ServiceKey::Address(Protocol::Tcp, "1.2.3.4:80".parse().unwrap());
        let address = "10.0.0.1:80".parse().unwrap();
        assert_eq!(server, Rule::Server(key, address, RealServer::new(Forwarding::Dr, 1)));
    }

    #[test]
    fn what_means_the_same_reads_the_same() {
        for (one, other) in [
            ("-A -t 1.2.3.4:80 -p 9 -M 255.255.255.255", "-A -t 1.2.3.4:80 -s wlc -p 9"),
            ("-A -t 1.2.3.4:80 -M 255.255.0.0", "-A -t 1.2.3.4:80"),
            ("-A -t [2001:db8:0::1]:80 -p 9 -M 128", "-A -t [2001:db8::1]:80 -p 9"),
            ("-A -t 1.2.3.4:80 -s sh -b flag-2,sh-fallback", "-A -t 1.2.3.4:80 -s sh -b sh-fallback,sh-port"),
            ("-A -t 1.2.3.4:80 -s sh -b ", "-A -t 1.2.3.4:80 -s sh -b flag-3"),
            ("-A -u 1.2.3.4:80 -s rr -p 60 pe sip ops", "-A -u 1.2.3.4:80 -s rr -p 60 --pe sip -o"),
            ("-a -f 5 -6 -r 2001:db8::4 -m", "-a -f 5 -6 -r [2001:db8::4]:0 -m -w 1"),
            ("-a -t 1.2.3.4:80 -r 10.0.0.1:8080 -i", "-a -t 1.2.3.4:80 -r 10.0.0.1 -i --tun-type ipip"),
        ] {
            assert_eq!(rule(one).unwrap().0, rule(other).unwrap().0, "{one}");
        }
    }

    #[test]
    fn what_ipvsadm_would_refuse_is_refused() {
        for (line, complaint) in [
            ("-A -t localhost:http -s rr", "`localhost:http` is not numeric"),
            ("-A -t 1.2.3.4:http -s rr", "`1.2.3.4:http` is not numeric"),
            ("-a -t 1.2.3.4:80 -r web1:80 -m", "`web1:80` is not numeric"),
            ("-A -t 1.2.3.4:80 -s rrr", "`rrr` is not a scheduler"),
            ("-A -t 1.2.3.4:80 -s rr -b sh-port", "`sh-port` is no flag of the scheduler rr"),
            ("-A -t 1.2.3.4:80 -p 0", "`0` is no persistence (1 to 2678400)"),
            ("-A -t 1.2.3.4:0 -s rr", "port 0 is only for a persistent service"),
            ("-A -t 1.2.3.4:80 -o", "one-packet scheduling is only for UDP"),
            ("-A -t 1.2.3.4:80 -u 1.2.3.4:80", "it names two services"),
            ("-A -s rr", "it names no service"),
            ("-A -t 1.2.3.4:80 -w 3", "`--weight` is no option of a service"),
            ("-A -f 0", "`0` is no firewall mark (1 to 4294967295)"),
            ("-a -t 1.2.3.4:80 -m", "it names no real server"),
            ("-a -t 1.2.3.4:80 -r 10.0.0.1 -w 70000", "`70000` is no weight (0 to 65535)"),
            ("-a -t 1.2.3.4:80 -r 10.0.0.1 -y 5", "its lower threshold is above the upper one"),
            ("-t 1.2.3.4:80 -A", "it begins with neither `-A` nor `-a`"),
        ] {
            assert_eq!(rule(line).unwrap_err(), complaint, "{line}");
        }
    }
}
