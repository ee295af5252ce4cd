//! How often each of the operator's own rulings decided, as a figure and to be written down.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use super::Register;

/// So many are counted each for itself, and no more.
const RULINGS_MAX: usize = 10_000;

/// The label of an override.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the label's own name says it")]
pub struct Override {
    pub r#override: String,
}

/// Counts of rulings, by their ids.
pub struct Rulings {
    told: Family<Override, Counter>,
    /// Those that are not written down yet; 0 where all are.
    fresh: Mutex<HashMap<String, u64>>,
}

impl Rulings {
    pub(super) fn registered(register: &mut Register) -> Self {
        let told = register.add("override_hits", "Posts that an override decided about", Family::default());
        Self { told, fresh: Mutex::default() }
    }

    fn fresh(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more.
    pub fn count(&self, id: &str) {
        let mut fresh = self.fresh();
        if let Some(count) = fresh.get_mut(id) {
            *count += 1;
        } else if fresh.len() < RULINGS_MAX {
            fresh.insert(id.to_owned(), 1);
        } else {
            return;
        }
        drop(fresh);
        self.told.get_or_create(&Override { r#override: id.to_owned() }).inc();
    }

    /// What was counted since this was asked last.
    pub fn take(&self) -> BTreeMap<String, u64> {
        let mut fresh = self.fresh();
        let taken = fresh.iter_mut().filter(|(_, count)| **count > 0);
        taken.map(|(id, count)| (id.clone(), std::mem::take(count))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rulings() -> Rulings {
        Rulings { told: Family::default(), fresh: Mutex::default() }
    }

    #[test]
    fn each_is_taken_once() {
        let rulings = rulings();
        for id in ["a", "b", "a"] {
            rulings.count(id);
        }
        assert_eq!(rulings.take(), BTreeMap::from([("a".to_owned(), 2), ("b".to_owned(), 1)]));
        rulings.count("b");
        assert_eq!(rulings.take(), BTreeMap::from([("b".to_owned(), 1)]));
        assert!(rulings.take().is_empty());
    }

    #[test]
    fn one_beyond_the_limit_is_not_counted() {
        let rulings = rulings();
        for number in 0..=RULINGS_MAX {
            rulings.count(&number.to_string());
        }
        rulings.count("0");
        let taken = rulings.take();
        assert_eq!((taken.len(), taken["0"]), (RULINGS_MAX, 2));
    }
}
