//! The command line.

mod lab;

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum, ValueHint};

pub(super) use lab::{LabArgs, LabOffArgs, LabRebootArgs, LabSshArgs, LabUpArgs, LabVerb};

use super::complete::{self, Shell};
use super::debug::DebugArg;
use crate::inventory::Image;
use crate::verify::MOST_REQUESTS;

/// Brings a whole Linux Virtual Server cluster to the state that one inventory describes, and proves that it balances.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 110, after_help = EXIT_CODES)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) verb: Verb,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    done and as declared
  1    a host failed
  2    bad usage, inventory, playbook or template; nothing was touched
  3    changes are pending (plan, --check)
  4    a host was unreachable, and nothing else went wrong
  5    verification failed
  130  interrupted";

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Bring the cluster to its declared state, then verify it
    Deploy(DeployArgs),
    /// Show exactly what deploy would change; touches nothing
    Plan(ClusterArgs),
    /// Compare every host with the inventory, then curl through the VIPs
    Verify(VerifyArgs),
    /// Run any other playbook
    Run(RunArgs),
    /// Give every host back its recorded prior state
    Destroy(DestroyArgs),
    /// Lab up, deploy, deploy again (no change), verify, reboot, verify, lab down
    Rehearse(RehearseArgs),
    /// The inventory's cluster as real kernels on this machine
    Lab {
        #[command(subcommand)]
        verb: LabVerb,
    },
    /// The modules that a playbook's tasks may call, or everything about one of them
    Doc(DocArgs),
    /// Write a commented inventory, a playbook and a template to begin with
    Init(FolderArg),
    /// Print the inventory's JSON Schema, for editors
    Schema,
    /// Print what makes a shell complete this program's arguments: `source <(lvsprov completions bash)`
    Completions { shell: Shell },
    /// Write the manual's pages into a folder
    Man(FolderArg),
    /// Reach into a lab's network namespace; ssh runs this
    #[command(hide = true)]
    LabProxy { namespace: String, host: String, port: u16 },
}

#[derive(Clone, Debug, ClapArgs)]
pub(super) struct InventoryArg {
    /// The inventory
    #[arg(
        value_name = "INVENTORY",
        env = "LVSPROV_INVENTORY",
        default_value = "inventory.yaml",
        value_hint = ValueHint::FilePath
    )]
    inventory: PathBuf,
    // As `ansible-playbook` takes it.
    #[arg(short = 'i', long = "inventory", value_name = "INVENTORY", hide = true)]
    as_option: Option<PathBuf>,
}

impl InventoryArg {
    pub(super) fn path(&self) -> &Path {
        self.as_option.as_deref().unwrap_or(&self.inventory)
    }
}

// Where the arguments are something else. (Clap would take a docstring for the command's.)
#[derive(Clone, Debug, ClapArgs)]
pub(super) struct InventoryOption {
    /// The inventory
    #[arg(
        short,
        long,
        value_name = "INVENTORY",
        env = "LVSPROV_INVENTORY",
        default_value = "inventory.yaml"
    )]
    inventory: PathBuf,
}

impl InventoryOption {
    pub(super) fn path(&self) -> &Path {
        &self.inventory
    }
}

#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// How to print
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub(super) output: OutputFormat,
    /// Show whole file differences, however long
    #[arg(long)]
    pub(super) diff: bool,
    /// Show more: each connection and step, the scripts of changes that failed, and whole verdicts
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// For people
    #[default]
    Text,
    /// JSON lines, for programs
    Json,
}

#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Hosts")]
pub(super) struct HostArgs {
    /// Use the lab's machines instead of the real ones
    #[arg(long)]
    pub(super) lab: bool,
    /// Only these hosts: names, groups and wildcards, separated by commas; `!` excludes
    #[arg(long, value_name = "PATTERN", add = complete::patterns())]
    pub(super) limit: Option<String>,
    /// Only tasks with one of these tags
    #[arg(long, help_heading = "Changes", value_delimiter = ',', value_name = "TAG")]
    pub(super) tags: Vec<String>,
    /// How many hosts to work on at once
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) forks: u16,
    /// How many seconds a connection may take to open
    #[arg(long, default_value_t = 15, value_name = "SECONDS", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) connect_timeout: u16,
    /// Become root through sudo on every host
    #[arg(short, long)]
    pub(super) r#become: bool,
    /// Ask for sudo's password
    #[arg(short = 'K', long, conflicts_with = "become_password_file")]
    pub(super) ask_become_pass: bool,
    /// Read sudo's password from the first line of a file ($LVSPROV_BECOME_PASSWORD is the third way)
    #[arg(long, value_name = "FILE")]
    pub(super) become_password_file: Option<PathBuf>,
}

#[derive(Clone, Debug, ClapArgs)]
pub(super) struct PlaybookArg {
    /// The playbook instead of the built-in one, or of `playbooks/deploy.yaml` beside the inventory
    #[arg(long, value_name = "FILE", help_heading = "Changes", value_hint = ValueHint::FilePath)]
    pub(super) playbook: Option<PathBuf>,
}

#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Changes")]
pub(super) struct ApplyArgs {
    /// Only show what would change, and exit with 3 if anything would
    #[arg(long, alias = "dry-run")]
    pub(super) check: bool,
    /// Make a change that moves a host's own way back to this machine without a confirmation by a new connection
    #[arg(long)]
    pub(super) allow_route_change: bool,
    /// How many seconds a new connection has to confirm such a change, before the host takes it back by itself
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u16).range(5..))]
    pub(super) guard: u16,
    /// How many seconds to wait for another run that changes the same hosts
    #[arg(long, default_value_t = 0, value_name = "SECONDS")]
    pub(super) lock_wait: u32,
}

#[derive(Clone, Copy, Debug, ClapArgs)]
#[command(next_help_heading = "Verification")]
pub(super) struct LoopArgs {
    /// How many requests a client makes to each service [default: two scheduler cycles, at least 6]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(MOST_REQUESTS)))]
    pub(super) requests: Option<u16>,
    /// Exit with 5 also where a service can't be judged, or is not asked
    #[arg(long)]
    pub(super) strict: bool,
}

#[derive(Clone, Debug, ClapArgs)]
pub(super) struct ClusterArgs {
    #[command(flatten)]
    pub(super) inventory: InventoryArg,
    #[command(flatten)]
    pub(super) hosts: HostArgs,
    #[command(flatten)]
    pub(super) playbook: PlaybookArg,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(flatten)]
    pub(super) debug: DebugArg,
}

#[derive(Clone, Debug, ClapArgs)]
pub(super) struct DeployArgs {
    #[command(flatten)]
    pub(super) cluster: ClusterArgs,
    #[command(flatten)]
    pub(super) apply: ApplyArgs,
    #[command(flatten)]
    pub(super) curl: LoopArgs,
    /// Do not verify afterwards
    #[arg(long, help_heading = "Verification", conflicts_with = "strict")]
    pub(super) no_verify: bool,
}

#[derive(Clone, Debug, ClapArgs)]
pub(super) struct DestroyArgs {
    #[command(flatten)]
    pub(super) inventory: InventoryArg,
    #[command(flatten)]
    pub(super) hosts: HostArgs,
    #[command(flatten)]
    pub(super) apply: ApplyArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(flatten)]
    pub(super) debug: DebugArg,
}

#[derive(Clone, Debug, ClapArgs)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    pub(super) cluster: ClusterArgs,
    #[command(flatten)]
    pub(super) curl: LoopArgs,
}

#[derive(Clone, Debug, ClapArgs)]
pub(super) struct RunArgs {
    /// The playbook
    #[arg(value_name = "PLAYBOOK", value_hint = ValueHint::FilePath)]
    pub(super) playbook: PathBuf,
    #[command(flatten)]
    pub(super) inventory: InventoryArg,
    #[command(flatten)]
    pub(super) hosts: HostArgs,
    #[command(flatten)]
    pub(super) apply: ApplyArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(flatten)]
    pub(super) debug: DebugArg,
}

// What the machines are made from.
#[derive(Clone, Debug, ClapArgs)]
pub(super) struct ImageArg {
    /// What machines are made from whose hosts do not say it [default: debian-12]
    #[arg(long, value_name = "NAME", value_parser = image())]
    pub(super) image: Option<Image>,
}

fn image() -> impl TypedValueParser<Value = Image> {
    let names = Image::ALL.iter().map(|image| image.name());
    PossibleValuesParser::new(names).map(|name| Image::named(&name).unwrap_or_default())
}

#[derive(Clone, Debug, ClapArgs)]
pub(super) struct RehearseArgs {
    #[command(flatten)]
    pub(super) inventory: InventoryArg,
    #[command(flatten)]
    pub(super) image: ImageArg,
    #[command(flatten)]
    pub(super) playbook: PlaybookArg,
    #[command(flatten)]
    pub(super) curl: LoopArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(flatten)]
    pub(super) debug: DebugArg,
}

// A folder to write into.
#[derive(Clone, Debug, ClapArgs)]
pub(super) struct FolderArg {
    /// The folder; it is made where it is not there
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) folder: PathBuf,
}

#[derive(Clone, Debug, ClapArgs)]
pub(super) struct DocArgs {
    /// The module; all of them, one line each, when it is left out
    pub(super) module: Option<String>,
    /// How to print
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub(super) output: DocFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum DocFormat {
    /// For people
    Text,
    /// The JSON Schema of the module's arguments, or of each module's
    Json,
    /// The written reference
    Markdown,
}

impl Verb {
    /// What the summary calls it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Verb::Deploy(_) => "deploy",
            Verb::Plan(_) => "plan",
            Verb::Verify(_) => "verify",
            Verb::Run(_) => "run",
            Verb::Destroy(_) => "destroy",
            Verb::Rehearse(_) => "rehearse",
            Verb::Lab { .. } => "lab",
            Verb::Doc(_) => "doc",
            Verb::Init(_) => "init",
            Verb::Schema => "schema",
            Verb::Completions { .. } => "completions",
            Verb::Man(_) => "man",
            Verb::LabProxy { .. } => "lab-proxy",
        }
    }

    /// How the verb is to print.
    pub(super) fn output(&self) -> Option<&OutputArgs> {
        match self {
            Verb::Deploy(args) => Some(&args.cluster.output),
            Verb::Plan(args) => Some(&args.output),
            Verb::Verify(args) => Some(&args.cluster.output),
            Verb::Run(args) => Some(&args.output),
            Verb::Destroy(args) => Some(&args.output),
            Verb::Rehearse(args) => Some(&args.output),
            Verb::Lab { verb } => match verb {
                LabVerb::Up(args) => Some(&args.output),
                LabVerb::Down(args) | LabVerb::Status(args) => Some(&args.output),
                LabVerb::Reboot(args) => Some(&args.output),
                LabVerb::Off(args) => Some(&args.output),
                LabVerb::Ssh(_) => None,
            },
            Verb::Doc(_) | Verb::Init(_) | Verb::Schema | Verb::Completions { .. } | Verb::Man(_) => None,
            Verb::LabProxy { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::{CommandFactory, Parser};

    use super::{Args, Verb};

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn an_inventory_is_taken_as_ansible_playbook_takes_it_too() {
        for words in [["run", "site.yml", "mine.yaml", ""], ["run", "site.yml", "-i", "mine.yaml"]] {
            let words = ["lvsprov"].into_iter().chain(words).filter(|word| !word.is_empty());
            let Verb::Run(args) = Args::try_parse_from(words).unwrap().verb else { panic!("it is `run`") };
            assert_eq!(args.inventory.path(), Path::new("mine.yaml"));
        }
    }
}
