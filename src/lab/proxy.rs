//! The way into a lab's network namespace, for ssh and for the lab itself.

use std::fs::File;
use std::io::{self, IoSlice, Read};
use std::mem::MaybeUninit;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// What ssh's `ProxyCommand` runs with `ProxyUseFdpass`: connects to `host` (an IP address) and `port` from inside the
/// network namespace, hands the connected socket to ssh over stdout (`SCM_RIGHTS`, see ssh_config(5)) and is done. No
/// byte of the session passes through it, and the machine's own routes stay untouched.
pub fn proxy(namespace: &str, host: &str, port: u16) -> io::Result<()> {
    let address: IpAddr = host.parse().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    enter(namespace)?;
    let stream = TcpStream::connect_timeout(&SocketAddr::new(address, port), Duration::from_secs(15))?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut rights = SendAncillaryBuffer::new(&mut space);
    let sockets = [stream.as_fd()];
    if !rights.push(SendAncillaryMessage::ScmRights(&sockets)) {
        return Err(io::Error::from(io::ErrorKind::OutOfMemory));
    }
    // The byte only carries the rights; ssh reads one and throws it away.
    sendmsg(io::stdout().as_fd(), &[IoSlice::new(&[0])], &mut rights, SendFlags::empty())?;
    Ok(())
}

/// Ends well where an sshd greets at that address of the namespace within `deadline`.
pub(super) async fn greets(namespace: &str, address: SocketAddr, deadline: Duration) -> io::Result<()> {
    let namespace = namespace.to_owned();
    let (sender, receiver) = tokio::sync::oneshot::channel();
    // A thread of its own, since a namespace is a thread's: no other work must ever find itself in the lab's.
    std::thread::spawn(move || {
        let _ = sender.send(greeting(&namespace, address, deadline));
    });
    match receiver.await.map_err(io::Error::other)?? {
        greeting if &greeting == b"SSH-" => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "what answers there is no sshd")),
    }
}

fn greeting(namespace: &str, address: SocketAddr, deadline: Duration) -> io::Result<[u8; 4]> {
    enter(namespace)?;
    let mut stream = TcpStream::connect_timeout(&address, deadline)?;
    stream.set_read_timeout(Some(deadline))?;
    let mut greeting = [0; 4];
    stream.read_exact(&mut greeting)?;
    Ok(greeting)
}

/// Moves the calling thread into the network namespace of that name (ip-netns(8) keeps them under /run/netns).
fn enter(namespace: &str) -> io::Result<()> {
    let link = File::open(format!("/run/netns/{namespace}"))
        .map_err(|error| io::Error::new(error.kind(), format!("network namespace `{namespace}`: {error}")))?;
    move_into_link_name_space(link.as_fd(), Some(LinkNameSpaceType::Network))?;
    Ok(())
}
