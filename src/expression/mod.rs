//! Canonical URL → host forms × path forms → keyed digests.
//!
//! ```
//! let url = linkgate::canonical::canonical("https://www.listed.example/a/b?q").unwrap();
//! let forms = linkgate::expression::forms(&url);
//! assert_eq!(forms[..2], ["www.listed.example", "listed.example"]);
//! assert_eq!(forms[2..5], ["www.listed.example/", "www.listed.example/a", "www.listed.example/a/b"]);
//! ```
//!
//! It does not know what is listed: it only says under which digests an index has to look.

mod digest;
mod host;
mod path;
pub mod safe_browsing;

pub use digest::{Digest, DigestKey};
pub use host::{HostForm, Relation, TopLevel, masked};
pub use path::{PathForm, Reach};

use crate::canonical::{self, CanonicalUrl, HostKind};

/// All host and path forms of a look-up as text, for people: hosts from the link's own to the shortest, the paths on it,
/// then the paths on its twin: the host without `www.`, or the IPv4 address inside an IPv6 one.
pub fn forms(url: &CanonicalUrl) -> Vec<String> {
    let host = url.host();
    let mut forms = vec![host.to_owned()];
    if url.host_kind() == HostKind::Name {
        let parents = memchr::memchr_iter(b'.', host.as_bytes()).filter_map(|dot| host.get(dot + 1..));
        forms.extend(parents.filter(|parent| parent.contains('.')).map(str::to_owned));
    }
    paths_into(host, url.path(), &mut forms);
    if let Some(inner) = url.address().and_then(canonical::embedded) {
        forms.push(inner.to_string());
        paths_into(&inner.to_string(), url.path(), &mut forms);
    } else if let Some(bare) = host.strip_prefix("www.") {
        paths_into(bare, url.path(), &mut forms);
    }
    forms
}

/// The root and every leading part of a path on a host.
fn paths_into(host: &str, path: &str, forms: &mut Vec<String>) {
    let path = path.strip_suffix('/').unwrap_or(path);
    let ends = memchr::memchr_iter(b'/', path.as_bytes()).skip(1).chain([path.len()]);
    forms.push(format!("{host}/"));
    forms.extend(
        ends.filter_map(|end| path.get(..end)).filter(|part| !part.is_empty()).map(|part| format!("{host}{part}")),
    );
}
