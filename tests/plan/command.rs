//! A case's command line.

/// What was typed after `lvsprov`, as far as a plan depends on it.
#[derive(Debug, Default)]
pub struct Command {
    /// The words as they were typed.
    pub words: String,
    /// `deploy`, `run` or `destroy`.
    pub verb: String,
    /// `--limit`
    pub limit: Option<String>,
    /// `--tags`
    pub tags: Vec<String>,
    /// Whether `--allow-route-change` is given.
    pub allow_route_change: bool,
}

impl Command {
    /// Reads the words.
    ///
    /// # Errors
    /// A word that no case uses so far.
    pub fn read(text: &str) -> Result<Command, String> {
        let mut words = text.split_whitespace();
        let verb = words.next().unwrap_or("deploy").to_owned();
        let mut command = Command { words: text.trim().to_owned(), verb, ..Command::default() };
        if !["deploy", "run", "destroy"].contains(&command.verb.as_str()) {
            return Err(format!("`{}` makes no plan", command.verb));
        }
        while let Some(word) = words.next() {
            let mut value = || words.next().map(str::to_owned).ok_or_else(|| format!("`{word}` of what?"));
            match word {
                "--limit" => command.limit = Some(value()?),
                "--tags" => command.tags = value()?.split(',').map(str::to_owned).collect(),
                "--allow-route-change" => command.allow_route_change = true,
                _ => return Err(format!("`{word}` is not known here")),
            }
        }
        Ok(command)
    }
}
