//! What an index knows of each list in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::entry::{Category, Entry, Scope};

/// A list and how its entries are to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// Unique within an index.
    pub name: String,
    /// Two lists of one name and version have the same entries.
    pub version: String,
    /// Whether hits are acted on or only told.
    pub mode: Mode,
    /// The category of entries that give none.
    pub default_category: Category,
    /// Whether `host`, `url` and `url_prefix` entries cover the `www.` twin.
    pub www_twin: bool,
    /// Whether `label` entries reach below private suffixes too.
    pub label_private: bool,
    /// On how many hosts in a million its hits are acted on, by a keyed hash of the host; on others they are told.
    #[serde(default = "all_hosts")]
    pub rollout_ppm: u32,
    /// How many entries there are of each scope; exceptions count as `allow_…`.
    #[serde(default)]
    pub entries: BTreeMap<String, u64>,
}

/// Whether hits of a list are acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// They decide the action.
    #[default]
    Enforce,
    /// They are told and never acted on.
    Report,
}

fn all_hosts() -> u32 {
    1_000_000
}

impl List {
    /// An enforced list of that name and version, with the defaults of a list that nothing more is known of.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            mode: Mode::Enforce,
            default_category: Category::Csam,
            www_twin: true,
            label_private: false,
            rollout_ppm: all_hosts(),
            entries: BTreeMap::new(),
        }
    }
}

/// Entries of a list under construction, by scope and apart for exceptions.
#[derive(Default)]
pub(super) struct Counts([[u64; Scope::ALL.len()]; 2]);

impl Counts {
    pub(super) fn add(&mut self, entry: &Entry) {
        let of_scope = self.0.get_mut(usize::from(entry.exception)).and_then(|row| row.get_mut(entry.scope as usize));
        if let Some(count) = of_scope {
            *count += 1;
        }
    }

    /// By name, those that are none left out.
    pub(super) fn by_name(&self) -> BTreeMap<String, u64> {
        let named = ["", "allow_"].into_iter().zip(&self.0).flat_map(|(prefix, row)| {
            Scope::ALL.iter().zip(row).map(move |(scope, &count)| (format!("{prefix}{}", scope.name()), count))
        });
        named.filter(|&(_, count)| count > 0).collect()
    }
}

/// Hex over the names and versions of all lists, in any order: equal wherever the same lists are in use.
pub fn lists_id<'l>(lists: impl IntoIterator<Item = &'l List>) -> String {
    let mut pairs: Vec<(&str, &str)> = lists.into_iter().map(|list| (&*list.name, &*list.version)).collect();
    pairs.sort_unstable();
    let mut hash = Sha256::new();
    for field in pairs.iter().flat_map(|&(name, version)| [name, version]) {
        hash.update((field.len() as u64).to_le_bytes());
        hash.update(field);
    }
    data_encoding::HEXLOWER.encode(hash.finalize().get(..16).unwrap_or(&[]))
}
