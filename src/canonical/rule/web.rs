//! Carried texts that are meant as URLs → URLs with a scheme.

use std::borrow::Cow;

use super::codec::percent_once;

/// The text as a URL with a scheme: unwraps further rounds of escapes, mends the slashes after a web scheme, and adds the
/// rule's own scheme where none stands.
pub(super) fn as_url(text: &str, default_scheme: Option<&str>) -> Option<String> {
    let mut text = Cow::Borrowed(text.trim());
    for _ in 0..ROUNDS_MAX {
        if let Some(url) = mend(&text) {
            return Some(url);
        }
        let once = percent_once(&text).into_owned();
        if *once == *text {
            break;
        }
        text = Cow::Owned(once);
    }
    let host = text.split(['/', '?', '#']).next().unwrap_or_default();
    let scheme = default_scheme.filter(|_| host.contains('.') && !host.contains(char::is_whitespace))?;
    Some(format!("{scheme}://{text}"))
}

/// The text if it has a scheme or starts with two slashes, with exactly two slashes after a web scheme.
pub(in crate::canonical) fn mend(text: &str) -> Option<String> {
    for scheme in ["https:", "http:"] {
        let head = text.get(..scheme.len()).unwrap_or_default();
        if head.eq_ignore_ascii_case(scheme) {
            let rest = text.get(scheme.len()..)?.trim_start_matches(['/', '\\']);
            return (!rest.is_empty()).then(|| format!("{scheme}//{rest}"));
        }
    }
    if text.starts_with(['/', '\\']) && text.get(1..)?.starts_with(['/', '\\']) {
        let rest = text.trim_start_matches(['/', '\\']);
        return rest.contains('.').then(|| format!("http://{rest}"));
    }
    let (scheme, _) = text.split_once("://")?;
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(letters);
    is_scheme.then(|| text.to_owned())
}

/// How many rounds of escapes are undone around a carried URL.
const ROUNDS_MAX: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carried_texts() {
        let check = |text: &str, scheme: Option<&str>, expected: Option<&str>| {
            assert_eq!(as_url(text, scheme).as_deref(), expected, "{text}");
        };
        let a = Some("https://listed.example/a");
        check("https://listed.example/a", None, a);
        check(" HTTPS:/listed.example/a", None, a);
        check("https:\\\\listed.example/a", None, a);
        check("https%253A%252F%252Flisted.example/a", None, a);
        check("//listed.example/a", None, Some("http://listed.example/a"));
        check("tg://join?invite=x", None, Some("tg://join?invite=x"));
        check("listed.example/a", Some("https"), a);
        check("listed.example/a", None, None);
        check("/local/path", Some("https"), None);
        check("search words.", Some("https"), None);
        check("//", Some("https"), None);
        check("https://", None, None);
        check("", Some("https"), None);
    }
}
