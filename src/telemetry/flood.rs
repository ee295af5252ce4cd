//! Lines of a log that come too often: the first of each kind are written, the others counted, and the count is told.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// For so long lines of one kind are counted together.
const WINDOW_SECONDS: i64 = 10;

/// Kinds of lines, by their code.
pub(super) struct Floods(Mutex<BTreeMap<&'static str, Window>>);

struct Window {
    began: i64,
    lines: u64,
    lines_max: u64,
}

/// Lines of one kind that were not written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) code: &'static str,
    pub(super) lines: u64,
}

impl Floods {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// Whether a line of that kind is written now, if `lines_max` are in a window.
    pub(super) fn admits(&self, code: &'static str, lines_max: u64, now: i64) -> bool {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(code).or_insert(Window { began: now, lines: 0, lines_max });
        window.lines += 1;
        window.lines <= window.lines_max
    }

    /// Ends the windows that are over; what was not written in them.
    pub(super) fn end(&self, now: i64) -> Vec<Kept> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = Vec::new();
        windows.retain(|&code, window| {
            // A clock that was set back does not hold a window open.
            let is_open = (window.began..window.began.saturating_add(WINDOW_SECONDS)).contains(&now);
            let lines = window.lines.saturating_sub(window.lines_max);
            if !is_open && lines > 0 {
                kept.push(Kept { code, lines });
            }
            is_open
        });
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_lines_are_written_and_the_others_counted() {
        let floods = Floods::new();
        let written = |code, now| (0..10_000).filter(|_| floods.admits(code, 20, now)).count();
        assert_eq!((written("a", 100), written("b", 100), written("a", 109)), (20, 20, 0));
        assert_eq!(floods.end(109), []);
        assert_eq!(floods.end(110), [Kept { code: "a", lines: 19_980 }, Kept { code: "b", lines: 9_980 }]);
        assert_eq!((floods.end(120), written("a", 120)), (vec![], 20));
        assert_eq!(floods.end(50), [Kept { code: "a", lines: 9_980 }]);
    }

    #[test]
    fn a_few_lines_are_no_flood() {
        let floods = Floods::new();
        assert!((0..20).all(|_| floods.admits("a", 20, 0)));
        assert_eq!(floods.end(60), []);
    }
}
