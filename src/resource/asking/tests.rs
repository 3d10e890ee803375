//! A web server over TLS, for tests: openssl's own, which like Apache knows `http/1.1` alone.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// It ends when it is dropped.
pub struct TlsServer {
    process: Child,
    folder: tempfile::TempDir,
    /// Where it listens.
    pub address: SocketAddr,
}

impl TlsServer {
    /// Starts one whose certificate is for this name, and vouched for by nobody.
    pub fn start(name: &str) -> TlsServer {
        let folder = tempfile::tempdir().unwrap();
        let openssl = |words: &str| {
            let mut command = Command::new("openssl");
            command.current_dir(folder.path()).args(words.split(' ')).stderr(Stdio::null());
            command
        };
        let made = openssl(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout key.pem -out cert.pem \
             -subj /CN={name} -addext subjectAltName=DNS:{name}"
        ));
        let made = { made }.status().unwrap_or_else(|error| panic!("openssl must be installed: {error}"));
        assert!(made.success());
        let words = "s_server -accept 127.0.0.1:0 -key key.pem -cert cert.pem -alpn http/1.1 -www";
        let mut process =
            openssl(words).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it was there before");
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("ACCEPT ")?.parse().ok());
        TlsServer { process, folder, address: address.expect("it says where it listens") }
    }

    /// Its certificate, for who is to take it.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
