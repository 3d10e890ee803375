//! The edits that take the kernel from one table to another without dropping a connection.

use std::fmt;
use std::net::SocketAddr;

use super::diff::{ServerDiff, TableDiff};
use super::{RealServer, ServiceKey, VirtualService};

/// One call of ipvsadm; displayed, its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// `-E`: all of a service's own settings; its real servers stay.
    EditService(VirtualService),
    /// `-A`: a service, still without its real servers.
    AddService(VirtualService),
    /// `-a`
    AddServer(ServiceKey, SocketAddr, RealServer),
    /// `-e`: all of a real server's settings; its connections stay.
    EditServer(ServiceKey, SocketAddr, RealServer),
    /// `-d`: the kernel silently drops the packets of connections that still run.
    DeleteServer(ServiceKey, SocketAddr),
    /// `-D`, with all of its real servers.
    DeleteService(ServiceKey),
}

impl Edit {
    /// The service that it is about.
    pub fn key(&self) -> ServiceKey {
        match self {
            Edit::EditService(service) | Edit::AddService(service) => service.key,
            Edit::AddServer(key, ..)
            | Edit::EditServer(key, ..)
            | Edit::DeleteServer(key, _)
            | Edit::DeleteService(key) => *key,
        }
    }

    /// Whether connections that still run end with it.
    pub fn removes(&self) -> bool {
        matches!(self, Edit::DeleteServer(..) | Edit::DeleteService(..))
    }
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Edit::EditService(service) => write!(f, "-E {} {}", service.key.arguments(), service.settings()),
            Edit::AddService(service) => write!(f, "-A {} {}", service.key.arguments(), service.settings()),
            Edit::AddServer(key, address, server) => {
                write!(f, "-a {} -r {address} {}", key.arguments(), server.settings())
            }
            Edit::EditServer(key, address, server) => {
                write!(f, "-e {} -r {address} {}", key.arguments(), server.settings())
            }
            Edit::DeleteServer(key, address) => write!(f, "-d {} -r {address}", key.arguments()),
            Edit::DeleteService(key) => write!(f, "-D {}", key.arguments()),
        }
    }
}

impl TableDiff<'_> {
    /// The fewest edits that make the difference, in an order that is safe while connections run: services are changed,
    /// then added; real servers are added, then changed; what leaves is first given weight 0 and at the very end deleted.
    /// A service that hashes clients falls back to others until then.
    pub fn edits(&self) -> Vec<Edit> {
        let (mut edit_services, mut add_services) = (Vec::new(), Vec::new());
        let (mut add_servers, mut edit_servers, mut quiesce) = (Vec::new(), Vec::new(), Vec::new());
        let (mut delete_servers, mut settle_services, mut delete_services) =
            (Vec::new(), Vec::new(), Vec::new());
        for service in &self.services {
            let key = service.key;
            if let Some(wanted) = service.new {
                let meanwhile = falling_back(wanted).filter(|_| service.loses());
                if meanwhile.is_some() {
                    settle_services.push(Edit::EditService(wanted.bare()));
                }
                let first = meanwhile.unwrap_or_else(|| wanted.bare());
                match service.old {
                    None => add_services.push(Edit::AddService(first)),
                    Some(there) if !there.has_settings_of(&first) => {
                        edit_services.push(Edit::EditService(first));
                    }
                    Some(_) => {}
                }
            } else {
                delete_services.push(Edit::DeleteService(key));
            }
            for &ServerDiff { address, old, new } in &service.servers {
                match (old, new) {
                    (None, Some(&new)) => add_servers.push(Edit::AddServer(key, address, new)),
                    (_, Some(&new)) => edit_servers.push(Edit::EditServer(key, address, new)),
                    (Some(&old), None) => {
                        if old.weight != 0 {
                            quiesce.push(Edit::EditServer(key, address, RealServer { weight: 0, ..old }));
                        }
                        if service.new.is_some() {
                            delete_servers.push(Edit::DeleteServer(key, address));
                        }
                    }
                    (None, None) => {}
                }
            }
        }
        let coming = [edit_services, add_services, add_servers, edit_servers, quiesce].concat();
        [coming, delete_servers, settle_services, delete_services].concat()
    }
}

/// The service's own settings with its scheduler's fallback, where that is not among them.
fn falling_back(service: &VirtualService) -> Option<VirtualService> {
    let flag = service.scheduler.fallback()?;
    let mut bare = service.bare();
    if bare.scheduler_flags.iter().any(|set| set == flag) {
        return None;
    }
    // it sorts before all others
    bare.scheduler_flags.insert(0, flag.to_owned());
    Some(bare)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ipvs::{Table, arbitrary};

    fn edits(current: &Table, desired: &Table, prune: bool) -> Vec<Edit> {
        TableDiff::between(current, desired, prune).edits()
    }

    fn between(current: &str, desired: &str, prune: bool) -> Vec<String> {
        let (current, desired) = (current.parse().unwrap(), desired.parse().unwrap());
        edits(&current, &desired, prune).iter().map(Edit::to_string).collect()
    }

    const TUTORIAL: &str = "-A -t 192.168.175.100:80 -s rr\n\
        -a -t 192.168.175.100:80 -r 192.168.40.101:80 -m -w 1\n\
        -a -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 1\n";

    #[test]
    fn the_tutorials_own_edits_are_one_of_the_service_and_one_of_the_real_server() {
        let wrr = TUTORIAL.replace("rr", "wrr").replace("102:80 -m -w 1", "102:80 -m -w 4");
        let there =
            ["-E -t 192.168.175.100:80 -s wrr", "-e -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 4"];
        assert_eq!(between(TUTORIAL, &wrr, false), there);
        let sh = TUTORIAL.replace("rr", "sh");
        let back =
            ["-E -t 192.168.175.100:80 -s sh", "-e -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 1"];
        assert_eq!(between(&wrr, &sh, false), back);
    }

    #[test]
    fn an_empty_table_is_filled_as_a_rules_file_would() {
        let lines: Vec<_> = TUTORIAL.lines().collect();
        assert_eq!(between("", TUTORIAL, false), lines);
    }

    #[test]
    fn what_leaves_is_quiesced_and_deleted_after_what_comes() {
        let desired = TUTORIAL.replace("102", "103");
        let expected = [
            "-a -t 192.168.175.100:80 -r 192.168.40.103:80 -m -w 1",
            "-e -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 0",
            "-d -t 192.168.175.100:80 -r 192.168.40.102:80",
        ];
        assert_eq!(between(TUTORIAL, &desired, false), expected);
    }

    #[test]
    fn a_hash_falls_back_while_a_real_server_leaves() {
        let of = |service: &str| TUTORIAL.replace("rr", service);
        let one = |service: &str| of(service).lines().take(2).collect::<Vec<_>>().join("\n");
        let leaves = [
            "-e -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 0",
            "-d -t 192.168.175.100:80 -r 192.168.40.102:80",
        ];
        let service = |settings: &str| format!("-E -t 192.168.175.100:80 -s {settings}");
        for (current, wanted, meanwhile) in [
            ("sh", "sh", "sh -b sh-fallback"),
            ("rr", "sh -b sh-port", "sh -b sh-fallback,sh-port"),
            ("mh", "mh -b mh-port", "mh -b mh-fallback,mh-port"),
        ] {
            let mut expected = vec![service(meanwhile)];
            expected.extend(leaves.map(str::to_owned));
            expected.push(service(wanted));
            assert_eq!(between(&of(current), &one(wanted), false), expected);
        }
        // a run that was cut off goes on with the fallback that it found
        let cut = of("sh -b sh-fallback").replace("102:80 -m -w 1", "102:80 -m -w 0");
        assert_eq!(between(&cut, &one("sh"), false), [leaves[1], &service("sh")]);
        assert_eq!(between(&of("sh -b sh-fallback"), &one("sh -b sh-fallback"), false), leaves);
        assert_eq!(between(&of("sh"), &of("sh -b sh-port"), false), [service("sh -b sh-port")]);
    }

    #[test]
    fn an_undeclared_service_stays_unless_pruned() {
        assert_eq!(between(TUTORIAL, "", false), [""; 0]);
        let expected = [
            "-e -t 192.168.175.100:80 -r 192.168.40.101:80 -m -w 0",
            "-e -t 192.168.175.100:80 -r 192.168.40.102:80 -m -w 0",
            "-D -t 192.168.175.100:80",
        ];
        assert_eq!(between(TUTORIAL, "", true), expected);
    }

    #[test]
    fn a_forwarding_method_is_edited_never_deleted_and_added() {
        let desired = TUTORIAL.replace("101:80 -m", "101:80 -g");
        assert_eq!(
            between(TUTORIAL, &desired, false),
            ["-e -t 192.168.175.100:80 -r 192.168.40.101:80 -g -w 1"]
        );
    }

    /// The kernel, as far as these edits go: it refuses what the real one refuses.
    fn apply(table: &mut Table, edit: &Edit) {
        let services = &mut table.services;
        match edit {
            Edit::EditService(new) => {
                let service = services.get_mut(&new.key).expect("no such service");
                let real_servers = std::mem::take(&mut service.real_servers);
                *service = VirtualService { real_servers, ..new.clone() };
            }
            Edit::AddService(new) => {
                let before = services.insert(new.key, new.bare());
                assert_eq!(before, None, "service already exists");
            }
            Edit::AddServer(key, address, server) => {
                let service = services.get_mut(key).expect("service not defined");
                let before = service.real_servers.insert(*address, *server);
                assert_eq!(before, None, "destination already exists");
            }
            Edit::EditServer(key, address, server) => {
                let service = services.get_mut(key).expect("service not defined");
                service.real_servers.insert(*address, *server).expect("no such destination");
            }
            Edit::DeleteServer(key, address) => {
                let service = services.get_mut(key).expect("service not defined");
                let server = service.real_servers.remove(address).expect("no such destination");
                assert_eq!(server.weight, 0, "it was not quiesced");
            }
            Edit::DeleteService(key) => {
                let service = services.remove(key).expect("no such service");
                assert!(service.real_servers.values().all(|server| server.weight == 0), "not quiesced");
            }
        }
    }

    proptest! {
        #[test]
        fn the_edits_make_the_desired_table(
            (current, desired) in arbitrary::two_tables(), prune in any::<bool>(),
        ) {
            let edits = edits(&current, &desired, prune);
            let mut table = current.clone();
            for edit in &edits {
                apply(&mut table, edit);
            }
            let mut expected = desired.clone();
            if !prune {
                for (key, service) in &current.services {
                    expected.services.entry(*key).or_insert_with(|| service.clone());
                }
            }
            prop_assert_eq!(&table, &expected);
            prop_assert_eq!(super::tests::edits(&table, &desired, prune), vec![]);
        }

        #[test]
        fn only_a_fallback_goes_after_removals_and_nothing_is_deleted_and_added(
            (current, desired) in arbitrary::two_tables(), prune in any::<bool>(),
        ) {
            let edits = edits(&current, &desired, prune);
            let after = edits.iter().skip_while(|edit| !edit.removes()).filter(|edit| !edit.removes());
            for edit in after {
                let settles = matches!(edit, Edit::EditService(service) if falling_back(service).is_some());
                prop_assert!(settles, "{}", edit);
            }
            for edit in &edits {
                let target = |edit: &Edit| match edit {
                    Edit::AddServer(key, address, _) | Edit::DeleteServer(key, address) => Some((*key, Some(*address))),
                    Edit::AddService(VirtualService { key, .. }) | Edit::DeleteService(key) => Some((*key, None)),
                    Edit::EditService(_) | Edit::EditServer(..) => None,
                };
                if let Some(one) = target(edit) {
                    prop_assert_eq!(edits.iter().filter(|other| target(other) == Some(one)).count(), 1);
                }
            }
        }

        #[test]
        fn equal_tables_need_no_edit(table in arbitrary::table(), prune in any::<bool>()) {
            prop_assert_eq!(edits(&table, &table, prune), vec![]);
        }

        #[test]
        fn an_edit_for_each_difference_and_no_more((current, desired) in arbitrary::two_tables()) {
            let mut count = 0;
            for (key, service) in &desired.services {
                let there = current.services.get(key);
                let servers = there.map(|there| there.real_servers.clone()).unwrap_or_default();
                let loses = servers.keys().any(|address| !service.real_servers.contains_key(address));
                let meanwhile = falling_back(service).filter(|_| loses);
                count += usize::from(meanwhile.is_some());
                let first = meanwhile.unwrap_or_else(|| service.bare());
                count += usize::from(there.map(VirtualService::bare) != Some(first));
                count += service.real_servers.iter().filter(|(address, server)| servers.get(address) != Some(server)).count();
                for (_, leaver) in servers.iter().filter(|(address, _)| !service.real_servers.contains_key(address)) {
                    count += if leaver.weight == 0 { 1 } else { 2 };
                }
            }
            prop_assert_eq!(edits(&current, &desired, false).len(), count);
        }
    }
}
