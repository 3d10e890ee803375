//! Interruptions by the operator, without machines: `ssh` is a stub that takes its time.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use rustix::process::{Pid, Signal, kill_process};

const TUTORIAL: &str = include_str!("../inventories/tutorial.yaml");

/// A folder with the tutorial's inventory, and an `ssh` that leaves word of being called, and fails after 2 seconds.
fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("inventory.yaml"), TUTORIAL).unwrap();
    let ssh = place.path().join("ssh");
    fs::write(&ssh, format!("#!/bin/sh\ntouch {}/called\nsleep 2\nexit 255\n", place.path().display()))
        .unwrap();
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).unwrap();
    place
}

/// Runs a text of sh, in which `$0` is lvsprov. Whoever runs the tests may have told their own signals to be ignored, as
/// `nohup` does; here they are heeded.
fn run(place: &tempfile::TempDir, script: &str) -> Child {
    Command::new("env")
        .args(["--default-signal=HUP,INT,TERM", "sh", "-c", script])
        .arg(cargo_bin("lvsprov"))
        .current_dir(place.path())
        .env("PATH", format!("{}:/usr/bin:/bin", place.path().display()))
        .env("LVSPROV_CONTROL_DIR", place.path().join("control"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits for what should take no time, though the machine may be busy.
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}: not after 20 s");
        sleep(Duration::from_millis(20));
    }
}

/// Sends the signal once ssh is at work.
fn signalled(script: &str, signal: Signal) -> ExitStatus {
    let place = place();
    let mut child = run(&place, script);
    until("ssh is called", || place.path().join("called").exists());
    kill_process(Pid::from_child(&child), signal).unwrap();
    child.wait().unwrap()
}

#[test]
fn a_hangup_interrupts_but_not_under_nohup() {
    assert_eq!(signalled("exec \"$0\" plan", Signal::HUP).code(), Some(130));
    // What nohup does.
    assert_eq!(signalled("trap '' HUP; exec \"$0\" plan", Signal::HUP).code(), Some(4));
    // A shell starts what is to run in the background like this.
    assert_eq!(signalled("trap '' INT; exec \"$0\" plan", Signal::INT).code(), Some(4));
    assert_eq!(signalled("trap '' INT; exec \"$0\" plan", Signal::TERM).code(), Some(130));
}

#[test]
fn an_interrupted_run_tells_of_each_host_what_it_knows() {
    for (verb, changes) in [("deploy", true), ("verify", false)] {
        let place = place();
        let mut child = run(&place, &format!("exec \"$0\" {verb} --output json"));
        let (mut stdout, mut out) = (BufReader::new(child.stdout.take().unwrap()), String::new());
        while !out.contains("\"connecting\"") {
            assert_ne!(stdout.read_line(&mut out).unwrap(), 0, "{out}");
        }
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
        stdout.read_to_string(&mut out).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{out}");
        let summary: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        let hosts = summary["hosts"].as_object().unwrap();
        assert_eq!((hosts.len(), summary["not_read"].as_array().unwrap().len()), (4, 4), "{summary}");
        // That nothing was begun is known.
        assert_eq!(summary["changes"]["unknown"], if changes { 0.into() } else { serde_json::Value::Null });
    }
}

#[test]
fn ctrl_c_at_the_password_prompt_ends_it_and_the_terminal_echoes_again() {
    let place = place();
    // script(1) makes a terminal, and types what comes on its standard input.
    let command = "trap : INT; '$0' plan --ask-become-pass; echo exit $?; stty -a";
    let command = command.replace("$0", &cargo_bin("lvsprov").display().to_string());
    fs::write(place.path().join("on_terminal"), command).unwrap();
    let mut child = run(&place, "exec script -qec 'sh ./on_terminal' /dev/null");
    let (mut screen, mut out) = (String::new(), child.stdout.take().unwrap());
    let mut keyboard = child.stdin.take();
    let mut some = [0; 1024];
    while let Ok(count @ 1..) = out.read(&mut some) {
        screen += &String::from_utf8_lossy(&some[..count]);
        if screen.contains("sudo password: ")
            && let Some(mut typed) = keyboard.take()
        {
            typed.write_all(b"\x03").unwrap();
            // A prompt that Ctrl-C does not end is ended by this, as if there were no password.
            std::thread::spawn(move || (sleep(Duration::from_secs(5)), drop(typed)));
        }
    }
    child.wait().unwrap();
    assert!(screen.contains("exit 130"), "{screen}");
    assert!(screen.contains(" echo ") && !screen.contains("-echo "), "{screen}");
    assert!(!place.path().join("called").exists(), "ssh was called");
}
