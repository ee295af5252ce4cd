//! Hits → verdict → action, by policy and precedence.
//!
//! 1. An operator's override beats everything: the most specific one, then the strictest. What entries of grave categories
//!    ask for is lowered only by one that a second person has approved.
//! 2. Within one list an exception beats that list's entries.
//! 3. An exception never touches another list's entry.
//! 4. The strictest action of what remains; what too few lists say is flagged at most.
//!
//! An override or exception holds for the URL it names only: not for URLs nested in it, its aliases or later hops.
//!
//! ```
//! use linkgate::index::Category;
//! use linkgate::verdict::{Action, Policy};
//!
//! let policy = Policy::default();
//! assert_eq!(policy.for_category(Category::Csam), Action::Reject);
//! assert!(Action::Allow < Action::Flag && Action::Hold < Action::Reject);
//! ```
//!
//! It does not look anything up and knows no door: what is wrong with the system, not with a link, is the door's business.

mod list_actions;
mod policy;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use crate::index::Action;
pub use list_actions::{ActionsError, ListActions};
pub use policy::{ByCategory, Policy};

use crate::canonical::Via;
use crate::index::{Hit, Mode, Scope};

/// What is known of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// At least one entry matches.
    Listed,
    /// No list says anything of it. That does not make it safe.
    Unlisted,
    /// It cannot be told.
    Undetermined,
}

/// Why a verdict is undetermined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// No parser takes it for a URL.
    NotCanonical,
    /// The post has more links than are looked at.
    TooManyLinks,
    /// Only a part of a hash matched.
    PrefixUnconfirmed,
    /// A redirect chain was not followed to its end in time.
    RedirectUnfinished,
    /// There is no index to ask.
    NoIndex,
    /// A required list is too old.
    Stale,
    /// The link carries more URLs than are looked at, or is too long.
    Limit,
}

/// One entry that matches a link, with what decides its weight.
#[derive(Debug, Clone, Copy)]
pub struct Match {
    /// The entry.
    pub hit: Hit,
    /// The list's mode.
    pub mode: Mode,
    /// What its list leads to for the entry's category, if that is not for the policy to say.
    pub by_list: Option<Action>,
    /// Which index, in the order in which they are asked.
    pub index: usize,
    /// How the URL that matched was found in the link.
    pub via: Via,
    /// Who says so.
    pub voice: Voice,
}

/// Who says what a match says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// A list.
    List,
    /// One person of the operator's, by an override.
    OnePerson,
    /// Two of them, or one who needs no second.
    Operator,
}

/// What is to be done about a link, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// What is known.
    pub status: Status,
    /// Why nothing is, if so.
    pub reason: Option<Reason>,
    /// What to do.
    pub action: Action,
}

/// Judges the hits of one URL: drops those that an exception covers, and appends the others to `matches`.
///
/// Gives back the action for this URL alone, or `None` if nothing is left. So many `sources` agree on the link.
pub fn judge_url(
    found: &[Match],
    overrides: &[Match],
    policy: &Policy,
    sources: usize,
    matches: &mut Vec<Match>,
) -> Option<Action> {
    let excepted = |one: &Match| {
        found.iter().any(|other| other.hit.exception && other.index == one.index && other.hit.list == one.hit.list)
    };
    let before = matches.len();
    matches.extend(found.iter().filter(|one| !one.hit.exception && !excepted(one)).copied());
    let kept = matches.get(before..).unwrap_or(&[]);
    let whole = || kept.iter().filter(|one| !one.hit.partial_hash);
    let asks = |one: &Match| policy.for_match(one, sources);
    let by_lists = whole().map(asks).max();
    let Some(ruling) = strongest(overrides.iter()) else { return by_lists };
    let grave = whole().filter(|one| one.hit.category.is_grave()).map(asks).max();
    let seconded = strongest(overrides.iter().filter(|one| one.voice == Voice::Operator));
    // What one person says alone holds, but not below this.
    let floor = grave.map(|asked| seconded.map_or(asked, Match::ruled));
    let decides = if floor > Some(ruling.ruled()) { seconded } else { Some(ruling) };
    // One that allows says nothing of a link that no list has.
    let rules = ruling.ruled() > Action::Allow || by_lists.is_some();
    matches.extend(decides.filter(|_| rules));
    rules.then_some(floor.map_or(ruling.ruled(), |floor| floor.max(ruling.ruled())))
}

impl Match {
    /// What an override wants done.
    fn ruled(&self) -> Action {
        self.hit.action.unwrap_or(Action::Allow)
    }
}

/// The link as a whole: the strictest action over its URLs, or what the policy says of a link that cannot be told.
pub fn judge_link(listed: Option<Action>, unknown: Option<Reason>, policy: &Policy) -> Verdict {
    match (listed, unknown) {
        (Some(action), None) => Verdict { status: Status::Listed, reason: None, action },
        (Some(action), Some(reason)) => {
            Verdict { status: Status::Listed, reason: None, action: action.max(policy.for_reason(reason)) }
        }
        (None, Some(reason)) => {
            Verdict { status: Status::Undetermined, reason: Some(reason), action: policy.for_reason(reason) }
        }
        (None, None) => Verdict { status: Status::Unlisted, reason: None, action: Action::Allow },
    }
}

impl Policy {
    /// What one match asks for on a link on which so many sources agree.
    pub fn for_match(&self, one: &Match, sources: usize) -> Action {
        if one.mode == Mode::Report || one.hit.disputed {
            return Action::Allow;
        }
        let asked = one.hit.action.or(one.by_list).unwrap_or_else(|| self.for_category(one.hit.category));
        let is_weak = one.hit.confidence < self.min_confidence || self.wants_more(one, sources);
        if is_weak { asked.min(Action::Flag) } else { asked }
    }

    /// Whether more lists than so many have to say what this match says.
    pub fn wants_more(&self, one: &Match, sources: usize) -> bool {
        sources < usize::from(*self.min_sources.of(one.hit.category))
    }
}

/// How many lists say something of a link that counts: each once, whatever the scope, unless it is only told.
pub fn sources(matches: &[Match]) -> usize {
    let counts = |one: &&Match| {
        one.voice == Voice::List && one.mode == Mode::Enforce && !one.hit.disputed && !one.hit.partial_hash
    };
    let lists: BTreeSet<(usize, u16)> = matches.iter().filter(counts).map(|one| (one.index, one.hit.list)).collect();
    lists.len()
}

/// The override that rules: the most specific scope, then the longest form, then the strictest action.
fn strongest<'m>(overrides: impl Iterator<Item = &'m Match>) -> Option<&'m Match> {
    overrides.max_by_key(|one| (precision(one.hit.scope), one.hit.specificity, one.hit.action))
}

fn precision(scope: Scope) -> u8 {
    match scope {
        Scope::Url | Scope::Sha256 | Scope::Md5Url => 4,
        Scope::UrlPrefix => 3,
        Scope::Host | Scope::Ip => 2,
        Scope::Domain | Scope::Subdomains => 1,
        Scope::Label | Scope::Cidr => 0,
    }
}
