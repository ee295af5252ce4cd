//! The short way for plain ASCII URLs, which the URL standard leaves as they are; anything odd takes the long way.
//!
//! Proven equal to the long way by the differential test in [`super::tests`] and by the fuzz target.

use super::parse::HOST_MAX_BYTES;
use super::parts::Parts;
use super::resolve::URL_MAX_BYTES;
use super::url::{Bounds, CanonicalUrl, HostKind, Spelling};
use super::{path, query};

/// A plain URL with its parts still borrowed from the link.
pub(super) struct Plain<'u> {
    pub(super) url: CanonicalUrl,
    pub(super) path: &'u str,
    pub(super) query: Option<&'u str>,
    pub(super) fragment: Option<&'u str>,
}

impl Plain<'_> {
    pub(super) fn parts(&self) -> Parts<'_> {
        Parts {
            scheme: self.url.scheme(),
            host: self.url.host(),
            path: if self.path.is_empty() { "/" } else { self.path },
            query: self.query,
            fragment: self.fragment,
        }
    }
}

/// Reads a link that the URL standard leaves as it is; `None` sends it the long way.
pub(super) fn read(link: &str) -> Option<Plain<'_>> {
    let (scheme, rest) = scheme(link)?;
    let host_len = host_len(rest).filter(|&len| len <= HOST_MAX_BYTES)?;
    let (host, rest) = rest.split_at_checked(host_len)?;
    let (odd_port, rest) = port(rest, scheme)?;
    let signs = signs(rest.as_bytes());
    if signs & PLAIN == 0 {
        return None;
    }
    let has_escapes = signs & UNESCAPED == 0;
    let (rest, fragment) = cut(rest, b'#');
    let (path, query) = cut(rest, b'?');
    if has_empty_or_dot_segment(path.as_bytes()) || (has_escapes && has_escaped_dot(path.as_bytes())) {
        return None;
    }

    // To the byte, unless something is folded: a box of the text then needs no other place.
    let path_len = path.len().max(1) + query.map_or(0, |query| query.len() + 1);
    let mut text = String::with_capacity(scheme.len() + host.len() + path_len);
    text.push_str(scheme);
    text.push_str(host);
    if let Some(host) = text.get_mut(scheme.len()..) {
        host.make_ascii_lowercase();
    }
    let write = if has_escapes { fold_into } else { copy_into };
    let path_end = write(if path.is_empty() { "/" } else { path }, query, &mut text);
    let bounds = Bounds { host_start: scheme.len(), host_end: scheme.len() + host.len(), path_end };
    let spelling = Spelling { odd_port, ..Spelling::default() };
    Some(Plain { url: CanonicalUrl::new(text, bounds, HostKind::Name, spelling), path, query, fragment })
}

/// The canonical host of a link that stands for one URL and no other unless [tables know](super::Tables::may_know) the host,
/// where that can be told at a glance: a plain link in small letters in which no other URL can stand.
pub fn lone_host(link: &str) -> Option<&str> {
    // Without a scheme it is read as `http`; any other scheme has a colon.
    let rest = scheme(link).map_or(link, |(_, rest)| rest);
    let host_len = host_len(rest).filter(|&len| len <= HOST_MAX_BYTES)?;
    let (host, rest) = rest.split_at_checked(host_len)?;
    let is_read = link.len() <= URL_MAX_BYTES;
    let has_capital = host.bytes().fold(false, |found, byte| found | byte.is_ascii_uppercase());
    if !is_read || has_capital || signs(rest.as_bytes()) & LONE == 0 {
        return None;
    }
    // A parameter names another host without a colon too: `?next=//listed.example`.
    let behind_path = memchr::memchr2(b'?', b'#', rest.as_bytes()).and_then(|at| rest.as_bytes().get(at..));
    behind_path.is_none_or(|behind| memchr::memchr(b'/', behind).is_none()).then_some(host)
}

/// Appends path and query as they are; gives back where the path ends.
fn copy_into(path: &str, query: Option<&str>, text: &mut String) -> usize {
    text.push_str(path);
    let path_end = text.len();
    if let Some(query) = query {
        text.push('?');
        text.push_str(query);
    }
    path_end
}

/// The same with escapes undone.
fn fold_into(path: &str, query: Option<&str>, text: &mut String) -> usize {
    path::fold_into(path, text);
    let path_end = text.len();
    if let Some(query) = query {
        text.push('?');
        query::fold_into(query, text);
    }
    path_end
}

fn scheme(link: &str) -> Option<(&'static str, &str)> {
    ["https://", "http://"].into_iter().find_map(|scheme| {
        let (start, rest) = link.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some((scheme, rest))
    })
}

/// Length of a host of letters, digits, `-` and `_` in labels that are neither empty, punycode nor a number at the end.
fn host_len(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let (mut len, mut label_start) = (0, 0);
    for &byte in bytes.iter().take_while(|&&byte| class(byte) & HOST != 0) {
        if byte == b'.' {
            is_plain_label(bytes.get(label_start..len)?).then_some(())?;
            label_start = len + 1;
        }
        len += 1;
    }
    let last = bytes.get(label_start..len)?;
    let is_end = matches!(bytes.get(len), None | Some(b'/' | b'?' | b'#' | b':'));
    (is_end && is_plain_label(last) && !last.first()?.is_ascii_digit()).then_some(len)
}

/// Whether a label is neither empty nor punycode.
fn is_plain_label(label: &[u8]) -> bool {
    let is_punycode = || label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"xn--"));
    label.first().is_some_and(|first| !matches!(first, b'x' | b'X') || !is_punycode())
}

/// Cuts a port off; `None` if it is not a plain number in range.
fn port<'u>(rest: &'u str, scheme: &str) -> Option<(bool, &'u str)> {
    let Some(after) = rest.strip_prefix(':') else {
        return Some((false, rest));
    };
    let len = after.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(after.len());
    let (digits, rest) = after.split_at_checked(len)?;
    if !matches!(rest.as_bytes().first(), None | Some(b'/' | b'?' | b'#')) || len > 5 {
        return None;
    }
    if digits.is_empty() {
        return Some((false, rest));
    }
    let number: u16 = digits.parse().ok()?;
    Some((number != if scheme.starts_with("https") { 443 } else { 80 }, rest))
}

/// What all bytes of path, query and fragment have in common: that the standard leaves them, that none is an escape, that no
/// scheme can end among them.
fn signs(rest: &[u8]) -> u8 {
    rest.iter().fold(PLAIN | UNESCAPED | LONE, |all, &byte| all & class(byte))
}

fn cut(text: &str, mark: u8) -> (&str, Option<&str>) {
    match memchr::memchr(mark, text.as_bytes()).and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?))) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// Whether a segment is empty or starts with a dot: more than the long way would touch, and quick to see.
fn has_empty_or_dot_segment(path: &[u8]) -> bool {
    memchr::memchr_iter(b'/', path).any(|at| matches!(path.get(at + 1), Some(b'/' | b'.')))
}

/// An escaped dot may make a segment that the standard resolves.
fn has_escaped_dot(path: &[u8]) -> bool {
    memchr::memchr_iter(b'%', path).any(|at| matches!(path.get(at + 1..at + 3), Some([b'2', b'e' | b'E'])))
}

const HOST: u8 = 1;
const PLAIN: u8 = 2;
const UNESCAPED: u8 = 4;
const LONE: u8 = 8;

fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(0)
}

static CLASSES: [u8; 256] = classes();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which would refuse an index out of range")]
const fn classes() -> [u8; 256] {
    let plain = b"-._~!$&()*+,;=:@/?#";
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        if byte.is_ascii_alphanumeric() {
            table[at] = HOST | PLAIN | UNESCAPED | LONE;
        }
        at += 1;
    }
    let mut at = 0;
    while at < plain.len() {
        table[plain[at] as usize] |= PLAIN | UNESCAPED | LONE;
        at += 1;
    }
    table[b'%' as usize] |= PLAIN;
    table[b':' as usize] &= !LONE;
    table[b'-' as usize] |= HOST;
    table[b'_' as usize] |= HOST;
    table[b'.' as usize] |= HOST;
    table
}
