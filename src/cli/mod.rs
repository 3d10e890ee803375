//! Arguments, settings, one file a verb, and errors to exit codes.

mod args;
mod complete;
mod context;
mod debug;
mod deploy;
mod destroy;
mod doc;
mod exit;
mod init;
mod interrupt;
mod job;
mod lab;
mod load;
mod man;
mod memory;
mod open_files;
mod password;
mod rehearse;
mod schema;
mod scope;
mod settings;
mod so_far;
mod summary;
mod undeclared;
mod verify;

pub use exit::Exit;

use std::path::Path;
use std::time::Instant;

use clap::{CommandFactory, Parser};
use clap_complete::CompleteEnv;

use args::{Args, LabVerb, Verb};
use context::Context;
use debug::DebugFile;
use interrupt::interrupted;

/// Parses the process's arguments, runs the verb, and gives the exit code.
pub fn main() -> Exit {
    // Where a shell asks, that is answered, and is the end.
    CompleteEnv::with_factory(Args::command).var(complete::VARIABLE).complete();
    open_files::raise_limit();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are asked for; anything else is bad usage.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            let _ = error.print();
            return exit;
        }
    };
    if let Verb::LabProxy { namespace, host, port } = &args.verb {
        return lab::proxy(namespace, host, *port);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime {
        Ok(runtime) => {
            let exit = runtime.block_on(interruptible(args));
            // A thread that still resolves a name or reads a prompt must not hold the process up.
            runtime.shutdown_background();
            exit
        }
        Err(error) => {
            eprintln!("lvsprov: {error}");
            Exit::Failed
        }
    }
}

/// Runs the verb until it ends or the operator interrupts it, and takes down what it put up for itself.
async fn interruptible(args: Args) -> Exit {
    let interrupted = interrupted();
    let context = Context::new(args.verb.output());
    let start = Instant::now();
    let verb = args.verb.name();
    let debug = match debug_file(&args.verb).map(|path| DebugFile::begin(path, verb)).transpose() {
        Ok(debug) => debug,
        Err(stop) => {
            let exit = stop.tell(&context.report);
            context.last_line(verb, exit, start);
            return exit;
        }
    };
    let exit = tokio::select! {
        exit = run(args.verb, &context) => exit,
        () = interrupted => Exit::Interrupted,
    };
    context.clean_up().await;
    context.last_line(verb, exit, start);
    if let Some(debug) = debug {
        debug.end(exit.code());
    }
    exit
}

/// Where a verb that talks to hosts is to write down what goes over its connections.
fn debug_file(verb: &Verb) -> Option<&Path> {
    let debug = match verb {
        Verb::Deploy(args) => &args.cluster.debug,
        Verb::Plan(args) => &args.debug,
        Verb::Verify(args) => &args.cluster.debug,
        Verb::Run(args) => &args.debug,
        Verb::Destroy(args) => &args.debug,
        Verb::Rehearse(args) => &args.debug,
        Verb::Lab { .. } | Verb::Doc(_) | Verb::Init(_) | Verb::Schema => return None,
        Verb::Completions { .. } | Verb::Man(_) | Verb::LabProxy { .. } => return None,
    };
    debug.file.as_deref()
}

async fn run(verb: Verb, context: &Context) -> Exit {
    let result = match verb {
        Verb::Deploy(args) => deploy::deploy(args, context).await,
        Verb::Plan(args) => deploy::plan(args, context).await,
        Verb::Verify(args) => verify::verify(args, context).await,
        Verb::Run(args) => deploy::run(args, context).await,
        Verb::Destroy(args) => destroy::destroy(args, context).await,
        Verb::Rehearse(args) => rehearse::rehearse(args, context).await,
        Verb::Lab { verb } => match verb {
            LabVerb::Up(args) => lab::up(args, context).await,
            LabVerb::Down(args) => lab::down(args, context).await,
            LabVerb::Status(args) => lab::status(args, context).await,
            LabVerb::Ssh(args) => lab::ssh(args, context).await,
            LabVerb::Reboot(args) => lab::reboot(args, context).await,
            LabVerb::Off(args) => lab::off(args, context).await,
        },
        Verb::Doc(args) => doc::doc(&args),
        Verb::Init(args) => init::init(&args),
        Verb::Schema => schema::schema(),
        Verb::Completions { shell } => complete::completions(shell),
        Verb::Man(args) => man::man(&args, Args::command()),
        Verb::LabProxy { namespace, host, port } => Ok(lab::proxy(&namespace, &host, port)),
    };
    result.unwrap_or_else(|stop| stop.tell(&context.report))
}
