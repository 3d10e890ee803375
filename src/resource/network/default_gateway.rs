//! The IPv4 default gateway: the route that runs, and the file that brings it at boot.
//!
//! The file belongs to whoever configures the interface. That one is looked for, never guessed: ifupdown and
//! systemd-networkd are edited, in the gateway's line alone; of all others it is said what to do.

use std::net::{IpAddr, Ipv4Addr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::observed::{ConfFile, Observed, Route};
use super::{Boot, foreign, ifupdown, networkd, observed, refuse};
use crate::resource::shell::{Attributes, replace};
use crate::resource::{
    Aspect, Change, Context, Facts, Kind, Live, Need, Refusal, Risk, Script, Unreadable, quote,
};

/// The one IPv4 default gateway, now and after the next boot.
///
/// The route that runs, and the file that brings it at boot, are compared apart. The file belongs to whoever
/// configures the interface: ifupdown's and systemd-networkd's are edited, in the gateway's line alone. Other
/// default routes go; those of tables other than `main` stay.
///
/// The module refuses, with the commands to run instead, under NetworkManager, netplan, EL's network-scripts, DHCP,
/// two owners of one interface, or an unknown one. See also `--allow-route-change`.
///
/// ```yaml
/// - default_gateway: { via: "{{ dip }}" }
///   when: role == 'real_server' and forwards_by_nat
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefaultGateway {
    /// Its address, which is in one of the host's subnets.
    pub via: Ipv4Addr,
}

impl Kind for DefaultGateway {
    const MODULE: &'static str = "default_gateway";
    type Observed = Observed;
    type Prior = ();

    fn subject(&self) -> String {
        self.via.to_string()
    }

    fn needs(&self) -> Option<Need> {
        Some(Need::Forwarding { by: IpAddr::V4(self.via) })
    }

    fn probe(_batch: &[&Self], facts: &Facts) -> String {
        observed::probe(facts)
    }

    fn parse(batch: &[&Self], _facts: &Facts, output: &[u8]) -> Result<Vec<Observed>, Unreadable> {
        Ok(vec![observed::parse(&String::from_utf8_lossy(output))?; batch.len()])
    }

    fn differ(&self, observed: &Observed, context: Context<'_>) -> Result<Option<Change>, Refusal> {
        let via = self.via;
        let facts = context.facts;
        if !observed.has_ip {
            return refuse(
                "there is no `ip` on this host, so its routes can't be seen",
                "install iproute2 (EL: iproute)",
            );
        }
        if facts.addresses.iter().any(|(_, net)| net.addr() == IpAddr::V4(via)) {
            return refuse(
                format!("{via} is this host's own address"),
                "the gateway is another machine's address",
            );
        }
        let Some((interface, _)) = facts.on_link(IpAddr::V4(via)) else {
            let nets: Vec<String> = facts.addresses.iter().map(|(i, net)| format!("{net} ({i})")).collect();
            return refuse(
                format!("{via} is in none of this host's subnets: {}", nets.join(", ")),
                "give the host an address in the gateway's subnet first, or correct `via`",
            );
        };
        let boot = self.boot(interface, observed)?;
        let mut aspects = Vec::new();
        let mut script = Script::new();
        let wanted = vec![(interface.clone(), via.to_string())];
        if boot.gateways != wanted {
            if let Some(refusal) = boot.refusal {
                return Err(refusal);
            }
            let paths: Vec<&str> = boot.edits.iter().map(|(file, _)| file.path.as_str()).collect();
            if let Some(path) = paths.iter().find(|path| context.changing.contains(**path)) {
                return refuse(
                    format!("{path} is written by this same plan, and would lose that to the gateway's edit"),
                    "write the gateway there yourself, or apply the two in two runs",
                );
            }
            let new = format!("{via} ({interface}, {})", paths.join(", "));
            aspects.push(Aspect::value("at boot", list(&boot.gateways), Some(new)));
            for (file, text) in &boot.edits {
                script += rewrite(file, text);
            }
        }
        let (mut risks, mut live) = (Vec::new(), None);
        // a route with several next hops and no metric goes before those with one, and only a replace takes it whole
        let replace = observed.routes.iter().any(|route| route.multipath && route.metric.is_none());
        let ours = |route: &Route| {
            let shadowed = replace && route.metric.is_some();
            route.via == Some(via) && route.device == *interface && !route.multipath && !shadowed
        };
        let found = observed.routes.iter().position(ours);
        if found.is_none() || observed.routes.len() > 1 {
            let now: Vec<_> = observed.routes.iter().map(|r| (r.device.clone(), r.gateway())).collect();
            aspects.push(Aspect::value("running", list(&now), Some(format!("{via} ({interface})"))));
            // a replace takes the first route of its own metric, which is none, and leaves the others
            let (mut kept, mut script) = (found, Script::new());
            if found.is_none() {
                script += &format!("ip -4 route replace default via {via} dev {}\n", quote(interface));
                kept = observed.routes.iter().position(|route| route.metric.is_none());
            }
            for (i, route) in observed.routes.iter().enumerate() {
                if Some(i) != kept && !(route.multipath && route.metric.is_none()) {
                    script += &format!("ip -4 route del {} 2>/dev/null || :\n", route.spec());
                }
            }
            live = Some(Live { script, undo: observed.restore().into() });
            if let Some(connection) = facts.connection
                && let Some(way) = observed.to_controller.filter(|way| way.via != Some(via))
            {
                let (controller, old, new) = (Some(connection.client), way.via.map(IpAddr::V4), via.into());
                risks.push(Risk::RouteChange { controller, old, new });
            }
        }
        Ok((!aspects.is_empty()).then(|| Change { live, risks, ..Change::new(aspects, script) }))
    }
}

impl DefaultGateway {
    /// What the interface's owner brings at boot.
    pub(super) fn boot(&self, interface: &str, observed: &Observed) -> Result<Boot, Refusal> {
        let via = self.via;
        let link = observed.links.iter().find(|link| link.interface == interface && link.configured());
        let stanza = ifupdown::has(interface, &observed.interfaces);
        if let Some(boot) = foreign::network_manager(via, interface, observed) {
            return Ok(boot);
        }
        match (link, stanza) {
            (Some(_), true) => refuse(
                format!("both systemd-networkd and /etc/network/interfaces configure {interface}"),
                "leave it to one of the two: remove its stanza there, or its .network file",
            ),
            // the other one's gateways are second default routes
            (Some(_), false) => {
                let others = ifupdown::boot(via, None, observed)?;
                Ok(networkd::boot(via, Some(interface), observed)?.with(others))
            }
            (None, true) => {
                let others = networkd::boot(via, None, observed)?;
                Ok(ifupdown::boot(via, Some(interface), observed)?.with(others))
            }
            (None, false) => match foreign::network_scripts(via, interface, observed) {
                Some(boot) => Ok(boot),
                None if !observed.netplan.is_empty() => refuse(
                    format!("{interface} is configured by netplan, which lvsprov does not edit"),
                    foreign::netplan(via, interface),
                ),
                None => refuse(
                    format!(
                        "who configures {interface} is not known: neither ifupdown, systemd-networkd, NetworkManager \
                         nor network-scripts has it"
                    ),
                    format!(
                        "configure {interface} by ifupdown or systemd-networkd, so that its gateway outlives a reboot"
                    ),
                ),
            },
        }
    }
}

/// `192.168.40.1 (eth0), 10.0.0.1 (eth1)`
fn list(gateways: &[(String, String)]) -> Option<String> {
    let one = |(interface, gateway): &(String, String)| match interface.as_str() {
        "" => gateway.clone(),
        _ => format!("{gateway} ({interface})"),
    };
    let each: Vec<String> = gateways.iter().map(one).collect();
    (!each.is_empty()).then(|| each.join(", "))
}

/// The text was made from the file as the plan saw it: should it be another by now, nothing is written.
fn rewrite(file: &ConfFile, text: &str) -> Script {
    let (old, new) = (quote(file.text.trim_end_matches('\n')), quote(text.trim_end_matches('\n')));
    let path = quote(&file.path);
    let mut script = Script::from(format!(
        "c=$(cat {path})\nif [ \"$c\" != {new} ]; then\n\
         [ \"$c\" = {old} ] || {{ echo {path}\" was changed since the plan was made: run again\" >&2; exit 1; }}\n",
    ));
    script += replace(&file.path, text, Attributes::default());
    script += "fi\n";
    script
}
