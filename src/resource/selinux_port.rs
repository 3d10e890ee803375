//! Ports that SELinux's policy lets a service listen on.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shell::LEAVE;
use super::{Aspect, Change, Context, Facts, Kind, Refusal, Unreadable};

/// A port that SELinux's policy lets a service listen on.
///
/// It does nothing on hosts without SELinux. What the policy has already stays as it is, and a port that it gives to
/// another service is refused. `semanage` makes the change; where it is missing, the plan names the package that brings
/// it.
///
/// ```yaml
/// - selinux_port: { port: 8888 }
/// - selinux_port: { port: 8888, protocol: udp, type: dns_port_t }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SelinuxPort {
    /// The port's number.
    pub port: u16,
    /// Its protocol.
    #[serde(default)]
    pub protocol: PortProtocol,
    /// The type that the policy is to give it. Apache may listen on `http_port_t`.
    #[serde(default = "http", rename = "type")]
    pub kind: String,
}

/// A port's protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PortProtocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

/// What the policy says of a port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The type that the administrator gave it.
    local: Option<String>,
    /// The types that the whole policy gives it, beside those of large ranges; `None` where nothing could tell.
    policy: Option<Vec<String>>,
}

/// What there was of a port.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// The type that the administrator had given it.
    local: Option<String>,
}

/// Types of large ranges, out of which any port may be given to a service.
const FREE: [&str; 4] = ["unreserved_port_t", "ephemeral_port_t", "hi_reserved_port_t", "reserved_port_t"];

/// Ports on which every policy lets Apache listen, so that nothing has to be asked.
const HTTP: [u16; 5] = [80, 443, 8008, 8080, 8443];

fn http() -> String {
    "http_port_t".into()
}

impl PortProtocol {
    fn word(self) -> &'static str {
        match self {
            PortProtocol::Tcp => "tcp",
            PortProtocol::Udp => "udp",
        }
    }
}

impl SelinuxPort {
    fn is_well_known(&self) -> bool {
        self.protocol == PortProtocol::Tcp && self.kind == http() && HTTP.contains(&self.port)
    }

    /// Whether who may listen on ports of the declared type may do so on those of this one. Apache may on a cache's.
    fn is_met_by(&self, kind: &str) -> bool {
        kind == self.kind || self.kind == http() && kind == "http_cache_port_t"
    }

    fn covers(&self, protocol: &str, ports: &str) -> bool {
        let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
        let within = |first: u16, last: u16| (first..=last).contains(&self.port);
        protocol == self.protocol.word()
            && first.parse().ok().zip(last.parse().ok()).is_some_and(|(a, b)| within(a, b))
    }
}

impl Kind for SelinuxPort {
    const MODULE: &'static str = "selinux_port";
    type Observed = Observed;
    type Prior = Prior;

    fn subject(&self) -> String {
        format!("{}/{}", self.protocol.word(), self.port)
    }

    fn check(&self) -> Result<(), String> {
        if self.port == 0 {
            return Err("`port` is 0: name a port from 1 on".into());
        }
        let legal = self.kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if legal && self.kind.ends_with("_port_t") {
            Ok(())
        } else {
            Err(format!("`{}` is no type of a port: those end with `_port_t`", self.kind))
        }
    }

    /// What the administrator gave stands in a text. semanage, which takes a second, is asked only when that does not tell.
    fn probe(batch: &[&Self], facts: &Facts) -> String {
        let open = batch.iter().filter(|port| !port.is_well_known());
        let open: Vec<String> =
            open.map(|port| format!("{}/{}/{}", port.protocol.word(), port.port, port.kind)).collect();
        if !facts.selinux || open.is_empty() {
            return String::new();
        }
        format!(
            r#"known=
for f in /var/lib/selinux/*/active/ports.local /etc/selinux/*/active/ports.local; do
  if [ -r "$f" ]; then
    while read -r w p n c; do
      if [ "$w" = portcon ]; then
        c=${{c#*:*:}}
        echo "local $p $n ${{c%%:*}}"
        known="$known $p/$n/${{c%%:*}}"
      fi
    done <"$f"
  fi
done
for p in {open}; do
  case "$known " in *" $p "*) continue;; esac
  if command -v semanage >/dev/null 2>&1; then echo policy; semanage port -l 2>/dev/null; fi
  break
done
"#,
            open = open.join(" ")
        )
    }

    fn parse(batch: &[&Self], _facts: &Facts, output: &[u8]) -> Result<Vec<Observed>, Unreadable> {
        let text = String::from_utf8_lossy(output);
        let observe = |port: &&Self| {
            let mut observed = Observed::default();
            for line in text.lines() {
                let words: Vec<&str> = line.split([' ', '\t', ',']).filter(|word| !word.is_empty()).collect();
                match words[..] {
                    ["local", protocol, ports, kind] if port.covers(protocol, ports) => {
                        observed.local = Some(kind.to_owned());
                    }
                    ["policy"] => {}
                    // the table's head is `SELinux Port Type  Proto  Port Number`
                    [kind, protocol, ref ports @ ..] if kind.ends_with("_t") => {
                        let types = observed.policy.get_or_insert_default();
                        if ports.iter().any(|ports| port.covers(protocol, ports)) && !FREE.contains(&kind) {
                            types.push(kind.to_owned());
                        }
                    }
                    _ => {}
                }
            }
            observed
        };
        Ok(batch.iter().map(observe).collect())
    }

    fn differ(&self, observed: &Observed, context: Context<'_>) -> Result<Option<Change>, Refusal> {
        if !context.facts.selinux || self.is_well_known() {
            return Ok(None);
        }
        let types: Vec<&String> = observed.local.iter().chain(observed.policy.iter().flatten()).collect();
        if types.iter().any(|kind| self.is_met_by(kind)) {
            return Ok(None);
        }
        let subject = self.subject();
        if let Some(other) = types.first() {
            return Err(Refusal {
                reason: format!("SELinux's policy gives {subject} to another service: it is {other}"),
                remedy: format!(
                    "let the service listen on another port; or, if nothing else needs this one: \
                     semanage port -m -t {} -p {} {}",
                    self.kind,
                    self.protocol.word(),
                    self.port
                ),
            });
        }
        let package = context.facts.os.distribution().and_then(|names| names.semanage_package);
        let package = package.unwrap_or("policycoreutils");
        let new = match observed.policy {
            Some(_) => self.kind.clone(),
            None => {
                format!("{}, if it is not that yet (semanage, which tells, comes with {package})", self.kind)
            }
        };
        let script = format!(
            r#"t={kind} p={protocol} n={port}
command -v semanage >/dev/null 2>&1 || {{
  echo "there is no semanage, which sets SELinux's ports: declare \`package: {{ name: {package} }}\` before this, and run again" >&2
  exit 1; }}
if ! semanage port -l | awk -v t="$t" -v p="$p" -v n="$n" '$1 == t && $2 == p {{
    for (i = 3; i <= NF; i++) {{ split($i, r, /[-,]/); if (n + 0 >= r[1] + 0 && n + 0 <= (r[2] == "" ? r[1] : r[2]) + 0) f = 1 }} }}
    END {{ exit !f }}'; then
  semanage port -a -t "$t" -p "$p" "$n"
fi
"#,
            kind = self.kind,
            protocol = self.protocol.word(),
            port = self.port,
        );
        let aspects = vec![Aspect::value("type", None, Some(new))];
        Ok(Some(Change { deadline: Duration::from_secs(180), ..Change::new(aspects, script) }))
    }

    fn prior(&self, observed: &Observed) -> Option<Prior> {
        Some(Prior { local: observed.local.clone() })
    }

    fn revert(&self, prior: &Prior, observed: &Observed, _: Context<'_>) -> Result<Option<Change>, Refusal> {
        if prior.local.is_some() || observed.local.as_deref() != Some(&self.kind) {
            return Ok(None);
        }
        let (protocol, port) = (self.protocol.word(), self.port);
        let script = format!(
            "{LEAVE}if command -v semanage >/dev/null 2>&1; then semanage port -d -p {protocol} {port}\n\
             else leave \"SELinux's {protocol}/{port} stays {kind}: there is no semanage to take it back\"; fi\n",
            kind = self.kind
        );
        let aspects = vec![Aspect::value("type", observed.local.clone(), None)];
        Ok(Some(Change { deadline: Duration::from_secs(180), ..Change::new(aspects, script) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// What `semanage port -l` prints of these.
    const LIST: &str = "policy\nSELinux Port Type              Proto    Port Number\n\n\
        http_cache_port_t              tcp      8080, 8118, 8123, 10001-10010\n\
        http_port_t                    tcp      80, 81, 443, 488, 8008, 8009, 8443, 9000\n\
        websm_port_t                   tcp      9090\n\
        unreserved_port_t              tcp      61001-65535, 1024-32767\n";

    fn port(port: u16) -> SelinuxPort {
        SelinuxPort { port, protocol: PortProtocol::Tcp, kind: http() }
    }

    fn differ(port: &SelinuxPort, output: &str, selinux: bool) -> Result<Option<Vec<Aspect>>, Refusal> {
        let facts = Facts { selinux, ..Facts::example() };
        let observed = SelinuxPort::parse(&[port], &facts, output.as_bytes()).unwrap().remove(0);
        let change = port.differ(&observed, Context { facts: &facts, changing: &BTreeSet::new() })?;
        Ok(change.map(|change| change.aspects))
    }

    #[test]
    fn what_the_policy_has_already_stays() {
        for met in [80, 9000, 8118, 10005] {
            assert_eq!(differ(&port(met), LIST, true), Ok(None), "{met}");
        }
        assert_eq!(differ(&port(8888), "local tcp 8880-8890 http_port_t\n", true), Ok(None));
        assert_eq!(differ(&port(8888), "", false), Ok(None));
    }

    #[test]
    fn a_free_port_gets_the_type() {
        let change = differ(&port(8888), LIST, true).unwrap().unwrap();
        assert_eq!(change, [Aspect::value("type", None, Some("http_port_t".into()))]);
    }

    #[test]
    fn another_services_port_is_refused() {
        let refusal = differ(&port(9090), LIST, true).unwrap_err();
        assert!(refusal.reason.ends_with("it is websm_port_t"), "{}", refusal.reason);
        assert!(refusal.remedy.contains("semanage port -m -t http_port_t -p tcp 9090"), "{}", refusal.remedy);
    }

    #[test]
    fn where_nothing_tells_it_the_package_is_named() {
        let change = differ(&port(8888), "", true).unwrap().unwrap();
        let new = change[0].new.as_deref().unwrap();
        assert!(new.ends_with("(semanage, which tells, comes with policycoreutils-python-utils)"), "{new}");
    }

    #[test]
    fn ports_that_every_policy_gives_apache_cost_nothing() {
        let facts = Facts { selinux: true, ..Facts::example() };
        assert_eq!(SelinuxPort::probe(&[&port(80), &port(443)], &facts), "");
        assert_eq!(SelinuxPort::probe(&[&port(8888)], &Facts::example()), "");
    }
}
