//! Link → one canonical URL, and the other URLs that the link carries or equals.

mod parts;

pub use parts::Parts;

/// A URL in the one spelling that everything after this module works on.
///
/// It has no `Display`, and its `Debug` is redacted: it may be on a list.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CanonicalUrl {
    text: Box<str>,
}
