//! What changed for a post between two sets of lists: matches that are new, and matches that are gone.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::check::{LinkReport, MatchReport, Snapshot};
use crate::verdict::{Action, Status};

/// How a link's matches changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Entries match that did not before: act on the post.
    Added,
    /// Entries matched that do not any more: what was done for their sake can be undone, if nothing else is left.
    Removed,
}

/// How an entry is known again in the other set of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Same {
    /// By its list and its id: both sets have lists of the same names.
    Entry,
    /// By what it says: every list was renamed, and ids that were derived follow from the name.
    Meaning,
}

impl Same {
    /// How entries of these sets go together.
    pub(super) fn between(before: &Snapshot, now: &Snapshot) -> Self {
        let names = |snapshot: &Snapshot| -> BTreeSet<String> {
            let lists = snapshot.indexes.iter().flat_map(|index| index.lists());
            lists.map(|list| list.name.clone()).collect()
        };
        if names(before).is_disjoint(&names(now)) { Self::Meaning } else { Self::Entry }
    }

    fn is_same(self, one: &MatchReport, other: &MatchReport) -> bool {
        let means = |one: &MatchReport| (one.scope, one.category, one.via, one.mode, one.disputed);
        match self {
            Self::Entry => one == other,
            Self::Meaning => means(one) == means(other),
        }
    }

    /// Those of `these` that are not among `others`, each of which stands for one.
    fn missing(self, these: &[MatchReport], others: &[MatchReport]) -> Vec<MatchReport> {
        let mut others: Vec<&MatchReport> = others.iter().collect();
        let is_missing = |one: &&MatchReport| match others.iter().position(|other| self.is_same(one, other)) {
            Some(at) => {
                others.swap_remove(at);
                false
            }
            None => true,
        };
        these.iter().filter(is_missing).cloned().collect()
    }
}

/// The links whose matches changed, each with the matches that did and with what is to be done now.
///
/// Both sides are reports of the same post, so links go by their places; those that are weak and unlisted stand in
/// neither or in one.
pub(super) fn changes(same: Same, before: Vec<LinkReport>, now: Vec<LinkReport>) -> Vec<(Option<Change>, LinkReport)> {
    let mut changes = Vec::new();
    let mut before: Vec<Option<LinkReport>> = before.into_iter().map(Some).collect();
    for link in now {
        let is_link = |other: &&mut Option<LinkReport>| {
            other.as_ref().is_some_and(|other| other.span == link.span && other.kind == link.kind)
        };
        let was = before.iter_mut().find(is_link).and_then(Option::take);
        let old = was.map(|was| was.matches).unwrap_or_default();
        let (added, removed) = (same.missing(&link.matches, &old), same.missing(&old, &link.matches));
        for (change, matches) in [(Change::Added, added), (Change::Removed, removed)] {
            if !matches.is_empty() {
                changes.push((Some(change), LinkReport { matches, ..link.clone() }));
            }
        }
    }
    // What is reported no more was weak and listed; nothing is left to do about it.
    let gone = before.into_iter().flatten().filter(|link| !link.matches.is_empty());
    changes.extend(gone.map(|link| (Some(Change::Removed), unlisted(link))));
    changes
}

fn unlisted(link: LinkReport) -> LinkReport {
    LinkReport { status: Status::Unlisted, action: Action::Allow, reason: None, ..link }
}
