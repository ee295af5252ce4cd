//! The long way from a link to its canonical URL: the URL standard first, Safe Browsing on top.

use super::host::{self, Folded};
use super::parts::Parts;
use super::profile::Standard;
use super::url::{Bounds, CanonicalUrl, HostKind, Spelling};
use super::{path, query, raw};

/// Longer hosts are not read. A name has at most 253 bytes (RFC 1035); each can be written as three escaped ones.
pub const HOST_MAX_BYTES: usize = 4_096;
/// Stands in for a host that the `url` crate refuses, so that it still takes the rest of the link apart.
const STAND_IN: &str = "stand-in.invalid";

/// A link taken apart by the URL standard, with its host in canonical spelling.
pub(super) struct Parsed {
    whatwg: ::url::Url,
    host: Folded,
    spelling: Spelling,
}

/// Parses a trimmed link that has a web scheme.
pub(super) fn read(link: &str) -> Option<Parsed> {
    let (whatwg, host) = match standard(link) {
        Ok(whatwg) => {
            let host = host::fold(&whatwg.host()?)?;
            (whatwg, host)
        }
        Err(_) => with_stand_in(link)?,
    };
    let spelling = Spelling {
        userinfo: !whatwg.username().is_empty() || whatwg.password().is_some(),
        odd_port: whatwg.port().is_some(),
        numeric_host: matches!(host.kind, HostKind::Ipv4 | HostKind::Ipv6),
        mixed_script: host::mixes_scripts(&host.text),
    };
    Some(Parsed { whatwg, host, spelling })
}

#[expect(clippy::disallowed_methods, reason = "this is where the one parser is called")]
pub(super) fn standard(link: &str) -> Result<::url::Url, ::url::ParseError> {
    if link.len() > HOST_MAX_BYTES && raw::host_range(link).is_some_and(|range| range.len() > HOST_MAX_BYTES) {
        return Err(::url::ParseError::InvalidDomainCharacter);
    }
    ::url::Url::parse(link)
}

fn with_stand_in(link: &str) -> Option<(::url::Url, Folded)> {
    let range = raw::host_range(link)?;
    let written = link.get(range.clone()).filter(|host| host.len() <= HOST_MAX_BYTES)?;
    let host = host::odd_punycode(written).or_else(|| host::refused(written))?;
    let (before, after) = (link.get(..range.start)?, link.get(range.end..)?);
    Some((standard(&format!("{before}{STAND_IN}{after}")).ok()?, host))
}

impl Parsed {
    pub(super) fn parts(&self) -> Parts<'_> {
        Parts {
            scheme: self.whatwg.scheme(),
            host: &self.host.text,
            path: self.whatwg.path(),
            query: self.whatwg.query(),
            fragment: self.whatwg.fragment(),
        }
    }

    /// The URL as the standard writes it, where only its new rule for punycode takes it.
    pub(super) fn standard(&self) -> Option<Standard> {
        let accepted = self.host.kind != HostKind::Refused;
        let href = self.whatwg.as_str().replacen(STAND_IN, &self.host.text, 1);
        accepted.then(|| Standard { href, host: self.host.text.clone() })
    }

    pub(super) fn canonical(&self) -> CanonicalUrl {
        let mut text = String::with_capacity(self.whatwg.as_str().len() + 1);
        text.push_str(self.whatwg.scheme());
        text.push_str("://");
        let host_start = text.len();
        text.push_str(&self.host.text);
        let host_end = text.len();
        path::fold_into(self.whatwg.path(), &mut text);
        let bounds = Bounds { host_start, host_end, path_end: text.len() };
        if let Some(query) = self.whatwg.query() {
            text.push('?');
            query::fold_into(query, &mut text);
        }
        CanonicalUrl::new(text, bounds, self.host.kind, self.spelling)
    }
}
