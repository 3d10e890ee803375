//! How ssh reaches a host.

use std::path::PathBuf;

use super::super::Ssh;
use super::super::document::RawSsh;
use super::name::is_word;
use crate::document::{Complaints, Entry, Field, Text};

/// The values of an `ssh:` key, laid over `defaults`, with complaints of what cannot be.
pub(super) fn ssh(raw: Option<&Field<RawSsh>>, defaults: &Ssh, complaints: &mut Complaints) -> Ssh {
    let mut ssh = defaults.clone();
    let Some(raw) = raw.and_then(Field::value) else { return ssh };
    let mut word = |field: &Option<Field<String>>, what: &str, remedy: &str| {
        let text = field.as_ref().and_then(Field::get)?;
        is_word(text, what, remedy, complaints).then(|| text.value.clone())
    };
    ssh.user = word(&raw.user, "ssh's user", "a login name").or(ssh.user);
    ssh.jump = word(&raw.jump, "ssh's jump host", "it as `ssh -J` takes it: `user@host:22`").or(ssh.jump);

    if let Some(file) = raw.identity_file.as_ref().and_then(Field::get) {
        if file.value.is_empty() || file.value.contains(['\n', '\0']) {
            complaints.add(file.span, "ssh's identity file has no name", "write the private key's path");
        }
        ssh.identity_file = Some(PathBuf::from(&file.value));
    }
    if let Some(port) = raw.port.as_ref().and_then(Field::get) {
        if port.value == 0 {
            complaints.add(port.span, "no sshd listens on port 0", "write a port from 1 to 65535");
        }
        ssh.port = Some(port.value);
    }
    if let Some(become_root) = raw.r#become.as_ref().and_then(Field::value) {
        ssh.r#become = Some(*become_root);
    }
    for entry in raw.options.as_ref().and_then(Field::value).into_iter().flat_map(|options| &options.0) {
        if let Some(value) = option(entry, complaints) {
            ssh.options.insert(entry.key.value.clone(), value.0.clone());
        }
    }
    ssh
}

fn option<'a>(entry: &'a Entry<Text>, complaints: &mut Complaints) -> Option<&'a Text> {
    let name = &entry.key.value;
    if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        let remedy = "write one of ssh_config(5), such as `ServerAliveInterval`";
        complaints.add(entry.key.span, format!("`{name}` is no option of ssh"), remedy);
        return None;
    }
    let value = entry.value.required(name, entry.key.span, complaints)?;
    let text = value.value.0.as_str();
    if text.contains(['\n', '\0']) {
        complaints.add(
            value.span,
            format!("ssh's option `{name}` goes over one line"),
            "write it on one line",
        );
        return None;
    }
    // What a host runs as root must come from the controller, and what it answers must come from the host. ssh takes
    // much for a `no`, blanks and comments behind it too, so that only a `yes` is let through.
    let wanted = match name.to_ascii_lowercase().as_str() {
        "stricthostkeychecking" => Some("yes"),
        "nohostauthenticationforlocalhost" => Some("no"),
        _ => None,
    };
    if wanted.is_some_and(|wanted| !text.trim().eq_ignore_ascii_case(wanted)) {
        let remedy = "leave it out, and put the hosts' keys into ~/.ssh/known_hosts: `ssh-keyscan HOST`";
        complaints.add(value.span, "host keys are always verified", remedy);
        return None;
    }
    Some(&value.value)
}

#[cfg(test)]
mod tests {
    use super::super::super::read;
    use crate::document::Source;

    #[test]
    fn no_spelling_switches_the_verification_of_host_keys_off() {
        let complaints = |option: &str| {
            let text = format!(
                "cluster: web\nssh: {{ options: {{ {option} }} }}\ndirectors: {{ d: {{ vip: 10.0.0.1/24, dip: 10.0.1.1/24 }} }}\n\
                 real_servers: {{ r: {{ rip: 10.0.1.2/24 }} }}\n"
            );
            read(Source::new("x", text)).map_or_else(|complaints| complaints.to_string(), |_| String::new())
        };
        for value in
            ["no", "'no'", "off", "false", "NO", "'no '", "' no'", "'no # x'", "accept-new", "ask", "''"]
        {
            for name in ["StrictHostKeyChecking", "stricthostkeychecking"] {
                let told = complaints(&format!("{name}: {value}"));
                assert!(told.contains("2:") && told.contains("always verified"), "{name}: {value}: {told}");
            }
        }
        assert!(complaints("NoHostAuthenticationForLocalhost: yes").contains("always verified"));
        for harmless in [
            "StrictHostKeyChecking: yes",
            "StrictHostKeyChecking: ' Yes'",
            "NoHostAuthenticationForLocalhost: no",
        ] {
            assert_eq!(complaints(harmless), "");
        }
    }
}
