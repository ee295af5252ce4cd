//! Text of posts as a terminal may show it: nothing in it moves the cursor, and no word of it is a link.

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
