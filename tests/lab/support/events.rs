//! What a run of lvsprov said and how it ended.

use serde_json::Value;

/// The JSON lines of a run.
#[derive(Clone, Debug, Default)]
pub struct Events(pub Vec<Value>);

/// A run that has ended.
#[derive(Debug)]
pub struct Outcome {
    /// What it was, for messages.
    pub words: String,
    /// 0 to 255; `None` when a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    /// stdout's lines that are JSON objects.
    pub events: Events,
}

impl Events {
    pub fn parse(stdout: &str) -> Events {
        Events(stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }

    /// The events of that name.
    pub fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0.iter().filter(move |event| event["event"] == name)
    }

    /// The last line, which tells how it ended.
    #[track_caller]
    pub fn summary(&self) -> &Value {
        let last = self.0.last().expect("a run prints events");
        assert_eq!((&last["event"], &last["version"]), (&"summary".into(), &1.into()), "the last line");
        last
    }

    /// How many changes the summary counts, over all hosts.
    #[track_caller]
    pub fn changed(&self) -> u64 {
        let hosts = self.summary()["hosts"].as_object().expect("the summary has hosts");
        hosts.values().map(|host| host["changed"].as_u64().expect("changed is a number")).sum()
    }

    /// What differs, of `drift` or `change` events: `HOST MODULE SUBJECT: ASPECT, ASPECT`.
    pub fn differences(&self, name: &str) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let one = |event: &Value| {
            let aspects: Vec<String> = event["aspects"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|aspect| text(&aspect["what"]))
                .collect();
            let (host, module, subject) =
                (text(&event["host"]), text(&event["module"]), text(&event["subject"]));
            format!("{host} {module} {subject}: {}", aspects.join(", "))
        };
        self.of(name).map(one).collect()
    }

    /// The only verdict's real servers, in the order in which they answered.
    #[track_caller]
    pub fn sequence(&self) -> Vec<String> {
        let verdicts: Vec<&Value> = self.of("verdict").collect();
        let [verdict] = verdicts[..] else { panic!("{} verdicts", verdicts.len()) };
        let sequence = verdict["sequence"].as_array().expect("a verdict has a sequence");
        sequence.iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
    }

    /// The `failed` event of a host.
    #[track_caller]
    pub fn failure(&self, host: &str) -> &Value {
        let found = self.of("failed").find(|event| event["host"] == host);
        found.unwrap_or_else(|| panic!("no failure of {host} was told"))
    }
}

impl Outcome {
    /// Ends the test unless the run ended with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Outcome {
        assert_eq!(self.code, Some(code), "{}\n{}\n{}", self.words, self.stdout, self.stderr);
        self
    }
}
