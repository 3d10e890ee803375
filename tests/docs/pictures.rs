//! The pictures are what `cargo run --example pictures` makes of their sources.

#[path = "../../examples/pictures/drawing.rs"]
mod drawing;
#[path = "../../examples/pictures/svg.rs"]
mod svg;
#[path = "../../examples/pictures/terminal.rs"]
mod terminal;
#[path = "../../examples/pictures/topology.rs"]
mod topology;

use crate::page::root;

#[test]
fn the_pictures_are_drawn_from_their_sources() {
    for drawing::Picture { path, text } in drawing::all(root()).unwrap() {
        let committed = std::fs::read_to_string(root().join(&path)).unwrap_or_default();
        assert!(committed == text, "draw {} anew: `cargo run --example pictures`", path.display());
    }
}
