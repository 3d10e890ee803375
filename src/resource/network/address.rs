//! An address on an interface: whether it runs, and whether it comes at boot.

use std::collections::BTreeSet;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::interface;
use super::owner::refuse;
use super::owners::Owners;
use super::reverse::{self, Made};
use super::running::{Running, take};
use crate::resource::{Ability, Change, Context, Facts, Kind, Refusal, Unreadable};

mod difference;

use difference::{Difference, down_again, risk_of_taking};

/// An address on an interface, now and after the next boot.
///
/// The address that runs, and what brings it at boot, are compared apart. It comes beside the addresses that are there,
/// and an interface that is down is brought up. At boot it has a file of its own: a stanza in
/// `/etc/network/interfaces.d`, a drop-in beside the `.network` file, or YAML for netplan. NetworkManager's profile, EL's
/// `ifcfg-` file and wicked's get it added. An IPv6 address is waited for until no other machine turns out to have it.
/// To take away the address that the controller has connected to is a change under guard, as with the gateway.
///
/// The module refuses where the address is there with another prefix length, where NetworkManager, network-scripts or
/// wicked has no profile for the interface, and the owners of interfaces that `default_gateway` refuses.
///
/// ```yaml
/// - address: { address: 192.168.40.100/24, interface: eth0 }
/// - address: { address: 192.168.175.100/32, interface: lo }
/// - address: { address: "2001:db8::7/64", state: absent }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// The address with its prefix length: `192.168.40.100/24`, `2001:db8::10/64`; on `lo`, `/32` or `/128`.
    #[schemars(with = "String")]
    pub address: IpNet,
    /// The interface: `eth0`, `lo`, `tunl0`. It need not be given where one has an address in the same subnet already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// Whether the interface is to have it: present unless something else is said.
    #[serde(default)]
    pub state: AddressState,
}

/// Whether an interface has an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AddressState {
    /// It has it.
    #[default]
    Present,
    /// It does not have it, whatever the prefix length; with no interface given, none has.
    Absent,
}

/// The addresses that run, and those that come at boot.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// Whether the host has `ip`.
    has_ip: bool,
    /// All of them, in the kernel's order.
    running: Vec<Running>,
    /// The interfaces that are down.
    down: BTreeSet<String>,
    owners: Owners,
}

/// What there was before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// The interfaces that this is about which had the address, each with the words that make it again.
    running: Vec<(String, IpNet, Vec<String>)>,
    /// The interface that it was put on and that was down.
    down: Option<String>,
    /// What the edits made of the files.
    boot: Vec<Made>,
}

impl Kind for Address {
    const MODULE: &'static str = "address";
    type Observed = Observed;
    type Prior = Prior;

    fn subject(&self) -> String {
        let on = self.interface.as_ref().map_or(String::new(), |interface| format!(" ({interface})"));
        format!("{}{on}", self.address)
    }

    fn provides(&self) -> Option<Ability> {
        (self.state == AddressState::Present).then_some(Ability::Has { address: self.address.addr() })
    }

    fn check(&self) -> Result<(), String> {
        self.interface.iter().try_for_each(|name| interface::check(name))?;
        let (net, address) = (self.address, self.address.addr());
        let ends = net.addr().is_ipv4() && net.prefix_len() < 31;
        let end = ends && (address == net.network() || address == net.broadcast());
        if end || address.is_unspecified() || address.is_multicast() {
            return Err(format!("{net} is no address of one host"));
        }
        Ok(())
    }

    fn probe(_batch: &[&Self], _facts: &Facts) -> String {
        format!(
            "if command -v ip >/dev/null 2>&1; then echo ip\nip -o link show || echo \"failed $?\"\necho =\n\
             ip -o addr show || echo \"failed $?\"\nelse echo =\nfi\n\
             echo =\n{}",
            Owners::probe()
        )
    }

    fn parse(batch: &[&Self], _facts: &Facts, output: &[u8]) -> Result<Vec<Observed>, Unreadable> {
        let text = String::from_utf8_lossy(output);
        let unreadable = |line: &str| Unreadable::new("address", line);
        let mut parts = text.splitn(3, "=\n");
        let mut part = || parts.next().ok_or_else(|| unreadable("it ends too early"));
        let (links, addresses, owners) = (part()?, part()?, part()?);
        if let Some(line) = links.lines().find(|line| line.starts_with("failed ")) {
            return Err(unreadable(line).by("ip -o link show"));
        }
        let mut observed = Observed {
            has_ip: links.starts_with("ip\n"),
            running: Vec::new(),
            down: links.lines().skip(1).filter_map(down).collect(),
            owners: Owners::parse(owners)?,
        };
        for line in addresses.lines() {
            let running = Running::parse(line).ok_or_else(|| unreadable(line).by("ip -o addr show"))?;
            observed.running.extend(running);
        }
        Ok(vec![observed; batch.len()])
    }

    fn differ(&self, observed: &Observed, context: Context<'_>) -> Result<Option<Change>, Refusal> {
        if !observed.has_ip {
            return refuse(
                "there is no `ip` on this host, so its addresses can't be seen",
                "install iproute2 (EL: iproute)",
            );
        }
        let (difference, edits) = match self.state {
            AddressState::Present => self.to_put(observed, context.facts)?,
            AddressState::Absent => self.to_take(observed, context.facts)?,
        };
        if let Some(path) = edits.iter().map(|edit| &edit.path).find(|path| context.changing.contains(*path))
        {
            return refuse(
                format!("{path} is written by this same plan, and would lose that to the address's edit"),
                "write the address there yourself, or apply the two in two runs",
            );
        }
        Ok(difference.change())
    }

    fn prior(&self, observed: &Observed) -> Option<Prior> {
        let interface = self.place(observed);
        let edits = match (self.state, interface) {
            (AddressState::Present, Some(interface)) => self.edits_to_put(observed, interface).ok()?,
            (AddressState::Present, None) => return None,
            (AddressState::Absent, _) => self.edits_to_take(observed).ok()?,
        };
        let had = self.found(observed).map(|r| (r.interface.clone(), r.net, r.words.clone()));
        Some(Prior {
            running: had.collect(),
            down: interface.filter(|name| observed.down.contains(*name)).map(str::to_owned),
            boot: edits.into_iter().filter_map(Made::of).collect(),
        })
    }

    fn keep(&self) -> String {
        Owners::keep()
    }

    fn revert(
        &self,
        prior: &Prior,
        observed: &Observed,
        context: Context<'_>,
    ) -> Result<Option<Change>, Refusal> {
        let (at_boot, boot) = reverse::back(&prior.boot, &observed.owners)?;
        let was: Vec<Running> = prior
            .running
            .iter()
            .map(|(interface, net, words)| Running {
                interface: interface.clone(),
                net: *net,
                words: words.clone(),
                duplicate: false,
            })
            .collect();
        let same = |a: &Running, b: &Running| (&a.interface, a.net) == (&b.interface, b.net);
        let now: Vec<&Running> = self.found(observed).collect();
        let missing: Vec<&Running> = was.iter().filter(|r| !now.iter().any(|n| same(n, r))).collect();
        let extra: Vec<&Running> = now.into_iter().filter(|n| !was.iter().any(|r| same(n, r))).collect();
        let mut difference = Difference::default();
        (difference.at_boot, difference.boot) = (at_boot, boot);
        for running in missing {
            let undo = take(running.net, &running.interface);
            difference.run(None, Some(running.shown()), &running.add(), &undo);
        }
        for running in extra {
            let was_down = prior.down.as_deref() == Some(running.interface.as_str());
            let take = take(running.net, &running.interface) + &down_again(&running.interface, was_down);
            difference.run(Some(running.shown()), None, &take, &running.add());
            difference.risks.extend(risk_of_taking(running, observed, context.facts));
        }
        Ok(difference.change())
    }
}

/// The name of an interface that is down, from a line of `ip -o link`: `4: tunl0@NONE: <NOARP> mtu ...`.
fn down(line: &str) -> Option<String> {
    let mut words = line.split_whitespace().skip(1);
    let name = words.next()?.trim_end_matches(':').split('@').next()?;
    let flags = words.next()?.trim_matches(['<', '>']);
    (!flags.split(',').any(|flag| flag == "UP")).then(|| name.to_owned())
}
