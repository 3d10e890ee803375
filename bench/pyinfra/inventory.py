# The lab's hosts. bench/compare runs pyinfra inside the lab's network namespace, so that its ssh library, which knows no
# ProxyUseFdpass, reaches them directly.
import os

_lab = os.environ["BENCH_LAB"]


def _host(name, address):
    return (
        name,
        {
            "ssh_hostname": address,
            "ssh_user": "root",
            "ssh_key": f"{_lab}/login_key",
            "ssh_known_hosts_file": f"{_lab}/known_hosts",
            "ssh_strict_host_key_checking": "yes",
            "ssh_config_file": "/dev/null",
            "ssh_allow_agent": False,
            "ssh_look_for_keys": False,
        },
    )


directors = [_host("lvs_director", "192.168.40.100")]
real_servers = [_host("lvs_real_server01", "192.168.40.101"), _host("lvs_real_server02", "192.168.40.102")]
clients = [_host("client", "192.168.175.50")]
