//! The lab's network on this machine: a namespace, in it a bridge a subnet and a tap a network card.

use std::path::{Path, PathBuf};

use super::error::LabError;
use super::program::Program;
use super::topology::Topology;

/// The name of the namespace of the lab in that folder.
pub fn name(lab: &Path) -> String {
    format!("lvsprov-{}", lab.file_name().unwrap_or_default().to_string_lossy())
}

/// Where ip-netns(8) keeps a namespace's name.
pub fn link(namespace: &str) -> PathBuf {
    Path::new("/run/netns").join(namespace)
}

/// Makes what is missing: a second call changes nothing.
///
/// The namespace routes between its subnets, as the router does that the real servers had before the director came.
pub async fn ensure(namespace: &str, topology: &Topology) -> Result<(), LabError> {
    if !link(namespace).exists() {
        Program::new("ip").args(["netns", "add", namespace]).run().await?;
    }
    let listed = Program::new("ip").args(["-netns", namespace, "-oneline", "link"]).run().await?;
    let present = names(&listed);
    let (batch, made) = missing(topology, &present);
    Program::new("ip").args(["-netns", namespace, "-batch", "-"]).input(batch).run().await?;
    // A tap hands over what the kernel would have left to a card's hardware (segments, checksums); a guest's card has
    // no such hardware and drops them, so that a download crawls.
    let script = "set -e
        echo 1 >/proc/sys/net/ipv4/ip_forward
        if [ -e /proc/sys/net/ipv6 ]; then echo 1 >/proc/sys/net/ipv6/conf/all/forwarding; fi
        for device; do ethtool -K \"$device\" tso off gso off gro off tx off; done";
    Program::new("nsenter")
        .arg(format!("--net={}", link(namespace).display()))
        .args(["sh", "-c", script, "sh"])
        .args(made)
        .run()
        .await?;
    Ok(())
}

/// Forgets which cards the namespace's addresses were last seen on: one that has moved to another machine would be looked
/// for at the old one for half a minute.
pub async fn forget_neighbours(namespace: &str) -> Result<(), LabError> {
    Program::new("ip").args(["-netns", namespace, "neighbour", "flush", "all"]).run().await.map(drop)
}

/// Removes the namespace, and with it all that is in it.
pub async fn remove(namespace: &str) -> Result<(), LabError> {
    if link(namespace).exists() {
        Program::new("ip").args(["netns", "delete", namespace]).run().await?;
    }
    Ok(())
}

/// The interface names in `ip -oneline link`: `2: br0: <...`, `3: tap0@if2: <...`.
fn names(listed: &str) -> Vec<&str> {
    listed.lines().filter_map(|line| line.split(": ").nth(1)?.split('@').next()).collect()
}

/// The ip(8) commands that make the bridges and taps that are not among `present` and put each tap into its bridge; and
/// the names of what they make.
fn missing<'a>(topology: &'a Topology, present: &[&str]) -> (String, Vec<&'a str>) {
    let mut batch = "link set lo up\n".to_owned();
    let mut made = Vec::new();
    for subnet in &topology.subnets {
        let bridge = subnet.bridge.as_str();
        // Two subnets may share it, of which one may have come later.
        if !present.contains(&bridge) && !made.contains(&bridge) {
            batch.push_str(&format!("link add {bridge} type bridge mcast_snooping 0\n"));
            made.push(bridge);
        }
        let (router, length) = (subnet.router, subnet.net.prefix_len());
        let nodad = if router.is_ipv6() { " nodad" } else { "" };
        batch.push_str(&format!(
            "address replace {router}/{length} dev {bridge}{nodad}\nlink set {bridge} up\n"
        ));
    }
    for card in topology.blueprints.iter().flat_map(|blueprint| &blueprint.cards) {
        let tap = card.tap.as_str();
        if !present.contains(&tap) {
            batch.push_str(&format!("tuntap add dev {tap} mode tap\n"));
            made.push(tap);
        }
        // It may be there since its host was to be in another subnet.
        batch.push_str(&format!("link set {tap} master {} up\n", card.bridge));
    }
    (batch, made)
}

#[cfg(test)]
mod tests {
    use super::super::topology::tests::tutorial;
    use super::*;

    #[test]
    fn interface_names_are_read_from_ip() {
        let listed = "1: lo: <LOOPBACK> mtu 65536 qdisc noop\n2: t0-0@if3: <BROADCAST> mtu 1500\n";
        assert_eq!(names(listed), ["lo", "t0-0"]);
    }

    #[test]
    fn only_what_is_missing_is_made() {
        let topology = Topology::of(&tutorial()).unwrap();
        let (batch, made) = missing(&topology, &[]);
        assert_eq!((made.len(), batch.matches("tuntap add").count()), (7, 5));
        assert!(batch.contains("address replace 192.168.40.1/24 dev "));
        let (batch, again) = missing(&topology, &made);
        let harmless = |line: &str| line.starts_with("link set ") || line.starts_with("address replace ");
        assert!(again.is_empty() && batch.lines().all(harmless), "{batch}");
    }
}
