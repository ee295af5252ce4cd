//! What only some entries have: a time to hold, parameters to be there.

use std::collections::HashMap;

use crate::expression::Digest;

/// A validity window and a run of parameters, as three plain numbers so that a file holds them as they are.
///
/// From and until are seconds since the Unix epoch, `i64::MIN` and `i64::MAX` where the source sets no bound; the third
/// holds start and length of the run.
type Extra = [u64; 3];

/// All extras of an index; equal windows are kept once.
#[derive(Default)]
pub(super) struct Extras {
    pub(super) rows: Vec<Extra>,
    /// Runs of sorted digests.
    pub(super) parameters: Vec<u64>,
}

/// Collects extras while an index is built.
#[derive(Default)]
pub(super) struct ExtrasBuilder {
    extras: Extras,
    windows: HashMap<(i64, i64), u32>,
}

impl ExtrasBuilder {
    /// One more than the row of these extras; 0 for none.
    pub(super) fn add(&mut self, valid: (Option<i64>, Option<i64>), mut parameters: Vec<Digest>) -> u32 {
        let (from, until) = (valid.0.unwrap_or(i64::MIN), valid.1.unwrap_or(i64::MAX));
        if from == i64::MIN && until == i64::MAX && parameters.is_empty() {
            return 0;
        }
        parameters.sort_unstable();
        if parameters.is_empty() {
            // Many entries share a window; each run of parameters is nearly always the only one of its kind.
            let extras = &mut self.extras;
            return *self.windows.entry((from, until)).or_insert_with(|| extras.push((from, until), &[]));
        }
        self.extras.push((from, until), &parameters)
    }

    pub(super) fn finish(self) -> Extras {
        self.extras
    }

    pub(super) fn len(&self) -> usize {
        self.extras.rows.len()
    }
}

impl Extras {
    /// Appends a row and gives its number.
    fn push(&mut self, (from, until): (i64, i64), parameters: &[Digest]) -> u32 {
        let run = (self.parameters.len() as u64) << 32 | parameters.len() as u64;
        self.rows.push([from.cast_unsigned(), until.cast_unsigned(), run]);
        self.parameters.extend(parameters);
        self.rows.len() as u32
    }

    /// Whether an entry with the extras of that number holds at `now`.
    pub(super) fn holds(&self, number: u32, now: i64) -> bool {
        self.row(number).is_none_or(|&[from, until, _]| (from.cast_signed()..until.cast_signed()).contains(&now))
    }

    /// The sorted digests of the parameters that a link must have.
    pub(super) fn parameters(&self, number: u32) -> &[Digest] {
        let run = self.row(number).map(|&[_, _, run]| {
            let start = (run >> 32) as usize;
            start..start + (run as u32) as usize
        });
        run.and_then(|run| self.parameters.get(run)).unwrap_or(&[])
    }

    /// Every moment at which some entry begins or ends to hold, sorted.
    pub(super) fn edges(&self) -> Vec<i64> {
        let edges = self.rows.iter().flat_map(|&[from, until, _]| [from.cast_signed(), until.cast_signed()]);
        let mut edges: Vec<i64> = edges.filter(|&edge| edge != i64::MIN && edge != i64::MAX).collect();
        edges.sort_unstable();
        edges.dedup();
        edges
    }

    /// Bytes that stay in memory.
    pub(super) fn resident_bytes(&self) -> usize {
        size_of_val(&*self.rows) + size_of_val(&*self.parameters)
    }

    fn row(&self, number: u32) -> Option<&Extra> {
        self.rows.get((number as usize).checked_sub(1)?)
    }
}

/// Whether sorted `all` holds every one of sorted `wanted`, each as often.
pub(super) fn includes(all: &[Digest], wanted: &[Digest]) -> bool {
    let mut rest = all.iter();
    wanted.iter().all(|digest| rest.any(|candidate| candidate == digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multiset_includes_another() {
        for (all, wanted, expected) in [
            (&[1, 2, 3][..], &[][..], true),
            (&[1, 2, 3], &[1, 3], true),
            (&[1, 2, 3], &[1, 1], false),
            (&[1, 1, 3], &[1, 1], true),
            (&[], &[1], false),
            (&[2], &[1], false),
        ] {
            assert_eq!(includes(all, wanted), expected, "{all:?} {wanted:?}");
        }
    }

    #[test]
    fn a_window_holds_from_its_start_to_before_its_end() {
        let mut builder = ExtrasBuilder::default();
        let number = builder.add((Some(10), Some(20)), vec![]);
        assert_eq!(builder.add((Some(10), Some(20)), vec![]), number);
        assert_eq!(builder.add((None, None), vec![]), 0);
        let extras = builder.finish();
        for (now, holds) in [(9, false), (10, true), (19, true), (20, false)] {
            assert_eq!(extras.holds(number, now), holds, "{now}");
        }
        assert_eq!(extras.edges(), [10, 20]);
        assert!(extras.holds(0, 5));
    }
}
