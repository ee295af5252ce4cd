//! Request targets and hosts: RFC 9112, 3.2 and RFC 3986, less what readers take in different ways.

use std::net::Ipv6Addr;

use super::{Violation, class};

/// RFC 1035, 3.1, as text and with the dot of the root.
const HOST_MAX_BYTES: usize = 254;

/// The forms of a target that a server which is no tunnel meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `/path?query`
    Origin,
    /// `http://host/path?query`
    Absolute,
    /// `*`
    Asterisk,
}

/// The form of a target whose every byte is allowed.
pub(super) fn form(target: &[u8]) -> Result<Form, Violation> {
    match target {
        [b'/', ..] => path_and_query(target).map(|()| Form::Origin),
        b"*" => Ok(Form::Asterisk),
        _ => {
            let (authority, rest) = split_absolute(target).ok_or(Violation::TargetFormInvalid)?;
            if !is_authority(authority) {
                return Err(Violation::TargetInvalid);
            }
            path_and_query(rest).map(|()| Form::Absolute)
        }
    }
}

/// The authority of an absolute target.
pub(super) fn authority(target: &[u8]) -> Option<&[u8]> {
    split_absolute(target).map(|(authority, _)| authority)
}

fn split_absolute(target: &[u8]) -> Option<(&[u8], &[u8])> {
    let after = |scheme: &[u8]| {
        let (start, rest) = target.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    let rest = after(b"http://").or_else(|| after(b"https://"))?;
    let end = rest.iter().position(|&byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    rest.split_at_checked(end)
}

fn path_and_query(target: &[u8]) -> Result<(), Violation> {
    let (path, query) = target.split_at(memchr::memchr(b'?', target).unwrap_or(target.len()));
    if !class::all(path, class::PATH) || !class::all(query, class::QUERY) {
        return Err(Violation::TargetInvalid);
    }
    let escaped =
        |at: usize| matches!(target.get(at + 1..at + 3), Some(code) if code.iter().all(u8::is_ascii_hexdigit));
    let valid = memchr::memchr_iter(b'%', target).all(escaped);
    if valid { Ok(()) } else { Err(Violation::EscapeInvalid) }
}

/// Whether this is one host with an optional port: RFC 3986, 3.2, without user information, which RFC 9110, 4.2.4 takes
/// out of http, and without an empty port, which normalisers drop or keep.
pub(super) fn is_authority(text: &[u8]) -> bool {
    let end = match text {
        [b'[', ..] => memchr::memchr(b']', text).map_or(text.len(), |at| at + 1),
        _ => memchr::memchr(b':', text).unwrap_or(text.len()),
    };
    let (host, port) = text.split_at(end);
    let host_valid = match host {
        [b'[', address @ .., b']'] => str::from_utf8(address).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok()),
        _ => is_name(host),
    };
    host_valid && (port.is_empty() || port.strip_prefix(b":").is_some_and(is_port))
}

/// A name of labels; escapes and the punctuation that RFC 3986 allows occur in no name that resolves. No label is
/// empty, as servers with a directory for each host read `..` there.
fn is_name(host: &[u8]) -> bool {
    let labels = host.strip_suffix(b".").unwrap_or(host);
    host.len() <= HOST_MAX_BYTES
        && class::all(host, class::HOST)
        && labels.split(|&byte| byte == b'.').all(|label| !label.is_empty())
}

fn is_port(digits: &[u8]) -> bool {
    digits.iter().all(u8::is_ascii_digit) && str::from_utf8(digits).is_ok_and(|text| text.parse::<u16>().is_ok())
}
