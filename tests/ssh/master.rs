//! The connection that stays is used again, and is never taken away from another run.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use lvsprov::transport::Link;

use super::server::{Place, target};
use super::{block_on, say};

const HOST: &str = "127.0.1.1";
const CONNECTION: &str = "echo $SSH_CONNECTION";

fn inode(socket: &Path) -> u64 {
    socket.metadata().unwrap().ino()
}

#[test]
fn the_next_run_goes_over_the_same_connection() {
    let mut place = Place::new();
    place.serve(HOST, "");
    let settings = place.settings();
    block_on(async {
        let mut connections = Vec::new();
        for _ in 0..2 {
            let mut link = Link::open(&target(HOST, None), &settings, "m4rk".into()).await.unwrap();
            connections.push(say(&mut link, CONNECTION).await);
        }
        assert_eq!(connections[0], connections[1]);
        assert_eq!(place.sockets().len(), 1);
    });
}

#[test]
fn a_master_that_takes_no_more_sessions_stays_as_it_is() {
    let mut place = Place::new();
    place.serve(HOST, "MaxSessions 1");
    let settings = place.settings();
    block_on(async {
        let host = target(HOST, None);
        let open = || Link::open(&host, &settings, "m4rk".into());
        let mut first = open().await.unwrap();
        let connection = say(&mut first, CONNECTION).await;
        let [socket] = place.sockets().try_into().unwrap();
        let (master, before) = (place.master(&socket), inode(&socket));

        let mut second = open().await.unwrap();
        assert_ne!(say(&mut second, CONNECTION).await, connection);
        assert_eq!(say(&mut first, CONNECTION).await, connection);
        assert_eq!(
            (place.master(&socket), inode(&socket)),
            (master, before),
            "the first run's master was replaced"
        );

        // Once the first has ended, the next has the master again.
        drop((first, second));
        let mut third = open().await.unwrap();
        let mut tries = 0;
        while say(&mut third, CONNECTION).await != connection {
            tries += 1;
            assert!(tries < 50, "the master gives no shell though nobody uses it");
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            third = open().await.unwrap();
        }
    });
}

#[test]
fn the_socket_of_a_master_that_was_killed_is_replaced() {
    let mut place = Place::new();
    place.serve(HOST, "");
    let settings = place.settings();
    block_on(async {
        let host = target(HOST, None);
        let open = || Link::open(&host, &settings, "m4rk".into());
        drop(open().await.unwrap());
        let [socket] = place.sockets().try_into().unwrap();
        let master = place.master(&socket);
        Command::new("kill").args(["-KILL", &master]).status().unwrap();
        while Path::new("/proc").join(&master).join("exe").exists() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert!(socket.exists());
        let mut link = open().await.unwrap();
        assert_eq!(say(&mut link, "echo here").await, "here");
        assert_ne!(place.master(&socket), master);
    });
}
