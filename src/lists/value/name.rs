//! Host names: a short way for plain ASCII, the long way through `canonical` for all others.

use std::net::IpAddr;

use crate::canonical::{self as urls, HostKind};
use crate::lists::report::Refusal;

/// What a host turned out to be.
pub(super) enum Host {
    Name(Box<str>),
    Address(IpAddr),
}

const LABEL_MAX_BYTES: usize = 63;
const NAME_MAX_BYTES: usize = 253;

/// A name whose canonical form is itself in lower case; `None` sends it the long way.
pub(super) fn plain(text: &str) -> Option<Box<str>> {
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > NAME_MAX_BYTES {
        return None;
    }
    let (mut label_start, mut has_upper) = (0, false);
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => {}
            b'A'..=b'Z' => has_upper = true,
            b'.' if is_plain_label(bytes.get(label_start..at)?) => label_start = at + 1,
            _ => return None,
        }
    }
    let last = bytes.get(label_start..)?;
    if !is_plain_label(last) || last.first()?.is_ascii_digit() {
        return None;
    }
    let mut name: Box<str> = text.into();
    if has_upper {
        name.make_ascii_lowercase();
    }
    Some(name)
}

fn is_plain_label(label: &[u8]) -> bool {
    let punycode = label.len() >= 4 && label.get(2..4) == Some(b"--");
    !label.is_empty() && label.len() <= LABEL_MAX_BYTES && !punycode
}

/// A host, perhaps with a port, in whatever spelling browsers take.
pub(super) fn canonical(text: &str) -> Result<Host, Refusal> {
    if text.contains('*') {
        return Err(if text.trim_matches(['*', '.']).is_empty() { Refusal::TooWide } else { Refusal::Wildcard });
    }
    if text.is_empty()
        || text.contains(['/', '?', '#', '\\', '@', '|', '^', '$', '=', ','])
        || text.contains(char::is_whitespace)
    {
        return Err(Refusal::NotAHost);
    }
    if text.trim_matches('.').is_empty() {
        return Err(Refusal::TooWide);
    }
    let url = urls::canonical(&format!("http://{text}/")).ok_or(Refusal::NotAHost)?;
    match url.host_kind() {
        HostKind::Name => {
            check_lengths(url.host())?;
            Ok(Host::Name(url.host().into()))
        }
        // An address in an odd spelling stands in URLs, not in lists of names.
        HostKind::Ipv4 if url.host() != without_port(text) => Err(Refusal::NotAHost),
        HostKind::Ipv4 | HostKind::Ipv6 => url.address().map(Host::Address).ok_or(Refusal::NotAHost),
        HostKind::Refused => Err(Refusal::NotAHost),
    }
}

fn without_port(text: &str) -> &str {
    text.split_once(':').map_or(text, |(host, _)| host)
}

/// DNS can hold no longer names.
pub(super) fn check_lengths(host: &str) -> Result<(), Refusal> {
    let fits = host.len() <= NAME_MAX_BYTES && host.split('.').all(|label| label.len() <= LABEL_MAX_BYTES);
    if fits { Ok(()) } else { Err(Refusal::LabelTooLong) }
}
