//! What an exchange gives back.

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
