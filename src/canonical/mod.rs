//! Link → one canonical URL, and the other URLs that the link carries or equals.

mod parts;
mod suffix;
mod rule;
mod wrapper;
mod alias;
mod nested;
mod tracking;
mod table;

pub use alias::Aliases;
pub use nested::{NESTED_MAX, Reach, embedded_into};
pub use parts::Parts;
pub use rule::{HostPatternError, RuleError, TemplateError};
pub use suffix::{SuffixError, Suffixes};
pub use table::{TableError, TableTexts, Tables};
pub use tracking::{TrackingError, TrackingView};
pub use wrapper::Wrappers;

/// A URL in the one spelling that everything after this module works on.
///
/// It has no `Display`, and its `Debug` is redacted: it may be on a list.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CanonicalUrl {
    text: Box<str>,
}
