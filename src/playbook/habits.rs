//! What a user of Ansible is used to write in a playbook, where it is written otherwise here: what to write instead, each
//! with an example. Whoever reads playbooks looks here before a word is said to be unknown.

/// The collections whose modules are taken for those of ours that have the same name.
const COLLECTIONS: [&str; 4] =
    ["ansible.builtin.", "ansible.legacy.", "ansible.posix.", "community.general."];

/// Words, and what to write instead of any of them.
type Habits = &'static [(&'static [&'static str], &'static str)];

const MODULES: Habits = &[
    (
        &["apt", "aptitude", "yum", "dnf", "dnf5", "zypper", "apk"],
        "write `package: { name: apache2 }`: it goes through the package manager of the host",
    ),
    (
        &["copy"],
        "write the text with `file: { dest: /etc/motd, content: \"Hello\\n\" }`, or a file of `templates/` with \
         `template: { src: motd.j2, dest: /etc/motd }`",
    ),
    (
        &["systemd", "systemd_service", "sysvinit"],
        "write `service: { name: apache2, state: started, enabled: true }`",
    ),
    (
        &["shell", "raw"],
        "write `command: { cmd: \"date >/etc/built\", creates: /etc/built }`: its text is the host's sh to read",
    ),
    (
        &["script"],
        "bring the script with `template`, and call it: `command: { cmd: sh /srv/setup.sh, creates: /srv/done }`",
    ),
    (
        &["lineinfile", "blockinfile", "replace", "ini_file", "assemble"],
        "a file is declared whole: `template: { src: app.conf.j2, dest: /etc/app.conf }`, or \
         `file: { dest: /etc/app.conf, content: \"key = value\\n\" }`",
    ),
    (&["modprobe"], "write `kernel_module: { name: ip_vs }`"),
    (
        &["firewalld", "ufw", "iptables", "nftables"],
        "write `firewall_opening: { to: [\"192.168.40.101:80/tcp\"] }`: it asks the firewall that is at work",
    ),
    (&["seport"], "write `selinux_port: { port: 8080 }`"),
    (
        &["nmcli", "interfaces_file"],
        "write `address: { address: 192.168.40.100/24, interface: eth0 }` or `default_gateway: { via: 192.168.40.1 }`",
    ),
    (
        &["get_url", "uri", "unarchive", "git", "pip", "npm", "make", "expect"],
        "write a command with a guard: `command: { cmd: make install, chdir: /srv/app, creates: /usr/bin/app }`",
    ),
    (
        &["user", "group", "authorized_key", "cron", "mount", "hostname", "timezone", "alternatives"],
        "write a command with a guard: `command: { cmd: useradd web, unless: id web }`",
    ),
    (&["yum_repository", "apt_repository", "apt_key", "rpm_key", "deb822_repository"], REPOSITORY),
    (&["set_fact", "include_vars"], "write it under `vars` of the task, the play or the inventory"),
    (
        &["debug", "assert", "fail", "ping", "setup", "gather_facts", "meta"],
        "leave it out: hosts are always read first, and `lvsprov plan` shows what the tasks come to on each",
    ),
    (
        &["stat", "find", "slurp", "package_facts", "service_facts"],
        "leave it out, and let a guard look: `command: { cmd: a2enmod ssl, creates: /etc/apache2/mods-enabled/ssl.load }`",
    ),
    (
        &["reboot", "pause", "wait_for", "wait_for_connection"],
        "leave it out; where something must be waited for, a command does it: \
         `command: { cmd: \"until test -e /run/app; do sleep 1; done\", creates: /run/app }`",
    ),
    (
        &["import_tasks", "include_tasks", "include"],
        "write the file's tasks here, or make a playbook of it: `lvsprov run FILE`",
    ),
    (&["import_role", "include_role"], "write the role's tasks here, as `tasks` of a play"),
    (&["add_host", "group_by"], "write the host or the group into the inventory: `groups: { blue: [web1] }`"),
];

const REPOSITORY: &str = "declare the repository's file: \
     `file: { dest: /etc/apt/sources.list.d/app.list, content: \"deb https://example.org stable main\\n\" }`";

/// What a task has in place of `loop` and before the same list.
pub(super) const LISTS: [&str; 3] = ["with_items", "with_list", "with_flattened"];

const TASK_KEYS: Habits = &[
    (&["notify", "listen"], HANDLERS),
    (&LISTS, "write `loop: [a, b]`; each element is `item`, as in `name: \"{{ item }}\"`"),
    (
        &[
            "with_dict",
            "with_nested",
            "with_together",
            "with_subelements",
            "with_sequence",
            "with_fileglob",
            "with_indexed_items",
            "with_cartesian",
            "with_lines",
            "with_inventory_hostnames",
        ],
        "write a list: `loop: \"{{ a_list }}\"` or `loop: [{ key: a, value: 1 }]`; each element is `item`",
    ),
    (&["loop_control"], "leave it out: each element of `loop` is `item`"),
    (
        &["register"],
        "leave it out: no task sees what another one printed. A command has its own guard: \
         `command: { cmd: useradd web, unless: id web }`",
    ),
    (
        &["changed_when", "failed_when", "ignore_errors", "ignore_unreachable"],
        "leave it out, and give the command a guard, which also says what it came to: \
         `command: { cmd: useradd web, unless: id web }`",
    ),
    (
        &["until", "retries", "delay"],
        "leave it out: no task is tried again; a command may wait by itself: \
         `command: { cmd: \"until test -e /run/app; do sleep 1; done\", creates: /run/app }`",
    ),
    (
        &["block", "rescue", "always"],
        "write its tasks one after the other, each with the block's `when` and `tags`",
    ),
    (&["become", "become_user", "become_method", "become_flags"], BECOME),
    (
        &["delegate_to", "local_action", "delegate_facts", "run_once"],
        "make it a task of a play whose `hosts` names the host: `- hosts: directors`",
    ),
    (
        &["no_log"],
        "say it of the file: `file: { dest: /etc/app.token, content: \"{{ token }}\", secret: true }`",
    ),
    (
        &["args"],
        "write them among the module's arguments: `command: { cmd: make install, chdir: /srv/app, creates: /usr/bin/app }`",
    ),
    (
        &["environment"],
        "write it before the command: `command: { cmd: \"LANG=C make install\", creates: /usr/bin/app }`",
    ),
    (
        &["async", "poll"],
        "say how long it may take: `command: { cmd: make install, creates: /usr/bin/app, timeout: 900 }`",
    ),
    (&["check_mode", "diff"], "leave it out: `lvsprov plan` and `--check` change nothing"),
    (&["action"], "write the module's name as the key: `package: { name: apache2 }`"),
    (
        &["any_errors_fatal", "throttle"],
        "leave it out, and say it of the play: `serial: 1` and `max_failures: 0`",
    ),
];

const PLAY_KEYS: Habits = &[
    (&["handlers"], HANDLERS),
    (
        &["become", "become_user", "become_method", "become_flags", "remote_user", "connection", "port"],
        BECOME,
    ),
    (
        &["gather_facts", "gather_subset", "gather_timeout", "fact_path"],
        "leave it out: hosts are always read, and `facts` and `os` have what they are",
    ),
    (&["roles"], "write the roles' tasks under `tasks`: `tasks: [{ package: { name: apache2 } }]`"),
    (&["pre_tasks", "post_tasks"], "write them under `tasks`, first or last, or make a play of them"),
    (
        &["vars_files", "vars_prompt"],
        "write the variables under `vars`, here (`vars: { folder: /srv }`) or in the inventory",
    ),
    (&["import_playbook", "include"], "write its plays here, or run it by itself: `lvsprov run FILE`"),
    (&["max_fail_percentage", "any_errors_fatal"], "write how many hosts may fail: `max_failures: 0`"),
    (&["strategy", "order", "throttle"], "write how many hosts are begun with at a time: `serial: 1`"),
    (
        &["ignore_errors", "ignore_unreachable"],
        "leave it out: a host that fails holds back only what depends on it",
    ),
    (
        &["collections", "module_defaults", "debugger"],
        "leave it out: `lvsprov doc` lists the modules that there are",
    ),
    (
        &["environment", "no_log", "run_once", "check_mode", "diff", "force_handlers"],
        "leave it out of the play",
    ),
];

const HANDLERS: &str = "leave it out, and name the files whose change a service restarts or reloads for: \
     `service: { name: apache2, state: started, restart_on: [/etc/apache2/ports.conf] }`";

const BECOME: &str =
    "say it of the hosts: `ssh: { user: admin, become: true }` in the inventory; or give `--become`";

/// By module and argument: what it is called here.
const RENAMED: &[(&str, &str, &str)] = &[
    ("file", "path", "dest"),
    ("file", "name", "dest"),
    ("template", "path", "dest"),
    ("package", "pkg", "name"),
    ("package", "package", "name"),
    ("service", "service", "name"),
    ("service", "unit", "name"),
    ("sysctl", "key", "name"),
    ("sysctl", "val", "value"),
    ("command", "_raw_params", "cmd"),
    ("command", "command", "cmd"),
];

/// By module and argument: what to write instead.
const ARGUMENTS: &[(&str, &[&str], &str)] = &[
    ("file", &["src"], "write `template: { src: motd.j2, dest: /etc/motd }`, or the text as `content`"),
    ("file", &["recurse", "force", "follow"], "leave it out: each file and directory is declared by itself"),
    ("template", &["backup"], "leave it out: `lvsprov destroy` gives the file back as it was"),
    ("file", &["backup"], "leave it out: `lvsprov destroy` gives the file back as it was"),
    ("package", &["cache_valid_time"], "write `update_cache: 60`, in minutes"),
    (
        "package",
        &["install_recommends", "install_weak_deps"],
        "leave it out: recommended packages do not come along",
    ),
    (
        "service",
        &["daemon_reload", "daemon_reexec"],
        "leave it out: it is done where systemd says that a unit needs it",
    ),
    (
        "sysctl",
        &["reload", "sysctl_set", "sysctl_file", "state", "ignoreerrors"],
        "leave it out: the value is set now, and brought by the next boot",
    ),
    ("kernel_module", &["persistent", "state"], "leave it out: it is loaded now, and by the next boot"),
    ("command", &["argv"], "write it as text of sh: `cmd: make install`"),
    ("command", &["removes"], "write the opposite as a test: `unless: \"[ ! -e /srv/old ]\"`"),
];

/// By module, argument and word: what to write instead.
const VALUES: &[(&str, &str, &[&str], &str)] = &[
    (
        "service",
        "state",
        &["restarted"],
        "name the files whose change it restarts for: `state: started, restart_on: [/etc/apache2/ports.conf]`",
    ),
    (
        "service",
        "state",
        &["reloaded"],
        "name the files whose change it reloads for: `state: started, reload_on: [/etc/apache2/apache2.conf]`",
    ),
    ("service", "state", &["running"], "write `state: started`"),
    ("package", "state", &["installed"], "write `state: present`"),
    ("package", "state", &["removed", "uninstalled"], "write `state: absent`"),
    (
        "package",
        "update_cache",
        &["true", "false"],
        "write how old the index may be, in minutes: `update_cache: 60`",
    ),
    ("file", "state", &["touch"], "write `state: file`: one that is missing is made, empty"),
    ("file", "state", &["link", "hard"], "write `command: { cmd: ln -s /srv/a /srv/b, creates: /srv/b }`"),
];

const VARIABLES: Habits = &[
    (
        &["ansible_hostname", "ansible_nodename", "ansible_fqdn"],
        "write `facts.hostname`, or `name` as in the inventory",
    ),
    (
        &["ansible_os_family"],
        "write `os.family`, which is in small letters: debian, redhat, suse, alpine or other",
    ),
    (&["ansible_distribution", "ansible_lsb"], "write `os.id`, which is in small letters: debian, rocky"),
    (
        &["ansible_distribution_version", "ansible_distribution_major_version"],
        "write `os.version`, which is a text: 12, 9.4",
    ),
    (&["ansible_kernel"], "write `facts.kernel`"),
    (&["ansible_service_mgr"], "write `facts.systemd`, which is true or false"),
    (&["ansible_selinux"], "write `facts.selinux`, which is true or false"),
    (&["ansible_host"], "write `address`"),
    (
        &["ansible_default_ipv4", "ansible_default_ipv6", "ansible_eth0", "ansible_all_ipv4_addresses"],
        "write `rip`, `dip`, `vip` or `cip`; `facts.addresses` has all of them",
    ),
    (&["ansible_facts"], "write `facts`: `facts.kernel`"),
    (
        &["hostvars"],
        "write `real_servers[0].rip`: `directors`, `real_servers` and `clients` are lists of hosts",
    ),
    (&["group_names"], "write `role`: director, real_server or client"),
];

/// A module's name without the collection before it: `package` for `ansible.builtin.package`.
pub(super) fn plain(module: &str) -> &str {
    COLLECTIONS.iter().find_map(|collection| module.strip_prefix(collection)).unwrap_or(module)
}

/// What to write instead of a module of Ansible's, by its plain name.
pub(super) fn module(name: &str) -> Option<&'static str> {
    find(MODULES, name)
}

/// What to write instead of a key that a task has there.
pub(super) fn task_key(name: &str) -> Option<&'static str> {
    find(TASK_KEYS, name)
}

/// What to write instead of a key that a play has there.
pub(super) fn play_key(name: &str) -> Option<&'static str> {
    find(PLAY_KEYS, name)
}

/// What a module's argument is called here.
pub(super) fn renamed(module: &str, argument: &str) -> Option<&'static str> {
    RENAMED.iter().find(|(of, theirs, _)| *of == module && *theirs == argument).map(|(.., ours)| *ours)
}

/// What to write instead of a module's argument.
pub(super) fn argument(module: &str, argument: &str) -> Option<&'static str> {
    let found = ARGUMENTS.iter().find(|(of, theirs, _)| *of == module && theirs.contains(&argument));
    found.map(|(.., instead)| *instead)
}

/// What to write instead of a word that an argument takes there.
pub(super) fn value(module: &str, argument: &str, word: &str) -> Option<&'static str> {
    let fits = |(of, theirs, words, _): &&(&str, &str, &[&str], &str)| {
        *of == module && *theirs == argument && words.contains(&word)
    };
    VALUES.iter().find(fits).map(|(.., instead)| *instead)
}

/// What to write instead of a variable that is there in every playbook.
pub(super) fn variable(name: &str) -> Option<&'static str> {
    find(VARIABLES, name)
}

fn find(habits: Habits, word: &str) -> Option<&'static str> {
    habits.iter().find(|(words, _)| words.contains(&word)).map(|(_, instead)| *instead)
}

#[cfg(test)]
mod tests;
