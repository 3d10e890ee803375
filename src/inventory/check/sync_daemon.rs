//! A director's sync daemons.

use super::super::SyncDeclaration;
use super::super::document::RawSyncDaemon;
use super::name::is_word;
use crate::document::{Complaints, Field, Span};
use crate::ipvs::SyncState;

/// What a director's key `sync_daemons` holds.
pub(super) type SyncDaemons = Field<Vec<Field<RawSyncDaemon>>>;

/// The daemons, one of each state at most: the kernel has no more.
pub(super) fn sync_daemons(raw: Option<&SyncDaemons>, complaints: &mut Complaints) -> Vec<SyncDeclaration> {
    let mut seen: Vec<(SyncState, Span)> = Vec::new();
    let mut daemons = Vec::new();
    for raw in raw.and_then(Field::value).into_iter().flatten().filter_map(Field::get) {
        let Some(state) = raw.value.state.required("state", raw.span, complaints) else { continue };
        if let Some((_, first)) = seen.iter().find(|(known, _)| *known == state.value) {
            let message = format!("two sync daemons are {}", state.value.name());
            let remedy = "leave one of the two out: a director has one that sends and one that takes at most";
            complaints.add(state.span, message, remedy).also(*first, "the first");
        }
        seen.push((state.value, state.span));
        let interface = raw.value.interface.as_ref().and_then(Field::get);
        let interface =
            interface.filter(|interface| is_word(interface, "an interface", "its name: `eth1`", complaints));
        daemons.push(SyncDeclaration {
            state: state.value,
            interface: interface.map(|interface| interface.value.clone()),
            syncid: raw.value.syncid.as_ref().and_then(Field::value).copied().unwrap_or_default(),
        });
    }
    daemons
}
