//! The playbooks and templates that the binary carries: those of the repository's top folders.

/// The text of a built-in playbook by its name, `deploy`.
pub fn playbook(name: &str) -> Option<&'static str> {
    match name {
        "deploy" => Some(include_str!("../../playbooks/deploy.yaml")),
        _ => None,
    }
}

/// The text of a built-in template by its file name.
pub fn template(name: &str) -> Option<&'static str> {
    match name {
        "index.html.j2" => Some(include_str!("../../templates/index.html.j2")),
        _ => None,
    }
}
