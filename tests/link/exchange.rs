//! What an exchange gives back.

use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use lvsprov::transport::{Exchange, Progress};

use super::{SHELLS, block_on, open};

#[test]
fn sections_come_back_apart_whatever_they_print() {
    for shell in SHELLS {
        block_on(async {
            let mut link = open(shell).await;
            for round in 0..3 {
                let mut exchange = Exchange::changing(Duration::from_secs(20));
                exchange.push("printf 'no newline, \\000, \\036m4rk?'; cat");
                exchange.push_step("false; echo not reached");
                exchange.push_step("echo skipped");
                exchange.push("echo to stderr >&2; exit 7");
                exchange.push_inline("set -- a b; [ $# = 2 ] && cat && (exit 4)");
                exchange.push_inline("# nothing");
                let mut progress = Vec::new();
                let reply = link.exchange(&exchange, |step| progress.push(step)).await.unwrap();
                let outputs: Vec<_> = reply
                    .sections
                    .iter()
                    .map(|section| {
                        section.as_ref().map(|o| (String::from_utf8_lossy(&o.bytes).into_owned(), o.code))
                    })
                    .collect();
                let some = |text: &str, code| Some((text.to_owned(), code));
                assert_eq!(
                    outputs,
                    [
                        some("no newline, \0, \u{1e}m4rk?", 0),
                        some("", 1),
                        None,
                        some("to stderr\n", 7),
                        some("", 4),
                        some("", 0)
                    ],
                    "{shell:?}, round {round}"
                );
                assert_eq!(progress.len(), 10);
                assert_eq!(progress[2], Progress::Began(1));
            }
        });
    }
}

#[test]
fn a_section_may_be_empty() {
    for shell in SHELLS {
        block_on(async {
            let mut link = open(shell).await;
            let mut exchange = Exchange::reading(Duration::from_secs(20));
            exchange.push("");
            exchange.push_step("# only a comment\n");
            exchange.push("echo after");
            let reply = link.exchange(&exchange, |_| ()).await.unwrap();
            let codes: Vec<_> =
                reply.sections.iter().map(|section| section.as_ref().map(|o| o.code)).collect();
            assert_eq!(codes, [Some(0); 3], "{shell:?}");
        });
    }
}

#[test]
fn a_text_of_a_megabyte_arrives_whole() {
    for shell in SHELLS {
        block_on(async {
            let mut link = open(shell).await;
            let text = "it is a line of a file, with $HOME and `date`\n".repeat(20_000);
            let mut exchange = Exchange::reading(Duration::from_secs(60));
            exchange.push(format!("printf %s '{text}'"));
            let reply = link.exchange(&exchange, |_| ()).await.unwrap();
            assert_eq!(reply.sections[0].as_ref().unwrap().bytes, text.as_bytes(), "{shell:?}");
        });
    }
}

#[test]
fn files_stand_in_the_output_where_they_were_named() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
    let [two, spaced, open_end, empty, missing, pipe] =
        ["two", "name with a * and \\n", "no end", "empty", "missing", "pipe"].map(path);
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (file, text) in [(&two, "one\n\ntwo\n"), (&spaced, "# \u{e9}\n"), (&open_end, "end"), (&empty, "")] {
        std::fs::write(file, text).unwrap();
    }
    for shell in SHELLS {
        block_on(async {
            let mut link = open(shell).await;
            for round in 0..2 {
                let mut exchange = Exchange::reading(Duration::from_secs(20));
                exchange.push_inline(format!(
                    "set -- a b; echo first; lvsprov_files '{two}' '{missing}' '{pipe}' '{spaced}'; echo \"then $1$2\"; lvsprov_files"
                ));
                exchange.push("echo apart; exit 3");
                exchange.push_inline(format!("lvsprov_files '{empty}' '{two}' '{open_end}'\nfalse"));
                let mut progress = Vec::new();
                let reply = link.exchange(&exchange, |step| progress.push(step)).await.unwrap();
                let output = |index: usize| {
                    let output = reply.sections[index].as_ref().unwrap();
                    (String::from_utf8(output.bytes.clone()).unwrap(), output.code)
                };
                let lines = format!("{two}:one\n{two}:\n{two}:two\n");
                let first = format!("first\n{lines}{spaced}:# \u{e9}\nthen ab\n");
                assert_eq!(output(0), (first, 0), "{shell:?}, round {round}");
                assert_eq!(output(1), ("apart\n".to_owned(), 3), "{shell:?}, round {round}");
                assert_eq!(output(2), (format!("{lines}{open_end}:end\n"), 1), "{shell:?}, round {round}");
                assert_eq!(progress.len(), 7, "{shell:?}, round {round}: {progress:?}");
            }
        });
    }
}

#[test]
fn no_file_is_taken_for_empty_that_was_not_read() {
    for shell in SHELLS {
        block_on(async {
            let mut link = open(shell).await;
            let mut exchange = Exchange::reading(Duration::from_secs(20));
            exchange.push_inline("grep() { command /nowhere/grep; }; lvsprov_files /proc/version");
            let reply = link.exchange(&exchange, |_| ()).await.unwrap();
            let said = String::from_utf8_lossy(&reply.sections[0].as_ref().unwrap().bytes).into_owned();
            assert!(said.starts_with("the files were not read to their end: "), "{shell:?}: {said}");
            assert!(said.contains("/nowhere/grep"), "{shell:?}: {said}");
        });
    }
}

#[test]
fn what_is_short_is_read_without_a_process() {
    let root = tempfile::tempdir().unwrap();
    let release = root.path().join("os-release").to_str().unwrap().to_owned();
    std::fs::write(&release, "# \\n a * and\t\u{e9} \n\n  ID=x").unwrap();
    for shell in SHELLS {
        block_on(async {
            let mut link = open(shell).await;
            let mut exchange = Exchange::reading(Duration::from_secs(20));
            exchange.push_inline("grep() { command /nowhere/grep; }");
            exchange.push_inline(format!(
                "lvsprov_files /proc/sys/kernel/ostype /proc/sys/none /proc/none {release}"
            ));
            let reply = link.exchange(&exchange, |_| ()).await.unwrap();
            let of_release = format!("{release}:# \\n a * and\t\u{e9} \n{release}:\n{release}:  ID=x\n");
            let output = reply.sections[1].as_ref().unwrap();
            let text = String::from_utf8(output.bytes.clone()).unwrap();
            assert_eq!(text, format!("/proc/sys/kernel/ostype:Linux\n{of_release}"), "{shell:?}");
            assert!(output.said.is_empty(), "{shell:?}");
        });
    }
}

#[test]
fn a_name_that_is_not_utf_8_hides_no_other_file() {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().to_str().unwrap();
    std::fs::write(root.path().join(std::ffi::OsStr::from_bytes(b"a\xff")), "strange\n").unwrap();
    std::fs::write(root.path().join("eth0"), "own\n").unwrap();
    std::fs::write(root.path().join("eth0:1"), "alias\n").unwrap();
    for shell in SHELLS {
        block_on(async {
            let mut link = open(shell).await;
            let mut exchange = Exchange::reading(Duration::from_secs(20));
            exchange.push_inline(format!("lvsprov_files {directory}/a*\nlvsprov_files {directory}/eth0*"));
            let reply = link.exchange(&exchange, |_| ()).await.unwrap();
            let bytes = &reply.sections[0].as_ref().unwrap().bytes;
            let strange = [directory.as_bytes(), b"/a\xff:strange\n"].concat();
            let rest = format!("{directory}/eth0:own\n{directory}/eth0:1:alias\n");
            assert_eq!(*bytes, [strange, rest.into_bytes()].concat(), "{shell:?}");
        });
    }
}

#[test]
fn standard_error_is_kept_apart_from_what_is_read() {
    for shell in SHELLS {
        block_on(async {
            let mut link = open(shell).await;
            for round in 0..3 {
                let mut exchange = Exchange::reading(Duration::from_secs(20));
                exchange.push_inline(
                    "echo before; echo chatty >&2; printf 'half\\033[1m a line\\033[0m'; (echo more >&2)",
                );
                exchange.push_reading("echo apart; sh -c 'echo of a child >&2'; exit 3");
                exchange.push("echo one; echo two >&2; echo three");
                exchange.push_inline("echo quiet; lvsprov_files /proc/sys/kernel/ostype");
                let reply = link.exchange(&exchange, |_| ()).await.unwrap();
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let sections = reply.sections.iter().flatten();
                let all: Vec<_> = sections.map(|o| (text(&o.bytes), text(&o.said), o.code)).collect();
                let told = |bytes: &str, said: &str, code| (bytes.to_owned(), said.to_owned(), code);
                let files = "quiet\n/proc/sys/kernel/ostype:Linux\n";
                assert_eq!(
                    all,
                    [
                        told("before\nhalf a line", "chatty\nmore\n", 0),
                        told("apart\n", "of a child\n", 3),
                        told("one\ntwo\nthree\n", "", 0),
                        told(files, "", 0),
                    ],
                    "{shell:?}, round {round}"
                );
            }
        });
    }
}

#[test]
fn a_host_tells_its_time_against_ours() {
    for shell in SHELLS {
        block_on(async {
            let mut link = open(shell).await;
            let mut exchange = Exchange::reading(Duration::from_secs(20));
            exchange.push_inline("lvsprov_time");
            exchange.push_inline("date() { echo 4000000000; }; lvsprov_time; unset -f date");
            exchange.push_inline("lvsprov_now=4000000000; lvsprov_time");
            let reply = link.exchange(&exchange, |_| ()).await.unwrap();
            let bounds = |index: usize| -> Vec<i64> {
                let text = String::from_utf8(reply.sections[index].clone().unwrap().bytes).unwrap();
                text.strip_prefix("clock ")
                    .unwrap()
                    .split_whitespace()
                    .map(|word| word.parse().unwrap())
                    .collect()
            };
            let [least, most] = bounds(0)[..] else { panic!() };
            assert!(least <= 0 && most >= 0 && most - least < 20, "{shell:?}: {least} to {most}");
            assert!(bounds(1)[0] > 1_000_000 && bounds(2)[0] > 1_000_000, "{shell:?}");
            // What was seen in one exchange is not told in the next.
            let mut exchange = Exchange::reading(Duration::from_secs(20));
            exchange.push_inline("lvsprov_time");
            let reply = link.exchange(&exchange, |_| ()).await.unwrap();
            let text = String::from_utf8(reply.sections[0].clone().unwrap().bytes).unwrap();
            assert!(text.starts_with("clock -"), "{shell:?}: {text}");
        });
    }
}
