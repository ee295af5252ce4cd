//! Links as a moderator may see them: enough to tell one from another, not enough to follow.

use crate::canonical::{self, HostKind, Suffixes};

/// `https://www.listed.example/a/b` → `w…d.example/…`: first and last letter of what stands before the public suffix.
pub(super) fn masked(link: &str, suffixes: &Suffixes) -> String {
    let Some(url) = canonical::canonical(link).filter(|url| url.host_kind() != HostKind::Refused) else {
        return "…".to_owned();
    };
    let more = if url.path() == "/" && url.query().is_none() { "/" } else { "/…" };
    if url.host_kind() != HostKind::Name {
        return format!("…{more}");
    }
    let host = url.host();
    let suffix = suffixes.suffix(host).unwrap_or("");
    let name = host.strip_suffix(suffix).map_or(host, |name| name.trim_end_matches('.'));
    let dot = if suffix.is_empty() { "" } else { "." };
    let ends = (name.chars().next(), name.chars().next_back());
    match ends {
        (Some(first), Some(last)) if name.chars().count() > 2 => format!("{first}…{last}{dot}{suffix}{more}"),
        _ => format!("…{dot}{suffix}{more}"),
    }
}

/// Text that cannot move the cursor, change colours or hide in a terminal: controls become `·`.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '·' } else { c }).collect()
}

/// Text around links, printable, with a `…` for every word that could be one more: past a limit, or not read as one.
pub(super) fn without_links(text: &str) -> String {
    let looks_like_one = |word: &str| {
        let inner = word.trim_end().trim_end_matches(|c: char| c.is_ascii_punctuation());
        word.contains("//") || word.contains('@') || inner.contains(['.', '。', '[', '('])
    };
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let space = word.chars().next_back().filter(|c| c.is_whitespace());
        if looks_like_one(word) { format!("…{}", space.map_or(String::new(), String::from)) } else { word.to_owned() }
    });
    printable(&words.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::Tables;

    #[test]
    fn links_are_masked() {
        let tables = Tables::shipped().unwrap();
        for (input, expected) in [
            ("https://listed.example/a", "l…d.example/…"),
            ("listed.example", "l…d.example/"),
            ("http://www.listed.example/?q", "w…d.example/…"),
            ("http://ab.example/", "….example/"),
            ("http://192.0.2.1/x", "…/…"),
            ("http://[::1]/", "…/"),
            ("http://a b/", "…"),
            ("http://localhost/", "l…t/"),
        ] {
            assert_eq!(masked(input, tables.suffixes()), expected, "{input}");
        }
    }

    #[test]
    fn words_around_links_show_none() {
        for (input, expected) in [
            ("see this, ok. ", "see this, ok. "),
            ("and https://listed.example/x next", "and … next"),
            ("_listed.example_ ", "… "),
            ("listed[.]example", "…"),
            ("a b.c\u{1b}", "a …"),
        ] {
            assert_eq!(without_links(input), expected, "{input}");
        }
    }

    #[test]
    fn controls_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\nc\r"), "a·[31mb\nc·");
    }
}
