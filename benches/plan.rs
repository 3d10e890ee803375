//! What `lvsprov plan` computes for 10,000 hosts when the network costs nothing.
//!
//!     cargo bench --bench plan [-- HOSTS [DIRECTORS]]
//!     cargo bench --bench plan -- record SSH_CONFIG     # reads the tutorial's lab into bench/observed/
//!
//! The inventory is generated as text; facts and probes' outputs are those that the lab's hosts gave, with each host's own
//! names and addresses in them. The last line is JSON, for `bench/run.sh`.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lvsprov::document::Source;
use lvsprov::inventory::{self, Host};
use lvsprov::plan::HostPlan;
use lvsprov::playbook::{self, Declaration, Engine, Playbook, Variables};
use lvsprov::resource::{Facts, Observed, Resource};

use self::observed::{Fill, Recorded};

#[path = "../tests/observed/mod.rs"]
mod observed;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match &words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["record", config] => record(Path::new(config)),
        [] => measure(10_000, 100),
        [hosts] => measure(hosts.parse()?, 100),
        [hosts, directors] => measure(hosts.parse()?, directors.parse()?),
        _ => Err("see the head of benches/plan.rs for the arguments".into()),
    }
}

/// Everything that a run holds of one host once it was read.
struct Planned {
    _facts: Facts,
    _declared: Vec<Declaration>,
    plan: HostPlan,
}

fn measure(hosts: usize, directors: usize) -> Result<()> {
    let text = inventory_text(hosts, directors);
    let recorded = Recorded::read(&folder())?;
    let before = resident();

    let mut clock = Clock::default();
    let engine = Engine::new();
    let inventory =
        clock.time("inventory read", || inventory::read(Source::new("inventory.yaml", text.as_str())));
    let inventory = inventory.map_err(|complaints| complaints.to_string())?;
    let playbook = clock.time("playbook compiled", || deploy(&engine))?;
    let variables = clock.time("variables", || Variables::new(&inventory));
    let selected = clock.time("hosts selected", || playbook.select(&inventory));
    let selected = selected.map_err(|complaints| complaints.to_string())?;
    let tried =
        clock.time("playbook tried", || playbook.trial(&engine, &inventory, &variables, &selected, true));
    tried.map_err(|all| all.iter().map(ToString::to_string).collect::<String>())?;

    let mut planned = Vec::with_capacity(hosts);
    for (number, host) in inventory.hosts.iter().enumerate() {
        let fill = Fill::new(&inventory, host, if is_stale(host) { "stale" } else { &host.name });
        let text = |module: &str| -> Result<String> {
            let text =
                recorded.text(host.group(), module).ok_or_else(|| format!("no {module} was recorded"))?;
            Ok(fill.output(module, text))
        };
        let facts = text("facts")?;
        let facts = clock.time("facts parsed", || Facts::parse(facts.as_bytes()))?;
        let plays: Vec<bool> = selected.iter().map(|of_play| of_play[number]).collect();
        let scope = (&engine, &inventory, host, &facts);
        let declared = clock.time("resources declared", || playbook.declare(scope, &variables, &plays, &[]));
        let declared = declared.map_err(|errors| format!("{}: {errors:?}", host.name))?;
        let resources: Vec<&Resource> = declared.iter().map(|declaration| &declaration.resource).collect();
        let sections = clock.time("probes written", || Resource::probe_all(&resources, &facts));
        let mut observed: Vec<Option<Observed>> = vec![None; resources.len()];
        for section in &sections {
            let output = text(section.module)?;
            let seen =
                clock.time("probes parsed", || section.parse(&resources, &facts, output.as_bytes()))?;
            for (index, seen) in section.indices.iter().zip(seen) {
                observed[*index] = Some(seen);
            }
        }
        let observed: Option<Vec<Observed>> = observed.into_iter().collect();
        let observed = observed.ok_or("a resource was not asked for")?;
        let plan = clock.time("differences found", || HostPlan::new(&declared, &observed, &facts));
        planned.push(Planned { _facts: facts, _declared: declared, plan });
    }

    let changes: usize = planned.iter().map(|host| host.plan.changes().count()).sum();
    let refused: usize = planned.iter().map(|host| host.plan.refusals().count()).sum();
    let expected = inventory.hosts.iter().filter(|host| is_stale(host)).count();
    if (changes, refused) != (expected, 0) {
        let odd = planned.iter().find(|host| !host.plan.is_empty()).map(|host| &host.plan);
        return Err(
            format!("{changes} changes where {expected} were expected, {refused} refused: {odd:#?}").into()
        );
    }
    let resident = resident();
    clock.print();
    let bytes = (resident - before) / hosts as u64;
    println!(
        "{hosts} hosts, {directors} directors: {changes} changes; {bytes} bytes a host, {resident} at the peak"
    );
    println!(
        "{}",
        serde_json::json!({
            "hosts": hosts, "phases": clock.seconds(), "bytes_per_host": bytes, "resident": resident / 1024,
        })
    );
    Ok(())
}

fn deploy(engine: &Engine) -> Result<Playbook<'_>> {
    for name in playbook::BUILTIN_TEMPLATES {
        engine.add_file(name, playbook::builtin_template(name).unwrap_or_default());
    }
    let text = playbook::builtin_playbook("deploy").ok_or("no built-in deploy")?;
    Playbook::read(&Source::new("deploy.yaml", text), engine)
        .map_err(|complaints| complaints.to_string().into())
}

/// Each director with a virtual service, real servers in a subnet of its own, and a client.
fn inventory_text(hosts: usize, directors: usize) -> String {
    let real_servers = hosts / directors - 2;
    let (mut of_directors, mut of_real, mut of_clients, mut services) =
        (String::new(), String::new(), String::new(), String::new());
    for d in 0..directors {
        let _ =
            writeln!(of_directors, "  director{d:04}: {{ vip: 172.16.{d}.1/24, dip: {}/14 }}", address(d, 1));
        let _ = writeln!(of_clients, "  client{d:04}: {{ cip: 172.16.{d}.2/24 }}");
        let _ = writeln!(
            services,
            "  - name: web{d:04}\n    address: 172.16.{d}.1:80\n    scheduler: rr\n    forwarding: nat\n    \
             real_servers:"
        );
        // What the number leaves over goes to the last.
        let more = if d + 1 == directors { hosts - directors * (real_servers + 2) } else { 0 };
        for r in 0..real_servers + more {
            let _ = writeln!(of_real, "  real{d:04}-{r:04}: {{ rip: {}/14 }}", address(d, r + 2));
            let _ = writeln!(services, "      - {{ host: real{d:04}-{r:04}, weight: 1 }}");
        }
    }
    format!(
        "cluster: many\npages: replace\nssh: {{ user: root }}\ndirectors:\n{of_directors}real_servers:\n{of_real}clients:\n\
         {of_clients}virtual_services:\n{services}time: {{ servers: [pool.ntp.org] }}\n"
    )
}

/// A /14 of 10.0.0.0/8 for each of 64 directors, then of 11.0.0.0/8, and so on.
fn address(director: usize, number: usize) -> Ipv4Addr {
    Ipv4Addr::from((10 << 24) + ((director as u32) << 18) + number as u32)
}

/// Every tenth real server still shows another page, so that there is something to plan.
fn is_stale(host: &Host) -> bool {
    host.group() == "real_servers" && host.name.ends_with('7')
}

/// Phases with their times, in the order in which they first came.
#[derive(Default)]
struct Clock(Vec<(&'static str, Duration)>);

impl Clock {
    fn time<T>(&mut self, phase: &'static str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = work();
        let taken = start.elapsed();
        match self.0.iter_mut().find(|(known, _)| *known == phase) {
            Some((_, sum)) => *sum += taken,
            None => self.0.push((phase, taken)),
        }
        done
    }

    fn print(&self) {
        for (phase, sum) in &self.0 {
            println!("{phase:<20} {:8.3} s", sum.as_secs_f64());
        }
        println!("{:<20} {:8.3} s", "together", self.0.iter().map(|(_, sum)| sum.as_secs_f64()).sum::<f64>());
    }

    fn seconds(&self) -> serde_json::Map<String, serde_json::Value> {
        self.0.iter().map(|(phase, sum)| ((*phase).to_owned(), sum.as_secs_f64().into())).collect()
    }
}

/// The process's peak so far, in bytes (proc(5), VmHWM).
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB")?.trim().parse().ok());
    peak.unwrap_or(0_u64) * 1024
}

/// Of which host each role's observations are.
const SAMPLES: [(&str, &str); 3] =
    [("directors", "lvs_director"), ("real_servers", "lvs_real_server01"), ("clients", "client")];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/observed")
}

/// Reads one host of each role, by the same probes as `lvsprov plan`.
fn record(config: &Path) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("inventories/tutorial.yaml"))?;
    let inventory = inventory::read(Source::new("tutorial.yaml", text)).map_err(|wrong| wrong.to_string())?;
    let engine = Engine::new();
    let playbook = deploy(&engine)?;
    let variables = Variables::new(&inventory);
    let selected = playbook.select(&inventory).map_err(|wrong| wrong.to_string())?;
    for (role, name) in SAMPLES {
        let number = inventory.index_of(name).ok_or("not the tutorial's inventory")?;
        let host = &inventory.hosts[number];
        let folder = folder().join(role);
        std::fs::create_dir_all(&folder)?;
        let save = |module: &str, output: &[u8]| std::fs::write(folder.join(format!("{module}.txt")), output);
        let output = ask(config, name, &Facts::probe())?;
        save("facts", &output)?;
        let facts = Facts::parse(&output)?;
        let plays: Vec<bool> = selected.iter().map(|of_play| of_play[number]).collect();
        let scope = (&engine, &inventory, host, &facts);
        let declared =
            playbook.declare(scope, &variables, &plays, &[]).map_err(|wrong| format!("{wrong:?}"))?;
        let resources: Vec<&Resource> = declared.iter().map(|declaration| &declaration.resource).collect();
        for section in Resource::probe_all(&resources, &facts) {
            save(section.module, &ask(config, name, &section.by_itself())?)?;
        }
    }
    Ok(())
}

fn ask(config: &Path, host: &str, script: &str) -> Result<Vec<u8>> {
    let mut ssh = Command::new("ssh");
    ssh.arg("-F").arg(config).args([host, "LC_ALL=C PATH=$PATH:/usr/sbin:/sbin exec sh"]);
    let mut ssh = ssh.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = ssh.stdin.take() {
        stdin.write_all(script.as_bytes())?;
    }
    Ok(ssh.wait_with_output()?.stdout)
}
