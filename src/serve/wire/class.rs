//! What each byte may be part of, in one table, so that a text is judged in one pass without branches.

/// `tchar` of RFC 9110, 5.6.2.
pub(super) const TOKEN: u8 = 1;
/// Letters, digits and the hyphen: the part of a token that all servers read alike.
pub(super) const PLAIN: u8 = 2;
/// A path: `pchar` and `/` of RFC 3986, 3.3, and `|`, `[`, `]`, which browsers send as they are (WHATWG URL, path
/// percent-encode set). Never `\`, which some take for `/`.
pub(super) const PATH: u8 = 4;
/// A query: as in a path, and what else browsers do not escape behind the question mark.
pub(super) const QUERY: u8 = 8;
/// The labels of a host and the dots between them.
pub(super) const HOST: u8 = 16;
/// Capital letters and the hyphen.
pub(super) const METHOD: u8 = 32;

static CLASSES: [u8; 256] = classes();

/// The classes that all bytes of `text` are in; every class if there are none.
pub(super) fn of(text: &[u8]) -> u8 {
    text.iter().fold(u8::MAX, |classes, &byte| classes & CLASSES.get(usize::from(byte)).copied().unwrap_or(0))
}

/// Whether every byte of `text` is in the class.
pub(super) fn all(text: &[u8], class: u8) -> bool {
    of(text) & class != 0
}

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut rest: &mut [u8] = &mut classes;
    let mut byte = 0_u8;
    while let Some((first, others)) = rest.split_first_mut() {
        *first = class(byte);
        rest = others;
        byte = byte.wrapping_add(1);
    }
    classes
}

const fn class(byte: u8) -> u8 {
    match byte {
        b'A'..=b'Z' | b'-' => TOKEN | PLAIN | PATH | QUERY | HOST | METHOD,
        b'a'..=b'z' | b'0'..=b'9' => TOKEN | PLAIN | PATH | QUERY | HOST,
        b'.' | b'_' => TOKEN | PATH | QUERY | HOST,
        b'~' | b'!' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'|' => TOKEN | PATH | QUERY,
        b'(' | b')' | b',' | b';' | b'=' | b':' | b'@' | b'/' | b'[' | b']' => PATH | QUERY,
        b'^' | b'`' => TOKEN | QUERY,
        b'?' | b'{' | b'}' => QUERY,
        b'#' => TOKEN,
        _ => 0,
    }
}
