//! Halves of characters in JSON: programs write them where they cut a text, and parsers refuse the whole line for them.

use std::borrow::Cow;

/// The text with every escaped half of a character (`\ud83d` without its other half) replaced by `\ufffd`.
///
/// Borrowed if there is none. RFC 8259, section 8.2, leaves it to the reader what to make of them.
pub fn without_halves(json: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = memchr::memchr(b'\\', json.as_bytes().get(at..).unwrap_or_default()) {
        let escape = at + found;
        at = match half(json, escape) {
            None => escape + 2,
            Some(Half::High) if half(json, escape + ESCAPE_BYTES) == Some(Half::Low) => escape + 2 * ESCAPE_BYTES,
            Some(_) => {
                out.push_str(json.get(copied..escape).unwrap_or_default());
                out.push_str("\\ufffd");
                copied = escape + ESCAPE_BYTES;
                copied
            }
        };
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    out.push_str(json.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

#[derive(PartialEq, Eq)]
enum Half {
    High,
    Low,
}

/// Length of `\ud83d`.
const ESCAPE_BYTES: usize = 6;

/// Which half is escaped at that place.
fn half(json: &str, at: usize) -> Option<Half> {
    let digits = json.get(at..at + ESCAPE_BYTES)?.strip_prefix("\\u")?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xD800..=0xDBFF => Some(Half::High),
        0xDC00..=0xDFFF => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_halves_are_replaced() {
        for (json, expected) in [
            (r#""plain""#, r#""plain""#),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\ud83d x""#, r#""\ufffd x""#),
            (r#""\ude00\uD83D""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r#""\ud8"#, r#""\ud8"#),
            (r#""\u+d83d \n""#, r#""\u+d83d \n""#),
            ("\\ué", "\\ué"),
        ] {
            assert_eq!(without_halves(json), expected, "{json}");
        }
    }
}
