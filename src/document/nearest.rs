//! What a misspelt word was meant to be.

/// The word most like `word`, when one is near enough to be worth proposing.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    // A third of the letters may differ, so that short names are not proposed for each other at random.
    let bound = (lower.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= bound && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The remedy for a word that is none of the known ones: the nearest, else what there is, at most a dozen of it.
pub fn choose_from<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(near) = nearest(word, known.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    match known.len() {
        0 => "leave it out: there is nothing that could stand here".to_owned(),
        1 => format!("write `{}`", known[0]),
        2..=14 => format!("write one of: {}", known.join(", ")),
        more => format!("write one of: {}, or one of {} more", known[..12].join(", "), more - 12),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_proposed_and_far_ones_are_not() {
        let schedulers = ["rr", "wrr", "lc", "wlc"];
        assert_eq!(nearest("rrr", schedulers), Some("rr"));
        assert_eq!(nearest("RR", schedulers), Some("rr"));
        assert_eq!(nearest("roundrobin", schedulers), None);
        assert_eq!(nearest("addres", ["address", "vars"]), Some("address"));
        assert_eq!(nearest("x", ["y"]), None, "nothing of it would be left");
        assert_eq!(nearest("lvs_real_server03", ["lvs_real_server01", "client"]), Some("lvs_real_server01"));
    }

    #[test]
    fn the_remedy_lists_what_there_is() {
        assert_eq!(choose_from("x", ["cluster", "ssh"]), "write one of: cluster, ssh");
        assert_eq!(choose_from("shh", ["cluster", "ssh"]), "did you mean `ssh`?");
        let many: Vec<String> = (0..20).map(|number| format!("host-{number:03}")).collect();
        assert!(choose_from("x", many.iter().map(String::as_str)).ends_with("or one of 8 more"));
    }
}
