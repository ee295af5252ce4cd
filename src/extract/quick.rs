//! The short way for links that are written plainly, `http://host/path` and a space or a full stop, as nearly all are.
//!
//! One pass tells where such a link ends, without any doubt. Whatever is not surely the same to the long way is left to it:
//! a test holds the two equal.

use super::class::{
    byte_at, byte_before, char_at, ends_link, is_in, is_invisible, is_label_byte, is_label_char, table,
};
use super::dot::dot_at;

/// Longest host read, in bytes: that of a name.
const HOST_MAX_BYTES: usize = 253;

/// Bytes of a path, query or fragment that say nothing of where a link ends. With `h` another one may begin.
const TAIL: [bool; 256] = table(b"abcdefgijklmnopqrstuvwxyzABCDEFGIJKLMNOPQRSTUVWXYZ0123456789/.-_=%#~!$*:@^");

/// The end of the link whose host begins at `host_start`, behind a web scheme; `None` sends it the long way.
pub(super) fn end_of_link(text: &str, host_start: usize) -> Option<usize> {
    let host_end = host_start + host_len(text.as_bytes().get(host_start..)?)?;
    match byte_at(text, host_end) {
        b'/' => end_of_tail(text, host_end),
        _ => ends_host(text, host_end).then_some(host_end),
    }
}

/// Whether a link ends with the host that ends at `at`: neither more of it nor a path follows, and no dot in any spelling.
fn ends_host(text: &str, at: usize) -> bool {
    let next = byte_at(text, at + 1);
    let is_end = match byte_at(text, at) {
        b'.' => next <= b' ',
        b' ' => next != b'.',
        b')' | 0..b' ' => true,
        0x80.. => is_wide_end(text, at) && !char_at(text, at).is_some_and(is_label_char),
        _ => false,
    };
    is_end && dot_at(text, at).is_none()
}

/// Whether a character beyond ASCII ends every link.
fn is_wide_end(text: &str, at: usize) -> bool {
    char_at(text, at).is_some_and(|c| ends_link(c) && !is_invisible(c))
}

/// The length of a host of letters and digits with single dots and hyphens between them, that is no number.
fn host_len(rest: &[u8]) -> Option<usize> {
    let (mut len, mut before, mut first_of_label) = (0, b'.', 0);
    for &byte in rest.iter().take(HOST_MAX_BYTES + 1) {
        match byte {
            b'.' | b'-'
                if before.is_ascii_alphanumeric() && rest.get(len + 1).is_some_and(u8::is_ascii_alphanumeric) => {}
            // A word for a dot may follow a hyphen.
            b'd' | b'D' if before == b'-' => return None,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {
                if before == b'.' {
                    first_of_label = byte;
                }
            }
            _ => break,
        }
        before = byte;
        len += 1;
    }
    let is_name = before.is_ascii_alphanumeric() && first_of_label.is_ascii_alphabetic() && len <= HOST_MAX_BYTES;
    // There a path ends earlier.
    let is_short = matches!(rest.get(..len)?, [.., b't' | b'T', b'.', b'c' | b'C', b'o' | b'O']);
    (is_name && !is_short).then_some(len)
}

/// The end of what follows the host, if it ends with a letter, a digit or a slash, and what stands behind it is prose.
fn end_of_tail(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut end, mut has_query) = (from, false);
    loop {
        end += bytes.get(end..)?.iter().take_while(|&&byte| is_in(&TAIL, byte)).count();
        let next = byte_at(text, end + 1);
        match byte_at(text, end) {
            b'h' | b'H' if !(is_t(next) && is_t(byte_at(text, end + 2))) => {}
            b'?' => has_query = true,
            b'&' if has_query => {}
            b',' if next <= b' ' => break,
            b')' if !(is_label_byte(next) || matches!(next, b'+' | b'=' | b'/' | b'&' | b'%' | b'~')) => break,
            0..=b' ' | b'<' | b'>' => break,
            0x80.. if is_wide_end(text, end) => break,
            _ => return None,
        }
        end += 1;
    }
    while matches!(byte_before(text, end), b'.' | b':' | b'!' | b'?' | b'*' | b'@') {
        end -= 1;
    }
    let last = byte_before(text, end);
    let is_escape = end >= 3 && byte_at(text, end - 3) == b'%';
    ((last.is_ascii_alphanumeric() || last == b'/') && !is_escape && !ends_in_word(text, end)).then_some(end)
}

fn is_t(byte: u8) -> bool {
    byte | 0x20 == b't'
}

/// Whether a word ends at `end` that may be the beginning of another sentence: `/a.Join`.
fn ends_in_word(text: &str, end: usize) -> bool {
    let bytes = text.as_bytes().get(..end).unwrap_or_default();
    let start = end - bytes.iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    match byte_before(text, start) {
        b'!' => true,
        b'.' => byte_at(text, start).is_ascii_uppercase(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::plain::{scan, scan_the_long_way};
    use super::super::sink::Sink;
    use super::super::{Options, Rules, TopLevels};
    use super::*;

    fn same(text: &str) {
        let rules = Rules { options: Options::default(), names: TopLevels::parse("com\nco\nrs\n") };
        let [mut short, mut long] = [0; 2].map(|_| Sink::new(20, 20));
        scan(text, &rules, &mut short);
        scan_the_long_way(text, &rules, &mut long);
        assert_eq!(short.links, long.links, "{text}");
        assert_eq!(short.is_full(), long.is_full(), "{text}");
    }

    fn end(text: &str) -> Option<&str> {
        let start = text.find("//").unwrap() + 2;
        end_of_link(text, start).map(|end| &text[..end])
    }

    #[test]
    fn plain_links_take_the_short_way() {
        for (text, expected) in [
            ("http://name.example", "http://name.example"),
            ("http://name.example\nb", "http://name.example"),
            ("http://a-b.name.example/c/d-e?f=1&g=%20x#h b", "http://a-b.name.example/c/d-e?f=1&g=%20x#h"),
            ("http://name.example/<br>", "http://name.example/"),
            ("http://name.example/hash/a.html ", "http://name.example/hash/a.html"),
            ("http://name.example b", "http://name.example"),
            ("http://name.example. B", "http://name.example"),
            ("http://name.example)com", "http://name.example"),
            ("http://name.example\u{2192}", "http://name.example"),
            ("http://name.example/a. b", "http://name.example/a"),
            ("http://name.example/a.).", "http://name.example/a"),
            ("http://name.example/a, b", "http://name.example/a"),
            ("http://name.example/a?:\u{3002}b", "http://name.example/a"),
        ] {
            assert_eq!(end(text), Some(expected), "{text}");
            same(text);
        }
    }

    #[test]
    fn odd_links_take_the_long_way() {
        for text in [
            "http://name.example . com",
            "http://name.example dot com",
            "http://name.example. com",
            "http://name.example.\u{3002}",
            "http://name.example\u{3002}com",
            "http://name.example[.]com/",
            "http://name.example:80/",
            "http://user@name.example/",
            "http://name..example/",
            "http://name-dot-example/",
            "http://name_dot_example/",
            "http://-name.example/",
            "http://name.example-/",
            "http://192.0.2.1/",
            "http://name.0x7f/",
            "http://t.co/abc",
            "http://name.example/a.Join b",
            "http://name.example/a!join b",
            "http://name.example/a%20 b",
            "http://name.example/a&b=1 c",
            "http://name.example/a?b&amp;c d",
            "http://name.example/http://b.example/ c",
            "http://name.example/a)b",
            "http://name.example/(a)",
            "http://name.example/a,b",
            "http://name.example/a; b",
            "http://name.example/aé",
            "http://name.example/a\u{200b}b",
            "http://name.example/a,b.example/c",
        ] {
            assert_eq!(end(text), None, "{text}");
            same(text);
        }
        same(&format!("http://{}com/", "a.".repeat(200)));
    }

    proptest! {
        #[test]
        fn the_short_way_is_the_long_way(
            text in r"((h[tx]tps?|HTTP|ftp|x)?(://|:\\\\|:/)?([a-z0-9A-Z@_-]{1,5}|t|co|com|rs|-d[o0]t-|example){1,2}([.]|[.-]{2}|\[\.\]|。| dot |\. | \.)?(com|co|rs|Com|0x1|7|example)?([/?#&.!%:~,;h()<>\[\]{}\\' é-]|%2[0fe]|//|http|\.[A-Z]?[a-z]{1,3}|\u{200b}|[a-z0-9]{1,4}){0,6}[ \n<>).,:→。]{0,3}){1,4}"
        ) {
            same(&text);
        }

        #[test]
        fn plain_links_are_found_alike(
            text in r"([a-zé「 (]{0,3}https?://([a-z0-9]{1,4}-?[a-z0-9]{1,3}\.){0,2}(com|rs|example)(/[a-zA-Z0-9.?=&%#!*:@_-]{0,12}){0,3}[ \n<>).,:;→。]{0,3}(com|[a-z]{3})?){1,3}"
        ) {
            same(&text);
        }
    }
}
