//! What there was of a module, and the way back to that.

use serde::{Deserialize, Serialize};

use super::{KernelModule, Observed, canonical};
use crate::resource::drop_in;
use crate::resource::shell::{LEAVE, SAY};
use crate::resource::word::words;
use crate::resource::{Aspect, Change, Script, quote};

/// What there was of a module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// Whether the kernel had it.
    pub running: bool,
    /// Whether a file of lvsprov's own named it for the boot.
    pub own: bool,
    /// The modules that came with it, in the order of their loading.
    pub with: Vec<String>,
}

impl Prior {
    /// The change that brings it back. What is in use by then stays loaded, and is named.
    pub(super) fn reversal(&self, module: &KernelModule, observed: &Observed) -> Option<Change> {
        let mut aspects = Vec::new();
        let mut script = Script::from(format!("{SAY}{LEAVE}"));
        if observed.own && !self.own {
            let own = module.own();
            aspects.push(Aspect::value("at boot", Some(format!("loaded ({own})")), None));
            script += &drop_in::remove(&own);
        }
        if observed.running && !self.running {
            aspects.push(Aspect::value("running", Some("loaded".into()), None));
            let name = canonical(&module.name);
            let with = words(self.with.iter().rev().map(String::as_str));
            script += &format!("m={}\n{UNLOAD}for m in {with}; do unload \"$m\" || :; done\n", quote(&name));
        }
        (!aspects.is_empty()).then(|| Change::new(aspects, script))
    }
}

/// Not `modprobe -r`: that takes every module along that nothing uses, also those that were there before. The kernel
/// loads IPVS's schedulers by itself, and each of them holds `ip_vs`.
const UNLOAD: &str = r#"unload() {
  if ! [ -d "/sys/module/$1" ]; then return 0; fi
  case $1 in ip_vs)
    for h in /sys/module/ip_vs/holders/ip_vs_*; do if [ -e "$h" ]; then unload "${h##*/}" || :; fi; done
  esac
  e=$(rmmod "$1" 2>&1)
}
if ! unload "$m"; then
  if [ "$(cat "/sys/module/$m/refcnt" 2>/dev/null)" = 0 ]; then say "the kernel module $m stays loaded: $e"
  else leave "the kernel module $m stays loaded: it is in use"; fi
fi
"#;
