//! Character references of HTML, one at a time and never far ahead.

use std::borrow::Cow;

use super::class::byte_at;

/// Longest reference looked at, in bytes; the longest name has 32.
const REFERENCE_MAX_BYTES: usize = 34;

/// Where a reference stands: attributes keep `&name` without semicolon before `=` and letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Text,
    Attribute,
}

/// The characters that the reference at `at` stands for, and its end.
pub(super) fn decode_at(text: &str, at: usize, place: Place) -> Option<(Cow<'_, str>, usize)> {
    let rest = text.as_bytes().get(at + 1..)?;
    let is_name = |&&byte: &&u8| byte.is_ascii_alphanumeric() || byte == b'#';
    let len = rest.iter().take(REFERENCE_MAX_BYTES).take_while(is_name).count();
    if len == 0 {
        return None;
    }
    let mut end = at + 1 + len;
    let has_end = byte_at(text, end) == b';';
    end += usize::from(has_end);
    if place == Place::Attribute && !has_end && byte_at(text, end) == b'=' {
        return None;
    }
    let reference = text.get(at..end)?;
    if matches!(reference, "&amp;" | "&amp") {
        return Some((Cow::Borrowed("&"), end));
    }
    let decoded = match place {
        Place::Text => htmlize::unescape(reference),
        Place::Attribute => htmlize::unescape_attribute(reference),
    };
    (decoded != reference).then_some((decoded, end))
}

/// `value` with every reference decoded, as browsers read attributes.
pub(super) fn decode(value: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut pos = 0;
    while let Some(found) = value.as_bytes().get(pos..).and_then(|rest| memchr::memchr(b'&', rest)) {
        let at = pos + found;
        pos = at + 1;
        if let Some((decoded, end)) = decode_at(value, at, Place::Attribute) {
            out.push_str(value.get(copied..at).unwrap_or(""));
            out.push_str(&decoded);
            copied = end;
            pos = end;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(value);
    }
    out.push_str(value.get(copied..).unwrap_or(""));
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let cases = [
            ("a&amp;b", "a&b"),
            ("&#46;&#x2e;&period;", "..."),
            ("a&shy;b", "a\u{AD}b"),
            ("?a&copy=1", "?a&copy=1"),
            ("?a&lt;", "?a<"),
            ("&&&;", "&&&;"),
            ("&none;", "&none;"),
            ("plain", "plain"),
        ];
        for (value, expected) in cases {
            assert_eq!(decode(value), expected, "{value}");
        }
    }
}
