//! What attributes and Markdown destinations point to.

use std::borrow::Cow;
use std::ops::Range;

use super::class::is_invisible;
use super::plain;
use super::sink::Sink;
use super::{Link, LinkKind, Rules, Written};

/// Attributes whose value is one URL.
const URLS: [&str; 14] = [
    "href",
    "src",
    "action",
    "formaction",
    "data",
    "poster",
    "cite",
    "background",
    "longdesc",
    "ping",
    "xlink:href",
    "data-src",
    "data-href",
    "data-url",
];

/// What the value of an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Url,
    Candidates,
    Css,
    Refresh,
    Nothing,
}

/// What an attribute of this name holds.
pub(super) fn holds(name: &str) -> Holds {
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    if URLS.iter().any(|known| is(known)) {
        Holds::Url
    } else if is("srcset") || is("imagesrcset") {
        Holds::Candidates
    } else if is("style") {
        Holds::Css
    } else if is("content") {
        Holds::Refresh
    } else {
        Holds::Nothing
    }
}

/// Hands over the link that the decoded `value` at `range` is.
pub(super) fn push<'t>(value: Cow<'t, str>, range: &Range<usize>, rules: &Rules, sink: &mut Sink<'t>) {
    let value = cleaned(value);
    if is_absolute(&value, &rules.options.deep_link_schemes) {
        let zero_width = value.chars().any(is_invisible);
        let written = Written { zero_width, ..Written::default() };
        sink.push(Link {
            span: Some(range.clone()),
            url: value,
            other_reading: None,
            kind: LinkKind::Markup,
            written,
            weak: false,
        });
        return;
    }
    // A relative link leads nowhere else, but platforms complete `www.name.tld` and some read disguises.
    let mut part = sink.part();
    plain::scan(&value, rules, &mut part);
    sink.take_counts(&part);
    for link in part.links {
        sink.keep(Link {
            span: Some(range.clone()),
            url: Cow::Owned(link.url.into_owned()),
            other_reading: link.other_reading.map(|other| Cow::Owned(other.into_owned())),
            ..link
        });
    }
}

/// Browsers trim the ends and drop tabs and line breaks.
fn cleaned(value: Cow<'_, str>) -> Cow<'_, str> {
    let is_dropped = |c: char| matches!(c, '\t' | '\n' | '\r');
    let is_trimmed = |c: char| c <= ' ';
    if value.contains(is_dropped) {
        let kept: String = value.chars().filter(|&c| !is_dropped(c)).collect();
        return Cow::Owned(kept.trim_matches(is_trimmed).to_owned());
    }
    match value {
        Cow::Borrowed(value) => Cow::Borrowed(value.trim_matches(is_trimmed)),
        Cow::Owned(value) => Cow::Owned(value.trim_matches(is_trimmed).to_owned()),
    }
}

fn is_absolute(value: &str, deep: &[Box<str>]) -> bool {
    let bytes = value.as_bytes();
    if let [b'/' | b'\\', b'/' | b'\\', _, ..] = bytes {
        return true;
    }
    let Some((scheme, rest)) = value.split_once(':') else {
        return false;
    };
    let is = |known: &str| scheme.eq_ignore_ascii_case(known);
    !rest.is_empty() && (is("http") || is("https") || is("ftp") || deep.iter().any(|known| is(known)))
}

/// The URLs of a `srcset`, each up to a space.
pub(super) fn candidates(value: &str) -> impl Iterator<Item = &str> {
    value
        .split(|c: char| c.is_ascii_whitespace())
        .map(|part| part.trim_matches(','))
        .filter(|part| part.contains(['/', '.']))
}

/// The URL of a `meta refresh`, or the whole value of another `content`.
pub(super) fn refreshed(value: &str) -> &str {
    let bytes = value.as_bytes();
    let found = memchr::memchr_iter(b'=', bytes)
        .find(|&at| at >= 3 && bytes.get(at - 3..at).is_some_and(|name| name.eq_ignore_ascii_case(b"url")));
    let url = found.and_then(|at| value.get(at + 1..)).unwrap_or(value);
    url.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\''))
}

/// The URLs in `url(…)` and `@import` of a style.
pub(super) fn styled(css: &str) -> Vec<&str> {
    let bytes = css.as_bytes();
    let mut found = Vec::new();
    let mut pos = 0;
    while let Some(open) = bytes.get(pos..).and_then(|rest| memchr::memchr2(b'(', b'@', rest)).map(|at| pos + at) {
        pos = open + 1;
        let is_url = open >= 3 && bytes.get(open - 3..open).is_some_and(|name| name.eq_ignore_ascii_case(b"url"));
        let is_import = bytes.get(open..open + 7).is_some_and(|name| name.eq_ignore_ascii_case(b"@import"));
        if !(is_url || is_import) {
            continue;
        }
        let start = if is_url { pos } else { open + 7 };
        let rest = bytes.get(start..).unwrap_or_default();
        let Some(len) = memchr::memchr3(b')', b';', b'}', rest) else {
            break;
        };
        pos = start + len;
        let value = css.get(start..pos).unwrap_or("");
        found.push(value.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_values() {
        assert_eq!(refreshed("0; URL='https://name.test/'"), "https://name.test/");
        assert_eq!(refreshed("https://name.test/"), "https://name.test/");
        assert_eq!(styled("a{b:url( 'x' )} c{d:URL(y)}"), ["x", "y"]);
        assert_eq!(styled("@import \"x\"; url(none"), ["x"]);
        let set: Vec<_> = candidates("//a.test/1 1x, https://b.test/2 2x,").collect();
        assert_eq!(set, ["//a.test/1", "https://b.test/2"]);
    }

    #[test]
    fn absolute_targets() {
        for value in ["http://x", "HTTPS:/x", "//x", "/\\x", "tg://resolve?domain=x", "http:x"] {
            assert!(is_absolute(value, &["tg".into()]), "{value}");
        }
        for value in ["", "/", "//", "/x", "x", "mailto:x", "javascript:x", "http:", "#x"] {
            assert!(!is_absolute(value, &["tg".into()]), "{value}");
        }
    }
}
