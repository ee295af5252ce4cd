//! Expressions of Safe Browsing: what hash lists are made of.
//!
//! Source: Safe Browsing v4 and v5, "URLs and Hashing", suffix/prefix expressions.

use std::borrow::Cow;

use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::canonical::{CanonicalUrl, HostKind, Suffixes, fully_unescaped};

/// Which generation of the protocol decides where host forms end.
#[derive(Clone, Copy)]
pub enum Version<'s> {
    /// The exact host and its parents among the last labels, down to two.
    V4,
    /// The same, but no parent above the registrable domain.
    V5(&'s Suffixes),
}

const DIRECTORIES_MAX: usize = 4;

/// Host forms: the host first, then parents from the longest.
pub fn hosts<'u>(url: &'u CanonicalUrl, version: Version<'_>) -> Vec<&'u str> {
    let host = url.host();
    if url.host_kind() != HostKind::Name {
        return vec![host];
    }
    let shortest = match version {
        Version::V4 => None,
        Version::V5(suffixes) => suffixes.registrable(host).map(str::len),
    };
    let labels_max = labels_max(host);
    let mut parents: Vec<&str> = memchr::memrchr_iter(b'.', host.as_bytes())
        .filter_map(|dot| host.get(dot + 1..))
        .take(labels_max)
        .filter(|parent| parent.contains('.') && shortest.is_none_or(|len| parent.len() >= len))
        .collect();
    parents.push(host);
    parents.reverse();
    parents
}

/// How many labels the longest parent has.
///
/// The specification says five. Google's client for Web Risk takes seven of very long names; both are met by leaving
/// out the first two labels, within five and seven.
fn labels_max(host: &str) -> usize {
    let labels = memchr::memchr_iter(b'.', host.as_bytes()).count() + 1;
    labels.saturating_sub(2).clamp(5, 7)
}

/// Path forms: with query, without, the root, and up to three directories below it.
///
/// All are slices of the URL's text but where it escapes what Safe Browsing does not: `?` in a path, marks in a query.
pub fn paths(url: &CanonicalUrl) -> Vec<Cow<'_, str>> {
    let path = path(url);
    let mut forms = Vec::with_capacity(2 + DIRECTORIES_MAX);
    if let Some(query) = url.query() {
        forms.push(match (&path, fully_unescaped(query)) {
            (Cow::Borrowed(_), Cow::Borrowed(_)) => Cow::Borrowed(url.path_and_query()),
            (path, query) => Cow::Owned(format!("{path}?{query}")),
        });
    }
    let ends = memchr::memchr_iter(b'/', path.as_bytes()).take(DIRECTORIES_MAX).map(|slash| slash + 1);
    let directories: Vec<usize> = ends.collect();
    if directories.last() != Some(&path.len()) {
        forms.push(path.clone());
    }
    let part = |end: usize| match &path {
        Cow::Borrowed(path) => Cow::Borrowed(path.get(..end).unwrap_or(path)),
        Cow::Owned(path) => Cow::Owned(path.get(..end).unwrap_or(path).to_owned()),
    };
    forms.extend(directories.into_iter().map(part));
    forms
}

fn path(url: &CanonicalUrl) -> Cow<'_, str> {
    let path = url.path();
    if path.contains("%3F") { Cow::Owned(path.replace("%3F", "?")) } else { Cow::Borrowed(path) }
}

/// All expressions of a URL, `host/path`.
pub fn expressions(url: &CanonicalUrl, version: Version<'_>) -> Vec<String> {
    let paths = paths(url);
    let hosts = hosts(url, version);
    hosts.iter().flat_map(|host| paths.iter().map(move |path| format!("{host}{path}"))).collect()
}

/// Calls `meet` with SHA-256 of every expression of a URL, and of those with another query, if one is given.
pub fn hashes(url: &CanonicalUrl, other_query: Option<&str>, mut meet: impl FnMut([u8; 32])) {
    let paths = paths(url);
    for host in hosts(url, Version::V4) {
        let of_host = Sha256::new_with_prefix(host);
        for path in &paths {
            meet(of_host.clone().chain_update(path.as_bytes()).finalize().into());
        }
        if let Some(query) = other_query {
            let mark = if query.is_empty() { "" } else { "?" };
            let fields = [&*path(url), mark, &fully_unescaped(query)];
            let hash = fields.iter().fold(of_host, Sha256::chain_update);
            meet(hash.finalize().into());
        }
    }
}

/// The expressions whose hashes [`hashes`] gives, in the same order, as text for people.
pub fn hashed(url: &CanonicalUrl, other_query: Option<&str>) -> Vec<String> {
    let paths = paths(url);
    let other = other_query.map(|query| format!("{}{}{query}", path(url), if query.is_empty() { "" } else { "?" }));
    let of_host = |host: &str| {
        paths
            .iter()
            .map(|path| format!("{host}{path}"))
            .chain(other.iter().map(|path| format!("{host}{path}")))
            .collect()
    };
    hosts(url, Version::V4).into_iter().flat_map(|host| -> Vec<String> { of_host(host) }).collect()
}

/// SHA-256 of an expression.
pub fn sha256(expression: &str) -> [u8; 32] {
    Sha256::digest(expression.as_bytes()).into()
}

/// MD5 of the lower-cased URL without its scheme, as a legacy exchange format has it.
pub fn md5_url(url: &CanonicalUrl) -> [u8; 16] {
    let query = url.query().map(fully_unescaped);
    let mark = if query.is_some() { "?" } else { "" };
    let bare = format!("{}{}{mark}{}", url.host(), url.path(), query.unwrap_or_default());
    Md5::digest(bare.to_ascii_lowercase().as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hashed_is_what_people_get_to_see() {
        for (link, other) in [
            ("http://a.b.listed.example/c/d%3Fe?f=1&utm_source=x", Some("f=1")),
            ("http://listed.example/a?utm_source=x", Some("")),
            ("http://192.0.2.1/", None),
        ] {
            let url = crate::canonical::canonical(link).unwrap();
            let mut found = Vec::new();
            hashes(&url, other, |hash| found.push(hash));
            let shown: Vec<_> = hashed(&url, other).iter().map(|text| sha256(text)).collect();
            assert_eq!(found, shown, "{link}");
        }
    }
}
