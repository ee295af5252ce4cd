//! What the operator wants done about what is found.

use serde::{Deserialize, Serialize};

use crate::index::{Action, Category};

use super::Reason;

/// Actions by category and by reason, and the confidence from which an entry is acted on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Entries below this confidence (0 to 100) lead to `flag` at most.
    pub min_confidence: u8,
    /// A link that no parser takes for a URL.
    pub not_canonical: Action,
    /// A post with more links than are looked at.
    pub too_many_links: Action,
    /// Only a part of a hash matched.
    pub prefix_unconfirmed: Action,
    /// A redirect chain was not followed to its end in time.
    pub redirect_unfinished: Action,
    /// A link carries more URLs than are looked at, or is longer than any browser takes.
    pub limit: Action,
    /// By category of the entry.
    pub category: ByCategory<Action>,
    /// So many lists have to say so, or it leads to `flag` at most; by category of the entry.
    pub min_sources: ByCategory<u8>,
}

/// Something for each category.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, bound(deserialize = "T: Deserialize<'de>, ByCategory<T>: Default"))]
#[expect(missing_docs, reason = "each field is the category of that name")]
pub struct ByCategory<T> {
    pub csam: T,
    pub csam_advertising: T,
    pub invite_pyramid: T,
    pub exploitation: T,
    pub malware: T,
    pub phishing: T,
    pub spam: T,
    pub test: T,
    pub other: T,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            min_confidence: 50,
            not_canonical: Action::Flag,
            too_many_links: Action::Reject,
            prefix_unconfirmed: Action::Flag,
            redirect_unfinished: Action::Flag,
            limit: Action::Reject,
            category: ByCategory::default(),
            min_sources: ByCategory::default(),
        }
    }
}

impl Default for ByCategory<Action> {
    fn default() -> Self {
        Self {
            csam: Action::Reject,
            csam_advertising: Action::Reject,
            invite_pyramid: Action::Reject,
            exploitation: Action::Reject,
            malware: Action::Hold,
            phishing: Action::Hold,
            spam: Action::Flag,
            test: Action::Reject,
            other: Action::Flag,
        }
    }
}

impl Default for ByCategory<u8> {
    fn default() -> Self {
        Self {
            csam: 1,
            csam_advertising: 1,
            invite_pyramid: 1,
            exploitation: 1,
            malware: 1,
            phishing: 1,
            spam: 1,
            test: 1,
            other: 1,
        }
    }
}

impl<T> ByCategory<T> {
    /// What is there for a category.
    pub fn of(&self, category: Category) -> &T {
        match category {
            Category::Csam => &self.csam,
            Category::CsamAdvertising => &self.csam_advertising,
            Category::InvitePyramid => &self.invite_pyramid,
            Category::Exploitation => &self.exploitation,
            Category::Malware => &self.malware,
            Category::Phishing => &self.phishing,
            Category::Spam => &self.spam,
            Category::Test => &self.test,
            Category::Other => &self.other,
        }
    }
}

impl Policy {
    /// The action for entries of a category.
    pub fn for_category(&self, category: Category) -> Action {
        *self.category.of(category)
    }

    /// The action for a link of which nothing can be told.
    pub fn for_reason(&self, reason: Reason) -> Action {
        match reason {
            Reason::NotCanonical => self.not_canonical,
            Reason::TooManyLinks => self.too_many_links,
            Reason::PrefixUnconfirmed => self.prefix_unconfirmed,
            Reason::RedirectUnfinished => self.redirect_unfinished,
            Reason::Limit => self.limit,
            // What is wrong with the system meets the door's fail policy; nothing stricter than a look by a person here.
            Reason::NoIndex | Reason::Stale => Action::Hold,
        }
    }
}
