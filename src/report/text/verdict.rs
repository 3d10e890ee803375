//! What a service's clients got, against what its scheduler must give.

use super::block::{WIDTH, printable, wrap};
use super::style::{BAD, CHANGED, FAINT, GOOD, STRONG, paint};
use crate::report::name::shorten;
use crate::verify::{Judged, Latency, Share};

/// How long the longest bar is.
const BAR: usize = 12;

/// The verdict on one service and client.
pub(super) fn verdict(judged: &Judged) -> String {
    let verdict = &judged.verdict;
    let (style, word) = match () {
        () if !verdict.judged => (CHANGED, "NOT JUDGED"),
        () if verdict.pass => (GOOD, "PASS"),
        () => (BAD, "FAIL"),
    };
    let about = format!("{} from {}", judged.service, judged.client);
    let before = word.len() + about.chars().count() + 4;
    let sequence = wrap(&sequence(judged), " ", before, 6, WIDTH);
    let mut text = format!("{}  {}: {sequence}\n", paint(style.bold(), word), paint(STRONG, &about));
    text += &format!("      expected {}\n", verdict.expected);

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
    let about = paint(STRONG, &services.join(", "));
    let remedy = "add a host under `clients` with an address of the service's kind, IPv4 or IPv6, or let --limit take one in";
    format!(
        "{}  {about}: no client takes part that can ask\n      {remedy}\n",
        paint(CHANGED.bold(), "NOT TRIED")
    )
}

/// Who answered, by names as short as they can be; `--` for nobody.
fn sequence(judged: &Judged) -> Vec<String> {
    let sequence = &judged.verdict.sequence;
    // Real servers that never answered count too, lest `02 02 02` become a whole name.
    let declared = judged.verdict.counts.iter().map(|share| share.real_server.as_str());
    let answered = sequence.iter().map(String::as_str).filter(|name| *name != "-");
    let mut names: Vec<&str> = declared.chain(answered).collect();
    names.sort_unstable();
    names.dedup();
    let short = shorten(&names);
    let shown = |name: &String| match names.binary_search(&name.as_str()) {
        Ok(index) => short[index].to_owned(),
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
