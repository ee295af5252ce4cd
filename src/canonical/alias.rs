//! Hosts and forms that are the same place: one spelling stands for all of them.

use std::sync::Arc;

use super::Parts;
use super::rule::row::Sheet;
use super::rule::{Flow, NamedError, Rules};
use super::suffix::Suffixes;

/// The table of aliases.
pub struct Aliases(Rules);

impl Aliases {
    pub(super) fn new(sheet: &Sheet, suffixes: Arc<Suffixes>) -> Result<Self, NamedError> {
        Ok(Self(Rules::new(sheet.rules()?, suffixes)))
    }

    /// The URL in the spelling that stands for its class; none if no rule applies.
    ///
    /// The first rule that applies decides, and its answer stays as it is when asked again.
    pub fn representative(&self, parts: &Parts<'_>) -> Option<String> {
        let mut first = None;
        self.0.each(parts, |url| {
            first = Some(url);
            Flow::Enough
        });
        first
    }

    /// Schemes of apps whose links are a place on the web, such as `tg`.
    pub fn deep_link_schemes(&self) -> impl Iterator<Item = &str> {
        self.0.schemes()
    }

    pub(super) fn reads(&self, host: &str, name: &str) -> bool {
        self.0.reads(host, name)
    }
}
