//! What `--debug` writes down of a run.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use super::cluster::Cluster;

const PLAYBOOK: &str = "
- name: Real servers
  hosts: real_servers
  tasks:
    - file: { dest: /etc/app.token, content: \"hunter2 of {{ name }}\\n\", mode: \"0600\", secret: true }
    - file: { dest: /etc/page, content: \"a page\\n\" }
";

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is written down of two runs on the cluster.
fn written(cluster: &Cluster) -> String {
    let page = Page::default();
    let pens = page.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(move || pens.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        cluster.deploy().whole();
        cluster.deploy().whole();
    });
    let bytes = page.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn each_exchange_is_there_with_its_time_and_size_and_no_secret_is() {
    let cluster = Cluster::new(1, PLAYBOOK);
    let written = written(&cluster);
    assert_eq!(cluster.machine("web1").root.read("/etc/app.token"), "hunter2 of web1\n");
    for secret in ["hunter2", "a page", "m4rk"] {
        assert!(!written.contains(secret), "{secret}: {written}");
    }
    let of_web1: Vec<&str> = written.lines().filter(|line| line.contains("host=\"web1\"")).collect();
    let count = |what: &str| of_web1.iter().filter(|line| line.contains(what)).count();
    assert!(count(" asks host=") >= 4, "{written}");
    assert_eq!(count(" asks host="), count("has answered"), "{written}");
    for line in of_web1.iter().filter(|line| line.contains("has answered")) {
        assert!(line.contains("received=") && line.contains("took="), "{line}");
    }
    assert_eq!(count("changes host="), 2, "the second run changes nothing: {written}");
    assert!(
        of_web1.iter().any(|line| line.contains("changes host=") && line.contains("(content)")),
        "{written}"
    );
    for section in ["facts", "file"] {
        assert!(count(&format!("name=\"{section}\"")) >= 2, "{section}: {written}");
    }
}
