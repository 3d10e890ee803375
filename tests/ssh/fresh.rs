//! A new connection, which proves that the host can be reached now.

use std::os::unix::fs::PermissionsExt;

use lvsprov::transport::{Become, Link, LinkError, Secret, Unreachable};

use super::server::{Place, target};
use super::{block_on, say};

const HOST: &str = "127.0.2.1";
const CONNECTION: &str = "echo $SSH_CONNECTION";

#[test]
fn it_goes_past_a_live_master_and_leaves_none() {
    let mut place = Place::new();
    place.serve(HOST, "");
    let settings = place.settings();
    block_on(async {
        let target = target(HOST, None);
        let anew = || Link::open_anew(&target, &settings, "m4rk".into());
        let mut fresh = anew().await.unwrap();
        assert_eq!(say(&mut fresh, "echo here").await, "here");
        drop(fresh);
        assert!(place.sockets().is_empty(), "it left a master");

        let mut link = Link::open(&target, &settings, "m4rk".into()).await.unwrap();
        let mut fresh = anew().await.unwrap();
        let connection = say(&mut fresh, CONNECTION).await;
        assert!(connection.ends_with(&format!("{HOST} {}", place.port(HOST))), "{connection}");
        assert_ne!(connection, say(&mut link, CONNECTION).await);

        // A host that can't be reached any more is found out, though its master still answers.
        place.stop(HOST);
        let mut over_master = Link::open(&target, &settings, "m4rk".into()).await.unwrap();
        assert_eq!(say(&mut over_master, "echo here").await, "here");
        let error = anew().await.err().unwrap();
        assert!(matches!(error, LinkError::Unreachable { why: Unreachable::Refused, .. }), "{error:?}");
    });
}

#[test]
fn it_becomes_root_as_any_other() {
    let mut place = Place::new();
    let sudo = place.path("sudo");
    // Asks for a password and says so, as sudo does; what comes after `-p PROMPT` is the command.
    let script = "#!/bin/sh\n[ \"$1\" = -S ] || exit 1\nprintf %s \"$3\" >&2\nread -r password\n\
                  [ \"$password\" = sesame ] || { echo 'Sorry, try again.' >&2; exit 1; }\nshift 3\nAS=root exec \"$@\"\n";
    std::fs::write(&sudo, script).unwrap();
    std::fs::set_permissions(&sudo, PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("PATH={}:/usr/bin:/bin", sudo.parent().unwrap().display());
    place.serve_with(HOST, "", &path);
    let settings = place.settings();
    block_on(async {
        let mut target = target(HOST, None);
        for (password, known) in [("sesame", true), ("wrong", false)] {
            target.r#become = Some(Become { password: Some(Secret::new(password)) });
            match Link::open_anew(&target, &settings, "m4rk".into()).await {
                Ok(mut link) => {
                    assert_eq!((say(&mut link, "echo $AS").await.as_str(), known), ("root", true))
                }
                Err(error) => assert!(matches!(error, LinkError::Become { .. }) && !known, "{error:?}"),
            }
        }
    });
}
