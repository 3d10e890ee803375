//! How the types of this room ask serde for what its data model has not.

/// Newtype names by which the types of this room ask for more than serde's data model gives. serde knows a newtype by
/// name only, so a name is the one thing that passes through it.
pub(super) const SPANNED: &str = "lvsprov::document::Spanned";
pub(super) const FIELD: &str = "lvsprov::document::Field";
pub(super) const TEXT: &str = "lvsprov::document::Text";
pub(super) const OR_TEXT: &str = "lvsprov::document::OrText";
pub(super) const ONE_OR_MANY: &str = "lvsprov::document::OneOrMany";
