//! Links that a list must match, or must not: whether a checker sees them.

use crate::verdict::Action;

use super::{Checker, Post, Report};

/// What proves that a list answers. It has no `Debug`: its links may be listed.
#[derive(Clone)]
pub struct Canary {
    /// The list's name.
    pub list: String,
    /// Whether nothing is ready while it is unseen.
    pub is_required: bool,
    /// A link that the list must match.
    pub link: Option<String>,
    /// A link that it must not match.
    pub anti_link: Option<String>,
}

/// What a checker makes of a canary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    /// Whether the list matches what it must; nothing if there is no such link.
    pub seen: Option<bool>,
    /// Whether it matches what it must not.
    pub anti_seen: Option<bool>,
    /// What becomes of a post with the first of them.
    pub action: Action,
}

impl Canary {
    /// What a checker makes of it at `now`, in seconds since the Unix epoch.
    pub fn sight(&self, checker: &Checker, now: i64) -> Sight {
        let report = |link: &String| {
            let attached = [link.as_str()];
            checker.check(&Post { attached: &attached, ..Post::default() }, now)
        };
        let (link, anti_link) = (self.link.as_ref().map(report), self.anti_link.as_ref().map(report));
        Sight {
            seen: link.as_ref().map(|report| report.tells_of(&self.list)),
            anti_seen: anti_link.map(|report| report.tells_of(&self.list)),
            action: link.map_or(Action::Allow, |report| report.action),
        }
    }
}

impl Sight {
    /// Whether everything is as it must be, as far as there is something to see.
    pub fn is_right(self) -> bool {
        self.seen != Some(false) && self.anti_seen != Some(true)
    }
}

impl Report {
    /// Whether a list of that name has anything on any link.
    pub fn tells_of(&self, list: &str) -> bool {
        self.links.iter().flat_map(|link| &link.matches).any(|one| one.list == list)
    }
}
