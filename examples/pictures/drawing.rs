//! Which pictures there are, and what each is drawn from.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use lvsprov::document::Source;
use lvsprov::inventory;

use super::{terminal, topology};

/// A picture as it is to be.
pub struct Picture {
    /// Its path from the repository's root.
    pub path: PathBuf,
    /// SVG.
    pub text: String,
}

/// All of them.
///
/// # Errors
/// A source can't be read.
pub fn all(root: &Path) -> Result<Vec<Picture>, Box<dyn Error>> {
    let picture = |name: &str, text| Picture { path: Path::new("docs/pictures").join(name), text };
    let text = fs::read_to_string(root.join("inventories/tutorial.yaml"))?;
    let tutorial =
        inventory::read(Source::new("tutorial.yaml", text)).map_err(|complaints| complaints.to_string())?;
    let rehearsal = fs::read_to_string(root.join("docs/pictures/rehearsal.txt"))?;
    Ok(vec![
        picture("topology.svg", topology::draw(&tutorial)),
        picture("rehearsal.svg", terminal::draw(&rehearsal)),
    ])
}
