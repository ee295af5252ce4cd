//! Undoes the spellings that keep listed addresses from being clickable.

use std::borrow::Cow;

/// How a character is hidden, and what it stands for. Longer spellings first.
const HIDDEN: [(&str, &str); 13] = [
    ("[://]", "://"),
    ("(://)", "://"),
    ("[dot]", "."),
    ("(dot)", "."),
    ("{dot}", "."),
    ("[.]", "."),
    ("(.)", "."),
    ("{.}", "."),
    ("[:]", ":"),
    ("(:)", ":"),
    ("[/]", "/"),
    ("(/)", "/"),
    ("[@]", "@"),
];

/// Schemes that no browser opens, and what they stand for.
const SCHEMES: [(&str, &str); 8] = [
    ("hxxps", "https"),
    ("hxxp", "http"),
    ("h**ps", "https"),
    ("h**p", "http"),
    ("h__ps", "https"),
    ("h__p", "http"),
    ("[h]ttps", "https"),
    ("[h]ttp", "http"),
];

/// The text as it was before somebody made it harmless. Paths and queries stay as they are.
pub(super) fn refang(text: &str) -> Cow<'_, str> {
    let scheme = SCHEMES.iter().find(|(hidden, _)| starts_with(text, hidden));
    if scheme.is_none() && memchr::memchr3(b'[', b'(', b'{', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = match scheme {
        Some((hidden, plain)) => ((*plain).to_owned(), text.get(hidden.len()..).unwrap_or("")),
        None => (String::with_capacity(text.len()), text),
    };
    while let Some(next) = rest.chars().next() {
        let ends_host = match next {
            '/' => !out.ends_with(':') && !out.ends_with(":/"),
            '?' | '#' => true,
            _ => false,
        };
        if ends_host {
            break;
        }
        let (len, plain) = match HIDDEN.iter().find(|(hidden, _)| starts_with(rest, hidden)) {
            Some((hidden, plain)) => (hidden.len(), *plain),
            None => (next.len_utf8(), rest.get(..next.len_utf8()).unwrap_or("")),
        };
        out.push_str(plain);
        rest = rest.get(len..).unwrap_or("");
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn starts_with(text: &str, start: &str) -> bool {
    text.as_bytes().get(..start.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(start.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_made_readable_and_paths_stay() {
        for (input, expected) in [
            ("hxxp://bad[.]example/a", "http://bad.example/a"),
            ("hXXps[:]//bad(.)example", "https://bad.example"),
            ("hxxps[://]bad[dot]example/x[.]y", "https://bad.example/x[.]y"),
            ("bad{.}example", "bad.example"),
            ("[h]ttps://bad.example/", "https://bad.example/"),
            ("h**p://bad.example", "http://bad.example"),
            ("bad.example/(.)", "bad.example/(.)"),
            ("bad.example?[.]", "bad.example?[.]"),
            ("[2001:db8::2]", "[2001:db8::2]"),
            ("bad.example", "bad.example"),
            ("(", "("),
            ("", ""),
        ] {
            assert_eq!(refang(input), expected, "{input}");
        }
    }
}
