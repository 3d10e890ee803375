//! Those who configure a host's interfaces when it boots.

use std::fmt::Debug;
use std::net::IpAddr;

use ipnet::IpNet;

use super::conf_file::ConfFile;
use super::edit::Edit;
use super::gateway::{Gateway, IpVersion};
use crate::resource::{Refusal, Unreadable};

/// One who configures interfaces at boot.
pub trait Owner: Debug {
    /// POSIX sh that prints lines of its own, none of which is `=`, and adds the files whose texts it wants to the
    /// positional parameters.
    fn probe() -> &'static str
    where
        Self: Sized;

    /// What there is of it on the host.
    ///
    /// # Errors
    /// The probe can't have printed that.
    fn read(told: &Told<'_>) -> Result<Self, Unreadable>
    where
        Self: Sized;

    /// The files that [`Owner::set`] may change, as patterns of sh.
    fn edits() -> &'static str
    where
        Self: Sized,
    {
        ""
    }

    /// What people call it.
    fn name(&self) -> &'static str;

    /// Whether it configures the interface.
    fn configures(&self, interface: &str) -> bool;

    /// Whether it is the one to configure an interface that nobody does.
    fn adopts(&self) -> bool;

    /// Whether it is about to set what the interface has, so that another look is worth it.
    fn unsettled(&self, _interface: &str) -> bool {
        false
    }

    /// The owners whose work it does by them: what they bring on an interface of its own is its word.
    fn speaks_for(&self) -> &'static [&'static str] {
        &[]
    }

    /// Every default gateway that it brings.
    ///
    /// # Errors
    /// That can't be told, with what to do.
    fn gateways(&self, version: IpVersion) -> Result<Vec<Gateway>, Refusal>;

    /// Every static address that it brings.
    fn addresses(&self) -> Vec<Assigned>;

    /// The edits after which it brings that, in the order in which they are to be made.
    ///
    /// # Errors
    /// They can't be made from here, with what to do by hand.
    fn set(&self, setting: &Setting<'_>) -> Result<Vec<Edit>, Refusal>;
}

/// What an owner's probe has told.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// Its own lines.
    pub lines: &'a [&'a str],
    /// The files that it or another owner wanted.
    pub files: &'a [ConfFile],
}

impl Told<'_> {
    /// The files below a folder, given with its last slash.
    pub fn below(&self, folder: &str) -> Vec<ConfFile> {
        self.files.iter().filter(|file| file.path.starts_with(folder)).cloned().collect()
    }
}

/// An address that an interface gets at boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// The interface.
    pub interface: String,
    /// The address with its prefix length.
    pub net: IpNet,
    /// The file, or whatever it is that brings it.
    pub by: String,
}

/// What is to come at boot.
#[derive(Clone, Copy, Debug)]
pub enum Setting<'a> {
    /// The one default gateway of its version is on this interface, and none on the owner's others.
    Gateway {
        /// Its address.
        via: IpAddr,
        /// The interface, which is the owner's.
        interface: &'a str,
    },
    /// None of the owner's interfaces has a default gateway of this version.
    NoGateway(IpVersion),
    /// The interface gets the address beside those that it gets already.
    Address {
        /// The address with its prefix length.
        net: IpNet,
        /// The interface, which need not be there yet.
        interface: &'a str,
    },
    /// The interface does not get the address.
    NoAddress {
        /// The address.
        address: IpAddr,
        /// The interface.
        interface: &'a str,
    },
}

impl Setting<'_> {
    /// The IP version that it is about.
    pub fn version(&self) -> IpVersion {
        match *self {
            Setting::Gateway { via, .. } => IpVersion::of(via),
            Setting::NoGateway(version) => version,
            Setting::Address { net, .. } => IpVersion::of(net.addr()),
            Setting::NoAddress { address, .. } => IpVersion::of(address),
        }
    }
}

pub(super) fn refuse<T>(reason: impl Into<String>, remedy: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { reason: reason.into(), remedy: remedy.into() })
}
