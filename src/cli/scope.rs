//! What an inventory may say that this version does not deploy.

use super::exit::Stop;
use crate::inventory::{Inventory, TableOwner};

/// Refuses an inventory that can be read, but not deployed.
///
/// # Errors
/// Directors that share a VIP, and keepalived as the table's owner.
pub(super) fn deployable(inventory: &Inventory) -> Result<(), Stop> {
    if let Some(pair) = inventory.pairs().first() {
        let names: Vec<&str> = pair.iter().map(|host| host.name.as_str()).collect();
        let (last, others) = names.split_last().unwrap_or((&"", &[]));
        let names = format!("{} and {last}", others.join(", "));
        let vip = pair.first().and_then(|host| host.vips().first()).map(|vip| vip.ip().to_string());
        return Err(Stop::usage(
            format!(
                "{names} share the VIP {}: this version does not deploy pairs yet",
                vip.unwrap_or_default()
            ),
            "leave one of them out",
        ));
    }
    if inventory.engine == TableOwner::Keepalived {
        return Err(Stop::usage(
            "`engine: keepalived` is not deployed by this version yet",
            "leave the key out: the table is then ipvsadm's",
        ));
    }
    Ok(())
}
