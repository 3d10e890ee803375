//! A client that asks the VIP fifty times a second, each time over a new connection.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use crate::support::{Cluster, until};

/// One curl for all, because a guest starts processes slowly. It writes the page, the code and the seconds of each.
const BEGIN: &str = r"rm -f /root/load
stdbuf -oL curl --silent --rate 50/s --header 'Connection: close' --noproxy '*' --max-time 5 \
  --write-out '=%{http_code} %{time_total}\n' 'http://192.168.175.100/?[1-100000]' </dev/null >/root/load 2>/dev/null &
echo $! >/root/load.pid";

const END: &str = "kill $(cat /root/load.pid); cat /root/load; rm /root/load.pid";

/// A load that is under way.
pub struct Load<'a> {
    cluster: &'a Cluster,
    since: Instant,
}

/// What became of each request, in order: who answered it, if anyone did.
pub struct Asked {
    answers: Vec<Option<String>>,
    /// Of all requests, in seconds.
    longest: f64,
    lasted: Duration,
}

impl Load<'_> {
    pub fn begun(cluster: &Cluster) -> Load<'_> {
        cluster.on("client", BEGIN);
        let since = Instant::now();
        until("the load is there", Duration::from_secs(20), || {
            (cluster.on("client", "wc -l </root/load").trim() != "0").then_some(())
        });
        Load { cluster, since }
    }

    pub fn ended(self) -> Asked {
        let log = self.cluster.on("client", END);
        Asked::read(&log, self.since.elapsed())
    }
}

impl Asked {
    fn read(log: &str, lasted: Duration) -> Asked {
        let mut asked = Asked { answers: Vec::new(), longest: 0.0, lasted };
        let log = log.replace('=', " =");
        let mut words = log.split_whitespace();
        let mut page = None;
        while let Some(word) = words.next() {
            let Some(code) = word.strip_prefix('=') else {
                page = Some(word.to_owned());
                continue;
            };
            // The last line may be cut.
            let Some(seconds) = words.next().and_then(|word| word.parse::<f64>().ok()) else { break };
            asked.answers.push(page.take().filter(|_| code == "200"));
            asked.longest = asked.longest.max(seconds);
        }
        asked
    }

    /// How many a server answered.
    pub fn answers(&self, server: &str) -> usize {
        self.answers.iter().flatten().filter(|name| *name == server).count()
    }

    /// How many failed just after another one.
    fn twice(&self) -> usize {
        self.answers.windows(2).filter(|two| two.iter().all(Option::is_none)).count()
    }

    /// Round robin sends the next request to another real server: where one at a time is away, it is answered.
    #[track_caller]
    pub fn a_second_try_is_answered(&self) {
        assert!(self.answers.len() >= 30, "{self}");
        assert_eq!(self.twice(), 0, "{self}");
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for name in self.answers.iter().flatten() {
            *counts.entry(name).or_default() += 1;
        }
        let twice = self.twice();
        let failed = self.answers.iter().filter(|answer| answer.is_none()).count();
        let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
        let (all, seconds) = (self.answers.len(), self.lasted.as_secs_f64());
        write!(
            f,
            "{failed} of {all} requests failed in {seconds:.1} s, {twice} of them just after another; "
        )?;
        write!(f, "answers: {}; the longest took {:.1} s", counts.join(", "), self.longest)
    }
}
