//! All owners that there are on a host, as one.

use std::net::IpAddr;

use super::cloud_init::{self, CloudInit};
use super::conf_file::ConfFile;
use super::edit::Edit;
use super::gateway::{Gateway, IpVersion};
use super::lease;
use super::owner::{Assigned, Owner, Setting, Told};
use crate::resource::named_line::file_of;
use crate::resource::{Refusal, Unreadable};

/// All owners that there are on a host, those that speak for others first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Owners {
    known: Vec<Known>,
    /// Who may have written their files.
    cloud_init: CloudInit,
    /// The files that any of them wanted.
    files: Vec<ConfFile>,
}

/// Makes [`Known`] from a list of the types that are owners.
macro_rules! owners {
    ($($owner:ident),* $(,)?) => {
        $(use super::$owner;)*

        /// One of them.
        #[derive(Clone, Debug, PartialEq)]
        enum Known {
            $($owner($owner)),*
        }

        impl Known {
            const PROBES: &'static [fn() -> &'static str] = &[$($owner::probe),*];
            const EDITS: &'static [fn() -> &'static str] = &[$($owner::edits),*];
            const READERS: &'static [fn(&Told<'_>) -> Result<Known, Unreadable>] =
                &[$(|told| $owner::read(told).map(Known::$owner)),*];

            fn owner(&self) -> &dyn Owner {
                match self {
                    $(Known::$owner(owner) => owner),*
                }
            }
        }
    };
}

owners![Netplan, NetworkManager, Networkd, Ifupdown, NetworkScripts, Wicked];

impl Owners {
    /// POSIX sh that prints all that is to be known of them. The texts of files come last, by one process.
    pub fn probe() -> String {
        let parts: String = Known::PROBES.iter().map(|probe| format!("{}echo =\n", probe())).collect();
        format!(
            "set --\n{}echo =\n{parts}for f in \"$@\"; do printf '%s\\n' \"$f\"; done\necho =\nlvsprov_files \"$@\"\n",
            cloud_init::PROBE
        )
    }

    /// From what [`Owners::probe`] printed.
    ///
    /// # Errors
    /// It can't have printed that.
    pub fn parse(text: &str) -> Result<Owners, Unreadable> {
        let unreadable = |line: &str| Unreadable::new("the owners of the network", line);
        let early = || unreadable("it ends too early");
        let mut lines = text.lines();
        let mut part = || -> Option<Vec<&str>> {
            let mut part = Vec::new();
            loop {
                match lines.next()? {
                    "=" => return Some(part),
                    line => part.push(line),
                }
            }
        };
        let cloud_init = CloudInit::read(&part().ok_or_else(early)?);
        let parts = (0..Known::READERS.len()).map(|_| part().ok_or_else(early));
        let parts: Vec<Vec<&str>> = parts.collect::<Result<_, _>>()?;
        let empty = |path: &str| ConfFile { path: path.to_owned(), text: String::new() };
        let mut files: Vec<ConfFile> = part().ok_or_else(early)?.into_iter().map(empty).collect();
        for line in lines {
            let said = file_of(files.iter().map(|file| file.path.as_str()), line);
            let (index, rest) = said.ok_or_else(|| unreadable(line))?;
            files[index].text += rest;
            files[index].text.push('\n');
        }
        let told = parts.iter().map(|lines| Told { lines, files: &files });
        let known = Known::READERS.iter().zip(told).map(|(read, told)| read(&told));
        let known = known.collect::<Result<_, _>>()?;
        Ok(Owners { known, cloud_init, files })
    }

    /// POSIX sh that copies every file that one of them may edit below `files` in the current directory.
    pub fn keep() -> String {
        let patterns: Vec<&str> = Known::EDITS.iter().map(|edits| edits()).collect();
        format!(
            "for f in {}; do\nif [ -f \"$f\" ]; then mkdir -p \"files${{f%/*}}\"; cp -p \"$f\" \"files$f\"; fi\ndone\n",
            patterns.join(" ")
        )
    }

    /// The text of a file, where there is one that counts.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// The routers that a DHCP server has handed out to an interface, where its client keeps that in a file.
    pub fn leased(&self, interface: &str) -> Option<Vec<IpAddr>> {
        lease::routers(&self.files, interface)
    }

    /// Whether there are files in a folder beside these.
    pub fn more_in(&self, folder: &str, gone: &[&str]) -> bool {
        self.files.iter().any(|file| file.path.starts_with(folder) && !gone.contains(&file.path.as_str()))
    }

    fn all(&self) -> impl Iterator<Item = &dyn Owner> {
        self.known.iter().map(Known::owner)
    }

    /// The one that configures the interface, or the one that is to.
    ///
    /// # Errors
    /// There are two, or none.
    pub fn of(&self, interface: &str) -> Result<&dyn Owner, Refusal> {
        let mut claims = self.all().filter(|owner| owner.configures(interface));
        let Some(first) = claims.next() else {
            return self.all().find(|owner| owner.adopts()).ok_or_else(|| Refusal {
                reason: format!(
                    "who configures {interface} is not known: neither netplan, NetworkManager, systemd-networkd, ifupdown, \
                     network-scripts nor wicked has it"
                ),
                remedy: format!(
                    "configure {interface} by ifupdown or systemd-networkd, so that what is set outlives a reboot"
                ),
            });
        };
        match claims.find(|other| !first.speaks_for().contains(&other.name())) {
            None => Ok(first),
            Some(other) => Err(Refusal {
                reason: format!("both {} and {} configure {interface}", first.name(), other.name()),
                remedy: "leave it to one of the two".into(),
            }),
        }
    }

    /// Every default gateway that comes at boot.
    ///
    /// # Errors
    /// An owner can't tell.
    pub fn gateways(&self, version: IpVersion) -> Result<Vec<Gateway>, Refusal> {
        let mut all = Vec::new();
        for owner in self.all() {
            all.extend(owner.gateways(version)?.into_iter().filter(|g| self.has_say(owner, &g.interface)));
        }
        Ok(all)
    }

    /// Whether an owner is about to set what the interface has.
    pub fn unsettled(&self, interface: &str) -> bool {
        self.all().any(|owner| owner.unsettled(interface))
    }

    /// Every static address that comes at boot.
    pub fn addresses(&self) -> Vec<Assigned> {
        let of = |owner: &dyn Owner| {
            let mut said = owner.addresses();
            said.retain(|a| self.has_say(owner, &a.interface));
            said
        };
        self.all().flat_map(of).collect()
    }

    /// The interfaces that get an address at boot, each with the owner that brings it.
    pub fn bringing(&self, address: IpAddr) -> Vec<(String, &dyn Owner)> {
        let mut all: Vec<(String, &dyn Owner)> = Vec::new();
        for owner in self.all() {
            for assigned in owner.addresses().into_iter().filter(|a| a.net.addr() == address) {
                let known = all.iter().any(|(i, o)| *i == assigned.interface && o.name() == owner.name());
                if !known && self.has_say(owner, &assigned.interface) {
                    all.push((assigned.interface, owner));
                }
            }
        }
        all
    }

    /// The edits after which an owner brings that.
    ///
    /// # Errors
    /// It can't be edited from here, or what it would edit is another's.
    pub fn set(&self, owner: &dyn Owner, setting: &Setting<'_>) -> Result<Vec<Edit>, Refusal> {
        let edits = owner.set(setting)?;
        self.cloud_init.spares(&edits)?;
        Ok(edits)
    }

    /// Whether nobody else speaks for the owner on the interface.
    fn has_say(&self, owner: &dyn Owner, interface: &str) -> bool {
        let speaks =
            |other: &dyn Owner| other.speaks_for().contains(&owner.name()) && other.configures(interface);
        !self.all().any(speaks)
    }

    /// The edits that leave this one gateway of its version.
    ///
    /// # Errors
    /// An owner can't be edited from here.
    pub fn set_gateway(&self, via: IpAddr, interface: &str) -> Result<Vec<Edit>, Refusal> {
        let own = self.of(interface)?;
        let version = IpVersion::of(via);
        let mut edits = self.set(own, &Setting::Gateway { via, interface })?;
        for other in self.all().filter(|other| other.name() != own.name()) {
            // the other one's gateways are second default routes
            let leads = other.gateways(version)?.iter().any(|g| self.has_say(other, &g.interface));
            if leads {
                edits.extend(self.set(other, &Setting::NoGateway(version))?);
            }
        }
        Ok(edits)
    }
}
