//! Percent escapes: undone until nothing changes, then written once, as Safe Browsing asks.
//!
//! Source: Safe Browsing v4, "URLs and Hashing", canonicalization steps.

use std::borrow::Cow;

/// Undoes percent escapes until none is left, in one pass over `text`.
///
/// Every byte that completes an escape at the end of the output replaces it, and may complete the one before.
/// No two escapes overlap, so the order does not matter and each step shortens the output: linear time even for
/// `%25252525…`, which unescaping in rounds would read again for every level.
pub(crate) fn unescape_until_stable(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr(b'%', text) else { return Cow::Borrowed(text) };
    let (plain, mut rest) = text.split_at(first);
    let mut out = Vec::with_capacity(text.len());
    out.extend_from_slice(plain);
    while let Some((byte, after)) = next_byte(rest) {
        rest = after;
        out.push(byte);
        while let Some(decoded) = escape_at_end(&out) {
            out.truncate(out.len() - 3);
            out.push(decoded);
        }
        // No escape is open, so what follows up to the next one stays as it is.
        if !matches!(*out, [.., b'%'] | [.., b'%', _]) {
            let run = memchr::memchr(b'%', rest).unwrap_or(rest.len());
            let (plain, others) = rest.split_at(run);
            out.extend_from_slice(plain);
            rest = others;
        }
    }
    Cow::Owned(out)
}

/// The next byte, with an escape already undone.
fn next_byte(text: &[u8]) -> Option<(u8, &[u8])> {
    if let [b'%', high, low, after @ ..] = text
        && let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low))
    {
        return Some((high << 4 | low, after));
    }
    text.split_first().map(|(&byte, after)| (byte, after))
}

fn escape_at_end(out: &[u8]) -> Option<u8> {
    let [.., b'%', high, low] = out else {
        return None;
    };
    Some(hex_digit(*high)? << 4 | hex_digit(*low)?)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

/// Which bytes stay as they are in a part of a canonical URL.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// A host that is no valid name.
    Host,
    /// A path: `?` is escaped too, so that path and query stay apart.
    Path,
    /// A query.
    Query,
    /// The name of a parameter: what would part it from others or from its value is escaped too.
    Name,
    /// The value of a parameter: what would part it from others is escaped too.
    Value,
}

impl Part {
    /// Whether the byte is a mark that ends such a part.
    fn parts_at(self, byte: u8) -> bool {
        match self {
            Self::Host | Self::Query => false,
            Self::Path => byte == b'?',
            Self::Name => matches!(byte, b'&' | b'+' | b'='),
            Self::Value => matches!(byte, b'&' | b'+'),
        }
    }
}

/// Appends `bytes`, escaping what Safe Browsing escapes: up to space, from DEL, `#` and `%`.
pub(crate) fn escape_into(bytes: &[u8], part: Part, out: &mut String) {
    let is_plain = |byte: u8| (0x21..0x7f).contains(&byte) && !matches!(byte, b'#' | b'%') && !part.parts_at(byte);
    // Runs of plain bytes are the rule; they are copied at once.
    let mut rest = bytes;
    while !rest.is_empty() {
        let run = rest.iter().position(|&byte| !is_plain(byte)).unwrap_or(rest.len());
        let (plain, others) = rest.split_at(run);
        out.push_str(str::from_utf8(plain).unwrap_or_default());
        let Some((&byte, others)) = others.split_first() else { return };
        out.push_str(percent_encoding::percent_encode_byte(byte));
        rest = others;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, unescaped: &[u8]) {
        assert_eq!(&*unescape_until_stable(input.as_bytes()), unescaped, "{input}");
    }

    #[test]
    fn escapes_are_undone_until_stable() {
        check("", b"");
        check("plain", b"plain");
        check("%41", b"A");
        check("%2541", b"A");
        check("%25%34%31", b"A");
        check("%%34%31", b"A");
        check("a%2541bc%4%31d%", b"aAbcAd%");
        check("%2525252541", b"A");
        check("%%%25%32%35asd%%", b"%%%asd%%");
        check("%4", b"%4");
        check("%zz", b"%zz");
        check("%ff", b"\xff");
    }

    #[test]
    fn each_part_keeps_its_own_marks() {
        let escaped = |bytes: &[u8], part| {
            let mut out = String::new();
            escape_into(bytes, part, &mut out);
            out
        };
        assert_eq!(escaped(b"a?b#c% \x7f\xff", Part::Path), "a%3Fb%23c%25%20%7F%FF");
        assert_eq!(escaped(b"a?b&c=d+", Part::Query), "a?b&c=d+");
        assert_eq!(escaped(b"a?b&c=d+", Part::Name), "a?b%26c%3Dd%2B");
        assert_eq!(escaped(b"a?b&c=d+", Part::Value), "a?b%26c=d%2B");
    }
}
