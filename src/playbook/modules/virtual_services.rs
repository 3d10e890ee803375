//! The director's part of the inventory's virtual services.

use minijinja::Value;
use schemars::JsonSchema;
use serde::Deserialize;

use super::composite::{Composite, ExpandError};
use crate::ipvs::Check;
use crate::playbook::scope::Scope;
use crate::resource::{self, Resource};

/// The inventory's virtual services on the director's VIP.
///
/// Three things are compared apart, as parsed tables and never as text: the kernel's table, the rules file, and the
/// unit that restores it at boot. The file is written numerically, with the thresholds, which no save keeps:
/// `/etc/ipvsadm.rules` on Debian and SUSE, `/etc/sysconfig/ipvsadm` on RHEL and its like,
/// `/var/lib/ipvsadm/rules-save` on Alpine. `AUTO="true"` in Debian's `/etc/default/ipvsadm` comes with it.
///
/// RHEL's unit writes the live table over its file when it stops: a drop-in takes that away. It is started where the
/// table is empty, as its package does not do that.
///
/// Unless `prune`, a line of the file that does not read becomes a comment; where the unit's restore would stop at a
/// comment, it goes, and the record of the prior state keeps it. Where the file has names, as a save without `-n`
/// leaves them, it gets what they may stand for: every service that runs, by number, also those that are not declared.
///
/// What leaves gets weight 0 first, and its connections the seconds to end that the service's `drain` has in the inventory;
/// the plan tells how many there are, and the deploy what was cut.
/// A new real server enters the table once it has answered the director as the `check` of its service says.
///
/// It needs `ipvsadm`, and `curl` to try new real servers. It refuses a masked unit, a drop-in of somebody else's that
/// has RHEL's unit overwrite its file all the same, another rules file that SUSE's settings name, and `persist: true`
/// on distributions whose unit it does not know.
///
/// ```yaml
/// - virtual_services: { persist: true, prune: false }
/// ```
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VirtualServices {
    /// Whether the next boot brings the same table.
    #[serde(default = "yes")]
    persist: bool,
    /// Whether services that are not declared leave the table and the rules file. Without it they are left alone, and told.
    #[serde(default)]
    prune: bool,
}

fn yes() -> bool {
    true
}

impl Composite for VirtualServices {
    const MODULE: &'static str = "virtual_services";

    fn expand(self, scope: Scope<'_>, _variables: &Value) -> Result<Vec<Resource>, ExpandError> {
        let VirtualServices { persist, prune } = self;
        let names = scope.inventory.table_names();
        let mut wanted = resource::VirtualServices { persist, prune, names, ..Default::default() };
        for declared in scope.inventory.services_of(scope.host) {
            let key = declared.service.key;
            wanted.table.services.insert(key, declared.service.clone());
            if declared.check != Check::Usual {
                wanted.checks.insert(key, declared.check.clone());
            }
            wanted.drain.extend(declared.drain.map(|seconds| (key, seconds)));
        }
        Ok(vec![wanted.into()])
    }
}
