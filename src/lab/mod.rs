//! An inventory's cluster as User-mode Linux machines on this machine.
//!
//! Every host is a real kernel with systemd and sshd, bare as a fresh Debian; every subnet is a bridge; all of it is in
//! a network namespace of the lab's own, so that labs with the same addresses stand side by side and this machine's own
//! routes stay as they are.
//!
//! | file | holds |
//! |---|---|
//! | `lab` | the whole: up and down |
//! | `status`, `power` | how its machines are; machines that go off and come back |
//! | `folder` | what it keeps on disk |
//! | `raising` | a lab that is being put up |
//! | `made` | what a lab has already, against what an inventory asks for (pure) |
//! | `flavour`, `flavour/` | one file a distribution: its image's recipe, its seed |
//! | `owner`, `owner/` | one file for each who configures a guest's network |
//! | `image`, `mirror`, `image/` | the base images, where their packages come from, and their recipes' files |
//! | `topology` | which subnets, cards and addresses an inventory asks for (pure) |
//! | `network` | the namespace, its bridges and taps |
//! | `seed`, `seed_file` | what a machine is given before its first boot |
//! | `kernel` | the program that starts the machines |
//! | `guest` | one machine: start it, reboot it, hear from it |
//! | `process` | a machine's processes on this one |
//! | `ssh`, `proxy` | the way in |
//! | `wait` | a wait that takes long says what it is for |

mod error;
mod event;
mod flavour;
mod folder;
mod guest;
mod image;
mod kernel;
#[expect(clippy::module_inception, reason = "the room is named for its noun")]
mod lab;
mod made;
mod mirror;
mod network;
mod owner;
mod power;
mod process;
mod program;
mod proxy;
mod raising;
mod seed;
mod seed_file;
mod ssh;
mod status;
mod topology;
mod wait;

pub use error::{LabError, Missing};
pub use event::{BuildStep, LabEvent};
pub use lab::{Lab, LabSettings};
pub use power::Reboot;
pub use proxy::proxy;
pub use raising::{Before, Raising};
pub use status::GuestStatus;
pub use topology::login;
pub use wait::telling;
