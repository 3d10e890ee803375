//! Time, kept by chrony: a package, its configuration and its service, which a plan shows as what they are.

use ipnet::IpNet;
use minijinja::Value;
use schemars::JsonSchema;
use serde::Deserialize;

use super::composite::{Composite, ExpandError};
use crate::playbook::scope::Scope;
use crate::resource::{
    Chrony, Clock, Distribution, Facts, File, Mode, Package, Refusal, Resource, Service, ServiceState,
};

/// The time, kept by chrony.
///
/// It stands for chrony's package, its configuration and its service, which plans show as these three. Other time
/// daemons go, as chrony's package conflicts with them. With neither argument, the distribution's configuration
/// stays.
///
/// Besides, the host's clock is compared with that of the machine that lvsprov runs on. One that is known to be off by more
/// than two seconds is told by a plan, and counts as drift. A deploy then has chrony step the clock, if its servers answer.
///
/// ```yaml
/// - time_sync: { servers: "{{ time.servers }}", serve: ["{{ dip_network }}"] }
/// ```
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TimeSync {
    /// Where the time comes from: addresses or names. A name with a part `pool` stands for several servers.
    #[serde(default)]
    servers: Vec<String>,
    /// The subnets that may ask this host for the time. It answers them even when its own servers are out of reach,
    /// so that they stay in step with each other.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    serve: Vec<IpNet>,
}

impl Composite for TimeSync {
    const MODULE: &'static str = "time_sync";

    fn expand(self, scope: Scope<'_>, _variables: &Value) -> Result<Vec<Resource>, ExpandError> {
        let (package, file, service) = self.parts(scope.facts)?;
        let file = file.map(Resource::File);
        let parts = [Some(package.into()), file, Some(service.into()), Some(Clock::default().into())];
        Ok(parts.into_iter().flatten().collect())
    }
}

impl TimeSync {
    /// The three resources that it stands for, in their order.
    ///
    /// # Errors
    /// The distribution's names for chrony are not known.
    fn parts(&self, facts: &Facts) -> Result<(Package, Option<File>, Service), Refusal> {
        let Some(Distribution { chrony, .. }) = facts.os.distribution() else {
            return Err(Refusal {
                reason: format!("where {} keeps chrony's configuration is not known", facts.os.id),
                remedy: "declare chrony's package, its file and its service each by itself".into(),
            });
        };
        let package = Package::present(&[chrony.package]);
        let declared = !(self.servers.is_empty() && self.serve.is_empty());
        let file = declared.then(|| File {
            mode: Mode::new("0644").ok(),
            owner: Some("root".into()),
            group: Some("root".into()),
            ..File::new(chrony.conf, self.conf(&chrony))
        });
        let service = Service {
            name: chrony.service.into(),
            state: Some(ServiceState::Started),
            enabled: Some(true),
            restart_on: file.iter().map(|f| f.dest.clone()).collect(),
            reload_on: Vec::new(),
            interrupts: Some(false),
        };
        Ok((package, file, service))
    }

    /// chrony.conf(5). What concerns the host's own disk and clock is as the distribution has it; directives that
    /// chrony 3 of EL7 would stumble over are left out.
    fn conf(&self, names: &Chrony) -> String {
        let mut conf = String::from("# Written by lvsprov.\n");
        for server in &self.servers {
            let pool =
                server.parse::<std::net::IpAddr>().is_err() && server.split('.').any(|part| part == "pool");
            conf += &format!("{} {server} iburst\n", if pool { "pool" } else { "server" });
        }
        for subnet in &self.serve {
            conf += &format!("allow {subnet}\n");
        }
        if !self.serve.is_empty() {
            conf += "local stratum 10\n";
        }
        for (directive, path) in
            [("include", names.include), ("keyfile", names.keys), ("driftfile", Some(names.drift))]
        {
            if let Some(path) = path {
                conf += &format!("{directive} {path}\n");
            }
        }
        conf += "logdir /var/log/chrony\nmaxupdateskew 100.0\nrtcsync\nmakestep 1 3\nleapsectz right/UTC\n";
        conf
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::{Family, Os};

    #[test]
    fn a_director_serves_its_subnet() {
        let director = TimeSync {
            servers: vec!["pool.ntp.org".into(), "10.0.0.1".into()],
            serve: vec!["192.168.40.0/24".parse().unwrap()],
        };
        let (_, file, service) = director.parts(&Facts::example()).unwrap();
        let file = file.unwrap();
        assert_eq!(service.restart_on, std::slice::from_ref(&file.dest));
        let content = file.content.unwrap();
        let head: Vec<_> = content.lines().skip(1).take(4).collect();
        let want = [
            "pool pool.ntp.org iburst",
            "server 10.0.0.1 iburst",
            "allow 192.168.40.0/24",
            "local stratum 10",
        ];
        assert_eq!(head, want);
    }

    #[test]
    fn each_distribution_has_its_own_paths() {
        let own = |id: &str, family| {
            let os = Os { id: id.into(), version: String::new(), family };
            let synced = TimeSync { servers: vec!["10.0.0.1".into()], serve: Vec::new() };
            let (_, file, service) = synced.parts(&Facts { os, ..Facts::example() }).unwrap();
            let file = file.unwrap();
            let content = file.content.unwrap();
            let lines: Vec<_> =
                content.lines().skip(2).take_while(|line| !line.starts_with("logdir")).collect();
            format!("{} {}: {}", service.name, file.dest, lines.join(", "))
        };
        assert_eq!(
            own("debian", Family::Debian),
            "chrony /etc/chrony/chrony.conf: include /etc/chrony/conf.d/*.conf, keyfile /etc/chrony/chrony.keys, \
             driftfile /var/lib/chrony/chrony.drift"
        );
        let other = "chronyd /etc/chrony.conf: keyfile /etc/chrony.keys, driftfile /var/lib/chrony/drift";
        assert_eq!(own("rocky", Family::RedHat), other);
        assert_eq!(own("sles", Family::Suse), other);
        assert_eq!(
            own("alpine", Family::Alpine),
            "chronyd /etc/chrony/chrony.conf: driftfile /var/lib/chrony/chrony.drift"
        );
    }

    #[test]
    fn with_nothing_declared_the_distributions_configuration_stays() {
        let (_, file, service) = TimeSync::default().parts(&Facts::example()).unwrap();
        assert_eq!((file, service.restart_on.len()), (None, 0));
    }
}
