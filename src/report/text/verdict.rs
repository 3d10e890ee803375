//! What a service's clients got, against what its scheduler must give.

use anstyle::Style;

use super::block::{WIDTH, printable, wrap};
use super::style::{BAD, CHANGED, FAINT, GOOD, STRONG, paint};
use crate::report::name::shorten;
use crate::verify::{Judged, Latency, Share, Verdict};

/// How long the longest bar is.
const BAR: usize = 12;

/// How many requests of a verdict that failed are shown where no more is asked for.
const MANY: usize = 200;

/// How many answers at least are shown beside what is expected.
const FEW: usize = 6;

/// How many characters `... of 1997` takes behind the answers that are shown.
const LEFT_OUT: usize = 12;

/// The verdict on one service and client: a line where nothing is wrong, unless more is asked for.
pub(super) fn verdict(judged: &Judged, verbose: bool) -> String {
    let verdict = &judged.verdict;
    let wrong = !verdict.findings.is_empty() || (verdict.judged && !verdict.pass);
    if wrong || verbose { whole(judged, verbose) } else { line(judged) }
}

/// The word that the verdict comes to, and its style.
fn word(judged: &Judged) -> (Style, &'static str) {
    match &judged.verdict {
        verdict if !verdict.judged => (CHANGED, "NOT JUDGED"),
        verdict if verdict.pass => (GOOD, "PASS"),
        _ => (BAD, "FAIL"),
    }
}

/// `PASS  web from client: 02 01 02 01 02 01  (rr: 3 each, in turn)`. What was expected is left out where there is no room
/// for it; where the verdict is none, it is what is known.
fn line(judged: &Judged) -> String {
    let (style, word) = word(judged);
    let about = format!("{} from {}", judged.service, judged.client);
    let answers = sequence(judged);
    let known = known(&judged.verdict);
    let known = if answers.is_empty() || known.is_empty() { known } else { format!("({known})") };
    let room = WIDTH.saturating_sub(word.len() + about.chars().count() + 4);
    let beside = room.saturating_sub(known.chars().count() + 2);
    let least = answers.iter().take(FEW).map(|name| name.chars().count() + 1).sum::<usize>() + LEFT_OUT;
    let fits = beside >= least.min(length(&answers)) || !judged.verdict.judged;
    let answers = shortened(&answers, if fits { beside.max(least) } else { room });
    let parts = [answers, if fits && !known.is_empty() { paint(FAINT, &known) } else { String::new() }];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let colon = if parts.is_empty() { "" } else { ": " };
    format!("{}  {}{colon}{}\n", paint(style.bold(), word), paint(STRONG, &about), parts.join("  "))
}

/// What stands beside the answers: what they must be, or, where that can't be said, what is known of them.
fn known(verdict: &Verdict) -> String {
    if verdict.judged {
        return verdict.expected.clone();
    }
    let all: Vec<&str> = verdict.why.iter().chain(&verdict.known).map(String::as_str).collect();
    printable(&all.join("; ")).to_string()
}

/// The answers, or as many of the first as there is room for, and how many there are.
fn shortened(answers: &[String], room: usize) -> String {
    if length(answers) <= room {
        return answers.join(" ");
    }
    let mut used = 0;
    let fit = answers.iter().take_while(|name| {
        used += name.chars().count() + 1;
        used + LEFT_OUT <= room + 1
    });
    let first: Vec<&str> = fit.map(String::as_str).collect();
    format!("{} ... of {}", first.join(" "), answers.len())
}

/// How many characters they take in one line.
fn length(answers: &[String]) -> usize {
    answers.iter().map(|name| name.chars().count() + 1).sum::<usize>().saturating_sub(1)
}

/// All that is known.
fn whole(judged: &Judged, verbose: bool) -> String {
    let verdict = &judged.verdict;
    let (style, word) = word(judged);
    let about = format!("{} from {}", judged.service, judged.client);
    let before = word.len() + about.chars().count() + 4;
    let mut answers = sequence(judged);
    let all = answers.len();
    if all > MANY && !verbose {
        answers.truncate(MANY);
        answers.push(format!("... of {all}; -v shows them"));
    }
    let answers = wrap(&answers, " ", before, 6, WIDTH);
    let colon = if answers.is_empty() { "" } else { ": " };
    let mut text = format!("{}  {}{colon}{answers}\n", paint(style.bold(), word), paint(STRONG, &about));
    if verdict.judged {
        text += &format!("      expected {}\n", verdict.expected);
    }
    if let Some(why) = &verdict.why {
        text += &format!("      {}\n", printable(why));
    }
    if !verdict.known.is_empty() {
        text += &format!("      known: {}\n", verdict.known.join("; "));
    }

    let longest = verdict.counts.iter().map(|share| share.real_server.chars().count()).max().unwrap_or(0);
    let most = verdict.counts.iter().map(|share| share.count.max(most(share))).max().unwrap_or(0);
    for share in &verdict.counts {
        let name = printable(&share.real_server);
        text += &format!("      {name:longest$}  {}  {}\n", bar(share, most), numbers(share));
    }
    if let Some(latency) = &verdict.latency {
        text += &format!("      {}\n", paint(FAINT, &self::latency(latency)));
    }
    for finding in &verdict.findings {
        text += &format!("      {} {}\n", paint(BAD, "-"), printable(finding));
    }
    text
}

/// Services that nobody asked for a page.
pub(super) fn not_tried(services: &[String]) -> String {
    let services = wrap(services, ", ", "NOT TRIED  ".len(), 6, WIDTH);
    let colon = if services.contains('\n') { ":\n      " } else { ": " };
    let about = paint(STRONG, &services) + colon;
    let remedy = "add a host under `clients` with an address of the service's kind, IPv4 or IPv6, or let --limit take one in";
    format!(
        "{}  {about}no client takes part that can ask\n      {remedy}\n",
        paint(CHANGED.bold(), "NOT TRIED")
    )
}

/// Who answered, by names as short as they can be; `--` for nobody, and `??` where that is not known.
fn sequence(judged: &Judged) -> Vec<String> {
    let sequence = &judged.verdict.sequence;
    // Real servers that never answered count too, lest `02 02 02` become a whole name.
    let declared = judged.verdict.counts.iter().map(|share| share.real_server.as_str());
    let answered = sequence.iter().map(String::as_str).filter(|name| !["-", "?"].contains(name));
    let mut names: Vec<&str> = declared.chain(answered).collect();
    names.sort_unstable();
    names.dedup();
    let short = shorten(&names);
    let shown = |name: &String| match names.binary_search(&name.as_str()) {
        Ok(index) => short[index].to_owned(),
        Err(_) if name == "?" => "??".to_owned(),
        Err(_) => "--".to_owned(),
    };
    sequence.iter().map(shown).collect()
}

fn most(share: &Share) -> usize {
    share.expected.as_ref().map_or(0, |expected| *expected.end())
}

/// Full for what came, light for what should have come, and dark for what is too much.
fn bar(share: &Share, most_of_all: usize) -> String {
    let width = |count: usize| match count {
        0 => 0,
        count => (count * BAR / most_of_all.max(1)).max(1),
    };
    let expected = share.expected.as_ref();
    let right = expected.map_or(share.count, |expected| share.count.min(*expected.end()));
    let wanted = expected.map_or(share.count, |expected| (*expected.start()).max(share.count));
    let (full, light) = (width(right), width(wanted).saturating_sub(width(share.count)));
    let dark = width(share.count).saturating_sub(full);
    let rest = BAR.saturating_sub(full + light + dark);
    let bars = ["█".repeat(full), "░".repeat(light), "▓".repeat(dark)];
    let [full, light, dark] = bars;
    format!("{}{}{}{}", paint(GOOD, &full), paint(FAINT, &light), paint(BAD, &dark), " ".repeat(rest))
}

/// `3 of 3`: how many it answered of how many it should have.
fn numbers(share: &Share) -> String {
    let Some(expected) = &share.expected else { return share.count.to_string() };
    let (low, high) = (expected.start(), expected.end());
    let expected_text = if low == high { low.to_string() } else { format!("{low} to {high}") };
    let style = if expected.contains(&share.count) { GOOD } else { BAD };
    paint(style, &format!("{} of {expected_text}", share.count))
}

fn latency(latency: &Latency) -> String {
    let [min, median, max] = [latency.min, latency.median, latency.max].map(|seconds| seconds * 1000.0);
    format!("latency {min:.1} ms min, {median:.1} ms median, {max:.1} ms max")
}
