//! The hosts on the way are verified as the one at its end is.

use lvsprov::transport::{Link, LinkError, Unreachable};

use super::server::{Place, target};
use super::{block_on, say};

const HOST: &str = "127.0.3.1";
const JUMP: &str = "127.0.3.2";
const SECOND: &str = "127.0.3.3";
const WHO: &str = "set -- $SSH_CONNECTION; echo $1 $3";

/// A host that only answers those who come from the second jump host would do the same.
fn place() -> Place {
    let mut place = Place::new();
    place.serve(HOST, "");
    place.serve(JUMP, "");
    place.serve(SECOND, "");
    place
}

#[test]
fn a_host_is_reached_by_way_of_others() {
    let mut place = place();
    let settings = place.settings();
    block_on(async {
        let port = place.port(JUMP);
        for jump in [
            JUMP.to_owned(),
            format!("root@{JUMP}:{port}"),
            format!("ssh://{JUMP}:{port}/"),
            format!("{JUMP},{SECOND}"),
            format!("{SECOND},[{JUMP}]:{port},{SECOND}"),
        ] {
            let target = target(HOST, Some(&jump));
            let mut link = Link::open(&target, &settings, "m4rk".into())
                .await
                .unwrap_or_else(|error| panic!("{jump}: {error:?}"));
            assert!(say(&mut link, WHO).await.ends_with(HOST), "{jump}");
            let mut link = Link::open_anew(&target, &settings, "m4rk".into()).await.unwrap();
            assert!(say(&mut link, WHO).await.ends_with(HOST), "{jump}");
        }
        // It is really passed: with one of them gone there is no way.
        place.stop(SECOND);
        let far = target(HOST, Some(&format!("{SECOND},{JUMP}")));
        let error = Link::open(&far, &settings, "m4rk".into()).await.err().unwrap();
        assert!(matches!(error, LinkError::Unreachable { why: Unreachable::Refused, .. }), "{error:?}");
    });
}

#[test]
fn a_jump_hosts_key_is_verified_whatever_the_configuration_says() {
    for jump in [JUMP.to_owned(), format!("{JUMP},{SECOND}"), format!("{SECOND},{JUMP}")] {
        for (other, expected) in
            [(None, Unreachable::HostKeyUnknown), (Some("another"), Unreachable::HostKeyChanged)]
        {
            let mut place = place();
            place.forget_key(JUMP, other);
            let settings = place.settings();
            let opened = block_on(Link::open(&target(HOST, Some(&jump)), &settings, "m4rk".into()));
            match opened {
                Err(LinkError::Unreachable { why, .. }) => assert_eq!(why, expected, "{jump}"),
                Err(error) => panic!("{jump}: {error:?}"),
                Ok(_) => panic!("{jump}: a host on the way was taken on trust"),
            }
        }
    }
}

#[test]
fn what_names_no_jump_host_is_told_before_ssh_is() {
    let place = Place::new();
    let settings = place.settings();
    for jump in ["", "a,,b", "root@", "a:0", "a:ssh", "-oProxyCommand=x", "[::1", "::1:x"] {
        let error = block_on(Link::open(&target(HOST, Some(jump)), &settings, "m4rk".into())).err().unwrap();
        let LinkError::Start { what, .. } = error else { panic!("{jump}: {error:?}") };
        assert!(what.contains("is no jump host"), "{what}");
    }
}
