//! What changed for a post between two sets of lists: matches that are new, and matches that are gone.

use serde::Serialize;

use crate::check::{LinkReport, MatchReport};

/// How a link's matches changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Entries match that did not before: act on the post.
    Added,
    /// Entries matched that do not any more: what was done for their sake can be undone, if nothing else is left.
    Removed,
}

/// The links whose matches changed, each with the matches that did and with what is to be done now.
///
/// Both sides are reports of the same post, so links go by their places; those that are unlisted and weak stand in
/// neither or in one.
pub(super) fn changes(before: Vec<LinkReport>, now: Vec<LinkReport>) -> Vec<(Option<Change>, LinkReport)> {
    let mut changes = Vec::new();
    let mut before: Vec<Option<LinkReport>> = before.into_iter().map(Some).collect();
    for link in now {
        let is_same = |other: &&mut Option<LinkReport>| {
            other.as_ref().is_some_and(|other| other.span == link.span && other.kind == link.kind)
        };
        let was = before.iter_mut().find(is_same).and_then(Option::take);
        let old = was.map(|was| was.matches).unwrap_or_default();
        let (added, removed) = (missing(&link.matches, &old), missing(&old, &link.matches));
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
    LinkReport { status: crate::verdict::Status::Unlisted, action: crate::verdict::Action::Allow, reason: None, ..link }
}

/// Those of `these` that are not among `others`.
fn missing(these: &[MatchReport], others: &[MatchReport]) -> Vec<MatchReport> {
    these.iter().filter(|one| !others.contains(one)).cloned().collect()
}
