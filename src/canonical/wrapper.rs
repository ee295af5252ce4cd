//! URLs that only lead to another one: redirectors, mail "safe links", caches, translation and onion gateways.

use std::sync::Arc;

use super::Parts;
use super::nested::{NESTED_MAX, Reach, push};
use super::rule::row::Sheet;
use super::rule::{Flow, NamedError, Rules};
use super::suffix::Suffixes;

/// The table of wrappers.
pub struct Wrappers(Rules);

impl Wrappers {
    pub(super) fn new(sheet: &Sheet, suffixes: Arc<Suffixes>) -> Result<Self, NamedError> {
        Ok(Self(Rules::new(sheet.rules()?, suffixes)))
    }

    /// Adds the URLs that a known wrapper carries, at most [`NESTED_MAX`] of them.
    pub fn unwrap_into(&self, parts: &Parts<'_>, out: &mut Vec<String>) -> Reach {
        let mut reach = Reach::Whole;
        let start = out.len();
        self.0.each(parts, |url| {
            if out.len() - start == NESTED_MAX {
                reach = Reach::Cut;
                return Flow::Enough;
            }
            push(url, start, out);
            Flow::More
        });
        reach
    }

    /// Schemes that carry a web URL, such as `intent`.
    pub fn schemes(&self) -> impl Iterator<Item = &str> {
        self.0.schemes()
    }

    /// Whether a rule may be for that host.
    pub(super) fn may_know(&self, host: &str) -> bool {
        self.0.may_know(host)
    }

    pub(super) fn reads(&self, host: &str, name: &str) -> bool {
        self.0.reads(host, name)
    }
}
