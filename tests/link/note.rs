//! What a section tells while it runs.

use std::time::Duration;

use lvsprov::transport::{Exchange, Progress};

use super::{SHELLS, block_on, open};

#[test]
fn a_note_is_told_while_the_section_runs() {
    for shell in SHELLS {
        block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let told = dir.path().join("told");
            let mut link = open(shell).await;
            let mut exchange = Exchange::changing(Duration::from_secs(20));
            exchange.push_step(format!(
                "echo before\nlvsprov_note \"50 % of 'it', \\$x \\\\n\"\n\
                 until [ -e {} ]; do sleep 0.1; done\nlvsprov_note 'two\nlines'; lvsprov_note ''; echo after",
                told.display()
            ));
            exchange.push_inline("lvsprov_note inline");
            let mut notes = Vec::new();
            let reply = link
                .exchange(&exchange, |progress| {
                    if let Progress::Note(index, text) = progress {
                        // The section goes on only once it is told.
                        std::fs::write(&told, "").unwrap();
                        notes.push((index, text));
                    }
                })
                .await
                .unwrap();
            let note = |index, text: &str| (index, text.to_owned());
            let all = [note(0, "50 % of 'it', $x \\n"), note(0, "two"), note(0, ""), note(1, "inline")];
            assert_eq!(notes, all, "{shell:?}");
            let outputs: Vec<&[u8]> = reply.sections.iter().flatten().map(|o| o.bytes.as_slice()).collect();
            assert_eq!(outputs, [b"before\nafter\n".as_slice(), b""], "{shell:?}");
        });
    }
}

#[test]
fn nothing_that_a_section_starts_can_read_the_mark() {
    for shell in SHELLS {
        block_on(async {
            let mut link = open(shell).await;
            let mut exchange = Exchange::changing(Duration::from_secs(20));
            exchange.push_step(
                "env; cat /proc/$$/cmdline /proc/$$/environ; sh -c 'env; set; lvsprov_note x' 2>&1 || :",
            );
            let mut notes = 0;
            let reply = link
                .exchange(&exchange, |progress| notes += usize::from(matches!(progress, Progress::Note(..))))
                .await
                .unwrap();
            let output = reply.sections[0].as_ref().unwrap();
            let text = String::from_utf8_lossy(&output.bytes);
            assert!(text.contains("PATH=") && !text.contains("m4rk"), "{shell:?}: {text}");
            assert_eq!(notes, 0, "{shell:?}");
        });
    }
}
