//! A URL as it would be asked for: the text that a client sends, and the canonical host that is judged before.

use std::fmt;
use std::net::IpAddr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::host;
use super::parse;
use super::raw;
use super::url::HostKind;
use super::{CanonicalUrl, URL_MAX_BYTES, canonical};

/// An `http` or `https` URL with its port, as the URL standard reads it; without user name and password, which no server is
/// to see. Its fragment stays, since where it is redirected to inherits that; it is not asked with.
///
/// It has no `Display`, and its `Debug` is redacted: it may be on a list.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RequestUrl(::url::Url);

/// Why a link names nothing that could be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotRequestable {
    /// Browsers take it for no URL, or it is longer than they read.
    #[error("no client could ask for it")]
    Malformed,
    /// Of another scheme than `http` and `https`.
    #[error("it is neither http nor https")]
    Scheme,
}

impl RequestUrl {
    /// Reads a link; one without a scheme is read as `http`.
    ///
    /// # Errors
    /// If nothing can be asked of it.
    pub fn read(link: &str) -> Result<Self, NotRequestable> {
        if link.len() > URL_MAX_BYTES {
            return Err(NotRequestable::Malformed);
        }
        let link = raw::with_scheme(raw::trim(link));
        Self::of(parse::standard(&link).map_err(|_| NotRequestable::Malformed)?)
    }

    /// Where a redirect from here leads that says `location` (RFC 9110, section 10.2.2).
    ///
    /// # Errors
    /// If nothing can be asked there.
    pub fn join(&self, location: &str) -> Result<Self, NotRequestable> {
        if location.len() > URL_MAX_BYTES {
            return Err(NotRequestable::Malformed);
        }
        Self::of(self.0.join(&raw::trim(location)).map_err(|_| NotRequestable::Malformed)?)
    }

    /// What `location` names on a page that stands here, as text with its fragment: nobody is asked for that, but lists may
    /// name it.
    pub fn onward(&self, location: &str) -> String {
        let whole = || Some(self.0.join(&raw::trim(location)).ok()?.into());
        if location.len() > URL_MAX_BYTES { None } else { whole() }.unwrap_or_else(|| location.to_owned())
    }

    /// A place that this one is redirected to: without a fragment of its own it has this one's (RFC 9110, section 10.2.2).
    pub fn redirected(&self, onward: &str) -> String {
        match self.0.fragment() {
            Some(fragment) if !onward.contains('#') => format!("{onward}#{fragment}"),
            _ => onward.to_owned(),
        }
    }

    fn of(mut url: ::url::Url) -> Result<Self, NotRequestable> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(NotRequestable::Scheme);
        }
        // The spare dots of a name can hide an address (`192.0.2.1..`): the name that is asked is the one that is judged.
        let folded = url.host().and_then(|host| host::fold(&host)).ok_or(NotRequestable::Malformed)?;
        let mut usable = folded.kind != HostKind::Refused;
        // Setting anything writes the URL anew, which nearly none needs.
        if url.host_str() != Some(&folded.text) {
            usable &= url.set_host(Some(&folded.text)).is_ok();
        }
        if !url.username().is_empty() || url.password().is_some() {
            usable &= url.set_username("").is_ok() && url.set_password(None).is_ok();
        }
        usable.then_some(Self(url)).ok_or(NotRequestable::Malformed)
    }

    /// For the client that asks. It may be a listed URL: never log it or put it in an error.
    pub fn expose(&self) -> &::url::Url {
        &self.0
    }

    /// What a server is asked for: all but the fragment. As secret as the whole.
    pub fn expose_asked(&self) -> &str {
        &self.0[..::url::Position::AfterQuery]
    }

    /// Whether it is `https`.
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Lower case, punycode; IPv6 in brackets; no trailing dot.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The port it names, or that of its scheme.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or_default()
    }

    /// The address, if the host is one.
    pub fn address(&self) -> Option<IpAddr> {
        match self.0.host()? {
            ::url::Host::Ipv4(address) => Some(IpAddr::V4(address)),
            ::url::Host::Ipv6(address) => Some(IpAddr::V6(address)),
            ::url::Host::Domain(_) => None,
        }
    }

    /// The address of the file beside it whose name has `ending` more; what follows the path stays.
    #[must_use]
    pub fn beside(&self, ending: &str) -> Self {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{ending}", self.0.path()));
        Self(url)
    }

    /// Whether both are of one server: scheme, host and port.
    pub fn is_same_origin(&self, other: &Self) -> bool {
        self.0.origin() == other.0.origin()
    }

    /// The form under which it is looked up.
    pub fn canonical(&self) -> Option<CanonicalUrl> {
        canonical(self.0.as_str())
    }
}

/// As its text, for what is sealed and for nothing else.
impl Serialize for RequestUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for RequestUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl fmt::Debug for RequestUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestUrl(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_what_is_judged() {
        for (link, expected) in [
            ("HTTPS://user:secret@A.Example:8443/x?q#f", Ok("https://a.example:8443/x?q#f")),
            ("a.example./x", Ok("http://a.example/x")),
            ("http://127.0.0.1./", Ok("http://127.0.0.1/")),
            ("http://0x7f.1/", Ok("http://127.0.0.1/")),
            ("http://192.0.2.1../", Ok("http://192.0.2.1/")),
            ("http:\\\\127.0.0.1\\", Ok("http://127.0.0.1/")),
            ("http://127。0。0。1/", Ok("http://127.0.0.1/")),
            ("http://[::1]:80/", Ok("http://[::1]/")),
            ("http://good.test:80\\@127.0.0.1:80/", Ok("http://good.test/@127.0.0.1:80/")),
            ("http://good.test;@127.0.0.1/", Ok("http://127.0.0.1/")),
            ("ftp://a.example/", Err(NotRequestable::Scheme)),
            ("file:///etc/passwd", Err(NotRequestable::Scheme)),
            ("javascript:alert(1)", Err(NotRequestable::Scheme)),
            ("http://a b.example/", Err(NotRequestable::Malformed)),
            ("http://[]/", Err(NotRequestable::Malformed)),
            ("http://425.510.425.510/", Err(NotRequestable::Malformed)),
            ("http://a.example:99999/", Err(NotRequestable::Malformed)),
        ] {
            let read = RequestUrl::read(link);
            assert_eq!(read.as_ref().map(|url| url.expose().as_str()).map_err(|error| *error), expected, "{link}");
        }
    }

    #[test]
    fn neighbours_and_origins() {
        let url = RequestUrl::read("https://a.example/b/list.txt?c=d").unwrap();
        assert_eq!(url.beside(".minisig").expose_asked(), "https://a.example/b/list.txt.minisig?c=d");
        for (other, expected) in [
            ("https://A.example:443/x", true),
            ("http://a.example/b/list.txt", false),
            ("https://a.example:8443/", false),
            ("https://b.a.example/", false),
        ] {
            assert_eq!(url.is_same_origin(&RequestUrl::read(other).unwrap()), expected, "{other}");
        }
    }

    #[test]
    fn fragments_are_inherited_and_not_asked_for() {
        let url = RequestUrl::read("https://a.example/b?c#d").unwrap();
        assert_eq!(url.expose_asked(), "https://a.example/b?c");
        assert_eq!(url.redirected("https://b.example/"), "https://b.example/#d");
        assert_eq!(url.redirected("https://b.example/#e"), "https://b.example/#e");
        let bare = RequestUrl::read("https://a.example/b?c").unwrap();
        assert_eq!(bare.redirected("https://b.example/"), "https://b.example/");
        assert_eq!(bare.expose_asked(), "https://a.example/b?c");
    }

    #[test]
    fn redirects_are_read_from_where_they_stand() {
        let from = RequestUrl::read("https://a.example/b/c?d").unwrap();
        for (location, expected) in [
            ("../x/./y?z#f", Ok("https://a.example/x/y?z#f")),
            ("//b.example/", Ok("https://b.example/")),
            ("/\\127.0.0.1/", Ok("https://127.0.0.1/")),
            ("\\\\127.0.0.1\\x", Ok("https://127.0.0.1/x")),
            ("?q", Ok("https://a.example/b/c?q")),
            ("http://good.test@127.0.0.1/", Ok("http://127.0.0.1/")),
            ("mailto:a@b.example", Err(NotRequestable::Scheme)),
            ("http://", Err(NotRequestable::Malformed)),
        ] {
            let joined = from.join(location);
            assert_eq!(
                joined.as_ref().map(|url| url.expose().as_str()).map_err(|error| *error),
                expected,
                "{location}"
            );
        }
    }
}
