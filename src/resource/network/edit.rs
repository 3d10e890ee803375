//! What is done so that an owner brings something else at boot.

use super::conf_file::ConfFile;
use super::patch::Patch;
use crate::resource::shell::{Attributes, put, replace};
use crate::resource::{Script, quote};

/// Where NetworkManager keeps the profiles that outlive a reboot.
pub const PROFILES: &str = "/etc/NetworkManager/system-connections/";

/// Where the administrator's files for netplan are.
pub const NETPLAN: &str = "/etc/netplan/";

/// Where EL has `ifcfg-eth0` and `route-eth0`.
pub const NETWORK_SCRIPTS: &str = "/etc/sysconfig/network-scripts/";

/// A file as it is and as it is to be. Who is told by commands instead of files will have an edit of its own here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The file.
    pub path: String,
    /// Its text; `None` when there is none yet.
    pub old: Option<String>,
    /// Its new text; `None` when it is to go.
    pub new: Option<String>,
}

impl Edit {
    /// A file that is there gets another text.
    pub fn of(file: &ConfFile, text: String) -> Edit {
        Edit { path: file.path.clone(), old: Some(file.text.clone()), new: Some(text) }
    }

    /// POSIX sh that makes it. Only the lines that differ are written, into the file as it is by then; where they have
    /// no place any more, it fails.
    pub fn script(&self) -> Script {
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => patch(&self.path, &Patch::between(old, new), None),
            (None, Some(new)) => create(&self.path, new),
            (Some(old), None) => remove(&self.path, old),
            (None, None) => Script::new(),
        }
    }
}

/// POSIX sh that patches a file. `kept` is a word of sh for a copy of it, which takes its place where it has the text
/// that comes out.
pub fn patch(path: &str, patch: &Patch, kept: Option<&str>) -> Script {
    let mut write = patch.script();
    write += &format!(
        " >\"$t\" || {{ echo {}\" was changed since the plan was made: run again\" >&2; exit 1; }}\n\
         text=$(cat \"$t\")\nif [ \"$text\" = \"$(cat \"$p\")\" ]; then exit 0; fi\n",
        quote(path)
    );
    if path.starts_with(NETWORK_SCRIPTS) {
        write += &twice(path);
    }
    if let Some(kept) = kept {
        write += &format!(
            "if [ -f {kept} ] && [ \"$text\" = \"$(cat {kept})\" ]; then\n\
             cat {kept} >|\"$t\"\ntouch -r {kept} \"$t\"\nfi\n"
        );
    }
    let mut script = put(path, write, Attributes::default());
    script += &announced(path);
    script
}

/// POSIX sh that fails where a variable of an address is set twice by now. The numbers of EL's addresses have no gaps, so
/// that two changes of one run may have chosen the same.
fn twice(path: &str) -> String {
    format!(
        "awk -F= '/^(IPADDR[0-9]*|IPV6ADDR[A-Z_]*)=/ && seen[$1]++ {{ exit 1 }}' \"$t\" || {{\n\
         echo {}\" has got another address in this run already: run again\" >&2; exit 1; }}\n",
        quote(path)
    )
}

/// Has netplan write its renderer's files, as it does at boot. Nothing is applied.
const GENERATE: &str = "netplan generate";

/// Has NetworkManager know what netplan has written for it. It may be none of the renderers, and then has nothing to load.
const LOAD: &str = r#"if command -v nmcli >/dev/null 2>&1; then
for f in /run/NetworkManager/system-connections/netplan-*; do
if [ -f "$f" ]; then nmcli connection load "$f" >/dev/null 2>&1 || :; fi
done
fi
"#;

/// POSIX sh that has the file taken notice of by who would not see it before a reboot.
fn announced(path: &str) -> String {
    if path.starts_with(PROFILES) {
        format!("nmcli connection load {}\n", quote(path))
    } else if path.starts_with(NETPLAN) {
        format!("{GENERATE}\n{LOAD}")
    } else if let Some(name) = path.strip_prefix(NETWORK_SCRIPTS) {
        // NetworkManager may be the one that reads it; it takes a profile's routes with the profile
        let interface = name.split_once('-').map_or(name, |(_, interface)| interface);
        let file = quote(&format!("{NETWORK_SCRIPTS}ifcfg-{interface}"));
        format!(
            "if [ -d /run/NetworkManager ] && command -v nmcli >/dev/null 2>&1; then\n\
             nmcli connection load {file} >/dev/null 2>&1 || :\nfi\n"
        )
    } else {
        String::new()
    }
}

/// POSIX sh that writes a new file, root's and for everybody to read; netplan wants its files to be root's alone.
pub fn create(path: &str, text: &str) -> Script {
    let word = quote(path);
    let mut script = Script::from("text=");
    script.push_content(text.trim_end_matches('\n'));
    script += &format!(
        "\nif [ -e {word} ]; then\n\
         [ \"$(cat {word})\" = \"$text\" ] || {{ echo {word}\" has come since the plan was made: run again\" >&2; exit 1; }}\n\
         else\nmkdir -p {}\n",
        quote(folder(path))
    );
    let mode = if path.starts_with(NETPLAN) { "0600" } else { "0644" };
    script += replace(path, text, Attributes { mode: Some(mode), owner: Some("0"), group: Some("0") });
    script += "fi\n";
    if path.starts_with(NETPLAN) {
        // what netplan does not take must not be there at the next boot
        script += &format!("{GENERATE} || {{ rm -f {word}; exit 1; }}\n{LOAD}");
    } else {
        script += &announced(path);
    }
    script
}

/// POSIX sh that brings a file back from its copy, a word of sh, unless there is one by now.
pub fn restore(path: &str, kept: &str) -> Script {
    let word = quote(path);
    let mut script = Script::from(format!("if ! [ -e {word} ]; then\nmkdir -p {}\n", quote(folder(path))));
    script += put(path, format!("cat {kept} >\"$t\"\n").into(), Attributes::default());
    // its mode, owner and time as well
    script += &format!("cp -p {kept} {word}\nfi\n");
    script += &announced(path);
    script
}

/// POSIX sh that removes a file, and the folder of drop-ins that is empty then.
pub fn remove(path: &str, text: &str) -> Script {
    let word = quote(path);
    let mut script = Script::from(format!("if [ -e {word} ]; then\n[ \"$(cat {word})\" = "));
    script.push_content(text.trim_end_matches('\n'));
    script += &format!(
        " ] || {{ echo {word}\" was changed since the plan was made: run again\" >&2; exit 1; }}\nrm -f {word}\nfi\n"
    );
    if folder(path).ends_with(".d") && folder(path) != "/etc/network/interfaces.d" {
        script += &format!("rmdir {} 2>/dev/null || :\n", quote(folder(path)));
    }
    script += &announced(path);
    script
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("/", |(folder, _)| folder)
}
