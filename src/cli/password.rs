//! sudo's password: from a prompt, a file or the environment, never from the command line.

use std::io::{BufRead, IsTerminal, Write};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use super::args::HostArgs;
use super::exit::Stop;
use crate::transport::Secret;

/// The password, when one is given.
pub(super) fn password(args: &HostArgs) -> Result<Option<Secret>, Stop> {
    if let Some(path) = &args.become_password_file {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Stop::usage(
                format!("can't read {}: {error}", path.display()),
                "give a file that holds the password",
            )
        })?;
        return Ok(Some(Secret::new(text.lines().next().unwrap_or_default())));
    }
    if args.ask_become_pass {
        return ask().map(Some);
    }
    Ok(std::env::var("LVSPROV_BECOME_PASSWORD").ok().map(Secret::new))
}

/// Asks on the terminal, without showing what is typed.
fn ask() -> Result<Secret, Stop> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Stop::usage(
            "there is no terminal to ask for the password on",
            "use --become-password-file or $LVSPROV_BECOME_PASSWORD",
        ));
    }
    let unusable =
        |error: std::io::Error| Stop::usage(format!("can't ask for the password: {error}"), "use a file");
    eprint!("sudo password: ");
    let _ = std::io::stderr().flush();
    let shown = tcgetattr(&stdin).map_err(|error| unusable(error.into()))?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Now, &hidden).map_err(|error| unusable(error.into()))?;
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line);
    let _ = tcsetattr(&stdin, OptionalActions::Now, &shown);
    eprintln!();
    read.map_err(unusable)?;
    Ok(Secret::new(line.trim_end_matches('\n')))
}
