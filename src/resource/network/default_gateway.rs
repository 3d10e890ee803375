//! A default gateway: the route that runs, and what brings it at boot.
//!
//! What comes at boot belongs to whoever configures the interface. That one is looked for, never guessed, and its file
//! is edited in the gateway's line alone.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::gateway::{Gateway, IpVersion, Via};
use super::interface;
use super::owner::refuse;
use super::owners::Owners;
use super::reverse::{self, Made};
use super::route::Routes;
use crate::resource::{Aspect, Change, Context, Facts, Kind, Live, Need, Refusal, Script, Unreadable};

/// The one default gateway, now and after the next boot.
///
/// The route that runs, and the file that brings it at boot, are compared apart. The file belongs to whoever
/// configures the interface, and is edited in the gateway's line alone: ifupdown's, systemd-networkd's, netplan's (then
/// `netplan generate`), NetworkManager's keyfiles and EL's `ifcfg-` files under it (then loaded), EL's network-scripts,
/// and wicked's. Other default routes of that version go; those of tables other than `main` stay. Where a keyfile of
/// NetworkManager's asks DHCP, the routes that the server sends are ignored from then on, and the plan says so.
///
/// The module refuses, with what to do instead, under DHCP elsewhere, unless its server hands out this very gateway, under
/// router advertisements, two owners or two profiles of one interface, an unknown owner, a file that cloud-init would
/// write anew, and one that does not say for sure what comes at boot. See also `--allow-route-change`.
///
/// ```yaml
/// - default_gateway: { via: "{{ dip }}" }
///   when: role == 'real_server' and forwards_by_nat
/// - default_gateway: { via: "fe80::1", interface: eth0 }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefaultGateway {
    /// Its address, IPv4 or IPv6, which is in one of the host's subnets.
    pub via: IpAddr,
    /// The interface that it is reached by. It need not be given, as the host's subnets tell it, but for an IPv6 address
    /// of a link (`fe80::1`), which may be on any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
}

/// The routes that run and what comes at boot, as they concern one declaration.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// Whether the host has `ip`.
    has_ip: bool,
    routes: Routes,
    owners: Owners,
    /// The interface that the gateway is a neighbour on, if it is one.
    interface: Option<String>,
}

/// What there was before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// The default routes of this version, as `ip` told them.
    routes: Vec<String>,
    /// What the edits made of the files.
    boot: Vec<Made>,
}

impl Kind for DefaultGateway {
    const MODULE: &'static str = "default_gateway";
    type Observed = Observed;
    type Prior = Prior;

    fn subject(&self) -> String {
        let on = self.interface.as_ref().map_or(String::new(), |interface| format!(" ({interface})"));
        format!("{}{on}", self.via)
    }

    fn needs(&self) -> Option<Need> {
        Some(Need::Forwarding { by: self.via })
    }

    fn check(&self) -> Result<(), String> {
        self.interface.iter().try_for_each(|name| interface::check(name))?;
        if self.of_link() && self.interface.is_none() {
            let via = self.via;
            return Err(format!("{via} is an address of a link, which may be on any: add `interface`"));
        }
        Ok(())
    }

    fn probe(batch: &[&Self], facts: &Facts) -> String {
        let controller = facts.connection.map(|connection| connection.client);
        let routes: String = [IpVersion::V4, IpVersion::V6]
            .into_iter()
            .map(|version| {
                let wanted = batch.iter().any(|declared| declared.version() == version);
                if wanted { Routes::probe(version, controller) } else { "echo =\n".into() }
            })
            .collect();
        format!(
            "if command -v ip >/dev/null 2>&1; then echo ip\n{routes}else echo =\necho =\nfi\n{}",
            Owners::probe()
        )
    }

    fn parse(batch: &[&Self], facts: &Facts, output: &[u8]) -> Result<Vec<Observed>, Unreadable> {
        let text = String::from_utf8_lossy(output);
        let unreadable = |line: &str| Unreadable::new("default_gateway", line);
        let mut parts = text.splitn(3, "=\n");
        let mut part = || parts.next().ok_or_else(|| unreadable("it ends too early"));
        let (v4, v6, owners) = (part()?, part()?, part()?);
        let (has_ip, v4) = v4.strip_prefix("ip\n").map_or((false, v4), |v4| (true, v4));
        let routes = |version, part: &str| {
            let lines: Vec<&str> = part.lines().filter(|line| !line.is_empty()).collect();
            Routes::parse(version, &lines).ok_or_else(|| {
                let tool = match version {
                    IpVersion::V4 => "ip -4 -o route show default",
                    IpVersion::V6 => "ip -6 -o route show default",
                };
                unreadable(part.trim_end()).by(tool)
            })
        };
        let (v4, v6) = (routes(IpVersion::V4, v4)?, routes(IpVersion::V6, v6)?);
        let owners = Owners::parse(owners)?;
        let one = |declared: &&Self| Observed {
            has_ip,
            routes: if declared.version() == IpVersion::V4 { v4.clone() } else { v6.clone() },
            owners: owners.clone(),
            interface: declared.place(facts).map(str::to_owned),
        };
        Ok(batch.iter().map(one).collect())
    }

    fn differ(&self, observed: &Observed, context: Context<'_>) -> Result<Option<Change>, Refusal> {
        let facts = context.facts;
        let interface = self.neighbour(observed, facts)?;
        let mut aspects = Vec::new();
        let mut script = Script::new();
        let at_boot = self.at_boot(interface, observed)?;
        if at_boot != [Gateway::new(interface, self.via)] {
            let edits = observed.owners.set_gateway(self.via, interface)?;
            let paths: Vec<&str> = edits.iter().map(|edit| edit.path.as_str()).collect();
            if let Some(path) = paths.iter().find(|path| context.changing.contains(**path)) {
                return refuse(
                    format!("{path} is written by this same plan, and would lose that to the gateway's edit"),
                    "write the gateway there yourself, or apply the two in two runs",
                );
            }
            let new = format!("{} ({interface}, {})", self.via, paths.join(", "));
            aspects.push(Aspect::value("at boot", list(&at_boot), Some(new)));
            for gateway in &at_boot {
                if let Via::Asked { how, .. } = gateway.via {
                    let what = format!("routes by {how}");
                    let new = format!("all ignored, from when {} next connects", gateway.interface);
                    aspects.push(Aspect::value(what, Some("taken".into()), Some(new)));
                }
            }
            edits.iter().for_each(|edit| script += edit.script());
        }
        let (mut risks, mut live) = (Vec::new(), None);
        if let Some(set) = observed.routes.set(self.via, interface) {
            let new = Gateway::new(interface, self.via).to_string();
            aspects.push(Aspect::value("running", observed.running(), Some(new)));
            live = Some(Live { script: set.into(), undo: observed.routes.restore().into() });
            risks.extend(observed.routes.risk(Some((self.via, interface)), facts));
        }
        Ok((!aspects.is_empty()).then(|| Change { live, risks, ..Change::new(aspects, script) }))
    }

    fn unsettled(observed: &Observed) -> bool {
        observed.interface.as_ref().is_some_and(|interface| observed.owners.unsettled(interface))
    }

    fn prior(&self, observed: &Observed) -> Option<Prior> {
        let interface = observed.interface.as_deref()?;
        let right = self.at_boot(interface, observed).ok()? == [Gateway::new(interface, self.via)];
        let edits = if right { Vec::new() } else { observed.owners.set_gateway(self.via, interface).ok()? };
        let boot = edits.into_iter().filter_map(Made::of).collect();
        Some(Prior { routes: observed.routes.told.clone(), boot })
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
        let (mut aspects, script) = reverse::back(&prior.boot, &observed.owners)?;
        let lines: Vec<&str> = prior.routes.iter().map(String::as_str).collect();
        let Some(then) = Routes::parse(self.version(), &lines) else {
            return refuse(
                "the default routes on record do not read",
                "set them by hand, and remove the record",
            );
        };
        let (mut risks, mut live) = (Vec::new(), None);
        if !observed.routes.are(&then) {
            let was = Observed { routes: then.clone(), ..observed.clone() };
            aspects.push(Aspect::value("running", observed.running(), was.running()));
            live = Some(Live { script: then.restore().into(), undo: observed.routes.restore().into() });
            let first = then.routes.first();
            let gateway = first.and_then(|route| Some((route.via?, route.device.as_str())));
            risks.extend(observed.routes.risk(gateway, context.facts));
        }
        Ok((!aspects.is_empty()).then(|| Change { live, risks, ..Change::new(aspects, script) }))
    }
}

impl Observed {
    /// `192.168.40.1 (eth0), 10.0.0.1 (eth1)`
    fn running(&self) -> Option<String> {
        let each: Vec<String> = self.routes.routes.iter().map(super::route::Route::gateway).collect();
        (!each.is_empty()).then(|| each.join(", "))
    }
}

impl DefaultGateway {
    fn version(&self) -> IpVersion {
        IpVersion::of(self.via)
    }

    /// Whether it is known on its link alone.
    fn of_link(&self) -> bool {
        matches!(self.via, IpAddr::V6(via) if via.is_unicast_link_local())
    }

    /// The interface on which it is a neighbour.
    fn place<'a>(&'a self, facts: &'a Facts) -> Option<&'a str> {
        let named = self.interface.as_deref();
        if self.of_link() {
            return named;
        }
        let near = facts
            .addresses
            .iter()
            .find(|(interface, net)| net.contains(&self.via) && named.is_none_or(|named| named == interface));
        near.map(|(interface, _)| interface.as_str())
    }

    /// The interface on which it is a neighbour that a route can go by.
    fn neighbour<'a>(&self, observed: &'a Observed, facts: &Facts) -> Result<&'a str, Refusal> {
        let via = self.via;
        if !observed.has_ip {
            return refuse(
                "there is no `ip` on this host, so its routes can't be seen",
                "install iproute2 (EL: iproute)",
            );
        }
        if facts.addresses.iter().any(|(_, net)| net.addr() == via) {
            return refuse(
                format!("{via} is this host's own address"),
                "the gateway is another machine's address",
            );
        }
        let Some(interface) = &observed.interface else {
            let on = self.interface.as_ref().map_or(String::new(), |name| format!(" on {name}"));
            let nets: Vec<String> = facts.addresses.iter().map(|(i, net)| format!("{net} ({i})")).collect();
            return refuse(
                format!("{via} is in none of this host's subnets{on}: {}", nets.join(", ")),
                "give the host an address in the gateway's subnet first, or correct `via`",
            );
        };
        let advertised = observed.routes.routes.iter().find(|r| r.protocol.as_deref() == Some("ra"));
        if let Some(route) = advertised {
            let device = &route.device;
            return refuse(
                format!("a router's advertisements bring a default route: {}", route.gateway()),
                format!(
                    "have the host not take them: `IPv6AcceptRA=no` where systemd-networkd has {device}, \
                     `ipv6.ignore-auto-routes yes` and `nmcli device reapply {device}` where NetworkManager has, else \
                     `sysctl: {{ name: net.ipv6.conf.{device}.accept_ra, value: 0 }}`; then `ip -6 route del default \
                     proto ra`; or leave its gateway to the router, without default_gateway"
                ),
            );
        }
        Ok(interface)
    }

    /// The default gateways that come at boot. What an interface only asks for counts where it is the gateway's, or
    /// where something answered.
    fn at_boot(&self, interface: &str, observed: &Observed) -> Result<Vec<Gateway>, Refusal> {
        // a conflict between owners shows here first
        observed.owners.of(interface)?;
        let leads = |name: &str| observed.routes.routes.iter().any(|route| route.device == name);
        let mut gateways = observed.owners.gateways(self.version())?;
        gateways.retain(|gateway| match gateway.via {
            Via::Address(_) => true,
            Via::Asked { .. } => gateway.interface == interface || leads(&gateway.interface),
        });
        for gateway in &mut gateways {
            let Via::Asked { how, by, yields } = &gateway.via else { continue };
            let own = gateway.interface == interface;
            if own && *yields {
                continue;
            }
            let asked = Asked { interface: &gateway.interface, dhcp: *how == "DHCP", own };
            if own && asked.dhcp && asked.handed_out(observed) == Some(vec![self.via]) {
                gateway.via = Via::Address(self.via);
                continue;
            }
            let reason = format!("{} gets its address and default gateway by {how} ({by})", asked.interface);
            return refuse(reason, asked.remedy(self.via, observed));
        }
        gateways.dedup();
        Ok(gateways)
    }
}

/// An interface that asks for its gateway.
struct Asked<'a> {
    interface: &'a str,
    /// Whether it asks DHCP; else it listens to routers' advertisements.
    dhcp: bool,
    /// Whether it is the one that the declared gateway is to be on.
    own: bool,
}

impl Asked<'_> {
    /// The gateways that DHCP has handed out, as far as that can be seen: by the routes that are marked as its own, and by
    /// the leases that a client keeps.
    fn handed_out(&self, observed: &Observed) -> Option<Vec<IpAddr>> {
        let marked = |route: &&super::route::Route| {
            route.device == self.interface && route.protocol.as_deref() == Some("dhcp")
        };
        let routes: Vec<IpAddr> =
            observed.routes.routes.iter().filter(marked).filter_map(|r| r.via).collect();
        if routes.is_empty() { observed.owners.leased(self.interface) } else { Some(routes) }
    }

    /// What to do, of which each leads to a run that has nothing to change or to refuse.
    fn remedy(&self, via: IpAddr, observed: &Observed) -> String {
        let interface = self.interface;
        match (self.own, self.dhcp) {
            (true, true) if self.can_tell(observed) => format!(
                "give {interface} a static address there; or have its DHCP server hand out {via} as the only router, and \
                 renew the lease of {interface}"
            ),
            (true, true) => format!(
                "give {interface} a static address there; or leave its gateway to the DHCP server, without default_gateway: \
                 its DHCP client does not tell what it was handed out"
            ),
            (true, false) => format!(
                "give {interface} a static address there; or leave its gateway to the router, without default_gateway"
            ),
            (false, true) => format!(
                "give {interface} a static address there; or have its DHCP server hand out no router, and renew the lease \
                 of {interface}"
            ),
            (false, false) => format!("give {interface} a static address there"),
        }
    }

    /// Whether it would be seen that DHCP hands out another gateway. dhclient keeps its leases where we look, systemd-networkd,
    /// NetworkManager, wicked and dhcpcd mark their routes, and busybox's client does neither.
    fn can_tell(&self, observed: &Observed) -> bool {
        let marks = |name: &str| !name.starts_with("ifupdown") && name != "network-scripts";
        let owner = observed.owners.of(self.interface).map(|owner| owner.name());
        self.handed_out(observed).is_some() || owner.is_ok_and(marks)
    }
}

fn list(gateways: &[Gateway]) -> Option<String> {
    let each: Vec<String> = gateways.iter().map(ToString::to_string).collect();
    (!each.is_empty()).then(|| each.join(", "))
}
