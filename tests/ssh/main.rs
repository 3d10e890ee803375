//! Links over the real ssh, to sshds of this machine.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use lvsprov::transport::{Exchange, Link};

mod fresh;
mod jump;
mod master;
mod server;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// What a script prints on the link's host.
async fn say(link: &mut Link, script: &str) -> String {
    let mut exchange = Exchange::reading(Duration::from_secs(20));
    exchange.push(script);
    let reply = link.exchange(&exchange, |_| ()).await.unwrap();
    String::from_utf8_lossy(&reply.sections[0].as_ref().unwrap().bytes).trim().to_owned()
}
