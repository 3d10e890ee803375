"""Many hosts on one kernel. Each has a network namespace with its own addresses, so that its `ip` tells no other host's.

A process listens on a loopback address for each of them. For a connection it starts `sshd -i` in the host's namespaces,
as inetd and a systemd socket with `Accept=yes` do. `python3 -m compare.hosts COMMAND...` is that process: COMMAND is sshd's,
and standard input has a line a host, with the address that is listened on and the host's own.
"""

import ctypes
import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
import time

NAMESPACE = "lvsprov-bench-hosts"
PORT = 2200
# What a host keeps of lvsprov is below these. Each host has its own, with this machine's beneath.
FOLDERS = ("/run", "/var/lib")
# A folder that every machine has. Each host has a file system of its own there, for what it writes.
UPPER = "/mnt"

CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000


class Hosts:
    """The hosts. Leaving it ends them, and their namespaces with them.

    `addresses` are pairs: where a host is reached, and the address of its own.
    """

    def __init__(self, work, addresses):
        self.folder = work / "sshd"
        self.addresses = list(addresses)

    def __enter__(self):
        config = self._configure()
        subprocess.call(["ip", "netns", "del", NAMESPACE], stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "netns", "add", NAMESPACE], check=True)
        subprocess.run(["ip", "-n", NAMESPACE, "link", "set", "lo", "up"], check=True)
        sshd = ["/usr/sbin/sshd", "-i", "-f", str(config), "-E", str(self.folder / "log")]
        # The end of a process namespace's first process ends all sessions that are left.
        alone = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
        serve = [*self.inside(), *alone, sys.executable, "-m", "compare.hosts", *sshd]
        self.process = subprocess.Popen(serve, stdin=subprocess.PIPE, text=True)
        self.process.stdin.writelines(f"{reached} {own}\n" for reached, own in self.addresses)
        self.process.stdin.close()
        last = self.addresses[-1][0]
        for _ in range(120):
            time.sleep(1)
            if subprocess.call(self.ssh(last, "true"), stderr=subprocess.DEVNULL) == 0:
                return self
            if self.process.poll() is not None:
                break
        self.__exit__()
        raise SystemExit(f"bench: the hosts do not answer; see {self.folder}/log")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        subprocess.call(["ip", "netns", "del", NAMESPACE])

    def _configure(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("host_key", "login_key"):
            if not (self.folder / name).exists():
                keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", self.folder / name]
                subprocess.run(keygen, check=True)
        key = (self.folder / "host_key.pub").read_text().split()[:2]
        (self.folder / "known_hosts").write_text(f"* {' '.join(key)}\n")
        config = self.folder / "sshd_config"
        # The hosts' home is an empty one: what this machine's user has a login shell do would be measured for each of them.
        config.write_text(
            f"SetEnv HOME={self.folder}/home\nHostKey {self.folder}/host_key\nPidFile none\n"
            f"AuthorizedKeysFile {self.folder}/login_key.pub\nStrictModes no\nUsePAM no\n"
            "PermitRootLogin prohibit-password\nPasswordAuthentication no\nMaxSessions 500\n"
        )
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        (self.folder / "home").mkdir(exist_ok=True)
        return config

    def options(self):
        """ssh's options that lvsprov gives it too."""
        pairs = {
            "BatchMode": "yes",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": f"{self.folder}/known_hosts",
            "GlobalKnownHostsFile": "/dev/null",
            "IdentitiesOnly": "yes",
            "ControlMaster": "no",
            "ControlPath": "none",
        }
        words = ["-l", "root", "-p", str(PORT), "-i", f"{self.folder}/login_key"]
        return words + [word for key, value in pairs.items() for word in ("-o", f"{key}={value}")]

    def ssh(self, host, command):
        """One plain ssh, from where the hosts are reached."""
        return [*self.inside(), "ssh", *self.options(), host, command]

    def plain(self, names, forks):
        """`ssh HOST true` for each line of the file `names`, `forks` at once."""
        return ["xargs", "-a", names, "-P", forks, "-I", "{}", "ssh", *self.options(), "{}", "true"]

    @staticmethod
    def inside():
        """What a command begins with that is to reach the hosts."""
        return ["ip", "netns", "exec", NAMESPACE]


libc = ctypes.CDLL(None, use_errno=True)


def checked(done):
    if done != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def mount(kind, options, target):
    subprocess.run(["mount", "-t", kind, "-o", options, "none", target], check=True)


def namespaces(own):
    """Descriptors of a new host's network and mount namespaces."""
    ready, told = os.pipe()
    hold, release = os.pipe()
    child = os.fork()
    if child == 0:
        checked(libc.unshare(CLONE_NEWNET | CLONE_NEWNS))
        mount("tmpfs", "mode=700", UPPER)
        for number, folder in enumerate(FOLDERS):
            upper, work = f"{UPPER}/{number}", f"{UPPER}/{number}.work"
            os.mkdir(upper, 0o755)
            os.mkdir(work)
            mount("overlay", f"lowerdir={folder},upperdir={upper},workdir={work}", folder)
        # One of its own: in a shared one a name below /proc/sys/net is looked for among those of all hosts.
        mount("proc", "nosuid", "/proc")
        subprocess.run(["ip", "-batch", "-"], input=f"link set lo up\naddress add {own}/32 dev lo\n".encode(), check=True)
        os.write(told, b"1")
        os.close(release)
        os.read(hold, 1)
        os._exit(0)
    os.close(told)
    if os.read(ready, 1) != b"1":
        raise SystemExit(f"bench: no namespaces for {own}")
    made = [os.open(f"/proc/{child}/ns/{kind}", os.O_RDONLY) for kind in ("net", "mnt")]
    for descriptor in (ready, hold, release):
        os.close(descriptor)
    os.waitpid(child, 0)
    return made


def serve(command):
    """Listens for all hosts until it is terminated."""
    lines = [line.split() for line in sys.stdin]
    resource.setrlimit(resource.RLIMIT_NOFILE, (4 * len(lines) + 64,) * 2)
    with selectors.DefaultSelector() as listening:
        for reached, own in lines:
            listening.register(socket.create_server((reached, PORT), backlog=64), selectors.EVENT_READ, namespaces(own))
        # Sessions that have ended are not waited for.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            for key, _ in listening.select():
                accepted, _ = key.fileobj.accept()
                if os.fork() == 0:
                    start(command, accepted, key.data)
                accepted.close()


def start(command, accepted, host):
    """Becomes the host's sshd of one connection."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for namespace in host:
        checked(libc.setns(namespace, 0))
    for standard in (0, 1):
        os.dup2(accepted.fileno(), standard)
    os.execv(command[0], command)


if __name__ == "__main__":
    serve(sys.argv[1:])
