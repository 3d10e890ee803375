//! sudo's password: from a prompt, a file or the environment, never from the command line.

use std::io::{BufRead, IsTerminal, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::args::HostArgs;
use super::exit::Stop;
use crate::transport::Secret;

/// The password, when one is given.
pub(super) async fn password(args: &HostArgs) -> Result<Option<Secret>, Stop> {
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
        return ask().await.map(Some);
    }
    Ok(std::env::var("LVSPROV_BECOME_PASSWORD").ok().map(Secret::new))
}

/// Asks on the terminal, without showing what is typed. A thread waits for the answer, so that Ctrl-C ends this too.
async fn ask() -> Result<Secret, Stop> {
    if !std::io::stdin().is_terminal() {
        return Err(Stop::usage(
            "there is no terminal to ask for the password on",
            "use --become-password-file or $LVSPROV_BECOME_PASSWORD",
        ));
    }
    let unusable =
        |error: std::io::Error| Stop::usage(format!("can't ask for the password: {error}"), "use a file");
    let hidden = Hidden::new().map_err(unusable)?;
    eprint!("sudo password: ");
    let _ = std::io::stderr().flush();
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    let answer = answer.await.unwrap_or_else(|error| Err(error.into()));
    drop(hidden);
    Ok(Secret::new(answer.map_err(unusable)?.trim_end_matches('\n')))
}

/// While it lives, the terminal does not show what is typed.
struct Hidden {
    shown: Termios,
}

impl Hidden {
    fn new() -> std::io::Result<Hidden> {
        let shown = tcgetattr(std::io::stdin())?;
        let mut hidden = shown.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Now, &hidden)?;
        Ok(Hidden { shown })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.shown);
        eprintln!();
    }
}
