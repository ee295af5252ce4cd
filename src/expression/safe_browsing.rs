//! Expressions of Safe Browsing: what hash lists are made of.
//!
//! Source: Safe Browsing v4 and v5, "URLs and Hashing", suffix/prefix expressions.

use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::canonical::{CanonicalUrl, HostKind, Suffixes};

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
pub fn paths(url: &CanonicalUrl) -> Vec<String> {
    let path = url.path().replace("%3F", "?"); // Safe Browsing does not escape it
    let mut forms = Vec::with_capacity(2 + DIRECTORIES_MAX);
    if let Some(query) = url.query() {
        forms.push(format!("{path}?{query}"));
    }
    let directories = memchr::memchr_iter(b'/', path.as_bytes()).take(DIRECTORIES_MAX);
    let directories: Vec<String> = directories.filter_map(|slash| path.get(..=slash).map(str::to_owned)).collect();
    if !directories.contains(&path) {
        forms.push(path);
    }
    forms.extend(directories);
    forms
}

/// All expressions of a URL, `host/path`.
pub fn expressions(url: &CanonicalUrl, version: Version<'_>) -> Vec<String> {
    let paths = paths(url);
    let hosts = hosts(url, version);
    hosts.iter().flat_map(|host| paths.iter().map(move |path| format!("{host}{path}"))).collect()
}

/// The expressions of a URL whose query is replaced: every host form with the whole path.
pub fn with_query(url: &CanonicalUrl, query: &str) -> impl Iterator<Item = String> {
    let path = url.path().replace("%3F", "?");
    let mark = if query.is_empty() { "" } else { "?" };
    hosts(url, Version::V4).into_iter().map(move |host| format!("{host}{path}{mark}{query}"))
}

/// SHA-256 of an expression.
pub fn sha256(expression: &str) -> [u8; 32] {
    Sha256::digest(expression.as_bytes()).into()
}

/// MD5 of the lower-cased URL without its scheme, as a legacy exchange format has it.
pub fn md5_url(url: &CanonicalUrl) -> [u8; 16] {
    let text = url.expose();
    let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
    Md5::digest(bare.to_ascii_lowercase().as_bytes()).into()
}
