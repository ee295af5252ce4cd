//! Link → one canonical URL, and the other URLs that the link carries or equals.
//!
//! The URL standard decides what a link means; Safe Browsing's folding goes on top, so that every spelling of one place
//! is one text. Tables say which links carry others and which hosts are the same place.

mod alias;
mod escape;
mod fast;
mod host;
mod nested;
mod parse;
mod parts;
mod path;
mod profile;
mod query;
mod raw;
mod request;
mod resolve;
mod rule;
mod suffix;
mod table;
mod tracking;
mod url;
mod wrapper;

pub use alias::Aliases;
pub use fast::lone_host;
pub use host::{embedded, embedded_ipv4};
pub use nested::{NESTED_MAX, NESTED_SPARE_BYTES, Reach, embedded_into};
pub use parse::HOST_MAX_BYTES;
pub use parts::Parts;
pub use profile::{Standard, ascii_host, safe_browsing, standard};
pub use query::{fully_unescaped, parameters};
pub use request::{NotRequestable, RequestUrl};
pub use resolve::{DEPTH_MAX, Located, Outcome, URL_MAX_BYTES, URLS_MAX, Via, canonical, canonical_the_long_way};
pub use rule::{HostPatternError, RuleError, TemplateError};
pub use suffix::{SuffixError, Suffixes};
pub use table::{TableError, TableTexts, Tables};
pub use tracking::{TrackingError, TrackingView};
pub use url::{CanonicalUrl, HostKind, Spelling};
pub use wrapper::Wrappers;

/// Rises when code changes what a URL is folded to: compiled lists are then compiled again.
const RULES_VERSION: u32 = 2;

#[cfg(test)]
mod tests;
