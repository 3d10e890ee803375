//! This machine's own limit of open files, which says nothing of a host. It holds for a whole process: one test, one program.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;

use lvsprov::transport::{Link, LinkError};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use server::{Place, target};

// Of which this program does not need all.
#[allow(dead_code)]
#[path = "../ssh/server.rs"]
mod server;

const HOSTS: usize = 20;

fn limit(current: u64) {
    setrlimit(Resource::Nofile, Rlimit { current: Some(current), ..getrlimit(Resource::Nofile) }).unwrap();
}

#[test]
fn too_few_open_files_are_told_as_that_and_cost_no_master() {
    let mut place = Place::new();
    place.serve("127.0.4.*", "");
    let settings = place.settings();
    let sockets = |place: &Place| -> BTreeSet<_> {
        place.sockets().into_iter().map(|socket| (socket.metadata().unwrap().ino(), socket)).collect()
    };
    // Opens one link after the other and keeps them, up to the first that fails.
    let open = async |most: usize| -> (Vec<Link>, Option<LinkError>) {
        let mut links = Vec::new();
        for number in 1..=most {
            match Link::open(&target(&format!("127.0.4.{number}"), None), &settings, "m4rk".into()).await {
                Ok(link) => links.push(link),
                Err(error) => return (links, Some(error)),
            }
        }
        (links, None)
    };
    let told = |error: Option<LinkError>| match error {
        Some(LinkError::Start { what, remedy }) => {
            assert!(what.contains("open files") && remedy.contains("ulimit -n"), "{what}: {remedy}");
        }
        other => panic!("{other:?}"),
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let before = getrlimit(Resource::Nofile).current.unwrap();
        // The lowest descriptors are taken first: with each of these limits it fails at another place.
        let open_now = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
        for more in 20..28 {
            limit(open_now + more);
            let (links, error) = open(HOSTS).await;
            assert!(links.len() < HOSTS);
            told(error);
        }
        let (links, error) = open(HOSTS).await;
        told(error);
        drop(links);
        let masters = sockets(&place);
        assert!(!masters.is_empty());
        for more in 4..28 {
            limit(open_now + more);
            let (_links, error) = open(HOSTS).await;
            told(error);
            assert!(
                sockets(&place).is_superset(&masters),
                "with {more} more files a live master was taken away"
            );
        }
        limit(before);
        let (links, error) = open(HOSTS).await;
        assert!(error.is_none() && links.len() == HOSTS, "{error:?}");
        assert!(sockets(&place).is_superset(&masters));
    });
}
