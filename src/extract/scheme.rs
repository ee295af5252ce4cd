//! The scheme before a host, as written, disguised or broken.

use super::address::ipv6_at;
use super::class::{byte_at, byte_before, char_at, char_before, folded, is_invisible};

/// Longest scheme looked at, in characters.
const SCHEME_MAX_CHARS: usize = 24;

/// Most spaces or signs between a broken scheme and its colon.
const GAP_MAX: usize = 2;

/// Most slashes and signs between scheme and host.
const SLASHES_MAX: usize = 16;

/// Other schemes whose links name a host.
const WITH_HOSTS: [&str; 14] =
    ["ftps", "sftp", "ssh", "git", "svn", "ws", "wss", "rtsp", "rtmp", "irc", "ircs", "gopher", "ldap", "smb"];

/// What the scheme turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// `http`, `https` or `ftp` as they should be.
    Web,
    /// One of them disguised: `hxxp`, `h**ps`, `fxp`.
    Disguised(&'static str),
    /// Another scheme that names a host.
    Other,
    /// A messenger's scheme, by its place among those that the options name.
    Deep(usize),
    /// A word.
    Unknown,
}

/// A scheme before a colon or slashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scheme {
    /// Where it begins.
    pub(super) start: usize,
    pub(super) meaning: Meaning,
}

/// The signs between scheme and host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slashes {
    /// Where the host begins.
    pub(super) end: usize,
    /// How many slashes.
    pub(super) count: usize,
    /// Brackets, spaces or full-width signs were among them, or no colon.
    pub(super) is_disguised: bool,
}

/// The letters before a colon, and what was passed over to read them.
struct Name {
    letters: [u8; SCHEME_MAX_CHARS],
    len: usize,
    start: usize,
    is_disguised: bool,
}

/// The scheme that ends at `end`, looking back no further than `floor`.
pub(super) fn before(text: &str, floor: usize, end: usize, deep: &[Box<str>]) -> Option<Scheme> {
    if let Some(scheme) = web_before(text, floor, end) {
        return Some(scheme);
    }
    let name = name_before(text, floor, end)?;
    let letters = name.letters.get(SCHEME_MAX_CHARS - name.len..)?;
    let word = std::str::from_utf8(letters).ok()?;
    let is_other = word.contains('+') || WITH_HOSTS.contains(&word);
    if is_other && !name.is_disguised && letters.first().is_some_and(u8::is_ascii_alphabetic) {
        return Some(Scheme { start: name.start, meaning: Meaning::Other });
    }
    if let Some(place) = deep.iter().position(|scheme| **scheme == *word) {
        return Some(Scheme { start: name.start, meaning: Meaning::Deep(place) });
    }
    let bare = word.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    for full in ["https", "http", "ftp"] {
        if bare.ends_with(full) {
            return Some(Scheme { start: name.start, meaning: Meaning::Disguised(full) });
        }
    }
    let start = name.start + (word.len() - bare.len());
    let meaning = disguised(bare.as_bytes()).map_or(Meaning::Unknown, Meaning::Disguised);
    Some(Scheme { start, meaning })
}

/// The common case: a literal scheme right before the colon, even where prose runs into it.
fn web_before(text: &str, floor: usize, end: usize) -> Option<Scheme> {
    let head = text.as_bytes().get(floor..end)?;
    let scheme = ["https", "http", "ftp"].into_iter().find(|scheme| {
        let start = head.len().checked_sub(scheme.len());
        start.and_then(|start| head.get(start..)).is_some_and(|tail| tail.eq_ignore_ascii_case(scheme.as_bytes()))
    })?;
    let start = end - scheme.len();
    // `sftp` and `svn+http` are schemes of their own.
    let is_part = scheme == "ftp" && byte_before(text, start).is_ascii_alphabetic() && start > floor;
    let is_part = is_part || (byte_before(text, start) == b'+' && start > floor);
    (!is_part).then_some(Scheme { start, meaning: Meaning::Web })
}

fn name_before(text: &str, floor: usize, end: usize) -> Option<Name> {
    let (mut start, is_gap) = skip_gap(text, floor, end);
    let mut name = Name { letters: [0; SCHEME_MAX_CHARS], len: 0, start, is_disguised: is_gap };
    while start > floor {
        let c = char_before(text, start)?;
        let ascii = folded(c).unwrap_or(c);
        if ascii.is_ascii_alphanumeric() || matches!(ascii, '*' | '+' | '-' | '_' | '#') {
            let slot = SCHEME_MAX_CHARS.checked_sub(name.len + 1)?;
            *name.letters.get_mut(slot)? = ascii.to_ascii_lowercase() as u8;
            name.len += 1;
        } else if !is_invisible(c) {
            break;
        }
        name.is_disguised |= !c.is_ascii();
        start -= c.len_utf8();
        name.start = start;
    }
    (name.len > 0).then_some(name)
}

/// Steps back over `]`, spaces and junk such as `!` between a broken scheme and its colon.
fn skip_gap(text: &str, floor: usize, end: usize) -> (usize, bool) {
    let mut start = end;
    for _ in 0..GAP_MAX {
        match byte_before(text, start) {
            b' ' | b']' | b')' | b'}' | b'[' | b'(' | b'{' | b'!' | b'@' | b'&' | b'^' if start > floor => {
                start -= 1;
            }
            _ => break,
        }
    }
    (start, start < end)
}

/// The scheme that a disguised one stands for.
fn disguised(name: &[u8]) -> Option<&'static str> {
    match name {
        [b'f', b'x' | b'*' | b'_' | b'#' | b'-', b'p'] | b"fxxp" => Some("ftp"),
        b"ttps" | b"tps" | b"hxps" | b"htps" | b"xxxxx" | [b'h' | b'x', _, _, b'p', b's'] => Some("https"),
        b"meow"
        | b"ttp"
        | b"tp"
        | b"hxp"
        | b"htp"
        | b"xxxx"
        | b"hxxx"
        | [b'h' | b'x', _, _, b'p']
        | [b'h' | b'x', _, _, b'p', _] => Some("http"),
        _ => None,
    }
}

/// Reads colon and slashes at `at`; `None` if there is neither.
pub(super) fn slashes_at(text: &str, at: usize) -> Option<Slashes> {
    // What nearly all links have.
    if let Some([b':', b'/', b'/', next]) = text.as_bytes().get(at..at + 4)
        && next.is_ascii_alphanumeric()
    {
        return Some(Slashes { end: at + 3, count: 2, is_disguised: false });
    }
    let mut slashes = Slashes { end: at, count: 0, is_disguised: false };
    let mut has_colon = false;
    let mut pos = at;
    for _ in 0..SLASHES_MAX {
        let c = char_at(text, pos)?;
        match c {
            ':' if !has_colon && slashes.count == 0 => has_colon = true,
            '\u{FF1A}' if !has_colon && slashes.count == 0 => {
                has_colon = true;
                slashes.is_disguised = true;
            }
            '/' | '\\' => slashes.count += 1,
            '_' if is_underscores(text, pos) && has_colon => {
                slashes.count += 1;
                slashes.is_disguised = true;
            }
            '\u{FF0F}' => {
                slashes.count += 1;
                slashes.is_disguised = true;
            }
            ']' | ')' | '}' | '[' | '(' | '{' if is_sign_bracket(text, pos, c) && ipv6_at(text, pos).is_none() => {
                slashes.is_disguised = true;
            }
            _ if is_invisible(c) => slashes.is_disguised = true,
            _ => break,
        }
        pos += c.len_utf8();
    }
    slashes.end = pos;
    slashes.is_disguised |= !has_colon;
    (has_colon || slashes.count > 1).then_some(slashes)
}

/// `http:__name`: two underscores where the slashes should be.
fn is_underscores(text: &str, at: usize) -> bool {
    let beside = (byte_before(text, at), byte_at(text, at + 1));
    matches!(beside, (b':', b'_')) || (beside.0 == b'_' && byte_before(text, at - 1) == b':')
}

/// A bracket that wraps colon or slashes, not a host: `[:]`, `[://]`.
fn is_sign_bracket(text: &str, at: usize, c: char) -> bool {
    let beside = if matches!(c, ']' | ')' | '}') { byte_before(text, at) } else { byte_at(text, at + 1) };
    matches!(beside, b':' | b'/' | b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(usize, Meaning)>) {
        let deep = ["tg".into()];
        let found = before(text, 0, text.len(), &deep);
        assert_eq!(found.map(|scheme| (scheme.start, scheme.meaning)), expected, "{text}");
    }

    #[test]
    fn schemes() {
        check("http", Some((0, Meaning::Web)));
        check("see:HTTPS", Some((4, Meaning::Web)));
        check("это\u{20}http", Some((7, Meaning::Web)));
        check("hxxps", Some((0, Meaning::Disguised("https"))));
        check("(h**p", Some((1, Meaning::Disguised("http"))));
        check("**hxxp", Some((2, Meaning::Disguised("http"))));
        check("[http]", Some((1, Meaning::Disguised("http"))));
        check("http!", Some((0, Meaning::Disguised("http"))));
        check("https ", Some((0, Meaning::Disguised("https"))));
        check("ｈｔｔｐ", Some((0, Meaning::Disguised("http"))));
        check("ht\u{200B}tp", Some((0, Meaning::Disguised("http"))));
        check("fxp", Some((0, Meaning::Disguised("ftp"))));
        check("tg", Some((0, Meaning::Deep(0))));
        check("svn+ssh", Some((0, Meaning::Other)));
        check("word", Some((0, Meaning::Unknown)));
        check("", None);
        check("(", None);
    }

    #[test]
    fn signs_between_scheme_and_host() {
        let cases = [
            ("://x", Some((3, 2, false))),
            (":x", Some((1, 0, false))),
            (":__x", Some((3, 2, true))),
            (":_x", Some((1, 0, false))),
            (":\\\\x", Some((3, 2, false))),
            ("[:]//x", Some((5, 2, true))),
            ("[://]x", Some((5, 2, true))),
            ("://[::1]", Some((3, 2, false))),
            ("//x", Some((2, 2, true))),
            ("：／／x", Some((9, 2, true))),
            ("/x", None),
            ("x", None),
        ];
        for (text, expected) in cases {
            let found = slashes_at(text, 0).map(|s| (s.end, s.count, s.is_disguised));
            assert_eq!(found, expected, "{text}");
        }
    }
}
