//! What differs in a file, as a plan shows it.

use super::{Content, File, Node};
use crate::resource::Aspect;

impl File {
    /// The content's aspect, in which a secret does not appear.
    pub(super) fn show(&self, old: Option<&Content>, new: String) -> Aspect {
        if self.secret {
            return Aspect::value("content", old.map(|_| "(secret)".into()), Some("(secret)".into()));
        }
        match old {
            Some(Content::Text(text)) => Aspect::text("content", Some(text.clone()), Some(new)),
            Some(other) => {
                Aspect::value("content", Some(other.describe()), Some(format!("{} bytes", new.len())))
            }
            None => Aspect::text("content", None, Some(new)),
        }
    }

    /// The mode's and owners' aspects.
    pub(super) fn attributes(&self, node: Option<&Node>) -> Vec<Aspect> {
        let mut aspects = Vec::new();
        if let Some(mode) = self.mode.as_ref().filter(|&mode| node.is_none_or(|n| n.mode != *mode)) {
            let old = node.map(|n| n.mode.as_str().to_owned());
            aspects.push(Aspect::value("mode", old, Some(mode.as_str().to_owned())));
        }
        let owners =
            [("owner", &self.owner, node.map(|n| &n.owner)), ("group", &self.group, node.map(|n| &n.group))];
        for (what, declared, observed) in owners {
            if let Some(new) = declared
                && observed.is_none_or(|(name, number)| name != new && number != new)
            {
                aspects.push(Aspect::value(what, observed.map(|(name, _)| name.clone()), Some(new.clone())));
            }
        }
        aspects
    }
}
