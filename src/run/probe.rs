//! The probes of some resources, as sections of an exchange.

use std::time::Duration;

use super::Failure;
use crate::playbook::Declaration;
use crate::resource::{Facts, Observed, Resource, Section, Unreadable, of_tasks};
use crate::transport::{Exchange, Hung, Link, LinkError, Progress, Reply};

/// The probes of some resources.
pub(super) struct Probe {
    sections: Vec<Section>,
    /// What the resources' tasks are called, in the resources' order, where that is known.
    tasks: Vec<Option<String>>,
    /// Whether what each of the resources runs is not to be shown.
    secret: Vec<bool>,
}

/// What a host was asked when its time was up.
pub(super) struct Question {
    /// `the facts`, or a module.
    what: String,
    tasks: Vec<String>,
    /// Whether what it runs is not to be shown.
    secret: bool,
}

impl Probe {
    pub(super) fn of(resources: &[&Resource], facts: &Facts) -> Probe {
        let secret = resources.iter().map(|resource| resource.is_secret()).collect();
        Probe { sections: Resource::probe_all(resources, facts), tasks: Vec::new(), secret }
    }

    /// With the tasks that have declared the resources.
    pub(super) fn of_tasks(self, declared: &[Declaration]) -> Probe {
        self.with_tasks(declared.iter().map(|declaration| declaration.task.clone()).collect())
    }

    /// With what the resources' tasks are called.
    pub(super) fn with_tasks(self, tasks: Vec<Option<String>>) -> Probe {
        Probe { tasks, ..self }
    }

    /// Adds the sections to an exchange. Gives the index of the first.
    pub(super) fn push(&self, exchange: &mut Exchange) -> usize {
        let first = exchange.len();
        for section in &self.sections {
            let index = exchange.push_inline(section.script.as_str());
            exchange.name(index, section.module);
        }
        first
    }

    /// The observations in the resources' order, from the sections that begin at `first`.
    pub(super) fn parse(
        &self,
        resources: &[&Resource],
        facts: &Facts,
        reply: &Reply,
        first: usize,
    ) -> Result<Vec<Observed>, Unreadable> {
        let mut all: Vec<Option<Observed>> = vec![None; resources.len()];
        for (number, section) in self.sections.iter().enumerate() {
            let observed = section.parse(resources, facts, output(reply, first + number));
            let observed = observed.map_err(|unreadable| {
                unreadable
                    .saying(said(reply, first + number))
                    .asked_by(section.module, self.tasks_of(section))
            })?;
            for (index, observed) in section.indices.iter().zip(observed) {
                all[*index] = Some(observed);
            }
        }
        let every: Option<Vec<Observed>> = all.into_iter().collect();
        every.ok_or_else(|| Unreadable::new("probe", "a resource was not asked for"))
    }

    /// What is asked by a section of an exchange in which the first of these is `first`.
    pub(super) fn question(&self, section: usize, first: usize) -> Option<Question> {
        let section = section.checked_sub(first).and_then(|number| self.sections.get(number))?;
        let secret = section.indices.iter().any(|index| self.secret[*index]);
        Some(Question { what: section.module.to_owned(), tasks: self.tasks_of(section), secret })
    }

    /// What the tasks of a section are called, each once.
    fn tasks_of(&self, section: &Section) -> Vec<String> {
        let mut names = Vec::new();
        for name in section.indices.iter().filter_map(|index| self.tasks.get(*index)?.as_ref()) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }
}

impl Question {
    pub(super) fn about(what: &str) -> Question {
        Question { what: what.to_owned(), tasks: Vec::new(), secret: false }
    }

    /// `package (task `Web server`)`
    pub(super) fn told(&self) -> String {
        format!("{}{}", self.what, of_tasks(&self.tasks))
    }

    /// Whether what it runs is not to be shown.
    pub(super) fn is_secret(&self) -> bool {
        self.secret
    }
}

impl Failure {
    /// What did not end in so much time: `reading package`, `the change of file /etc/page`.
    pub(super) fn hung(what: String, within: Duration, hung: Hung, changing: bool) -> Failure {
        Failure::Hung {
            what,
            seconds: (within + Duration::from_millis(500)).as_secs(),
            running: hung.running.join("\n"),
            ended: hung.ended,
            changing,
            goes_on: None,
        }
    }

    /// With what of it goes on all the same.
    pub(super) fn going_on(self, of_it: Option<String>) -> Failure {
        match self {
            Failure::Hung { what, seconds, running, ended, changing, .. } => {
                Failure::Hung { what, seconds, running, ended, changing, goes_on: of_it }
            }
            other => other,
        }
    }
}

/// Asks. What does not end in time is named, as `question` has it for a section, and is ended on the host.
pub(super) async fn ask(
    link: &mut Link,
    exchange: &Exchange,
    question: impl Fn(usize) -> Option<Question>,
) -> Result<Reply, Failure> {
    let mut at = Some(0);
    let on = |way| match way {
        Progress::Began(section) => at = Some(section),
        Progress::Reading => at = None,
        _ => {}
    };
    let reply = link.exchange(exchange, on).await;
    match reply {
        Err(LinkError::Deadline(within)) => {
            let asked = match at {
                Some(section) => question(section).unwrap_or_else(|| Question::about("the host")),
                None => Question::about("the files that were asked for"),
            };
            let hung = Box::pin(link.end()).await.told(asked.is_secret());
            Err(Failure::hung(format!("reading {}", asked.told()), within, hung, false))
        }
        reply => Ok(reply?),
    }
}

/// What a section printed; nothing where it did not run.
pub(super) fn output(reply: &Reply, index: usize) -> &[u8] {
    reply.sections.get(index).and_then(Option::as_ref).map_or(&[], |output| output.bytes.as_slice())
}

/// What a section said on standard error.
pub(super) fn said(reply: &Reply, index: usize) -> &[u8] {
    reply.sections.get(index).and_then(Option::as_ref).map_or(&[], |output| output.said.as_slice())
}
