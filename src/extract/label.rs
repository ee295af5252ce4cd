//! One label of a host, in any script, with invisible characters and encodings undone.

use super::class::{
    byte_at, byte_before, char_at, char_before, folded, is_invisible, is_joiner, is_label_byte, is_label_char,
    is_other_script, is_symbol, is_unspaced,
};
use super::dot::{dot_at, hyphen_at};
use super::refang::Refang;

/// What one label turned out to be.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Label {
    /// Where it begins.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// Where its ASCII beginning ends and another script begins.
    pub(super) script_change: Option<usize>,
    /// Where invisible characters first stand behind ASCII.
    pub(super) gap: Option<usize>,
    /// It begins or ends with a hyphen or holds an underscore: no registry sells such a name.
    pub(super) odd: bool,
    /// Invisible characters stood inside.
    pub(super) zero_width: bool,
    /// Full-width letters, percent-encoding or bracketed hyphens stood inside.
    pub(super) disguised: bool,
}

/// Reads the label that starts at `start`; `None` if there is none.
pub(super) fn read(text: &str, start: usize, refang: &mut Refang<'_>) -> Option<Label> {
    let mut label = Label { start, end: start + plain_run(text, start), ..Label::default() };
    while let Some(end) = step(text, &mut label, refang) {
        label.end = end;
    }
    if is_dash(byte_at(text, label.end.saturating_sub(1))) {
        // Emphasis and dashes behind a host are not part of it.
        let is_last = dot_at(text, label.end).is_none();
        while is_last && label.end > start + 1 && is_dash(byte_at(text, label.end - 1)) {
            label.end -= 1;
        }
    }
    label.odd = is_odd(text.get(start..label.end).unwrap_or(""));
    (label.end > start).then_some(label)
}

/// How many letters and digits stand at `at`.
pub(super) fn plain_run(text: &str, at: usize) -> usize {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count()
}

/// The end of the next character of the label.
fn step(text: &str, label: &mut Label, refang: &mut Refang<'_>) -> Option<usize> {
    let at = label.end;
    let byte = byte_at(text, at);
    match byte {
        b'-' | b'_' => {
            if at > label.start && is_d(byte_at(text, at + 1)) && dot_at(text, at).is_some() {
                return None;
            }
            Some(at + 1)
        }
        _ if is_label_byte(byte) => Some(at + 1),
        b'%' => encoded(text, label, refang),
        b'[' | b'(' | b'{' => {
            let end = hyphen_at(text, at).filter(|_| at > label.start)?;
            refang.replace(at..end, "-");
            label.disguised = true;
            Some(end)
        }
        0..=0x7F => None,
        _ => wide(text, label, refang),
    }
}

fn is_odd(name: &str) -> bool {
    name.starts_with('-') || name.ends_with('-') || memchr::memchr(b'_', name.as_bytes()).is_some()
}

fn is_dash(byte: u8) -> bool {
    matches!(byte, b'-' | b'_')
}

fn is_d(byte: u8) -> bool {
    matches!(byte, b'd' | b'D')
}

fn encoded(text: &str, label: &mut Label, refang: &mut Refang<'_>) -> Option<usize> {
    let at = label.end;
    let byte = escape_at(text, at)?;
    if byte >= 0x80 {
        label.disguised = true;
        return Some(at + 3);
    }
    if !is_label_byte(byte) {
        return None;
    }
    refang.replace(at..at + 3, char::from(byte));
    label.disguised = true;
    Some(at + 3)
}

/// The byte that `%XX` at `at` stands for.
pub(super) fn escape_at(text: &str, at: usize) -> Option<u8> {
    let digits = text.get(at + 1..at + 3).filter(|_| byte_at(text, at) == b'%')?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u8::from_str_radix(digits, 16).ok()
}

fn wide(text: &str, label: &mut Label, refang: &mut Refang<'_>) -> Option<usize> {
    let at = label.end;
    let c = char_at(text, at)?;
    let end = at + c.len_utf8();
    if is_invisible(c) {
        return invisible(text, label, refang);
    }
    if !is_label_char(c) {
        return None;
    }
    if let Some(ascii) = folded(c) {
        refang.replace(at..end, ascii);
        label.disguised = true;
    } else if (is_unspaced(c) || is_other_script(c))
        && label.script_change.is_none()
        && byte_at(text, at.saturating_sub(1)).is_ascii_alphanumeric()
    {
        label.script_change = (at > label.start).then_some(at);
    }
    Some(end)
}

/// A run of invisible characters, which counts only if the label goes on behind it.
fn invisible(text: &str, label: &mut Label, refang: &mut Refang<'_>) -> Option<usize> {
    let at = label.end;
    let run = text.get(at..)?.find(|c| !is_invisible(c))?;
    let end = at + run;
    let first = char_at(text, at)?;
    let after = char_at(text, end).filter(|&after| is_label_char(after))?;
    let is_script = char_before(text, at).is_some_and(|before| !before.is_ascii()) && !after.is_ascii();
    if is_script && is_joiner(first) && run == first.len_utf8() {
        return Some(end);
    }
    if label.gap.is_none() && byte_before(text, at).is_ascii_alphanumeric() {
        label.gap = Some(at);
    }
    label.zero_width |= !matches!(first, '\u{FE00}'..='\u{FE0F}');
    refang.replace(at..end, "");
    Some(end)
}

/// Where the label that ends at `end` begins, looking back no further than `floor`.
pub(super) fn start_of(text: &str, end: usize, floor: usize) -> usize {
    let mut start = end;
    while start > floor {
        let byte = byte_at(text, start - 1);
        if is_label_byte(byte) {
            start -= 1;
            continue;
        }
        if byte == b'%' {
            match escape_at(text, start - 1) {
                Some(decoded) if is_label_byte(decoded) || decoded >= 0x80 => start -= 1,
                Some(_) if start + 2 <= end => return start + 2,
                _ => return start,
            }
            continue;
        }
        if byte == b']' && start >= 3 && hyphen_at(text, start - 3).is_some() {
            start -= 3;
            continue;
        }
        match char_before(text, start) {
            Some(c) if !c.is_ascii() && (is_label_char(c) || is_invisible(c)) => {
                start -= c.len_utf8();
            }
            _ => return start,
        }
    }
    start.max(floor)
}

/// Fewest letters of another script before ASCII ones that are a word of their own.
const WORD_MIN: usize = 3;

/// Makes the character before it a key.
const KEYCAP: char = '\u{20E3}';

/// So many characters are looked at for them: marks stand between letters.
const WORD_LOOK: usize = 8;

/// Where the ASCII end of a label begins that a word in another script, or a symbol, runs into.
pub(super) fn ascii_tail(text: &str, start: usize, end: usize) -> Option<usize> {
    let label = text.get(start..end)?;
    let cut = label.rfind(|c: char| !c.is_ascii())?;
    let last = char_at(text, start + cut)?;
    let tail = start + cut + last.len_utf8();
    // Emoji end with what only says how they look; elsewhere invisible signs may stand inside a name.
    let whole = label.get(..tail - start)?;
    let head = whole.trim_end_matches(|c: char| is_invisible(c) || c == KEYCAP);
    let is_emoji = head.len() < whole.len() && (head.ends_with(is_unspaced) || whole.ends_with(KEYCAP));
    let is_sign = is_unspaced(last) || (is_symbol(last) && !is_invisible(last));
    let is_word = || head.chars().rev().take(WORD_LOOK).filter(|&c| is_other_script(c)).count() >= WORD_MIN;
    let is_seam = is_sign || is_emoji || is_word();
    (is_seam && tail < end).then_some(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut refang = Refang::new(text, 0);
        let label = read(text, 0, &mut refang).unwrap_or_default();
        let mark = refang.mark(label.end);
        assert_eq!(refang.until(mark), expected, "{text}");
    }

    #[test]
    fn labels() {
        check("name.tld", "name");
        check("na\u{200B}me.tld", "name");
        check("ｎａｍｅ．tld", "name");
        check("%6Eame%2Etld", "name");
        check("na[-]me", "na-me");
        check("имя.рф", "имя");
        check("☃.example", "☃");
        check("bad-dot-example", "bad");
        check("polka-dots", "polka-dots");
        check("name\u{202C} x", "name");
        check(",x", "");
        check("。x", "");
    }

    #[test]
    fn beginnings() {
        let cases = [("see name", 8, 4), ("a%2Fname", 8, 4), ("x=a[-]b", 7, 2), ("これはname", 13, 0)];
        for (text, end, expected) in cases {
            assert_eq!(start_of(text, end, 0), expected, "{text}");
        }
        assert_eq!(ascii_tail("これはname", 0, 13), Some(9));
        assert_eq!(ascii_tail("имяname", 0, 10), Some(6));
        assert_eq!(ascii_tail("яname", 0, 6), None);
        assert_eq!(ascii_tail("➡\u{FE0F}name", 0, 10), Some(6));
        assert_eq!(ascii_tail("1\u{FE0F}\u{20E3}name", 0, 11), Some(7));
        assert_eq!(ascii_tail("na\u{FE0F}me", 0, 7), None);
    }
}
