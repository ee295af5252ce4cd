//! Where in a text a link can show itself; everything between two such places is skipped, many bytes at a time.

use std::ops::Range;

use super::class::{is_in, table};

/// Bytes with which an anchor begins.
const ANCHORS: [bool; 256] = table(b".:[({<,/dD%\xC2\xE2\xE3\xEF");

/// So many bytes are passed over at once.
const BLOCK: usize = 16;

/// A block and the two bytes behind it: an anchor is told by three bytes.
const WINDOW: usize = BLOCK + 2;

/// The first position at or after `from` where a link can show itself.
pub(super) fn next_anchor(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut pos = from;
    while let Some(window) = bytes.get(pos..)?.first_chunk() {
        if may_have_anchor(window)
            && let Some(at) = first_in(bytes, pos..pos + BLOCK)
        {
            return Some(at);
        }
        pos += BLOCK;
    }
    // The last whole block reaches back over what was looked at, and leaves two bytes.
    if let Some(window) = bytes.last_chunk()
        && !may_have_anchor(window)
    {
        pos = pos.max(bytes.len() - (WINDOW - BLOCK));
    }
    first_in(bytes, pos..bytes.len())
}

/// The first anchor that begins in `range`, byte by byte.
fn first_in(bytes: &[u8], range: Range<usize>) -> Option<usize> {
    let mut pos = range.start;
    loop {
        pos += bytes.get(pos..range.end)?.iter().position(|&byte| is_in(&ANCHORS, byte))?;
        if is_anchor(bytes.get(pos..)?) {
            return Some(pos);
        }
        pos += 1;
    }
}

/// Whether an anchor may begin in the block. Without a branch for each byte the compiler makes wide comparisons of it, so a
/// test that lets through a little more is better than a long one.
fn may_have_anchor(window: &[u8; WINDOW]) -> bool {
    // Most blocks have no byte with which a sign beyond ASCII begins, and need no test for the whole of one.
    any(window, may_be_ascii)
        || (any(window, |first, second, _| begins_wide(first, second)) && any(window, may_be_wide))
}

/// Whether `is` holds for some byte of the block with the two behind it.
fn any(window: &[u8; WINDOW], is: impl Fn(u8, u8, u8) -> bool) -> bool {
    let [first, second, third] = [0, 1, 2].map(|by| window.get(by..by + BLOCK).unwrap_or_default());
    let triples = first.iter().zip(second).zip(third);
    triples.fold(false, |found, ((&first, &second), &third)| found | is(first, second, third))
}

#[expect(
    clippy::needless_bitwise_bool,
    reason = "a lazy operator is a branch, which keeps comparisons from being wide"
)]
fn may_be_ascii(byte: u8, second: u8, third: u8) -> bool {
    // `/` is `.` with its last bit set; `[` is `{`, and a capital its small letter, without this bit.
    let lower = byte | 0x20;
    let is_sign = (byte | 1 == b'/') | (byte == b'%') | (byte == b'(') | (byte == b'<') | (lower == b'{');
    let is_word = (lower == b'd') & (third | 0x20 == b't');
    is_sign | (((byte == b':') | (byte == b',') | is_word) & (second != b' '))
}

#[expect(
    clippy::needless_bitwise_bool,
    reason = "a lazy operator is a branch, which keeps comparisons from being wide"
)]
fn begins_wide(byte: u8, second: u8) -> bool {
    // The second byte decides nothing, but a test of one byte alone is not made a wide comparison.
    ((byte | 1 == 0xE3) | (byte == 0xEF) | (byte == 0xC2)) & (second >= 0x80)
}

#[expect(
    clippy::needless_bitwise_bool,
    reason = "a lazy operator is a branch, which keeps comparisons from being wide"
)]
fn may_be_wide(byte: u8, second: u8, third: u8) -> bool {
    let is_general = (second == 0x80) & ((third & 0xDF).wrapping_sub(0x82) < 6);
    let is_operator = second & 0xFC == 0x88;
    let is_full_width = (byte == 0xEF) & ((third & 0xE3 == 0x82) | (third == 0xA1));
    let is_middle_dot = (byte == 0xC2) & (second == 0xB7);
    ((byte | 1 == 0xE3) & (is_general | is_operator)) | is_full_width | is_middle_dot
}

/// A second look at bytes that are frequent in ordinary text.
fn is_anchor(rest: &[u8]) -> bool {
    match rest {
        [b':', b' ' | b'\n', ..] | [b','] => false,
        [b',', next, ..] => next.is_ascii_digit(),
        [b'd' | b'D', next, last, ..] => matches!((next, last), (b'o' | b'O' | b'0', b't' | b'T')),
        [b'[' | b'(' | b'{' | b'<', b' ', sign, ..] | [b'[' | b'(' | b'{' | b'<', sign, ..] => wraps_sign(*sign),
        [0xC2, next, ..] => *next == 0xB7,
        [0xE2, next, last, ..] => matches!((next, last), (0x80, 0xA2 | 0xA4 | 0xA7) | (0x88, 0x99) | (0x8B, 0x85)),
        [0xE3, next, last, ..] => (*next, *last) == (0x80, 0x82),
        [0xEF, next, last, ..] => matches!((next, last), (0xBC, 0x8E | 0x9A) | (0xBD, 0xA1) | (0xB9, 0x92)),
        _ => true,
    }
}

/// Whether a bracket before this byte can wrap a sign or an address, rather than words.
fn wraps_sign(byte: u8) -> bool {
    matches!(byte, b'.' | b',' | b'-' | b':' | b'%' | b'd' | b'D' | b'p' | b'P' | b'n' | b'N' | b'k' | b'K')
        || byte.is_ascii_hexdigit()
        || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same byte by byte.
    fn plain(text: &str, from: usize) -> Option<usize> {
        first_in(text.as_bytes(), from..text.len())
    }

    #[test]
    fn no_three_bytes_that_are_an_anchor_are_passed_over() {
        for first in (0..=u8::MAX).filter(|&byte| is_in(&ANCHORS, byte)) {
            for (second, third) in (0..=u8::MAX).flat_map(|second| (0..=u8::MAX).map(move |third| (second, third))) {
                let may_be = may_be_ascii(first, second, third)
                    || (begins_wide(first, second) && may_be_wide(first, second, third));
                assert!(may_be || !is_anchor(&[first, second, third]), "{first:x} {second:x} {third:x}");
            }
        }
    }

    #[test]
    fn anchors_at_every_place_of_a_block() {
        for anchor in [".", "dot", ",1", ":x", "(d", "\u{3002}", "\u{2024}", "\u{FF0E}", "\u{B7}"] {
            for before in 0..3 * BLOCK {
                for after in [0, 1, 2, WINDOW] {
                    let text = format!("{}{anchor}{}", "x".repeat(before), "x".repeat(after));
                    assert_eq!(next_anchor(&text, 0), Some(before), "{text}");
                    assert_eq!(next_anchor(&text, before + anchor.len()), None, "{text}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn many_bytes_at_a_time_are_the_same_as_one_by_one(
            text in r"([a-z ]{0,20}([.:,/%(<\[{dDoOtT0-9 \n。、．：，｡﹒•․‧…∙⋅·éяか한😀]|dot){0,3}){0,8}"
        ) {
            for from in 0..=text.len() + 1 {
                prop_assert_eq!(next_anchor(&text, from), plain(&text, from), "{} from {}", text, from);
            }
        }
    }
}
