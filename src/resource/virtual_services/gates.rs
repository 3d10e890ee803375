//! What must be true just before a real server enters the table: that it answers the director.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use super::super::{Gate, quote};
use crate::ipvs::{Protocol, ServiceKey, Table, TableDiff};

/// A gate for each real server that a TCP connection can try and that is to take connections, but for those of the
/// `ungated` services. `next` is what the next boot brings without the change.
pub(super) fn gates(diff: &TableDiff<'_>, next: &Table, ungated: &BTreeSet<ServiceKey>) -> Vec<Gate> {
    let mut gates: BTreeMap<(SocketAddr, bool), Vec<ServiceKey>> = BTreeMap::new();
    for (key, address, server) in diff.newcomers() {
        let tcp = matches!(key, ServiceKey::Address(Protocol::Tcp, _));
        if tcp && address.port() != 0 && server.weight > 0 && !ungated.contains(&key) {
            let service = next.services.get(&key);
            let known = service.is_some_and(|service| service.real_servers.contains_key(&address));
            gates.entry((address, known)).or_default().push(key);
        }
    }
    gates.into_iter().map(|((address, known), services)| Gate { address, services, known }).collect()
}

/// How often a new real server is asked, a second apart, until it answers the director.
const TRIES: u32 = 20;

/// POSIX sh that ends with an error unless all of them answer: what is done until a run asks the gates itself.
pub(super) fn answers(gates: &[Gate]) -> String {
    if gates.is_empty() {
        return String::new();
    }
    let addresses: BTreeSet<String> = gates.iter().map(|gate| gate.address.to_string()).collect();
    let calls: String = addresses.iter().map(|address| format!("answers {}\n", quote(address))).collect();
    format!(
        r#"command -v curl >/dev/null || {{
    echo 'curl is not installed: without it the director can not try new real servers; add `package: {{ name: curl }}` for directors' >&2
    exit 1
}}
tries={TRIES}
answers() {{
    while :; do
        connected=$(curl -s -o /dev/null -w '%{{time_connect}} %{{size_request}}' --noproxy '*' --connect-timeout 2 -m 3 "http://$1/") || :
        case $connected in *[1-9]*) return 0 ;; esac
        tries=$((tries - 1))
        if [ "$tries" -le 0 ]; then
            echo "real server $1 does not answer the director: nothing accepts a connection there; is its service running, and does its firewall let the director in?" >&2
            return 1
        fi
        sleep 1
    done
}}
{calls}"#
    )
}
