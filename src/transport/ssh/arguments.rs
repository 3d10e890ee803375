//! What ssh is told.

use super::jump::Jump;
use super::trust::{TRUST, connect_timeout};
use crate::transport::{LinkError, Settings, Target, Way};

/// ssh's arguments that say where to and how, in its order of precedence: the first value of an option counts.
pub(super) fn arguments(target: &Target, settings: &Settings) -> Result<Vec<String>, LinkError> {
    let Way::Ssh { destination, user, port, identity_file, jump, options } = &target.way else {
        return Ok(Vec::new());
    };
    let mut words = Vec::new();
    let mut option = |key: &str, value: &str| words.extend(["-o".to_owned(), format!("{key}={value}")]);
    // What the inventory's options can't change; sshd has nothing to forward.
    for (key, value) in TRUST {
        option(key, value);
    }
    option("ControlPersist", &settings.persist.as_secs().max(1).to_string());
    option("ConnectTimeout", &connect_timeout(settings));
    option("ForwardAgent", "no");
    option("ForwardX11", "no");
    match jump {
        Some(jump) if jump == "none" => option("ProxyJump", jump),
        Some(jump) => option("ProxyCommand", &jump.parse::<Jump>()?.proxy_command(settings)),
        None => {}
    }
    for (key, value) in options {
        option(key, value);
    }
    option("ServerAliveInterval", "5");
    option("ServerAliveCountMax", "3");
    if let Some(file) = identity_file {
        option("IdentitiesOnly", "yes");
        words.extend(["-i".into(), file.display().to_string()]);
    }
    let mut flag = |flag: &str, value: Option<String>| {
        if let Some(value) = value {
            words.extend([flag.to_owned(), value]);
        }
    };
    flag("-F", settings.config_file.as_ref().map(|path| path.display().to_string()));
    flag("-l", user.clone());
    flag("-p", port.map(|port| port.to_string()));
    words.push("--".into());
    words.push(destination.clone());
    Ok(words)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_inventorys_options_do_not_go_before_what_is_set_here() {
        let own = ["BatchMode", "StrictHostKeyChecking", "ControlPersist", "ConnectTimeout", "ForwardAgent"];
        let own = own.into_iter().chain(["ForwardX11"]);
        let options = own.clone().chain(["ServerAliveInterval"]).map(|key| (key.to_owned(), "x".to_owned()));
        let target = Target {
            name: "web1".into(),
            way: Way::Ssh {
                destination: "192.0.2.1".into(),
                user: None,
                port: None,
                identity_file: None,
                jump: None,
                options: options.collect(),
            },
            r#become: None,
        };
        let settings = Settings {
            control_dir: PathBuf::new(),
            config_file: None,
            configuration: String::new(),
            connect_timeout: Duration::from_secs(15),
            read_timeout: Duration::from_secs(90),
            persist: Duration::from_secs(300),
        };
        let words = arguments(&target, &settings).unwrap();
        // ssh takes the first.
        let first = |key: &str| words.iter().find_map(|word| word.strip_prefix(&format!("{key}="))).unwrap();
        for key in own {
            assert_ne!(first(key), "x", "{key}");
        }
        assert_eq!(first("ServerAliveInterval"), "x");
    }
}
