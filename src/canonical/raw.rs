//! A link as posted, before any parser has seen it: which scheme it has, and where its host stands.

use std::borrow::Cow;
use std::ops::Range;

/// What the start of a link says about its scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// `http`, `https` or `ftp`: a browser's URL.
    Web,
    /// None: `host.example/path`, `host.example:8080`, `//host.example`.
    Absent,
    /// Another, such as a messenger's.
    Other,
}

/// Removes what the URL standard removes before parsing: outer controls and spaces, inner tabs and line ends.
pub(super) fn trim(raw: &str) -> Cow<'_, str> {
    let trimmed = raw.trim_matches(|c: char| c <= ' ');
    if memchr::memchr3(b'\t', b'\n', b'\r', trimmed.as_bytes()).is_some() {
        Cow::Owned(trimmed.replace(['\t', '\n', '\r'], ""))
    } else {
        Cow::Borrowed(trimmed)
    }
}

/// Reads the scheme. A name with a dot before the colon is a host with a port: no scheme in use has one.
pub(super) fn scheme_of(link: &str) -> Scheme {
    let Some((before, after)) = link.split_once(':') else {
        return Scheme::Absent;
    };
    let well_formed = before.starts_with(|c: char| c.is_ascii_alphabetic())
        && before.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !well_formed {
        return Scheme::Absent;
    }
    if ["http", "https", "ftp"].iter().any(|known| before.eq_ignore_ascii_case(known)) {
        return Scheme::Web;
    }
    let is_host = before.contains('.') || before.eq_ignore_ascii_case("localhost");
    let port = after.split(['/', '\\', '?', '#']).next().unwrap_or("");
    if is_host && port.bytes().all(|byte| byte.is_ascii_digit()) { Scheme::Absent } else { Scheme::Other }
}

/// The link with a scheme in front, if it had none.
pub(super) fn with_scheme(link: Cow<'_, str>) -> Cow<'_, str> {
    match scheme_of(&link) {
        Scheme::Web | Scheme::Other => link,
        Scheme::Absent => Cow::Owned(format!("http://{}", link.trim_start_matches(['/', '\\']))),
    }
}

/// Where the host stands in a link with a web scheme, as the URL standard finds it: any number of slashes, the last
/// `@` ends the user name, a port is cut off.
pub(super) fn host_range(link: &str) -> Option<Range<usize>> {
    let after_scheme = link.find(':')? + 1;
    let rest = link.get(after_scheme..)?;
    let start = after_scheme + (rest.len() - rest.trim_start_matches(['/', '\\']).len());
    let authority = link.get(start..)?.split(['/', '\\', '?', '#']).next()?;
    let (userinfo, host) = match authority.rfind('@') {
        Some(at) => (at + 1, authority.get(at + 1..)?),
        None => (0, authority),
    };
    let name_len = match host.rfind(':') {
        Some(colon) if !host.ends_with(']') => colon,
        _ => host.len(),
    };
    Some(start + userinfo..start + userinfo + name_len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes() {
        for (input, expected) in [
            ("http://a.example", Scheme::Web),
            ("HTTPS:a.example", Scheme::Web),
            ("a.example", Scheme::Absent),
            ("a.example:8080/x", Scheme::Absent),
            ("a.example:", Scheme::Absent),
            ("localhost:8080", Scheme::Absent),
            ("//a.example", Scheme::Absent),
            ("/path:x", Scheme::Absent),
            ("gopher:8999", Scheme::Other),
            ("mailto:a@b.example", Scheme::Other),
            ("tg://resolve?domain=x", Scheme::Other),
        ] {
            assert_eq!(scheme_of(input), expected, "{input}");
        }
    }

    #[test]
    fn hosts_stand_where_browsers_find_them() {
        for (input, expected) in [
            ("http://a.example/x", "a.example"),
            ("http:a.example", "a.example"),
            ("http:////a.example:80?x", "a.example"),
            ("http://u:p@a.example:80/", "a.example"),
            ("http://a@b@c.example", "c.example"),
            ("http://[::1]:80/", "[::1]"),
            ("http:\\\\a.example\\x", "a.example"),
            ("http://", ""),
        ] {
            assert_eq!(host_range(input).map(|range| &input[range]), Some(expected), "{input}");
        }
    }
}
