//! `schema`: the inventory's JSON Schema.

use std::io::Write;

use super::exit::{Exit, Stop};

pub(super) fn schema() -> Result<Exit, Stop> {
    // Whoever reads no further (`| head`) has had enough.
    let _ = writeln!(std::io::stdout(), "{:#}", crate::inventory::schema());
    Ok(Exit::Done)
}
