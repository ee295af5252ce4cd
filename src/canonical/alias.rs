//! Hosts and forms that are the same place: one spelling stands for all of them.

use std::sync::Arc;

use super::Parts;
use super::rule::row::Sheet;
use super::rule::{NamedError, Rules};
use super::suffix::Suffixes;

/// The table of aliases.
pub struct Aliases(Rules);

impl Aliases {
    pub(super) fn new(sheet: &Sheet, suffixes: Arc<Suffixes>) -> Result<Self, NamedError> {
        Ok(Self(Rules::new(sheet.rules()?, suffixes)))
    }

    /// The URL in the spellings that stand for its class: that of the place itself, and that of the place below others.
    ///
    /// `twitter.com/name/status/1` is the post 1, whoever is named, and it is something below `x.com/name`. The first rule
    /// of each kind that applies decides, and their answers stay as they are when asked again.
    pub fn representatives(&self, parts: &Parts<'_>) -> [Option<String>; 2] {
        self.0.firsts(parts)
    }

    /// Schemes of apps whose links are a place on the web, such as `tg`.
    pub fn deep_link_schemes(&self) -> impl Iterator<Item = &str> {
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
