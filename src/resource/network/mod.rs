//! The network's kinds, and those who configure a host's interfaces: one file each.

mod default_gateway;
mod foreign;
mod ifupdown;
mod networkd;
mod observed;

pub use default_gateway::DefaultGateway;

use super::Refusal;
use observed::ConfFile;

/// What the files of one owner bring at boot, and the edits that make it the one gateway.
struct Boot {
    /// Every default gateway that they bring: interface and address.
    gateways: Vec<(String, String)>,
    /// Files to rewrite: each as it is, with its new text.
    edits: Vec<(ConfFile, String)>,
    /// Why they can't be edited, when they can't: no reason to refuse where they bring the right one already.
    refusal: Option<Refusal>,
}

impl Boot {
    fn with(mut self, other: Boot) -> Boot {
        self.gateways.extend(other.gateways);
        self.edits.extend(other.edits);
        self
    }
}

fn refuse<T>(reason: impl Into<String>, remedy: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { reason: reason.into(), remedy: remedy.into() })
}

#[cfg(test)]
mod tests;
