//! `--debug FILE`: what goes over the connections, written down as it happens.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args as ClapArgs;
use tracing::Level;

use super::exit::Stop;

// (Clap would take a docstring for the command's.)
#[derive(Clone, Debug, Default, ClapArgs)]
pub(super) struct DebugArg {
    /// Write down in a file each exchange with each host: when, how long, how much; and no secrets
    #[arg(long = "debug", value_name = "FILE", help_heading = "Output")]
    pub(super) file: Option<PathBuf>,
}

/// The file, as long as it is written to.
pub(super) struct DebugFile {
    path: PathBuf,
    page: Arc<Page>,
}

struct Page {
    file: File,
    /// The first error in writing to it: a run goes on without its file.
    error: Mutex<Option<io::Error>>,
}

struct Pen(Arc<Page>);

impl Write for Pen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut file = &self.0.file;
        if let Err(error) = file.write_all(bytes) {
            self.0.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DebugFile {
    /// Begins to write. A new file is its owner's alone; to one that is there, lines are added.
    ///
    /// # Errors
    /// It can't be written to.
    pub(super) fn begin(path: &Path, verb: &str) -> Result<DebugFile, Stop> {
        let open = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
        let file = open.map_err(|error| {
            let message = format!("can't write to the debug file {}: {error}", path.display());
            Stop::usage(message, "give --debug a file in a folder that you may write to")
        })?;
        let page = Arc::new(Page { file, error: Mutex::default() });
        let pens = Arc::clone(&page);
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::DEBUG)
            .with_target(false)
            .with_ansi(false)
            .with_writer(move || Pen(Arc::clone(&pens)))
            .finish();
        // There is one a process.
        let _ = tracing::subscriber::set_global_default(subscriber);
        tracing::debug!(
            version = env!("CARGO_PKG_VERSION"),
            pid = std::process::id(),
            "lvsprov {verb} begins"
        );
        Ok(DebugFile { path: path.to_owned(), page })
    }

    /// Writes the last line, and tells on standard error when the file is not whole.
    pub(super) fn end(self, exit: u8) {
        tracing::debug!(exit, "the end");
        let error = self.page.error.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(error) = error {
            let path = self.path.display();
            eprintln!(
                "lvsprov: the debug file {path} is not whole: {error}; give --debug a file where there is room"
            );
        }
    }
}
