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

/// A path has as many forms as parts, each as long as what stands before it: past this, people get no more of them.
const FORMS_MAX_BYTES: usize = 256 << 10;

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

/// The root and every leading part of a path on a host, as far as there is room.
fn paths_into(host: &str, path: &str, forms: &mut Vec<String>) {
    let path = path.strip_suffix('/').unwrap_or(path);
    let ends = memchr::memchr_iter(b'/', path.as_bytes()).skip(1).chain([path.len()]);
    forms.push(format!("{host}/"));
    let mut room = FORMS_MAX_BYTES;
    for part in ends.filter_map(|end| path.get(..end)).filter(|part| !part.is_empty()) {
        let Some(left) = room.checked_sub(host.len() + part.len()) else { return };
        room = left;
        forms.push(format!("{host}{part}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_long_path_end_somewhere() {
        let forms_of =
            |parts: usize| forms(&canonical::canonical(&format!("http://a.test{}", "/a".repeat(parts))).unwrap());
        assert_eq!(forms_of(300).len(), 302);
        let bytes: usize = forms_of(100_000).iter().map(String::len).sum();
        assert!((FORMS_MAX_BYTES / 2..=FORMS_MAX_BYTES + 20).contains(&bytes), "{bytes}");
    }
}
