//! Signs and letters of a path that were disguised, and their plain form.

use super::class::{byte_at, char_at, char_before, is_invisible, is_joiner};
use super::refang::Refang;

/// A bracketed sign at `at`, what it stands for, and its end.
pub(super) fn disguise_at(text: &str, at: usize) -> Option<(&'static str, usize)> {
    let open = byte_at(text, at);
    let close = match open {
        b'[' => b']',
        b'(' => b')',
        b'{' => b'}',
        _ => return None,
    };
    let sign = match byte_at(text, at + 1) {
        b'.' => ".",
        b'/' => "/",
        b':' => ":",
        b'@' => "@",
        b'-' => "-",
        b'd' | b'D' => {
            let word = text.get(at + 1..at + 4)?;
            return (word.eq_ignore_ascii_case("dot") && byte_at(text, at + 4) == close).then_some((".", at + 5));
        }
        _ => return None,
    };
    (byte_at(text, at + 2) == close).then_some((sign, at + 3))
}

/// A joiner behind a letter of a script that writes with joiners, or the look of an emoji.
pub(super) fn is_written(text: &str, at: usize, c: char) -> bool {
    is_joiner(c) && char_before(text, at).is_some_and(|before| !before.is_ascii() && !is_invisible(before))
}

/// Rewrites what is disguised between `from` and `end`.
pub(super) fn refang(text: &str, from: usize, end: usize, refang: &mut Refang<'_>) {
    let mut pos = from;
    while pos < end {
        let Some(c) = char_at(text, pos) else { return };
        let next = pos + c.len_utf8();
        if let Some((sign, after)) = disguise_at(text, pos).filter(|&(_, after)| after <= end) {
            refang.replace(pos..after, sign);
            pos = after;
            continue;
        }
        if is_invisible(c) && !is_written(text, pos, c) {
            refang.replace(pos..next, "");
        } else if c == '\u{FF0F}' {
            refang.replace(pos..next, "/");
        }
        pos = next;
    }
}
