//! Classes of bytes and characters: what a name may hold, what is invisible, what ends a link.

use unicode_normalization::char::is_combining_mark;

/// ASCII bytes a host label is written with.
const LABELS: [bool; 256] = table(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

/// A table of the bytes among `members`.
pub(super) const fn table(members: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut rest = members;
    while let [first, tail @ ..] = rest {
        if let Some((_, from)) = table.split_at_mut_checked(*first as usize)
            && let Some(slot) = from.first_mut()
        {
            *slot = true;
        }
        rest = tail;
    }
    table
}

/// Whether a byte is among those of the table.
pub(super) fn is_in(table: &[bool; 256], byte: u8) -> bool {
    table.get(usize::from(byte)).copied().unwrap_or(false)
}

/// The byte at `at`; 0 beyond the end.
pub(super) fn byte_at(text: &str, at: usize) -> u8 {
    text.as_bytes().get(at).copied().unwrap_or(0)
}

/// The byte before `at`; 0 at the start.
pub(super) fn byte_before(text: &str, at: usize) -> u8 {
    at.checked_sub(1).map_or(0, |before| byte_at(text, before))
}

/// The character that starts at `at`.
pub(super) fn char_at(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}

/// The character that ends at `at`.
pub(super) fn char_before(text: &str, at: usize) -> Option<char> {
    text.get(..at)?.chars().next_back()
}

/// An ASCII byte of a label.
pub(super) fn is_label_byte(byte: u8) -> bool {
    is_in(&LABELS, byte)
}

/// A character of a label, in any script; symbols count, since names like `☃.example` exist.
pub(super) fn is_label_char(c: char) -> bool {
    match c {
        '\0'..='\x7F' => is_label_byte(c as u8),
        '\u{FF01}'..='\u{FF5E}' => folded(c).is_some_and(|ascii| is_label_byte(ascii as u8)),
        _ => !is_outside_names(c) && !is_invisible(c) && !is_dot(c),
    }
}

/// Punctuation, space and control characters beyond ASCII.
fn is_outside_names(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{A1}'..='\u{A9}' | '\u{AB}'..='\u{B1}' | '\u{B4}' | '\u{B6}' | '\u{B8}' | '\u{BB}'..='\u{BF}'
            | '\u{D7}' | '\u{F7}' | '\u{2000}'..='\u{206F}' | '\u{2E00}'..='\u{2E7F}'
            | '\u{3000}'..='\u{3004}' | '\u{3008}'..='\u{3020}' | '\u{3030}' | '\u{30FB}'
            | '\u{FE10}'..='\u{FE1F}' | '\u{FE30}'..='\u{FE6F}' | '\u{FF5F}'..='\u{FF65}'
            | '\u{FFE0}'..='\u{FFFD}' | '\u{37E}' | '\u{60C}' | '\u{61B}' | '\u{61F}' | '\u{6D4}'
            | '\u{589}' | '\u{5C3}' | '\u{104A}' | '\u{104B}' | '\u{1361}'..='\u{1368}' | '\u{17D4}'..='\u{17D6}'
            | '\u{964}' | '\u{965}' | '\u{2190}'..='\u{2193}')
}

/// A character that shows nothing and that hosts ignore: zero-width, soft hyphen, tag, bidi.
/// Whether a byte is among those of the table.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// Invisible characters that ordinary writing needs: joiners of scripts and the look of emoji.
pub(super) fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}')
}

/// A dot that is not the ASCII one; browsers take the first four for it.
pub(super) fn is_dot(c: char) -> bool {
    is_wide_dot(c) || matches!(c, '\u{2024}' | '\u{2027}' | '\u{2022}' | '\u{2219}' | '\u{22C5}' | '\u{B7}')
}

/// A bracket, of any width.
pub(super) fn is_bracket(c: char) -> bool {
    matches!(c, '[' | ']' | '(' | ')' | '{' | '}' | '<' | '>')
        || matches!(c, '\u{FF08}' | '\u{FF09}' | '\u{FF3B}' | '\u{FF3D}' | '\u{FF5B}' | '\u{FF5D}'
            | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{3017}')
}

/// The ideographic, small and full-width dots.
pub(super) fn is_wide_dot(c: char) -> bool {
    matches!(c, '\u{3002}' | '\u{FF0E}' | '\u{FF61}' | '\u{FE52}')
}

/// The ASCII twin of a full-width character.
pub(super) fn folded(c: char) -> Option<char> {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0),
        _ => None,
    }
}

/// Scripts written without spaces, and symbols: prose in them runs straight into a link.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{1100}'..='\u{11FF}'
        | '\u{2194}'..='\u{2BFF}' | '\u{3005}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}'
        | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FFDC}' | '\u{1F000}'..='\u{1FAFF}'
        | '\u{20000}'..='\u{3FFFF}')
}

/// A character no link goes beyond.
pub(super) fn ends_link(c: char) -> bool {
    match c {
        '\0'..=' ' | '"' | '<' | '>' | '`' | '\x7F' => true,
        '!'..='~' => false,
        _ => c.is_whitespace() || c.is_control() || is_wide_dot(c) || is_closing_mark(c),
    }
}

/// Punctuation of scripts with spaces, and dashes: part of a link only if more of it follows.
pub(super) fn is_sentence_mark(c: char) -> bool {
    matches!(c,
        '\u{B7}' | '\u{37E}' | '\u{387}' | '\u{589}' | '\u{5C3}' | '\u{60C}' | '\u{61B}'
        | '\u{61F}' | '\u{6D4}' | '\u{964}' | '\u{965}' | '\u{104A}' | '\u{104B}' | '\u{1361}'..='\u{1368}'
        | '\u{17D4}' | '\u{2013}'..='\u{2015}' | '\u{2022}' | '\u{2026}' | '\u{301C}' | '\u{30FB}' | '\u{FF5E}')
}

/// A character beyond ASCII that is part of no word. Marks belong to the letter before them, unless they enclose it.
pub(super) fn is_symbol(c: char) -> bool {
    let is_mark = is_combining_mark(c) && !matches!(c, '\u{20D0}'..='\u{20FF}');
    !c.is_ascii() && !c.is_alphanumeric() && !is_mark
}

/// A letter of a script that is not written with Latin letters, and with spaces.
pub(super) fn is_other_script(c: char) -> bool {
    matches!(c,
        '\u{370}'..='\u{DFF}' | '\u{F00}'..='\u{FFF}' | '\u{10A0}'..='\u{10FF}' | '\u{1200}'..='\u{13FF}' | '\u{1800}'..='\u{18AF}' | '\u{1C80}'..='\u{1CBF}'
        | '\u{1F00}'..='\u{1FFF}' | '\u{2D00}'..='\u{2DFF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}')
        && c.is_alphabetic()
}

/// CJK punctuation, quotation marks and arrows.
fn is_closing_mark(c: char) -> bool {
    matches!(c,
        '\u{AB}' | '\u{BB}' | '\u{201C}'..='\u{201F}' | '\u{2039}' | '\u{203A}' | '\u{2018}'
        | '\u{2190}'..='\u{2193}'
        | '\u{3001}' | '\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301F}'
        | '\u{FF01}' | '\u{FF02}' | '\u{FF07}'..='\u{FF09}' | '\u{FF0C}' | '\u{FF1A}'..='\u{FF1C}'
        | '\u{FF1E}' | '\u{FF1F}' | '\u{FF3B}' | '\u{FF3D}' | '\u{FF5B}'..='\u{FF5D}'
        | '\u{FF5F}'..='\u{FF64}' | '\u{FFFD}')
}
