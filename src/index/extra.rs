//! What only some entries have: a time to hold, parameters to be there.

use std::collections::HashMap;
use std::ops::Range;

use crate::expression::Digest;

/// A validity window and a run of parameters; most entries have neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, bytemuck::Zeroable, bytemuck::Pod)]
#[repr(C)]
pub(super) struct Extra {
    /// Seconds since the Unix epoch; `i64::MIN` if it always held.
    from: i64,
    /// Seconds since the Unix epoch, exclusive; `i64::MAX` if it never ends.
    until: i64,
    parameters_start: u32,
    parameters_len: u32,
}

/// All extras of an index; equal ones are kept once.
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
    numbers: HashMap<(i64, i64, Vec<u64>), u32>,
}

impl ExtrasBuilder {
    /// One more than the row of these extras; 0 for none.
    pub(super) fn add(&mut self, valid: (Option<i64>, Option<i64>), mut parameters: Vec<Digest>) -> u32 {
        let (from, until) = (valid.0.unwrap_or(i64::MIN), valid.1.unwrap_or(i64::MAX));
        if from == i64::MIN && until == i64::MAX && parameters.is_empty() {
            return 0;
        }
        parameters.sort_unstable();
        let extras = &mut self.extras;
        *self.numbers.entry((from, until, parameters)).or_insert_with_key(|(_, _, parameters)| {
            extras.rows.push(Extra {
                from,
                until,
                parameters_start: extras.parameters.len() as u32,
                parameters_len: parameters.len() as u32,
            });
            extras.parameters.extend(parameters);
            extras.rows.len() as u32
        })
    }

    pub(super) fn finish(self) -> Extras {
        self.extras
    }

    pub(super) fn len(&self) -> usize {
        self.extras.rows.len()
    }
}

impl Extras {
    /// Whether an entry with the extras of that number holds at `now`.
    pub(super) fn holds(&self, number: u32, now: i64) -> bool {
        self.row(number).is_none_or(|extra| extra.from <= now && now < extra.until)
    }

    /// The sorted digests of the parameters that a link must have.
    pub(super) fn parameters(&self, number: u32) -> &[Digest] {
        let run = self.row(number).map(|extra| {
            let start = extra.parameters_start as usize;
            Range { start, end: start + extra.parameters_len as usize }
        });
        run.and_then(|run| self.parameters.get(run)).unwrap_or(&[])
    }

    /// The first moment after `now` at which some entry begins or ends to hold.
    pub(super) fn next_edge(&self, now: i64) -> Option<i64> {
        let edges = self.rows.iter().flat_map(|extra| [extra.from, extra.until]);
        edges.filter(|&edge| edge > now && edge != i64::MAX).min()
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
        for (now, holds, edge) in [(9, false, Some(10)), (10, true, Some(20)), (19, true, Some(20)), (20, false, None)] {
            assert_eq!((extras.holds(number, now), extras.next_edge(now)), (holds, edge), "{now}");
        }
        assert!(extras.holds(0, 5));
    }
}
