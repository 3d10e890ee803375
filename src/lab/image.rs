//! The base images of the guests: bare distributions with User-mode Linux's modules, each cached by what it is made from.

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
use super::wait::telling;
use super::{flavour, mirror};
use crate::inventory::Image;

/// It takes about a minute; a slow mirror may take ten.
const DEADLINE: Duration = Duration::from_secs(30 * 60);

/// All that makes an image what it is.
struct Ingredients {
    /// Files by name.
    recipe: Vec<(&'static str, String)>,
    /// Of Debian.
    suite: &'static str,
    /// Of the User-mode Linux kernel, whose modules go in.
    release: String,
}

/// Gives the image's path, building it first where `cache` does not hold it. Concurrent callers wait for the one that
/// builds; a build that was cut off leaves nothing that a later one would take for an image.
pub async fn ensure(
    cache: &Path,
    image: Image,
    events: &mut dyn FnMut(LabEvent),
) -> Result<PathBuf, LabError> {
    let flavour = flavour::of(image);
    let release = Program::new("linux.uml").arg("--version").run().await?.trim().to_owned();
    let ingredients = Ingredients { recipe: flavour.recipe(), suite: flavour.suite(), release };
    fs::create_dir_all(cache).at(cache)?;
    let cache = cache.canonicalize().at(cache)?;
    let path = cache.join(format!("{image}-{}.img", ingredients.identity().await));
    if !path.exists() {
        let _lock = lock(&cache, events).await?;
        if !path.exists() {
            build(&cache, &path, &ingredients, events).await?;
            events(LabEvent::ImageReady { path: path.clone(), cached: false });
            return Ok(path);
        }
    }
    events(LabEvent::ImageReady { path: path.clone(), cached: true });
    Ok(path)
}

impl Ingredients {
    /// A digest of them all.
    async fn identity(&self) -> String {
        // Modules belong to one build of the kernel. Where the kernel came without dpkg, its release must do.
        let package =
            Program::new("dpkg-query").args(["-W", "-f", "${Version}", "user-mode-linux"]).run().await;
        let package = package.unwrap_or_default();
        let mut words = vec![self.release.as_str(), package.as_str(), self.suite];
        words.extend(self.recipe.iter().flat_map(|(name, text)| [*name, text.as_str()]));
        digest(&words, 8)
    }
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
    ingredients: &Ingredients,
    events: &mut dyn FnMut(LabEvent),
) -> Result<(), LabError> {
    // Holding the lock, whatever lies here is of a build that was cut off; its last process may be dying still.
    let work = cache.join("work");
    let begun = tokio::time::Instant::now();
    let clearing = async {
        while work.exists() {
            match fs::remove_dir_all(&work) {
                Err(_) if begun.elapsed() < Duration::from_secs(10) => {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                removed => removed.at(&work)?,
            }
        }
        Ok::<(), LabError>(())
    };
    telling("the end of a build that was cut off", events, clearing).await?;
    let recipe = work.join("recipe");
    fs::create_dir_all(&recipe).at(&recipe)?;
    for (name, text) in &ingredients.recipe {
        let file = recipe.join(name);
        let folder = file.parent().unwrap_or(&recipe);
        fs::create_dir_all(folder).at(folder)?;
        fs::write(&file, text).at(&file)?;
    }
    let log = image.with_extension("log");
    let fresh = work.join("image");
    let status = run_recipe(&work, &fresh, ingredients, &log, events).await?;
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
    ingredients: &Ingredients,
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
        .args([&ingredients.release, ingredients.suite])
        .args(mirror::lines(ingredients.suite).await)
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
