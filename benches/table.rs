//! What a director with many virtual services costs when the host and the network cost nothing.
//!
//!     cargo bench --bench table [-- SERVICES [REAL_SERVERS]]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Instant;

use lvsprov::resource::{Context, Facts, Observed, Resource, VirtualServices};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The facts of a Debian 12 director, as the benchmark of many hosts has them.
const FACTS: &str = include_str!("../bench/observed/directors/facts.txt");

fn main() -> Result<()> {
    let numbers = std::env::args().skip(1).filter(|word| word != "--bench").map(|word| word.parse());
    let numbers = numbers.collect::<std::result::Result<Vec<u32>, _>>()?;
    let (services, servers) = match numbers[..] {
        [] => (1_000, 10),
        [services] => (services, 10),
        [services, servers] => (services, servers),
        _ => return Err("see the head of benches/table.rs for the arguments".into()),
    };
    let facts = Facts::parse(FACTS.as_bytes())?;
    let table = time("table read", || rules(services, servers).parse())?;
    let declared = VirtualServices { table, persist: true, ..VirtualServices::default() };
    let resource = Resource::from(declared);
    let (bare, full) = (printed(0, servers), printed(services, servers));
    for (name, printed) in [("bare", &bare), ("as declared", &full)] {
        println!("a director that is {name}: {} bytes read", printed.len());
        let section = Resource::probe_all(&[&resource], &facts).remove(0);
        let observed: Observed =
            time("probe parsed", || section.parse(&[&resource], &facts, printed.as_bytes()))?.remove(0);
        let context = Context { facts: &facts, changing: &BTreeSet::new() };
        let change = time("difference found", || resource.differ(&observed, context))?;
        if let Some(change) = change {
            let script = time("script written", || change.script.reveal());
            println!("{} aspects, {} bytes of script", change.aspects.len(), script.len());
        }
    }
    Ok(())
}

fn time<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    println!("{what:<20} {:8.3} s", start.elapsed().as_secs_f64());
    done
}

/// The services as `(port, its real servers)`, each a host of a subnet of its own.
fn each(services: u32, servers: u32) -> impl Iterator<Item = (u32, impl Iterator<Item = [u32; 4]>)> {
    (0..services)
        .map(move |number| (1 + number, (0..servers).map(move |host| [10, number >> 8, number & 255, host])))
}

fn rules(services: u32, servers: u32) -> String {
    let mut text = String::new();
    for (port, hosts) in each(services, servers) {
        let _ = writeln!(text, "-A -t 192.168.175.100:{port} -s rr");
        for [a, b, c, d] in hosts {
            let _ = writeln!(text, "-a -t 192.168.175.100:{port} -r {a}.{b}.{c}.{d}:80 -m -w 1");
        }
    }
    text
}

/// What the probe prints where these services run and the next boot brings them.
fn printed(services: u32, servers: u32) -> String {
    let (mut running, mut listed) = (String::from("@running\n"), String::from("@services\n"));
    for (port, hosts) in each(services, servers) {
        let _ = writeln!(running, "TCP  C0A8AF64:{port:04X} rr  ");
        let _ = writeln!(listed, "TCP  192.168.175.100:{port} rr");
        for [a, b, c, d] in hosts {
            let _ =
                writeln!(running, "  -> {a:02X}{b:02X}{c:02X}{d:02X}:0050      Masq    1      0          0");
        }
    }
    let rules: String =
        rules(services, servers).lines().map(|line| format!("/etc/ipvsadm.rules:{line}\n")).collect();
    format!("{running}{listed}@unit\nenabled\n@rules\n{rules}@switch\n/etc/default/ipvsadm:AUTO=\"true\"\n")
}
