//! What a platform would use instead.

use std::collections::HashSet;

use adblock::Engine;
use adblock::lists::{FilterSet, ParseOptions};
use adblock::request::Request;
use linkgate::canonical::canonical;
use linkgate::expression::safe_browsing::{self, Version};

use crate::data;

#[expect(clippy::disallowed_methods, reason = "this is the yardstick")]
pub(crate) fn parse(link: &str) -> Option<url::Url> {
    url::Url::parse(link).ok()
}

/// A set of all expressions, as the Safe Browsing documentation describes the look-up.
pub(crate) struct ExpressionSet(HashSet<String>);

impl ExpressionSet {
    pub(crate) fn new(entries: usize) -> Self {
        Self((0..entries).map(data::expression).collect())
    }

    pub(crate) fn is_listed(&self, link: &str) -> bool {
        // The parse is part of the price; the canonical form is ours, so that both find the same.
        let parsed = parse(link);
        let url = parsed.and_then(|url| canonical(url.as_str()));
        url.is_some_and(|url| safe_browsing::expressions(&url, Version::V4).iter().any(|one| self.0.contains(one)))
    }
}

/// Brave's engine, with the list as network filters.
pub(crate) struct Adblock(Engine);

impl Adblock {
    pub(crate) fn new(entries: usize) -> Self {
        let mut filters = FilterSet::new(false);
        let rules = (0..entries).map(|number| {
            let expression = data::expression(number);
            match expression.strip_suffix('/') {
                Some(host) if !host.contains('/') => format!("||{host}^\n"),
                _ => format!("||{expression}\n"),
            }
        });
        filters.add_filter_list(rules.collect::<String>(), ParseOptions::default());
        Self(Engine::new_with_filter_set(filters))
    }

    pub(crate) fn is_listed(&self, link: &str) -> bool {
        let request = Request::new(link, "https://post.example/", "other", "get");
        request.is_ok_and(|request| self.0.check_network_request(&request).should_block())
    }
}
