//! What a file's arguments may be written as.

use serde::Deserializer;

use crate::resource::args::{self, text_or_integer};

/// A text, or a whole number as it is written.
pub(super) fn content<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    text_or_integer(input, "`content` must be a text or a whole number; put it into quotes")
}

/// A name or a number.
pub(super) fn owner<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    text_or_integer(input, "`owner` and `group` are a name or a number")
}

/// The value is not told: it may be the secret itself.
pub(super) fn true_or_false<'de, D: Deserializer<'de>>(input: D) -> Result<bool, D::Error> {
    args::true_or_false(input, "`secret` is true or false; the secret is the `content`")
}

/// Whether the host tells the user or group of that name by itself, without asking anybody.
pub(super) fn is_at_hand(name: &str) -> bool {
    name == "root" || name.bytes().all(|byte| byte.is_ascii_digit())
}

/// What `chown` takes for another thing than one name or number, or a host never reports as it was declared.
pub(super) fn check_owner(name: &str) -> Result<(), String> {
    let number = name.bytes().all(|byte| byte.is_ascii_digit());
    let fit = if number {
        // The last one stands for none.
        name.parse::<u32>().is_ok_and(|number| number != u32::MAX && number.to_string() == name)
    } else {
        !name.starts_with(['-', '+']) && !name.contains(|c: char| c == ':' || c == '/' || c.is_control())
    };
    if fit { Ok(()) } else { Err(format!("`{name}` is no user or group: write its name, or its number")) }
}
