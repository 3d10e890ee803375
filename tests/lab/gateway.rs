//! A gateway that is moved under its owner, while sessions go through it.

use std::io::{BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::route::{FAR, from_afar, from_nearby};
use crate::support::{Cluster, tell, until};

/// A real server, and how its owner of the network is told the gateway that it had before.
struct Owned {
    owner: &'static str,
    host: &'static str,
    rip: &'static str,
    before: &'static str,
}

const IFUPDOWN: Owned = Owned {
    owner: "ifupdown",
    host: "lvs_real_server01",
    rip: "192.168.40.101",
    before: "sed -i 's/gateway 192.168.40.100/gateway 192.168.40.1/' $(grep -rl 'gateway 192.168.40.100' /etc/network)
        ip route replace default via 192.168.40.1",
};

const NETWORK_MANAGER: Owned = Owned {
    owner: "NetworkManager",
    host: "lvs_real_server01",
    rip: "192.168.40.101",
    before: "nmcli connection modify vec0 ipv4.gateway 192.168.40.1 && nmcli device reapply vec0",
};

const NETWORKD: Owned = Owned {
    owner: "networkd",
    host: "lvs_real_server02",
    rip: "192.168.40.102",
    before: "sed -i 's/Gateway=192.168.40.100/Gateway=192.168.40.1/' $(grep -rl 'Gateway=192.168.40.100' /etc/systemd/network)
        ip route replace default via 192.168.40.1",
};

pub fn under_ifupdown(cluster: &Cluster) {
    moves(cluster, &IFUPDOWN);
}

pub fn under_network_manager_and_networkd(cluster: &Cluster) {
    for owned in [NETWORK_MANAGER, NETWORKD] {
        a_wrong_one_is_taken_back(cluster, &owned);
        moves(cluster, &owned);
    }
}

/// The director has no way to the far address, so that no new connection confirms the change.
fn a_wrong_one_is_taken_back(cluster: &Cluster, owned: &Owned) {
    let Owned { owner, host, rip, before } = *owned;
    cluster.on(host, before);
    from_afar(cluster, rip);
    let cut = cluster.lab("deploy", cluster.inventory, &["--guard", "8"]).exits(1);
    let failure = cut.events.failure(host);
    assert!(failure["remedy"].as_str().unwrap().contains("has taken the change back by itself"), "{failure}");
    cluster.on(host, "ip route | grep -q '^default via 192.168.40.1 '");
    let told = cluster.lab("plan", cluster.inventory, &[]).exits(3).events.differences("change");
    assert_eq!(told, [format!("{host} default_gateway 192.168.40.100: at boot, running")]);
    tell(&format!("   under {owner} a wrong one was taken back, running and at boot"));
    cluster.on("lvs_director", &format!("ip route add {FAR}/32 via 192.168.40.1"));
    from_nearby(cluster, rip);
}

fn moves(cluster: &Cluster, owned: &Owned) {
    let Owned { owner, host, rip, before } = *owned;
    cluster.on(host, before);
    from_afar(cluster, rip);
    cluster.on("lvs_director", &format!("ip route add {FAR}/32 via 192.168.40.1"));
    let client = cluster.on(host, "echo $SSH_CONNECTION");
    assert!(client.starts_with(FAR), "{client}");
    let prints = Session::begun(cluster, host, "while :; do date +%s; sleep 0.1; done");
    let download = Session::begun(cluster, host, "while :; do head -c 65536 /dev/zero; sleep 0.05; done");
    let moved = cluster.lab("deploy", cluster.inventory, &[]).exits(0);
    assert_eq!(moved.events.of("guarded").count(), 1, "the change was made under the guard");
    cluster.on(host, "ip route | grep -q '^default via 192.168.40.100 '");
    let (prints, download) = (prints.goes_on(), download.goes_on());
    tell(&format!(
        "   moved under {owner}: no session ended; the largest gap was {:.2} s in a session that prints, and {:.2} s in a \
         download",
        prints.as_secs_f32(),
        download.as_secs_f32()
    ));
    from_nearby(cluster, rip);
    cluster.is_as_declared(cluster.inventory);
}

/// A session on a host that goes on printing.
struct Session {
    child: Child,
    heard: Arc<Mutex<Vec<Instant>>>,
    reader: JoinHandle<()>,
}

impl Session {
    fn begun(cluster: &Cluster, host: &str, script: &str) -> Session {
        let words = ["lab", "ssh", host, "--inventory", cluster.inventory, "--", script];
        let mut command = cluster.command(&words);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("lvsprov runs");
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let times = Arc::clone(&heard);
        let reader = std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while output.read(&mut piece).is_ok_and(|count| count > 0) {
                times.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
            }
        });
        let session = Session { child, heard, reader };
        until("the session prints", Duration::from_secs(20), || (session.count() > 5).then_some(()));
        session
    }

    fn count(&self) -> usize {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// It has not ended, and prints more. Gives the longest time for which nothing was heard of it.
    #[track_caller]
    fn goes_on(mut self) -> Duration {
        assert!(self.child.try_wait().expect("it can be asked").is_none(), "the session has ended");
        let before = self.count();
        until("the session prints more", Duration::from_secs(20), || (self.count() > before).then_some(()));
        self.child.kill().expect("it runs");
        self.child.wait().expect("it was killed");
        self.reader.join().expect("it only reads");
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.windows(2).map(|two| two[1] - two[0]).max().unwrap_or_default()
    }
}
