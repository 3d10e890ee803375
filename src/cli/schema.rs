//! `schema`: the inventory's JSON Schema.

use super::exit::{Exit, Stop};

pub(super) fn schema() -> Result<Exit, Stop> {
    println!("{:#}", crate::inventory::schema());
    Ok(Exit::Done)
}
