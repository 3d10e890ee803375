//! A link over real shells on this machine.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use lvsprov::transport::{Link, Settings, Target, Way};

mod ending;
mod exchange;
mod lock;
mod note;

const SHELLS: [&[&str]; 3] = [&["dash"], &["bash"], &["busybox", "sh"]];

fn settings() -> Settings {
    Settings {
        control_dir: "/nonexistent".into(),
        config_file: None,
        configuration: String::new(),
        connect_timeout: Duration::from_secs(5),
        read_timeout: Duration::from_secs(20),
        persist: Duration::from_secs(1),
    }
}

async fn open(words: &[&str]) -> Link {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    let target = Target { name: "here".into(), way: Way::Local(words), r#become: None };
    Link::open(&target, &settings(), "m4rk".into())
        .await
        .unwrap_or_else(|error| panic!("{error}: `make packages` installs every shell that the tests need"))
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn alive(pid: &str) -> bool {
    // A zombie is dead, only not yet buried by whoever adopted it.
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" Z")))
}
