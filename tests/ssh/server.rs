//! sshds of this machine's own, on loopback addresses, and an ssh that knows them.

use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lvsprov::transport::{Settings, Target, Way};
use tempfile::TempDir;

const SSHD: &str = "/usr/sbin/sshd";

/// A place for keys, configuration and sockets, with sshds that end with it.
pub struct Place {
    folder: TempDir,
    servers: Vec<Server>,
    /// `-F`; every server's key is known, and its port and the login key are set, for its address.
    config: String,
    known_hosts: String,
}

struct Server {
    address: &'static str,
    listens_on: &'static str,
    port: u16,
    config: PathBuf,
    process: Option<Child>,
}

impl Place {
    pub fn new() -> Place {
        let place = Place {
            folder: tempfile::tempdir().unwrap(),
            servers: Vec::new(),
            config: String::new(),
            known_hosts: String::new(),
        };
        place.key("login");
        std::fs::create_dir(place.path("home")).unwrap();
        std::fs::DirBuilder::new().mode(0o700).create(place.path("control")).unwrap();
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts one more sshd, with these lines in its configuration. An address with a `*` stands for all that match.
    pub fn serve(&mut self, address: &'static str, options: &str) {
        self.serve_with(address, options, "LVSPROV_TEST=1");
    }

    /// The same, where the shells that it starts have this in their environment.
    pub fn serve_with(&mut self, address: &'static str, options: &str, environment: &str) {
        let listens_on = if address.contains('*') { "0.0.0.0" } else { address };
        let port = TcpListener::bind((listens_on, 0)).unwrap().local_addr().unwrap().port();
        let host_key = self.key(address);
        let config = self.path(&format!("{address}.sshd_config"));
        let [home, login] = ["home", "login.pub"].map(|name| self.path(name).display().to_string());
        let text = format!(
            "{options}\nListenAddress {listens_on}\nPort {port}\nHostKey {}\nPidFile none\nAuthorizedKeysFile {login}\n\
             SetEnv HOME={home} {environment}\nStrictModes no\nUsePAM no\nPermitRootLogin prohibit-password\n\
             PasswordAuthentication no\n",
            host_key.display()
        );
        std::fs::write(&config, text).unwrap();
        self.servers.push(Server { address, listens_on, port, config, process: None });
        let public = self.public_key(address);
        self.known_hosts += &format!("[{address}]:{port} {public}");
        self.config += &format!("Host {address}\n  Port {port}\n");
        self.start(address);
    }

    pub fn start(&mut self, address: &str) {
        let server = self.servers.iter_mut().find(|server| server.address == address).unwrap();
        let log = std::fs::File::create(server.config.with_extension("log")).unwrap();
        // sshd's own separation of privileges wants it, and systemd makes it only for the system's sshd.
        let _ = std::fs::create_dir_all("/run/sshd");
        let sshd = Command::new(SSHD)
            .args(["-D", "-e", "-f"])
            .arg(&server.config)
            .stdin(Stdio::null())
            .stderr(log)
            .spawn();
        server.process = Some(sshd.unwrap_or_else(|error| panic!("{SSHD}: {error}: install openssh-server")));
        let start = Instant::now();
        while std::net::TcpStream::connect((server.listens_on, server.port)).is_err() {
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "{} does not come up",
                server.config.display()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends the sshd that listens; connections that are there stay.
    pub fn stop(&mut self, address: &str) {
        self.servers.iter_mut().find(|server| server.address == address).unwrap().stop();
    }

    pub fn port(&self, address: &str) -> u16 {
        self.servers.iter().find(|server| server.address == address).unwrap().port
    }

    /// Takes the server's key out of those that are known, and puts `key` in its place.
    pub fn forget_key(&mut self, address: &str, other: Option<&str>) {
        let keep = |line: &&str| !line.starts_with(&format!("[{address}]"));
        let mut rest: String =
            self.known_hosts.lines().filter(keep).map(|line| format!("{line}\n")).collect();
        if let Some(other) = other {
            let public = self.public_key(other);
            rest += &format!("[{address}]:{} {public}", self.port(address));
        }
        self.known_hosts = rest;
    }

    /// Settings under which ssh trusts whatever it is not told to verify.
    pub fn settings(&self) -> Settings {
        // A name that a shell and ssh would each take for more than one word.
        let [config_file, known_hosts] = ["ssh config 100%", "known_hosts"].map(|name| self.path(name));
        std::fs::write(&known_hosts, &self.known_hosts).unwrap();
        let text = format!(
            "{}Host *\n  UserKnownHostsFile {}\n  GlobalKnownHostsFile /dev/null\n  IdentityFile {}\n  IdentitiesOnly yes\n  \
             StrictHostKeyChecking no\n",
            self.config,
            known_hosts.display(),
            self.path("login").display(),
        );
        std::fs::write(&config_file, text).unwrap();
        Settings {
            control_dir: self.path("control"),
            config_file: Some(config_file),
            configuration: String::new(),
            connect_timeout: Duration::from_secs(20),
            read_timeout: Duration::from_secs(90),
            persist: Duration::from_secs(60),
        }
    }

    /// The sockets of masters that are there.
    pub fn sockets(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.path("control")).unwrap().map(Result::unwrap);
        entries.filter(|entry| entry.file_type().unwrap().is_socket()).map(|entry| entry.path()).collect()
    }

    /// The process that listens on a master's socket.
    pub fn master(&self, socket: &Path) -> String {
        let check = Command::new("ssh").arg("-S").arg(socket).args(["-O", "check", "x"]).output().unwrap();
        let said = String::from_utf8(check.stderr).unwrap();
        let pid = said.split_once("pid=").unwrap_or_else(|| panic!("{said}")).1;
        pid.chars().take_while(char::is_ascii_digit).collect()
    }

    fn public_key(&self, name: &str) -> String {
        self.key(name);
        std::fs::read_to_string(self.path(&format!("{name}.pub"))).unwrap()
    }

    fn key(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        if !path.exists() {
            let made =
                Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&path).status();
            assert!(made.unwrap().success());
        }
        path
    }
}

impl Server {
    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for socket in self.sockets() {
            let _ = Command::new("ssh").arg("-S").arg(socket).args(["-O", "exit", "x"]).output();
        }
        self.servers.iter_mut().for_each(Server::stop);
    }
}

/// The host at the address, by way of `jump`.
pub fn target(address: &str, jump: Option<&str>) -> Target {
    let way = Way::Ssh {
        destination: address.into(),
        user: None,
        port: None,
        identity_file: None,
        jump: jump.map(str::to_owned),
        options: Default::default(),
    };
    Target { name: address.into(), way, r#become: None }
}
