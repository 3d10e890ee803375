//! Lines that a rules file gains.

use crate::resource::shell::{Attributes, put};
use crate::resource::{Script, quote};

/// POSIX sh that runs `write` on the file at `path` where it lacks one of `lines`. `write` finds the lacking ones in `$lines`,
/// each with its newline.
pub fn add(path: &str, lines: &[String], write: String) -> Script {
    let mut script = Script::new();
    script += "lines=\n";
    for line in lines {
        let (line, path) = (quote(line), quote(path));
        script += &format!("if ! grep -qxF -e {line} {path}; then lines=\"$lines\"{line}'\n'; fi\n");
    }
    script += "if [ -n \"$lines\" ]; then\n";
    script += put(path, write.into(), Attributes::default());
    script += "fi\n";
    script
}
