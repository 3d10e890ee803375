//! ipvsadm's own save format, numeric: what `ipvsadm -Sn` of 1.31 prints, with the thresholds that it forgets.

use std::fmt;

use super::{Forwarding, Protocol, RealServer, ServiceKey, Table, Tunnel, TunnelChecksum, VirtualService};

impl ServiceKey {
    /// The words that name the service to ipvsadm: `-t 192.168.175.100:80`, `-f 7 -6`.
    pub fn arguments(&self) -> String {
        match self {
            ServiceKey::Address(Protocol::Tcp, address) => format!("-t {address}"),
            ServiceKey::Address(Protocol::Udp, address) => format!("-u {address}"),
            ServiceKey::Address(Protocol::Sctp, address) => format!("--sctp-service {address}"),
            ServiceKey::FirewallMark(mark, false) => format!("-f {mark}"),
            ServiceKey::FirewallMark(mark, true) => format!("-f {mark} -6"),
        }
    }
}

impl VirtualService {
    /// The words of its own settings, all of them: `-s wrr -p 300`. `-E` resets what it is not told.
    pub fn settings(&self) -> String {
        let mut words = format!("-s {}", self.scheduler);
        if let Some(seconds) = self.persistence {
            words += &format!(" -p {seconds}");
        }
        if let Some(netmask) = &self.netmask {
            words += &format!(" -M {netmask}");
        }
        if let Some(engine) = &self.persistence_engine {
            words += &format!(" --pe {engine}");
        }
        if self.one_packet {
            words += " -o";
        }
        if !self.scheduler_flags.is_empty() {
            words += &format!(" -b {}", self.scheduler_flags.join(","));
        }
        words
    }
}

impl RealServer {
    /// The words of its settings, all of them: `-m -w 4`. `-e` resets what it is not told, thresholds included.
    pub fn settings(&self) -> impl fmt::Display {
        Settings(*self)
    }
}

struct Settings(RealServer);

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings(server) = self;
        f.write_str(match server.forwarding {
            Forwarding::Nat => "-m",
            Forwarding::Dr => "-g",
            Forwarding::Tun => "-i",
        })?;
        write!(f, " -w {}", server.weight)?;
        if server.upper_threshold != 0 {
            write!(f, " -x {}", server.upper_threshold)?;
        }
        if server.lower_threshold != 0 {
            write!(f, " -y {}", server.lower_threshold)?;
        }
        // ipvsadm before 1.31 knows no `--tun-type`: what it can only mean is not said.
        match server.tunnel {
            Tunnel::Ipip => Ok(()),
            Tunnel::Gue { port, checksum } => write!(f, " --tun-type gue --tun-port {port} {checksum}"),
            Tunnel::Gre { checksum } => write!(f, " --tun-type gre {checksum}"),
        }
    }
}

impl fmt::Display for TunnelChecksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TunnelChecksum::None => "--tun-nocsum",
            TunnelChecksum::Full => "--tun-csum",
            TunnelChecksum::Remote => "--tun-remcsum",
        })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, service) in &self.services {
            let key = key.arguments();
            writeln!(f, "-A {key} {}", service.settings())?;
            for (address, server) in &service.real_servers {
                writeln!(f, "-a {key} -r {address} {}", server.settings())?;
            }
        }
        Ok(())
    }
}
