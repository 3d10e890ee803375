//! The folder of the masters' sockets. Whoever may write there could put a socket of their own in a master's place and
//! be fed what is meant for a host: it is used only where nobody else may.

use std::fs::{DirBuilder, File, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use tokio::net::UnixStream;
use tokio::time::sleep;

use crate::transport::LinkError;
use crate::transport::error::too_many_files;

/// The longest path of a UNIX socket, less what OpenSSH adds while it binds (unix(7); ssh's muxclient.c).
const SOCKET_PATH_MAX: usize = 107 - 17;

/// Makes the folder where it is not there.
pub(super) fn make(dir: &Path, socket: &Path) -> Result<(), LinkError> {
    if socket.as_os_str().len() > SOCKET_PATH_MAX {
        return Err(unusable(dir, &format!("a socket's path has at most {SOCKET_PATH_MAX} bytes")));
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|error| unusable(dir, &error.to_string()))?;
    ours(dir).map_err(|why| unusable(dir, &why))
}

/// Whether the folder, and with it all that is in it, can be nobody else's; if not, why.
pub(super) fn ours(dir: &Path) -> Result<(), String> {
    let me = rustix::process::geteuid().as_raw();
    let look = |path: &Path| path.symlink_metadata().map_err(|error| format!("{}: {error}", path.display()));
    let metadata = look(dir)?;
    if !metadata.is_dir() || metadata.uid() != me || metadata.mode() & 0o077 != 0 {
        return Err("it must be a directory of yours, with mode 0700".into());
    }
    // Who may rename one of those above can put another in its place; so can the owner of a link on the way.
    let resolved = dir.canonicalize().map_err(|error| error.to_string())?;
    let given = std::path::absolute(dir).map_err(|error| error.to_string())?;
    for above in given.ancestors().skip(1).chain(resolved.ancestors().skip(1)) {
        let metadata = look(above)?;
        let trusted = [0, me].contains(&metadata.uid()) || Some(metadata.uid()) == roots_uid_outside();
        if !trusted || open_to_all(&metadata) {
            return Err(format!("others may change {}", above.display()));
        }
    }
    Ok(())
}

/// What root's files seem to belong to within a user namespace that does not have root (user_namespaces(7), of the
/// overflow user ID): there / itself is not root's.
fn roots_uid_outside() -> Option<u32> {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    overflow(&read("/proc/self/uid_map"), &read("/proc/sys/kernel/overflowuid"))
}

/// The overflow user ID where the map, lines of `INSIDE OUTSIDE COUNT`, has no place for the outer root.
fn overflow(uid_map: &str, overflow_uid: &str) -> Option<u32> {
    let has_root = uid_map.lines().any(|line| line.split_whitespace().nth(1) == Some("0"));
    if has_root { None } else { overflow_uid.trim().parse().ok() }
}

/// Anybody may rename what is in it; in a sticky directory (/tmp) only what is their own.
fn open_to_all(metadata: &Metadata) -> bool {
    metadata.is_dir() && metadata.mode() & 0o002 != 0 && metadata.mode() & 0o1000 == 0
}

/// A master in the making: no other run makes the same one until this is dropped. The file takes ssh's messages.
pub(super) struct Making {
    pub(super) log: PathBuf,
    _held: File,
}

impl Making {
    /// Waits for its turn. Two masters for one socket would leave the later without one, and so without an end: ssh -f
    /// then stays for ever.
    pub(super) async fn begin(socket: &Path) -> io::Result<Making> {
        let log = socket.with_extension("log");
        loop {
            let held = File::options().create(true).truncate(false).write(true).open(&log)?;
            while flock(&held, FlockOperation::NonBlockingLockExclusive).is_err() {
                sleep(Duration::from_millis(20)).await;
            }
            // Who held it has removed it, and another may have made a new one since.
            if log.metadata().is_ok_and(|there| held.metadata().is_ok_and(|ours| there.ino() == ours.ino())) {
                return Ok(Making { log, _held: held });
            }
        }
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.log);
    }
}

/// Whether somebody listens on the socket. Only where nobody does is a master known to be gone.
pub(super) async fn listens(socket: &Path) -> Result<bool, LinkError> {
    match UnixStream::connect(socket).await {
        Ok(_) => Ok(true),
        Err(error) => match too_many_files(&error) {
            Some(error) => Err(error),
            // Where its queue is full (EAGAIN) there is one that listens.
            None => Ok(!matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound)),
        },
    }
}

/// The sockets that are in the folder; none where it is not ours alone.
pub(super) fn sockets(dir: &Path) -> Vec<PathBuf> {
    if ours(dir).is_err() {
        return Vec::new();
    }
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_socket()))
        .map(|entry| entry.path())
        .collect()
}

/// Removes the folder, where it is ours alone.
pub(super) fn remove(dir: &Path) {
    if ours(dir).is_ok() {
        let _ = std::fs::remove_dir_all(dir);
    }
}

pub(super) fn unusable(dir: &Path, why: &str) -> LinkError {
    LinkError::Start {
        what: format!("can't keep connections in {}: {why}", dir.display()),
        remedy: "set $LVSPROV_CONTROL_DIR to a short path that is yours alone",
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, create_dir, set_permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

    use super::*;

    fn mode(path: &Path, mode: u32) {
        set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn why(dir: &Path) -> String {
        match make(dir, &dir.join("socket")) {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_folder_that_is_made_is_ours_alone() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("a/b");
        assert_eq!(why(&dir), "");
        assert_eq!(dir.metadata().unwrap().mode() & 0o777, 0o700);
        assert_eq!(dir.parent().unwrap().metadata().unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn root_is_known_by_its_own_number_but_in_a_namespace_without_it() {
        for (map, known) in [
            ("         0          0 4294967295\n", None),
            ("0 1000 1\n", Some(65534)),
            ("1000 1000 1\n", Some(65534)),
            ("0 1000 1\n1 0 1\n", None),
        ] {
            assert_eq!(overflow(map, "65534\n"), known, "{map}");
        }
    }

    #[test]
    fn a_folder_that_others_may_enter_or_replace_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("open/dir");
        assert_eq!(why(&dir), "");
        mode(&dir, 0o750);
        assert!(why(&dir).contains("with mode 0700"), "{}", why(&dir));
        mode(&dir, 0o700);
        mode(dir.parent().unwrap(), 0o777);
        assert!(why(&dir).contains("others may change"), "{}", why(&dir));
        mode(dir.parent().unwrap(), 0o1777);
        assert_eq!(why(&dir), "");
        assert!(why(&place.path().join("x".repeat(100))).contains("at most"));
    }

    #[test]
    fn nothing_is_touched_through_a_link() {
        let place = tempfile::tempdir().unwrap();
        let (real, link) = (place.path().join("real"), place.path().join("link"));
        create_dir(&real).unwrap();
        mode(&real, 0o700);
        let _listener = UnixListener::bind(real.join("socket")).unwrap();
        std::fs::write(real.join("file"), "").unwrap();
        symlink(&real, &link).unwrap();
        assert_eq!(sockets(&real), [real.join("socket")], "a file is no socket");
        assert!(sockets(&link).is_empty());
        remove(&link);
        assert!(real.join("file").exists() && link.exists());
        remove(&real);
        assert!(!real.exists());
    }

    #[tokio::test]
    async fn a_socket_that_was_left_behind_is_told_from_one_that_is_listened_on() {
        let place = tempfile::tempdir().unwrap();
        let socket = place.path().join("socket");
        assert!(!listens(&socket).await.unwrap());
        let listener = UnixListener::bind(&socket).unwrap();
        assert!(listens(&socket).await.unwrap());
        drop(listener);
        // A process that another test has just forked holds it until it executes its program.
        let gone = async {
            while listens(&socket).await.unwrap() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), gone).await.expect("it is told to be listened on");
        assert!(socket.exists());
    }

    #[tokio::test]
    async fn one_makes_a_master_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        let socket = place.path().join("socket");
        let first = Making::begin(&socket).await.unwrap();
        let second = tokio::time::timeout(Duration::from_millis(100), Making::begin(&socket)).await;
        assert!(second.is_err(), "both make it");
        let log = first.log.clone();
        drop(first);
        let second = Making::begin(&socket).await.unwrap();
        assert!(log.exists());
        drop(second);
        assert!(!log.exists());
    }
}
