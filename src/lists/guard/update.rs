//! One update as a whole: facts about what is live and what came → whether it goes live.

use std::cmp::Ordering;

use crate::lists::error::ListError;

use super::code::{Outcome, UpdateCode};
use super::known::Guards;
use super::read::GuardedRead;
use super::version;

/// What is known of an update. What is not known is not judged.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UpdateFacts {
    /// Entries of the live version; absent before the first.
    pub base_entries: Option<u64>,
    /// Entries of the new version, those that must wait included.
    pub new_entries: Option<u64>,
    /// Of those, how many must wait.
    pub held_entries: u64,
    /// The share of bad lines.
    pub bad_share: f64,
    /// Why the body is no list.
    pub unreadable: Option<UpdateCode>,
    /// The number or date that the live version states, or that its source gave.
    pub base_version: Option<String>,
    /// The same of the new version.
    pub new_version: Option<String>,
    /// What became of its signature or digest; absent if this list needs none.
    pub signature: Option<Signature>,
    /// When what was signed runs out, and the moment to judge that by, in seconds since the Unix epoch.
    pub expires_and_now: Option<(i64, i64)>,
    /// Whether the entry that the list declares as TEST matches; absent if it declares none.
    pub test_entry: Option<Presence>,
    /// Whether the entry that it declares INVALID matches.
    pub invalid_entry: Option<Presence>,
    /// What the update would newly match of what was checked lately.
    pub replay: Option<Replay>,
}

/// What became of a signature or digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// It is right, and of these bytes.
    Right,
    /// It is wrong, of other bytes, or of somebody else.
    Wrong,
    /// There is none.
    Missing,
}

/// Whether something is in an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    Present,
    /// It is not.
    Absent,
}

/// A look-up of what was checked lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replay {
    /// How many posts were looked up.
    pub posts: u64,
    /// How many of them only the new version matches.
    pub newly_matched: u64,
}

/// What becomes of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateRuling {
    /// It goes live.
    Accept,
    /// It is thrown away, and the live version stays.
    Reject(UpdateCode),
    /// It waits for a human, and the live version stays.
    Quarantine(UpdateCode),
}

impl UpdateFacts {
    /// Adds what reading the body came to.
    #[must_use]
    pub fn with_read(self, read: Result<&GuardedRead, &ListError>) -> Self {
        match read {
            Ok(read) => {
                let held_entries = read.lines.held();
                let new_version = self.new_version.or_else(|| read.lines.declared_version.clone());
                let new_entries = Some(read.lines.entries + held_entries);
                Self { new_entries, held_entries, new_version, bad_share: read.lines.bad_share(), ..self }
            }
            // Comments alone: a list, and it has been emptied.
            Err(ListError::NothingTaken { refused: 0, .. }) => Self { new_entries: Some(0), ..self },
            Err(error) => Self { unreadable: Some(why_unreadable(error)), ..self },
        }
    }
}

fn why_unreadable(error: &ListError) -> UpdateCode {
    match error {
        ListError::Html => UpdateCode::Html,
        ListError::Empty => UpdateCode::Empty,
        ListError::CutOff => UpdateCode::CutOff,
        ListError::TooManyBadLines { .. } => UpdateCode::TooManyBadLines,
        ListError::Named { source, .. } => why_unreadable(source),
        _ => UpdateCode::NotAList,
    }
}

impl Guards {
    /// Judges an update. What rejects it comes before what a human may decide.
    pub fn update(&self, facts: &UpdateFacts) -> UpdateRuling {
        let all = [
            facts.unreadable,
            signature(facts),
            expiry(facts),
            self.bad_lines(facts),
            canaries(facts),
            order(facts),
            self.size(facts),
            self.held(facts),
            self.newly_matched(facts),
        ];
        let mut found: Vec<UpdateCode> = all.into_iter().flatten().collect();
        found.sort_by_key(|code| code.outcome() != Outcome::Reject);
        match found.first() {
            None => UpdateRuling::Accept,
            Some(code) if code.outcome() == Outcome::Reject => UpdateRuling::Reject(*code),
            Some(code) => UpdateRuling::Quarantine(*code),
        }
    }

    fn bad_lines(&self, facts: &UpdateFacts) -> Option<UpdateCode> {
        // Not a number is not within the limit either.
        let is_within = facts.bad_share <= self.options.bad_lines_max_share;
        (!is_within).then_some(UpdateCode::TooManyBadLines)
    }

    fn size(&self, facts: &UpdateFacts) -> Option<UpdateCode> {
        let (base, new) = (facts.base_entries.unwrap_or(0), facts.new_entries?);
        match (base, new) {
            (0, 0) => return Some(UpdateCode::Empty),
            // The first version has nothing to be compared with.
            (0, _) => return None,
            (_, 0) => return Some(UpdateCode::Emptied),
            _ => {}
        }
        let is_jump = |max_share: f64| {
            let change = base.abs_diff(new);
            change > self.options.size_floor_entries && change as f64 > base as f64 * max_share
        };
        match new.cmp(&base) {
            Ordering::Greater => is_jump(self.options.growth_max_share).then_some(UpdateCode::Grew),
            Ordering::Less => is_jump(self.options.shrink_max_share).then_some(UpdateCode::Shrank),
            Ordering::Equal => None,
        }
    }

    fn held(&self, facts: &UpdateFacts) -> Option<UpdateCode> {
        match facts.held_entries {
            0 => None,
            held if held > self.options.held_max_entries as u64 => Some(UpdateCode::TooManyHeld),
            held => facts.new_entries.is_some_and(|all| all <= held).then_some(UpdateCode::AllHeld),
        }
    }

    fn newly_matched(&self, facts: &UpdateFacts) -> Option<UpdateCode> {
        let Replay { posts, newly_matched } = facts.replay?;
        let is_share = newly_matched > self.options.newly_matched_floor_posts;
        let is_large = newly_matched as f64 > posts as f64 * self.options.newly_matched_max_share;
        (is_share && is_large).then_some(UpdateCode::NewlyMatched)
    }
}

fn signature(facts: &UpdateFacts) -> Option<UpdateCode> {
    match facts.signature? {
        Signature::Right => None,
        Signature::Wrong => Some(UpdateCode::SignatureWrong),
        Signature::Missing => Some(UpdateCode::SignatureMissing),
    }
}

fn expiry(facts: &UpdateFacts) -> Option<UpdateCode> {
    let (expires, now) = facts.expires_and_now?;
    (expires <= now).then_some(UpdateCode::Expired)
}

fn canaries(facts: &UpdateFacts) -> Option<UpdateCode> {
    if facts.test_entry == Some(Presence::Absent) {
        return Some(UpdateCode::TestEntryMissing);
    }
    (facts.invalid_entry == Some(Presence::Present)).then_some(UpdateCode::InvalidEntryPresent)
}

/// The same version again is no step back: a mirror may repeat it, and dates are coarse.
fn order(facts: &UpdateFacts) -> Option<UpdateCode> {
    let base = facts.base_version.as_deref().filter(|base| version::is_comparable(base))?;
    let compared = facts.new_version.as_deref().and_then(|new| version::compare(base, new));
    match compared {
        None => Some(UpdateCode::VersionUnclear),
        Some(Ordering::Less) => Some(UpdateCode::VersionBackwards),
        Some(_) => None,
    }
}
