//! Everything that verdicts depend on, as one value that is swapped in whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::canonical::{CanonicalUrl, Tables};
use crate::fetch::Asked;
use crate::index::{self, Action, Hit, Index, List};
use crate::verdict::{ListActions, Policy};

use super::publishers::{Confirmed, Partials};

/// What posts are checked against.
#[derive(Clone)]
pub struct Snapshot {
    /// Rises with every change of lists, overrides, policy or tables; 0 where nothing is kept between runs.
    pub generation: u64,
    /// Rules for reading URLs.
    pub tables: Arc<Tables>,
    /// The lists, in the order in which they are asked.
    pub indexes: Vec<Arc<Index>>,
    /// The operator's own rulings.
    pub overrides: Option<Arc<Index>>,
    /// What to do about what is found.
    pub policy: Policy,
    /// What single lists lead to instead, by their names.
    pub actions: Arc<BTreeMap<String, ListActions>>,
    /// Whose links are followed, if any are.
    pub asked: Option<Asked>,
    /// Lists whose publishers tell the whole hashes behind prefixes.
    pub(super) publishers: Arc<[String]>,
    /// Hex over names and versions of all lists.
    pub(super) lists_id: Arc<str>,
    /// Names of the lists that may answer; all if there are none.
    only: Option<Arc<[String]>>,
}

/// A snapshot was offered that is not newer than the one in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("generation {offered} is not newer than {current}")]
pub struct OlderGeneration {
    /// In place.
    pub current: u64,
    /// Offered.
    pub offered: u64,
}

impl Snapshot {
    /// Generation 0, without overrides.
    pub fn new(tables: Arc<Tables>, indexes: Vec<Arc<Index>>, policy: Policy) -> Self {
        let lists_id = index::lists_id(indexes.iter().flat_map(|index| index.lists())).into();
        Self {
            generation: 0,
            tables,
            indexes,
            overrides: None,
            policy,
            actions: Arc::default(),
            asked: None,
            publishers: Arc::default(),
            lists_id,
            only: None,
        }
    }

    /// The same with overrides.
    #[must_use]
    pub fn with_overrides(self, overrides: Arc<Index>) -> Self {
        Self { overrides: Some(overrides), ..self }
    }

    /// The same for a check that links to these hosts are followed in.
    #[must_use]
    pub fn following(self, asked: Asked) -> Self {
        Self { asked: Some(asked).filter(Asked::asks_any), ..self }
    }

    /// The same for a check that asks the publishers of these lists for whole hashes.
    #[must_use]
    pub fn confirming(self, lists: impl IntoIterator<Item = String>) -> Self {
        Self { publishers: lists.into_iter().collect(), ..self }
    }

    /// Whether any entry is about `url`, whoever may be told of it and whenever it holds, or an override that forbids it:
    /// such a place is never asked for.
    pub fn knows(&self, url: &CanonicalUrl) -> bool {
        self.knows_besides(url, &Confirmed::new())
    }

    /// The same, where this is known of partial hashes.
    pub(super) fn knows_besides(&self, url: &CanonicalUrl, confirmed: &Confirmed) -> bool {
        let (mut hits, mut partials) = (Vec::new(), Partials::knowing(confirmed.clone()));
        let mut any = |index: &Arc<Index>, counts: fn(&Hit) -> bool| {
            hits.clear();
            index.look_up_ever(url, 0, &mut hits);
            self.confirm((index, url), &mut hits, &mut partials);
            hits.iter().any(counts)
        };
        self.indexes.iter().any(|index| any(index, names)) || self.overrides.iter().any(|rulings| any(rulings, forbids))
    }

    /// The same under another generation.
    #[must_use]
    pub fn at_generation(self, generation: u64) -> Self {
        Self { generation, ..self }
    }

    /// The same by another policy.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// The same where single lists lead to other actions than the policy says.
    #[must_use]
    pub fn with_actions(self, actions: BTreeMap<String, ListActions>) -> Self {
        Self { actions: actions.into(), ..self }
    }

    /// The same for somebody who is answered by these lists alone.
    #[must_use]
    pub fn limited_to(self, names: &[String]) -> Self {
        let lists = self.indexes.iter().flat_map(|index| index.lists()).filter(|list| names.contains(&list.name));
        let lists_id = index::lists_id(lists).into();
        Self { lists_id, only: Some(names.into()), ..self }
    }

    /// The lists that may answer.
    pub fn lists(&self) -> impl Iterator<Item = &List> {
        self.indexes.iter().flat_map(|index| index.lists()).filter(|list| self.shows(&list.name))
    }

    /// Whether a list of that name may answer.
    pub fn shows(&self, list: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|name| name == list))
    }

    /// Equal wherever the same lists are in use.
    pub fn lists_id(&self) -> &str {
        &self.lists_id
    }

    /// Whether these lists are there and have entries, and any list at all has one.
    pub fn has_entries(&self, required: &[String]) -> bool {
        let lists = || self.indexes.iter().flat_map(|index| index.lists());
        lists().any(|list| !list.entries.is_empty())
            && required.iter().all(|name| lists().any(|list| list.name == *name && !list.entries.is_empty()))
    }

    /// The first moment after `now` at which some entry or override begins or ends to hold.
    pub fn next_edge(&self, now: i64) -> Option<i64> {
        self.indexes.iter().chain(&self.overrides).filter_map(|index| index.next_edge(now)).min()
    }
}

/// Whether a hit is of an entry that is about its URL, not of an exception.
pub(super) fn names(hit: &Hit) -> bool {
    !hit.exception
}

/// Whether a hit is of an override that makes something stricter.
pub(super) fn forbids(hit: &Hit) -> bool {
    names(hit) && hit.action.is_some_and(|action| action > Action::Allow)
}
