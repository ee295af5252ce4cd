//! Expressions of Safe Browsing: what hash lists are made of.
//!
//! Source: Safe Browsing v4 and v5, "URLs and Hashing", suffix/prefix expressions.

use std::borrow::Cow;

use md5::Md5;
use sha2::{Digest as _, Sha256};
use smallvec::SmallVec;

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
/// With query, whole, and the directories.
const ENDS_MAX: usize = DIRECTORIES_MAX + 2;

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
pub fn paths(url: &CanonicalUrl) -> Vec<String> {
    let forms = Forms::of(url, url.query());
    forms.ends.iter().filter_map(|&end| forms.text.get(url.host().len()..end)).map(str::to_owned).collect()
}

/// All expressions of a URL, `host/path`.
pub fn expressions(url: &CanonicalUrl, version: Version<'_>) -> Vec<String> {
    let mut all = Vec::new();
    Forms::of(url, url.query()).each(url, version, |expression| all.push(expression.to_owned()));
    all
}

/// Calls `meet` with every expression that hash lists of version 4 may have of a URL, those with another query, if one is
/// given, last.
pub fn hashed(url: &CanonicalUrl, other_query: Option<&str>, mut meet: impl FnMut(&str)) {
    Forms::of(url, url.query()).each(url, Version::V4, &mut meet);
    if let Some(query) = other_query {
        let mut forms = Forms::of(url, Some(query).filter(|query| !query.is_empty()));
        forms.ends.truncate(1);
        forms.each(url, Version::V4, &mut meet);
    }
}

/// One text of which every expression is a part: parents begin later, shorter paths end earlier.
struct Forms<'u> {
    text: Cow<'u, str>,
    ends: SmallVec<[usize; ENDS_MAX]>,
}

impl<'u> Forms<'u> {
    fn of(url: &'u CanonicalUrl, query: Option<&str>) -> Self {
        let is_own = query == url.query();
        let is_plain = memchr::memchr(b'%', url.path_and_query().as_bytes()).is_none();
        let host_len = url.host().len();
        let (text, path_end) = if is_own && is_plain {
            (Cow::Borrowed(url.without_scheme()), host_len + url.path().len())
        } else {
            // Safe Browsing does not escape a `?` in a path, nor marks in a query.
            let mut text = format!("{}{}", url.host(), url.path().replace("%3F", "?"));
            let path_end = text.len();
            if let Some(query) = query {
                text.push('?');
                text.push_str(&fully_unescaped(query));
            }
            (Cow::Owned(text), path_end)
        };
        let mut ends = SmallVec::new();
        if query.is_some() {
            ends.push(text.len());
        }
        let path = text.as_bytes().get(host_len..path_end).unwrap_or_default();
        let slashes = memchr::memchr_iter(b'/', path).take(DIRECTORIES_MAX);
        let directories: SmallVec<[usize; DIRECTORIES_MAX]> = slashes.map(|slash| host_len + slash + 1).collect();
        if directories.last() != Some(&path_end) {
            ends.push(path_end);
        }
        ends.extend(directories);
        Self { text, ends }
    }

    fn each(&self, url: &CanonicalUrl, version: Version<'_>, mut meet: impl FnMut(&str)) {
        for host in hosts(url, version) {
            let start = url.host().len() - host.len();
            self.ends.iter().filter_map(|&end| self.text.get(start..end)).for_each(&mut meet);
        }
    }
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

    fn check(link: &str, other_query: Option<&str>, expected: &[&str]) {
        let url = crate::canonical::canonical(link).unwrap();
        let mut found = Vec::new();
        hashed(&url, other_query, |expression| found.push(expression.to_owned()));
        assert_eq!(found, expected, "{link}");
    }

    #[test]
    fn what_hash_lists_may_have() {
        check("http://listed.example", None, &["listed.example/"]);
        check("http://192.0.2.1/a", None, &["192.0.2.1/a", "192.0.2.1/"]);
        check(
            "http://listed.example/a/?b=%26",
            None,
            &["listed.example/a/?b=&", "listed.example/", "listed.example/a/"],
        );
        check(
            "http://x.listed.example/c%3Fe?utm_source=x",
            Some(""),
            &[
                "x.listed.example/c?e?utm_source=x",
                "x.listed.example/c?e",
                "x.listed.example/",
                "listed.example/c?e?utm_source=x",
                "listed.example/c?e",
                "listed.example/",
                "x.listed.example/c?e",
                "listed.example/c?e",
            ],
        );
    }
}
