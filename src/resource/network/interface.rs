//! The names of interfaces.

/// Whether the kernel takes it as an interface's name (`dev_valid_name` in net/core/dev.c).
///
/// # Errors
/// It does not.
pub fn check(name: &str) -> Result<(), String> {
    let legal = |c: char| !c.is_whitespace() && !"/:".contains(c);
    if !name.is_empty() && name.len() < 16 && name != "." && name != ".." && name.chars().all(legal) {
        Ok(())
    } else {
        Err(format!("`{name}` is no interface's name, like eth0"))
    }
}
