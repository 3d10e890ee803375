//! The program that starts the guests' kernels, User-mode Linux, and what that one lacks on this machine's processor.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::error::{At, LabError};
use super::process;
use super::program::Program;

/// Whether the processor has more registers than Debian 12's User-mode Linux knows of. A library that stands between the
/// two is then compiled for the lab: without it the first process of a guest dies of "ptrace set fp regs failed, errno = 14".
pub fn needs_library() -> bool {
    has_wide_registers(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default())
}

/// Intel's AMX is the only one so far that is longer than the room that there is.
fn has_wide_registers(cpuinfo: &str) -> bool {
    let flags = cpuinfo.lines().find(|line| line.starts_with("flags"));
    flags.is_some_and(|flags| flags.split_whitespace().any(|flag| flag == "amx_tile"))
}

/// Writes the program that starts the lab's kernels, and beside it the library, where it is needed.
pub async fn write(lab: &Path) -> Result<(), LabError> {
    let wrapper = process::wrapper(lab);
    fs::write(&wrapper, include_str!("image/boot")).at(&wrapper)?;
    Program::new("chmod").arg("755").arg(wrapper).run().await?;
    if !needs_library() {
        return Ok(());
    }
    // Kernels that run have the last one open.
    let (library, new) = (lab.join("registers.so"), lab.join("registers.so.new"));
    let compiler = Program::new("gcc").args(["-O2", "-shared", "-fPIC", "-x", "c", "-o"]).arg(&new).arg("-");
    let source = include_str!("image/registers.c").to_owned();
    compiler.input(source).within(Duration::from_secs(60)).run().await?;
    fs::rename(&new, &library).at(&library)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_tells_of_its_registers() {
        assert!(has_wide_registers("processor\t: 0\nflags\t\t: fpu avx512f amx_bf16 amx_tile amx_int8\n"));
        assert!(!has_wide_registers("processor\t: 0\nflags\t\t: fpu avx512f\n"));
        assert!(!has_wide_registers(""));
    }
}
