//! How long directors remember connections.

use super::super::document::RawInventory;
use crate::document::{Complaints, Field};
use crate::ipvs::{LONGEST_TIMEOUT, Timeouts};

/// The table's timeouts.
pub(crate) fn timeouts(raw: &RawInventory, complaints: &mut Complaints) -> Timeouts {
    let Some(raw) = raw.timeouts.as_ref().and_then(Field::value) else { return Timeouts::default() };
    let mut seconds = |name: &str, field: &Option<Field<u32>>| {
        let seconds = field.as_ref().and_then(Field::get)?;
        if !(1..=LONGEST_TIMEOUT).contains(&seconds.value) {
            let message = format!("the timeout `{name}` cannot be {} seconds", seconds.value);
            complaints.add(seconds.span, message, format!("write 1 to {LONGEST_TIMEOUT} seconds"));
        }
        Some(seconds.value)
    };
    Timeouts {
        tcp: seconds("tcp", &raw.tcp),
        tcp_fin: seconds("tcp_fin", &raw.tcp_fin),
        udp: seconds("udp", &raw.udp),
    }
}
