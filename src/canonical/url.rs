//! The one spelling of a URL that everything after this module works on.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A URL in canonical form: `scheme://host/path` or `scheme://host/path?query`, ASCII only.
///
/// It has no `Display`, and its `Debug` is redacted: it may be on a list. Text comes from [`CanonicalUrl::expose`].
#[derive(Clone)]
pub struct CanonicalUrl {
    text: Box<str>,
    host_start: u32,
    host_end: u32,
    path_end: u32,
    host_kind: HostKind,
    spelling: Spelling,
}

/// What the host of a URL is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostKind {
    /// A name.
    Name,
    /// An IPv4 address in dotted decimal.
    Ipv4,
    /// An IPv6 address in brackets, compressed.
    Ipv6,
    /// A host that browsers refuse. It names no place, but it can be compared.
    Refused,
}

/// What was unusual in the way the URL was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spelling {
    /// A user name or password stood before the host.
    pub userinfo: bool,
    /// A port that is not the scheme's own.
    pub odd_port: bool,
    /// The host is an address, in whatever spelling.
    pub numeric_host: bool,
    /// A label of the host mixes scripts that no language mixes.
    pub mixed_script: bool,
}

/// Where the parts of a canonical URL begin and end.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) host_start: usize,
    pub(super) host_end: usize,
    pub(super) path_end: usize,
}

impl CanonicalUrl {
    /// The caller vouches that `bounds` lie within `text`, which stays below 4 GiB by the limit on raw URLs.
    pub(super) fn new(text: String, bounds: Bounds, host_kind: HostKind, spelling: Spelling) -> Self {
        Self {
            text: text.into_boxed_str(),
            host_start: bounds.host_start as u32,
            host_end: bounds.host_end as u32,
            path_end: bounds.path_end as u32,
            host_kind,
            spelling,
        }
    }

    /// The same URL with its query written in another way.
    pub(super) fn with_query(self, write: fn(&str) -> Cow<'_, str>) -> Self {
        let Some(Cow::Owned(query)) = self.query().map(write) else {
            return self;
        };
        let before = self.text.get(..=self.path_end as usize).unwrap_or_default();
        Self { text: format!("{before}{query}").into_boxed_str(), ..self }
    }

    /// The whole text. It may be a listed URL: never log it or put it in an error.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Lower case, without the colon.
    pub fn scheme(&self) -> &str {
        self.slice(0, self.host_start.saturating_sub("://".len() as u32))
    }

    /// Lower case, punycode; IPv6 in brackets; no port, no trailing dot.
    pub fn host(&self) -> &str {
        self.slice(self.host_start, self.host_end)
    }

    /// Starts with `/`.
    pub fn path(&self) -> &str {
        self.slice(self.host_end, self.path_end)
    }

    /// Without `?`; `None` if there was no `?`. Escaped are, beyond what Safe Browsing escapes, marks that part no parameters
    /// here: `&` and `+`, and `=` in a name.
    pub fn query(&self) -> Option<&str> {
        self.text.get(self.path_end as usize + 1..)
    }

    /// Path and query as they stand in the text.
    pub fn path_and_query(&self) -> &str {
        self.text.get(self.host_end as usize..).unwrap_or("")
    }

    /// Host, path and query as they stand in the text.
    pub fn without_scheme(&self) -> &str {
        self.text.get(self.host_start as usize..).unwrap_or("")
    }

    /// What the host is.
    pub fn host_kind(&self) -> HostKind {
        self.host_kind
    }

    /// What was unusual in the way it was written.
    pub fn spelling(&self) -> Spelling {
        self.spelling
    }

    /// The address, if the host is one.
    pub fn address(&self) -> Option<IpAddr> {
        match self.host_kind {
            HostKind::Ipv4 => self.host().parse::<Ipv4Addr>().ok().map(IpAddr::V4),
            HostKind::Ipv6 => {
                let inner = self.host().trim_start_matches('[').trim_end_matches(']');
                inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
            }
            HostKind::Name | HostKind::Refused => None,
        }
    }

    fn slice(&self, from: u32, to: u32) -> &str {
        self.text.get(from as usize..to as usize).unwrap_or("")
    }
}

impl fmt::Debug for CanonicalUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CanonicalUrl(redacted)")
    }
}

/// Two URLs are equal if their canonical text is; how they were written does not count.
impl PartialEq for CanonicalUrl {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for CanonicalUrl {}

impl std::hash::Hash for CanonicalUrl {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}
