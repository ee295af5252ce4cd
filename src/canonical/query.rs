//! The query of a canonical URL: escapes undone, but for those of the marks that part its parameters.
//!
//! `?q=a%26b` has one parameter and `?q=a&b` two. Safe Browsing writes both alike; here the escape stays, so that a link is
//! split as the server that gets it does.

use std::borrow::Cow;

use super::escape::{self, Part};

/// Appends the canonical form of `query`, percent-encoded as the URL standard writes it.
///
/// A mark is no digit of an escape, so none reaches across one: what is undone piece by piece is what is undone at once.
pub(super) fn fold_into(query: &str, out: &mut String) {
    if memchr::memchr(b'%', query.as_bytes()).is_none() {
        escape::escape_into(query.as_bytes(), Part::Query, out);
        return;
    }
    for (at, parameter) in query.split('&').enumerate() {
        if at > 0 {
            out.push('&');
        }
        let Some((name, value)) = parameter.split_once('=') else {
            fold_words_into(parameter, Part::Name, out);
            continue;
        };
        fold_words_into(name, Part::Name, out);
        out.push('=');
        fold_words_into(value, Part::Value, out);
    }
}

/// A plus sign parts words; an escaped one is a letter.
fn fold_words_into(text: &str, part: Part, out: &mut String) {
    for (at, word) in text.split('+').enumerate() {
        if at > 0 {
            out.push('+');
        }
        escape::escape_into(&escape::unescape_until_stable(word.as_bytes()), part, out);
    }
}

/// A canonical query as Safe Browsing writes it: no escape of a mark is kept.
pub fn fully_unescaped(query: &str) -> Cow<'_, str> {
    if memchr::memchr(b'%', query.as_bytes()).is_none() {
        return Cow::Borrowed(query);
    }
    let mut out = String::with_capacity(query.len());
    escape::escape_into(&escape::unescape_until_stable(query.as_bytes()), Part::Query, &mut out);
    Cow::Owned(out)
}

/// The non-empty parameters of a query. An ampersand may stand as HTML writes it: `?a=1&amp;b=2` has `b`.
pub fn parameters(query: &str) -> impl Iterator<Item = &str> {
    let parts = query.split('&').enumerate().map(|(at, part)| if at > 0 { without_entity(part) } else { part });
    parts.filter(|part| !part.is_empty())
}

/// What follows an ampersand, without the rest of its name in HTML.
pub(super) fn without_entity(part: &str) -> &str {
    let mut rest = part;
    while let Some(after) = rest.strip_prefix("amp;") {
        rest = after;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries() {
        for (input, expected, safe_browsing) in [
            ("", "", ""),
            ("a=1&b", "a=1&b", "a=1&b"),
            ("%61=%2541&b", "a=A&b", "a=A&b"),
            ("q=a%26b", "q=a%26b", "q=a&b"),
            ("q=a%2526b", "q=a%26b", "q=a&b"),
            ("q=a%25%32%36b", "q=a%26b", "q=a&b"),
            ("q=a%2Bb+c", "q=a%2Bb+c", "q=a+b+c"),
            ("q=a%3Db=c", "q=a=b=c", "q=a=b=c"),
            ("a%3Db", "a%3Db", "a=b"),
            ("a%3db=c%3D", "a%3Db=c=", "a=b=c="),
            ("q=%3B;%2C", "q=;;,", "q=;;,"),
            ("q=%&26", "q=%25&26", "q=%25&26"),
            ("q=%%26", "q=%25%26", "q=%25&"),
            ("q=%23%25%zz%ff", "q=%23%25%25zz%FF", "q=%23%25%25zz%FF"),
        ] {
            let mut out = String::new();
            fold_into(input, &mut out);
            assert_eq!(out, expected, "{input}");
            assert_eq!(fully_unescaped(&out), safe_browsing, "{input}");
            let mut again = String::new();
            fold_into(&out, &mut again);
            assert_eq!(again, out, "{input}");
        }
    }

    #[test]
    fn an_ampersand_may_be_written_as_in_html() {
        let found: Vec<_> = parameters("amp;a=1&&amp;b=2&amp;amp;c&amp;&amp").collect();
        assert_eq!(found, ["amp;a=1", "b=2", "c", "amp"]);
    }
}
