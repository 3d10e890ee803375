//! The base image of the guests: bare Debian bookworm with User-mode Linux's modules, cached by what it is made from.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use tokio::io::{AsyncBufReadExt, BufReader};

use super::error::{At, LabError};
use super::event::{BuildStep, LabEvent};
use super::program::{Program, command, tail};
use super::topology::digest;

/// The recipe's files. A change of any of them makes another image.
const RECIPE: [(&str, &str); 8] = [
    ("build.sh", include_str!("image/build.sh")),
    ("init", include_str!("image/init")),
    ("installed.txt", include_str!("image/installed.txt")),
    ("offered.txt", include_str!("image/offered.txt")),
    ("masked.txt", include_str!("image/masked.txt")),
    ("generators.txt", include_str!("image/generators.txt")),
    ("apt.conf", include_str!("image/apt.conf")),
    ("dpkg.cfg", include_str!("image/dpkg.cfg")),
];
const SSHD: (&str, &str) = ("sshd.conf", include_str!("image/sshd.conf"));

/// It takes about a minute; a slow mirror may take ten.
const DEADLINE: Duration = Duration::from_secs(30 * 60);

/// Gives the image's path, building it first where `cache` does not hold it. Concurrent callers wait for the one that
/// builds; a build that was cut off leaves nothing that a later one would take for an image.
pub async fn ensure(cache: &Path, events: &mut dyn FnMut(LabEvent)) -> Result<PathBuf, LabError> {
    let release = Program::new("linux.uml").arg("--version").run().await?.trim().to_owned();
    fs::create_dir_all(cache).at(cache)?;
    let cache = cache.canonicalize().at(cache)?;
    let image = cache.join(format!("bookworm-{}.img", identity(&release).await));
    if !image.exists() {
        let _lock = lock(&cache, events).await?;
        if !image.exists() {
            build(&cache, &image, &release, events).await?;
            events(LabEvent::ImageReady { path: image.clone(), cached: false });
            return Ok(image);
        }
    }
    events(LabEvent::ImageReady { path: image.clone(), cached: true });
    Ok(image)
}

/// A digest of all that makes an image what it is.
async fn identity(release: &str) -> String {
    // Modules belong to one build of the kernel. Where the kernel came without dpkg, its release must do.
    let package = Program::new("dpkg-query").args(["-W", "-f", "${Version}", "user-mode-linux"]).run().await;
    let package = package.unwrap_or_default();
    let mut words = vec![release, package.as_str(), SSHD.1];
    words.extend(RECIPE.iter().flat_map(|(name, text)| [*name, *text]));
    digest(&words, 8)
}

/// Holds the cache until it is dropped.
async fn lock(cache: &Path, events: &mut dyn FnMut(LabEvent)) -> Result<File, LabError> {
    let path = cache.join("lock");
    let file = File::create(&path).at(&path)?;
    let begun = tokio::time::Instant::now();
    let mut told = false;
    while let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
        if error != rustix::io::Errno::WOULDBLOCK || begun.elapsed() > DEADLINE {
            return Err(error).at(path);
        }
        if !told {
            events(LabEvent::ImageAwaited);
            told = true;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(file)
}

async fn build(
    cache: &Path,
    image: &Path,
    release: &str,
    events: &mut dyn FnMut(LabEvent),
) -> Result<(), LabError> {
    // Holding the lock, whatever lies here is of a build that was cut off; its last process may be dying still.
    let work = cache.join("work");
    let begun = tokio::time::Instant::now();
    while work.exists() {
        match fs::remove_dir_all(&work) {
            Err(_) if begun.elapsed() < Duration::from_secs(10) => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            removed => removed.at(&work)?,
        }
    }
    let recipe = work.join("recipe");
    fs::create_dir_all(&recipe).at(&recipe)?;
    for (name, text) in RECIPE.iter().chain([&SSHD]) {
        fs::write(recipe.join(name), text).at(recipe.join(name))?;
    }
    let log = image.with_extension("log");
    let fresh = work.join("image");
    let status = run_recipe(&work, &fresh, release, &log, events).await?;
    if !status.success() {
        let tail = tail(&fs::read_to_string(&log).unwrap_or_default(), 15);
        return Err(LabError::Image { status: status.to_string(), log, tail });
    }
    fs::rename(&fresh, image).at(image)?;
    fs::remove_dir_all(&work).at(&work)?;
    fs::remove_file(&log).at(log)
}

async fn run_recipe(
    work: &Path,
    fresh: &Path,
    release: &str,
    log: &Path,
    events: &mut dyn FnMut(LabEvent),
) -> Result<std::process::ExitStatus, LabError> {
    let written = File::create(log).at(log)?;
    // A build of many processes and mounts must leave none of them behind, even when this process is killed: so it lives
    // in namespaces of its own, whose first process dies with the parent.
    let mut child = command("setpriv")
        .args([
            "--pdeathsig",
            "KILL",
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            "sh",
        ])
        .arg(work.join("recipe/build.sh"))
        .args([&work.join("recipe"), work, fresh])
        .arg(release)
        .args(debian_sources().await)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(written)
        .spawn()
        .at("setpriv")?;
    let stdout =
        child.stdout.take().ok_or_else(|| io::Error::from(io::ErrorKind::BrokenPipe)).at("setpriv")?;
    let mut lines = BufReader::new(stdout).lines();
    let work = async {
        while let Some(line) = lines.next_line().await? {
            if let Some(step) = line.strip_prefix("step: ").and_then(BuildStep::named) {
                events(LabEvent::ImageBuilding { step });
            }
        }
        child.wait().await
    };
    match tokio::time::timeout(DEADLINE, work).await {
        Ok(status) => status.at("setpriv"),
        Err(_) => Err(LabError::CommandTimeout { command: "build.sh".to_owned(), after: DEADLINE }),
    }
}

/// This machine's own lines for Debian bookworm, so that the guests' packages come from where its packages come from.
/// Empty on a machine that has none: mmdebstrap then takes its default.
async fn debian_sources() -> Vec<String> {
    let format = "$(REPO_URI) $(RELEASE) $(COMPONENT)";
    let listed = Program::new("apt-get")
        .args(["indextargets", "--format", format, "Created-By: Packages", "Origin: Debian"])
        .run()
        .await;
    sources(&listed.unwrap_or_default())
}

/// Lines for sources.list from lines of `URI RELEASE COMPONENT`: of bookworm's main component, if its main suite is there.
fn sources(listed: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut whole = false;
    for line in listed.lines() {
        let [uri, release, "main"] = line.split_whitespace().collect::<Vec<_>>()[..] else { continue };
        if !["bookworm", "bookworm-updates", "bookworm-security"].contains(&release) {
            continue;
        }
        whole |= release == "bookworm";
        let line = format!("deb {uri} {release} main");
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    if whole { lines } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_bookworm_is_taken_from_this_machine() {
        let listed = "http://a/debian/ bookworm main\nhttp://a/debian/ bookworm non-free\n\
                      http://a/debian/ bookworm main\nhttp://s/ bookworm-security main\n";
        assert_eq!(
            sources(listed),
            ["deb http://a/debian/ bookworm main", "deb http://s/ bookworm-security main"]
        );
        assert_eq!(sources("http://a/debian/ trixie main\n"), [] as [&str; 0]);
        assert_eq!(sources("http://a/debian/ bookworm-updates main\n"), [] as [&str; 0]);
    }
}
