//! What is on the host: the probe, and the parser of what it prints.

use super::unit;
use crate::ipvs::{SyncDaemon, SyncState, Timeouts};
use crate::resource::Unreadable;
use crate::resource::named_line::line_of;

/// `su`, `sudo` and some shells leave these out.
pub(super) const PATH: &str = "PATH=$PATH:/usr/sbin:/sbin\n";

/// Where Debian has a place for sync daemons.
const DEFAULTS: &str = "/etc/default/ipvsadm";

/// What a host's IPVS is set to, now and at boot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// What runs; `None` where IPVS is not loaded, or there is no ipvsadm to ask.
    running: Option<(Timeouts, Vec<SyncDaemon>)>,
    /// The text of lvsprov's own unit; `None` where there is none.
    pub(super) unit: Option<String>,
    /// Whether it starts at boot.
    pub(super) enabled: bool,
    /// `DAEMON` in Debian's file, where it is set.
    daemon: Option<String>,
}

/// POSIX sh that prints what is there. A call of ipvsadm loads IPVS: where it is not loaded, none is made.
pub(super) fn probe() -> String {
    format!(
        "{PATH}if [ -e /proc/net/ip_vs ] && command -v ipvsadm >/dev/null; then\n\
         echo @running; ipvsadm -L --timeout || echo \"failed $?\"; ipvsadm -L --daemon || echo \"failed $?\"\nfi\necho @files\n\
         if [ -L {link} ]; then echo enabled; fi\nlvsprov_files {unit} {DEFAULTS}\n",
        link = unit::LINK,
        unit = unit::FILE,
    )
}

impl Observed {
    pub(super) fn parse(text: &str) -> Result<Observed, Unreadable> {
        let mut observed = Observed::default();
        let mut of_files = false;
        for line in text.lines() {
            let unreadable = || Unreadable::new("the settings of IPVS", line);
            if line == "@files" {
                of_files = true;
            } else if line == "@running" {
                observed.running = Some((Timeouts::default(), Vec::new()));
            } else if line == "enabled" && of_files {
                observed.enabled = true;
            } else if let Some(line) = line_of(unit::FILE, line).filter(|_| of_files) {
                let text = observed.unit.get_or_insert_default();
                text.push_str(line);
                text.push('\n');
            } else if let Some(line) = line_of(DEFAULTS, line).filter(|_| of_files) {
                if let Some(value) = line.trim_start().strip_prefix("DAEMON=") {
                    observed.daemon = Some(value.trim().trim_matches(['"', '\'']).to_owned());
                }
            } else if let Some((timeouts, daemons)) = observed.running.as_mut().filter(|_| !of_files) {
                match (Timeouts::listed(line), SyncDaemon::listed(line)) {
                    (Some(listed), _) => *timeouts = listed,
                    (_, Some(daemon)) => daemons.push(daemon),
                    _ => return Err(unreadable().by("ipvsadm -L --timeout; ipvsadm -L --daemon")),
                }
            } else {
                return Err(unreadable());
            }
        }
        let told = observed.running.as_ref().is_none_or(|(timeouts, _)| !timeouts.is_empty());
        if of_files && told {
            Ok(observed)
        } else {
            Err(Unreadable::new("the settings of IPVS", "they end too early"))
        }
    }

    /// Whether IPVS is loaded, and could be asked.
    pub(super) fn is_loaded(&self) -> bool {
        self.running.is_some()
    }

    /// The timeouts that connections have; before IPVS is loaded, those that it will begin with.
    pub(super) fn timeouts(&self) -> Timeouts {
        self.running.as_ref().map_or(Timeouts::KERNELS, |(timeouts, _)| *timeouts)
    }

    /// The daemon of that state, where one runs.
    pub(super) fn daemon(&self, state: SyncState) -> Option<&SyncDaemon> {
        self.running.as_ref()?.1.iter().find(|daemon| daemon.state == state)
    }

    /// What Debian's own start script starts, if that is anything.
    pub(super) fn debians_daemon(&self) -> Option<&str> {
        self.daemon.as_deref().filter(|daemon| !daemon.is_empty() && *daemon != "none")
    }
}
