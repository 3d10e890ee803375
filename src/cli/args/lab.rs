//! The arguments of `lab`.

use clap::{Args as ClapArgs, Subcommand};

use super::{ImageArg, InventoryArg, InventoryOption, OutputArgs};
use crate::cli::complete;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum LabVerb {
    /// Start one machine a host, and one bridge a subnet
    Up(LabUpArgs),
    /// Remove the lab's machines and everything that belongs to them
    Down(LabArgs),
    /// Say which machines run and answer
    Status(LabArgs),
    /// Open a shell, or run a command, on one of the lab's machines
    Ssh(LabSshArgs),
    /// Reboot machines of the lab, and wait until they are back
    Reboot(LabRebootArgs),
    /// Power machines of the lab off, until `lab up` starts them again
    Off(LabOffArgs),
}

#[derive(Clone, Debug, ClapArgs)]
pub(in crate::cli) struct LabArgs {
    #[command(flatten)]
    pub(in crate::cli) inventory: InventoryArg,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

#[derive(Clone, Debug, ClapArgs)]
pub(in crate::cli) struct LabUpArgs {
    #[command(flatten)]
    pub(in crate::cli) inventory: InventoryArg,
    #[command(flatten)]
    pub(in crate::cli) image: ImageArg,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

#[derive(Clone, Debug, ClapArgs)]
pub(in crate::cli) struct LabSshArgs {
    /// The machine
    #[arg(add = complete::hosts())]
    pub(in crate::cli) host: String,
    #[command(flatten)]
    pub(in crate::cli) inventory: InventoryOption,
    /// A command instead of a shell, as ssh takes it: its words are joined, and the machine's shell reads them
    #[arg(last = true)]
    pub(in crate::cli) command: Vec<String>,
}

#[derive(Clone, Debug, ClapArgs)]
pub(in crate::cli) struct LabRebootArgs {
    /// The machines; all of the inventory's when none is named
    #[arg(add = complete::hosts())]
    pub(in crate::cli) hosts: Vec<String>,
    /// Cut their power instead of shutting them down
    #[arg(long)]
    pub(in crate::cli) hard: bool,
    #[command(flatten)]
    pub(in crate::cli) inventory: InventoryOption,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

#[derive(Clone, Debug, ClapArgs)]
pub(in crate::cli) struct LabOffArgs {
    /// The machines
    #[arg(required = true, value_name = "HOST", add = complete::hosts())]
    pub(in crate::cli) hosts: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) inventory: InventoryOption,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}
