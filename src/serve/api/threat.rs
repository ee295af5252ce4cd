//! Findings in the words of the Safe Browsing and Web Risk look-up APIs, which know fewer than lists do.

use crate::check::{LinkReport, Report};
use crate::index::Category;
use crate::verdict::{Action, Policy, Status};

/// How long a client may keep an answer: a change of lists reaches it within that time.
pub(super) const CACHE_SECONDS: i64 = 300;

const MALWARE: &str = "MALWARE";
const SOCIAL_ENGINEERING: &str = "SOCIAL_ENGINEERING";
const EXTENDED: &str = "SOCIAL_ENGINEERING_EXTENDED_COVERAGE";
const UNWANTED: &str = "UNWANTED_SOFTWARE";
const HARMFUL: &str = "POTENTIALLY_HARMFUL_APPLICATION";

/// The words for malicious software, nearest first.
const SOFTWARE: [&str; 5] = [MALWARE, UNWANTED, HARMFUL, SOCIAL_ENGINEERING, EXTENDED];
/// The words for everything else, nearest first: pages that a person shall be kept from.
const PAGES: [&str; 5] = [SOCIAL_ENGINEERING, EXTENDED, MALWARE, UNWANTED, HARMFUL];

/// A link that is not to be published.
pub(super) struct Threat<'r> {
    link: &'r LinkReport,
    /// What it is listed for, the strictest by policy first; nothing if it cannot be told.
    categories: Vec<Category>,
}

impl<'r> Threat<'r> {
    /// The threat that a report of one link tells of: it is listed and not allowed, or cannot be told and is to be held
    /// or rejected.
    pub(super) fn of(report: &'r Report, policy: &Policy) -> Option<Self> {
        let link = report.links.first()?;
        let is_threat = match link.status {
            Status::Listed => link.action > Action::Allow,
            _ => link.action > Action::Flag,
        };
        let mut categories: Vec<Category> = link.matches.iter().map(|one| one.category).collect();
        categories.sort_by_key(|&category| (std::cmp::Reverse(policy.for_category(category)), category));
        categories.dedup();
        is_threat.then_some(Self { link, categories })
    }

    /// The nearest of the words that the client asked for: it knows those, and would miss the link under another.
    pub(super) fn word(&self, asked: &[impl AsRef<str>]) -> &'static str {
        let words = if self.categories.first() == Some(&Category::Malware) { SOFTWARE } else { PAGES };
        let is_asked = |word: &&str| asked.iter().any(|one| one.as_ref() == *word);
        words.into_iter().find(is_asked).unwrap_or(words[0])
    }

    /// What the words leave out, as keys and values.
    pub(super) fn metadata(&self) -> Vec<(&'static str, String)> {
        let categories = self.categories.iter().map(|category| ("category", category.name().to_owned()));
        let reason = self.link.reason.and_then(|reason| serde_json::to_value(reason).ok());
        let reason = reason.as_ref().and_then(|reason| reason.as_str()).map(|reason| ("reason", reason.to_owned()));
        categories.chain(reason).chain([("action", self.link.action.name().to_owned())]).collect()
    }
}
