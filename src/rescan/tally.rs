//! What came of a rescan, by counts: how much was read, what was found, what could not be read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::index::Category;
use crate::verdict::Action;

/// Why a record, or the rest of an input, was passed over. Names are part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Bad {
    /// Longer than [`LINE_MAX_BYTES`](super::LINE_MAX_BYTES).
    TooLong,
    /// Not UTF-8.
    NotUtf8,
    /// Not JSON.
    NotJson,
    /// The fields hold something else than text, or none of them is there.
    BadField,
    /// A row that has more or fewer columns than the first.
    Columns,
    /// A table without the columns asked for: none of it was judged.
    NoColumn,
    /// A quote that is never closed: the rows behind it were judged as part of one post.
    OpenQuote,
    /// The input ends in the middle of what it was packed with.
    CutOff,
    /// The input cannot be unpacked any further.
    Packing,
    /// The input cannot be read any further.
    Unreadable,
}

impl Bad {
    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::TooLong => "longer than 8 MiB; where posts stand in one JSON document, name their list with --items",
            Self::NotUtf8 => "not UTF-8; convert the export, for example with iconv",
            Self::NotJson => "not JSON",
            Self::BadField => "no text and no links in the fields named; see --text, --links and --preset",
            Self::Columns => "more or fewer columns than the first row",
            Self::NoColumn => "without the columns asked for: none of it was judged",
            Self::OpenQuote => "a quote is never closed: the rows behind it were judged as part of one post",
            Self::CutOff => "the file is cut off: what follows was not judged; fetch it again",
            Self::Packing => "damaged: what follows was not judged; fetch it again",
            Self::Unreadable => "cannot be read: nothing behind that place was judged",
        }
    }
}

/// Where a record stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The name of the input.
    pub input: String,
    /// Line, row or item, counted from 1.
    pub position: u64,
}

/// How often something could not be read, and where first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Skipped {
    /// How often.
    pub count: u64,
    /// The first places.
    pub first: Vec<Place>,
}

/// At most this many places of a kind are named.
const PLACES_MAX: usize = 10;

/// What came of a rescan so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Posts that were judged.
    pub posts: u64,
    /// Of those, posts with a field that is no text; they were judged by the others.
    pub in_part: u64,
    /// Of those, posts without an id.
    pub no_id: u64,
    /// Links that were judged.
    pub links: u64,
    /// Posts with a finding.
    pub findings: u64,
    /// The strictest action of any post.
    #[serde(default)]
    pub strictest: Option<Action>,
    /// Findings by what is to be done.
    pub by_action: BTreeMap<Action, u64>,
    /// Findings by list; one may be on several.
    pub by_list: BTreeMap<String, u64>,
    /// Findings by category.
    pub by_category: BTreeMap<Category, u64>,
    /// Records that could not be read, by reason.
    pub skipped: BTreeMap<Bad, Skipped>,
    /// Records that are no posts, where such are expected.
    pub no_posts: u64,
    /// Posts left out because they are older than asked for.
    pub older: u64,
    /// Posts whose time could not be read; they were judged.
    pub time_unread: u64,
    /// Posts left to other shards.
    pub other_shards: u64,
    /// Bytes of the inputs read, as they lie on the disk.
    pub bytes: u64,
}

impl Tally {
    /// How many records could not be read.
    pub fn bad(&self) -> u64 {
        self.skipped.values().map(|skipped| skipped.count).sum()
    }

    pub(super) fn skip(&mut self, bad: Bad, place: impl FnOnce() -> Place) {
        let skipped = self.skipped.entry(bad).or_default();
        skipped.count += 1;
        if skipped.first.len() < PLACES_MAX {
            skipped.first.push(place());
        }
    }

    /// Adds what came of the records that follow.
    pub(super) fn absorb(&mut self, next: Self) {
        self.posts += next.posts;
        self.no_id += next.no_id;
        self.in_part += next.in_part;
        self.links += next.links;
        self.findings += next.findings;
        self.strictest = self.strictest.max(next.strictest);
        self.no_posts += next.no_posts;
        self.older += next.older;
        self.time_unread += next.time_unread;
        self.other_shards += next.other_shards;
        add(&mut self.by_action, next.by_action);
        add(&mut self.by_list, next.by_list);
        add(&mut self.by_category, next.by_category);
        for (bad, more) in next.skipped {
            let skipped = self.skipped.entry(bad).or_default();
            skipped.count += more.count;
            let room = PLACES_MAX.saturating_sub(skipped.first.len());
            skipped.first.extend(more.first.into_iter().take(room));
        }
    }
}

fn add<K: Ord>(counts: &mut BTreeMap<K, u64>, more: BTreeMap<K, u64>) {
    for (key, count) in more {
        *counts.entry(key).or_default() += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_places_have_an_end() {
        let mut whole = Tally::default();
        for position in 1..=12 {
            let mut next = Tally { posts: 1, strictest: Some(Action::Flag), ..Tally::default() };
            next.by_list.insert("partner".into(), 2);
            next.skip(Bad::NotJson, || Place { input: "a".into(), position });
            whole.absorb(next);
        }
        assert_eq!((whole.posts, whole.bad(), whole.by_list["partner"]), (12, 12, 24));
        assert_eq!(whole.strictest, Some(Action::Flag));
        let first: Vec<u64> = whole.skipped[&Bad::NotJson].first.iter().map(|place| place.position).collect();
        assert_eq!(first, (1..=10).collect::<Vec<_>>());
    }
}
