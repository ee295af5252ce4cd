//! Who has approved something: each person once, under whatever name.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Those who have approved something, each with all names that he goes by: of a key, and of whom it says that it speaks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Approvals(Vec<BTreeSet<String>>);

impl Approvals {
    /// Adds a person; whether he is none of those from before, by any of his names.
    pub(super) fn add(&mut self, names: &[&str]) -> bool {
        let names: BTreeSet<String> = names.iter().map(|name| person(name)).collect();
        let is_new = self.0.iter().all(|known| known.is_disjoint(&names));
        if is_new {
            self.0.push(names);
        }
        is_new
    }

    /// How many people.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// However somebody writes his name, he is one person.
fn person(author: &str) -> String {
    author.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_counts_once_under_whatever_name() {
        let mut approvals = Approvals::default();
        let mut add = |names: &[&str]| approvals.add(names);
        assert!(add(&["key ops", "Ann"]));
        for same in [&["key ops"][..], &["ann"], &[" ANN "], &["key ops", "Ben"], &["key lead", "ann"]] {
            assert!(!add(same), "{same:?}");
        }
        assert!(add(&["Ben"]) && !add(&["key ben", "ben"]));
        assert_eq!(approvals.count(), 2);
    }
}
