//! A run of lvsprov that is under way.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{Events, Outcome};

/// No run of lvsprov takes this long, however busy the machine.
const LONGEST: Duration = Duration::from_secs(420);

/// A run that is under way. It is killed when it is dropped before its end.
pub struct Running {
    words: String,
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
    stderr: Option<JoinHandle<String>>,
}

impl Running {
    /// Starts it; the words behind lvsprov's path are given for messages.
    pub fn start(mut command: Command) -> Running {
        let words: Vec<_> =
            command.get_args().skip(2).map(|word| word.to_string_lossy().into_owned()).collect();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("lvsprov starts");
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut stderr = child.stderr.take().expect("stderr is piped");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
                if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    break;
                }
            }
        });
        let stderr = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = stderr.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        Running { words: words.join(" "), child, lines, seen: Vec::new(), stderr: Some(stderr) }
    }

    /// Waits for an event; `false` when the run ended without it.
    #[track_caller]
    pub fn sees(&mut self, mut wanted: impl FnMut(&Value) -> bool) -> bool {
        let deadline = Instant::now() + LONGEST;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let event = serde_json::from_str(&line).unwrap_or(Value::Null);
                    self.seen.push(line);
                    if wanted(&event) {
                        return true;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("{}: nothing more came; it said\n{}", self.words, self.seen.join("\n"))
                }
            }
        }
    }

    /// Waits until a step begins whose label holds the text; `false` when the run ended without it.
    #[track_caller]
    pub fn sees_step(&mut self, label: &str) -> bool {
        self.sees(|event| {
            event["event"] == "step_began" && event["label"].as_str().is_some_and(|text| text.contains(label))
        })
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, signal).expect("lvsprov runs still");
    }

    /// Waits for its end.
    #[track_caller]
    pub fn ends(mut self) -> Outcome {
        while self.sees(|_| false) {}
        let code = self.child.wait().expect("lvsprov was started").code();
        let stdout = self.seen.join("\n");
        let stderr = self.stderr.take().map(|thread| thread.join().unwrap_or_default()).unwrap_or_default();
        let events = Events::parse(&stdout);
        Outcome { words: std::mem::take(&mut self.words), code, stdout, stderr, events }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
