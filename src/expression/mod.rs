//! Canonical URL → host forms × path forms → keyed digests.
//!
//! ```
//! let url = linkgate::canonical::canonical("https://www.listed.example/a/b?q").unwrap();
//! let forms = linkgate::expression::forms(&url);
//! assert_eq!(forms[..2], ["www.listed.example", "listed.example"]);
//! assert_eq!(forms.last().unwrap(), "www.listed.example/a/b");
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

use crate::canonical::{CanonicalUrl, HostKind};

/// All forms of a look-up as text, for people: hosts from the link's own to the shortest, then the paths on it.
pub fn forms(url: &CanonicalUrl) -> Vec<String> {
    let host = url.host();
    let mut forms = vec![host.to_owned()];
    if url.host_kind() == HostKind::Name {
        let parents = memchr::memchr_iter(b'.', host.as_bytes()).filter_map(|dot| host.get(dot + 1..));
        forms.extend(parents.filter(|parent| parent.contains('.')).map(str::to_owned));
    }
    let path = url.path().strip_suffix('/').unwrap_or(url.path());
    let ends = memchr::memchr_iter(b'/', path.as_bytes()).skip(1).chain([path.len()]);
    forms.push(format!("{host}/"));
    forms.extend(
        ends.filter_map(|end| path.get(..end)).filter(|part| !part.is_empty()).map(|part| format!("{host}{part}")),
    );
    forms
}
