//! What console blocks show was printed: by the program here and now, where that takes no machines, else by the lab whose
//! sessions were recorded in `docs/pictures/*.txt`.

use std::fs;
use std::process::Command;

use crate::page::{self, doc, root};

/// A command and what it printed.
struct Session {
    command: String,
    output: Vec<String>,
}

/// `# lvsprov ...` begins a command, what follows is its output.
fn sessions(text: &str) -> Vec<Session> {
    let mut sessions: Vec<Session> = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("# lvsprov ") {
            sessions.push(Session { command: command.trim().to_owned(), output: Vec::new() });
        } else if let Some(session) = sessions.last_mut()
            && !line.trim().is_empty()
        {
            session.output.push(plain(line));
        }
    }
    sessions
}

/// A line without colours, and without what differs from one run to the next: times, and at which real server a sequence
/// begins.
fn plain(line: &str) -> String {
    let line = anstream::adapter::strip_str(line).to_string();
    let line = line.trim_end();
    let answers = line.starts_with("PASS") || line.starts_with("FAIL");
    let words: Vec<&str> = line.split(' ').collect();
    let is_time = |at: usize| words.get(at + 1).is_some_and(|unit| ["s", "s,", "ms"].contains(unit));
    let mut plain: Vec<&str> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let number = !word.is_empty() && word.chars().all(|c| c.is_ascii_digit() || c == '.');
        // `1 min 27 s` is a time as `51.9 s` is.
        let minutes = number && words.get(at + 1) == Some(&"min") || *word == "min" && is_time(at + 1);
        if minutes {
            continue;
        }
        let varies = number && (is_time(at) || answers && word.len() == 2);
        plain.push(if varies { "#" } else { *word });
    }
    plain.join(" ")
}

/// Whether the lines are what was printed. Where `…` stands, any lines may have been left out.
fn holds(shown: &[String], printed: &[String]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first == "…" => {
            (0..=printed.len()).any(|from| holds(rest, &printed[from..]))
        }
        Some((first, rest)) => {
            printed.split_first().is_some_and(|(line, more)| line == first && holds(rest, more))
        }
    }
}

#[test]
fn what_is_left_out_is_marked() {
    let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert!(holds(&lines("a … d"), &lines("a b c d")) && holds(&lines("… a …"), &lines("a")));
    assert!(!holds(&lines("a c"), &lines("a b c")) && !holds(&lines("a"), &lines("a b")));
    assert_eq!(plain("\u{1b}[1mPASS\u{1b}[0m  web from client: 02 01 --"), "PASS  web from client: # # --");
    assert_eq!(plain("deploy: done in 0.8 s, 19 changes"), "deploy: done in # s, 19 changes");
    assert_eq!(plain("deploy: done in 1 min 27 s, 19 changes"), "deploy: done in # s, 19 changes");
    assert_eq!(plain("12.0 ms min, 1.0 ms max"), "# ms min, # ms max");
}

/// What a command prints that takes no machines; `None` for others. `mistake.yaml` is the tutorial page's inventory with a
/// misspelt scheduler.
fn printed(command: &str) -> Option<Vec<String>> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let by_itself = words.contains(&"--help") || ["doc", "schema"].contains(words.first()?);
    if !by_itself && !words.contains(&"mistake.yaml") {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let inventory = doc("tutorial").blocks_of("yaml").swap_remove(0);
    fs::write(folder.path().join("mistake.yaml"), inventory.replace("scheduler: rr\n", "scheduler: rrr\n"))
        .unwrap();
    let mut lvsprov = Command::new(env!("CARGO_BIN_EXE_lvsprov"));
    lvsprov.args(words).current_dir(folder.path()).env("NO_COLOR", "1").env_remove("LVSPROV_INVENTORY");
    let output = lvsprov.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    Some(text.lines().filter(|line| !line.trim().is_empty()).map(plain).collect())
}

/// The recorded sessions.
fn recorded() -> Vec<Session> {
    let entries = fs::read_dir(root().join("docs/pictures")).unwrap().map(|entry| entry.unwrap().path());
    let texts = entries.filter(|path| path.extension().is_some_and(|extension| extension == "txt"));
    texts.flat_map(|path| sessions(&fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn what_consoles_show_was_printed() {
    let recorded = recorded();
    let (mut wrong, mut commands) = (Vec::new(), 0);
    for page in page::all() {
        for session in page.blocks_of("console").iter().flat_map(|text| sessions(text)) {
            commands += 1;
            let same = || recorded.iter().filter(|other| other.command == session.command);
            let was_printed = match printed(&session.command) {
                Some(output) => holds(&session.output, &output),
                None => same().any(|other| holds(&session.output, &other.output)),
            };
            if !was_printed {
                let shown = session.output.join("\n");
                wrong.push(format!("{}: # lvsprov {}\n{shown}\n", page.path.display(), session.command));
            }
        }
    }
    assert!(wrong.is_empty(), "this was not printed so:\n{}", wrong.join("\n"));
    assert!(commands > 5, "only {commands} commands were found");
}

/// A log's line without its numbers, which differ from one run to the next: a number, or several with what is between them,
/// is `#`.
fn numberless(line: &str) -> String {
    let mut text = String::new();
    for c in line.chars() {
        let c = if c.is_ascii_digit() { '#' } else { c };
        if c != '#' || !text.ends_with('#') {
            text.push(c);
        }
    }
    text.replace("#.#", "#")
}

/// What docs/troubleshooting.md quotes as `text` are messages, not output: messages.rs looks for those in the program.
#[test]
fn what_samples_show_was_printed() {
    let recorded = recorded();
    let (mut wrong, mut samples) = (Vec::new(), 0);
    let dots = || "…".to_owned();
    for page in page::all() {
        let quotes_messages = page.path.ends_with("troubleshooting.md");
        for block in page.blocks() {
            let of_line: fn(&str) -> String = match block.language {
                "text" if !quotes_messages => plain,
                "log" | "json" => numberless,
                _ => continue,
            };
            samples += 1;
            let lines = block.text.lines().filter(|line| !line.trim().is_empty()).map(of_line);
            // A sample is a part of what a command printed.
            let shown: Vec<String> = [dots()].into_iter().chain(lines).chain([dots()]).collect();
            let printed =
                |session: &Session| session.output.iter().map(|line| of_line(line)).collect::<Vec<_>>();
            if !recorded.iter().any(|session| holds(&shown, &printed(session))) {
                wrong.push(format!("{}:\n{}", page.path.display(), block.text));
            }
        }
    }
    assert!(wrong.is_empty(), "this was not printed so:\n{}", wrong.join("\n"));
    assert!(samples >= 5, "only {samples} samples were found");
}
