//! Draws the pictures of the documentation into `docs/pictures/`: `cargo run --example pictures`.

mod drawing;
mod svg;
mod terminal;
mod topology;

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for drawing::Picture { path, text } in drawing::all(root)? {
        std::fs::write(root.join(&path), text)?;
        println!("{}", path.display());
    }
    Ok(())
}
