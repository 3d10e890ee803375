//! The addresses that run.

use std::net::IpAddr;

use ipnet::IpNet;

use super::gateway::IpVersion;
use super::route::word_after;
use crate::resource::quote;
use crate::resource::word::words;

/// An address of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// The interface.
    pub interface: String,
    /// The address with its prefix length.
    pub net: IpNet,
    /// The words by which `ip address add` makes it as it is.
    pub words: Vec<String>,
    /// Whether another machine on the link turned out to have it.
    pub duplicate: bool,
}

impl Running {
    /// A line of `ip -o addr show`: `2: eth0    inet 192.168.40.101/24 brd ... scope global eth0\       valid_lft ...`.
    /// `Some(None)` for what is no address of the internet's.
    pub fn parse(line: &str) -> Option<Option<Running>> {
        let (line, _) = line.split_once('\\').unwrap_or((line, ""));
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, interface, family, local, rest @ ..] = &words[..] else { return None };
        if !matches!(*family, "inet" | "inet6") {
            return Some(None);
        }
        let interface = interface.split('@').next()?;
        // a point-to-point address comes without a length
        let net = local.parse().or_else(|_| local.parse::<IpAddr>().map(IpNet::from)).ok()?;
        let mut made = vec![(*local).to_owned()];
        for key in ["peer", "brd", "scope"] {
            if let Some(value) = word_after(line, key) {
                made.extend([key.to_owned(), value.to_owned()]);
            }
        }
        if *family == "inet"
            && let Some(label) = rest.last().filter(|label| label.contains(':'))
        {
            made.extend(["label".to_owned(), (*label).to_owned()]);
        }
        let duplicate = rest.contains(&"dadfailed");
        Some(Some(Running { interface: interface.to_owned(), net, words: made, duplicate }))
    }

    /// As one reads it: `192.168.40.101/24 (eth0)`.
    pub fn shown(&self) -> String {
        format!("{} ({})", self.net, self.interface)
    }

    /// POSIX sh that makes it, unless it is there.
    pub fn add(&self) -> String {
        let words = words(self.words.iter().map(String::as_str));
        format!("ip link set dev {} up\n{}", quote(&self.interface), add(self.net, &self.interface, &words))
    }
}

/// POSIX sh that is true where the interface has the address. Its line stays in `$line`.
fn has(net: IpNet, interface: &str) -> String {
    let flag = IpVersion::of(net.addr()).flag();
    // told without its length where there is a peer
    format!(
        "line=$(ip {flag} -o addr show dev {} | grep -F -e ' {net} ' -e ' {} peer ')",
        quote(interface),
        net.addr()
    )
}

fn add(net: IpNet, interface: &str, words: &str) -> String {
    let flag = IpVersion::of(net.addr()).flag();
    format!("{} || ip {flag} addr add {words} dev {}\n", has(net, interface), quote(interface))
}

/// POSIX sh that puts an address on an interface, which it brings up. An IPv6 address is waited for until it is known
/// that no other machine on the link has it; before that it can't be used.
pub fn put(net: IpNet, interface: &str) -> String {
    let device = quote(interface);
    // on a link of two, or of one, there is no broadcast
    let broadcast = net.addr().is_ipv4() && net.prefix_len() < 31 && interface != "lo";
    let mut script = format!(
        "ip link show dev {device} >/dev/null 2>&1 || {{ echo \"there is no interface {interface}: if a module brings \
         it, declare that before with kernel_module\" >&2; exit 1; }}\nip link set dev {device} up\n"
    );
    script += &add(net, interface, &format!("{net}{}", if broadcast { " brd +" } else { "" }));
    if net.addr().is_ipv6() {
        script += &format!(
            "for try in 1 2 3 4 5 6 7 8 9 10; do\n{} || break\ncase $line in\n\
             *dadfailed*) ip -6 addr del {net} dev {device}\necho \"another machine on {interface}'s link has \
             {address}\" >&2; exit 1 ;;\n*tentative*) sleep 1 ;;\n*) break ;;\nesac\ndone\n",
            has(net, interface),
            address = net.addr(),
        );
    }
    script
}

/// POSIX sh that takes an address off an interface, and leaves all others.
pub fn take(net: IpNet, interface: &str) -> String {
    let device = quote(interface);
    let flag = IpVersion::of(net.addr()).flag();
    let take = format!("if {}; then ip {flag} addr del {net} dev {device}; fi\n", has(net, interface));
    if net.addr().is_ipv6() {
        return take;
    }
    // the other addresses of its subnet go with the first one of it, where they are not told to stay
    format!(
        "stay={}\nwas=$(cat \"$stay\" 2>/dev/null) || was=\nif [ -n \"$was\" ]; then echo 1 >\"$stay\"; fi\n{take}\
         if [ -n \"$was\" ]; then echo \"$was\" >\"$stay\"; fi\n",
        quote(&format!("/proc/sys/net/ipv4/conf/{interface}/promote_secondaries")),
    )
}
