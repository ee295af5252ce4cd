//! A stretch of text being rewritten: borrowed until the first change.

use std::borrow::Cow;
use std::ops::Range;

/// Text from `start` on, with replacements; allocates at the first of them.
#[derive(Debug)]
pub(super) struct Refang<'t> {
    text: &'t str,
    start: usize,
    copied: usize,
    out: Option<String>,
}

/// A place in the text and in what has been rewritten so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// Byte position in the original text.
    pub(super) at: usize,
    out_len: Option<usize>,
}

impl<'t> Refang<'t> {
    /// Begins at `start`, with nothing changed.
    pub(super) fn new(text: &'t str, start: usize) -> Self {
        Self { text, start, copied: start, out: None }
    }

    /// Writes `with` in place of `range`, which must lie behind every earlier one.
    pub(super) fn replace(&mut self, range: Range<usize>, with: &str) {
        let kept = self.text.get(self.copied..range.start).unwrap_or("");
        let out = self.out.get_or_insert_default();
        out.push_str(kept);
        out.push_str(with);
        self.copied = range.end;
    }

    /// Remembers the place `at`, which must not lie before the last replacement.
    pub(super) fn mark(&mut self, at: usize) -> Mark {
        if self.out.is_some() {
            self.replace(at..at, "");
        }
        Mark { at, out_len: self.out.as_ref().map(String::len) }
    }

    /// The mark `bytes` before `mark`, where nothing was changed in between.
    pub(super) fn mark_before(mark: Mark, bytes: usize) -> Mark {
        Mark { at: mark.at.saturating_sub(bytes), out_len: mark.out_len.map(|len| len.saturating_sub(bytes)) }
    }

    /// What has been written since `mark`, up to the position `end`.
    pub(super) fn since(&mut self, mark: Mark, end: usize) -> &str {
        if self.out.is_some() {
            self.replace(end..end, "");
        }
        match &self.out {
            None => self.text.get(mark.at..end).unwrap_or(""),
            // Nothing was changed before the first replacement, so lengths agree up to there.
            Some(out) => out.get(mark.out_len.unwrap_or(mark.at - self.start)..).unwrap_or(""),
        }
    }

    /// Everything up to `mark`.
    pub(super) fn until(&self, mark: Mark) -> Cow<'t, str> {
        match (&self.out, mark.out_len) {
            (Some(out), Some(len)) => Cow::Owned(out.get(..len).unwrap_or("").to_owned()),
            _ => Cow::Borrowed(self.text.get(self.start..mark.at).unwrap_or("")),
        }
    }

    /// Whether the stretch begins at `at`.
    pub(super) fn starts_at(&self, at: usize) -> bool {
        self.start == at
    }

    /// Whether the text up to `mark` differs from what was written.
    pub(super) fn is_changed(mark: Mark) -> bool {
        mark.out_len.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borrows_until_the_first_change() {
        let mut refang = Refang::new("see a[.]b now", 4);
        let first = refang.mark(5);
        assert!(matches!(refang.until(first), Cow::Borrowed("a")));
        refang.replace(5..8, ".");
        assert_eq!(refang.since(first, 9), ".b");
        let last = refang.mark(9);
        assert_eq!(refang.until(last), "a.b");
        assert_eq!(refang.until(first), "a");
        assert!(Refang::is_changed(last) && !Refang::is_changed(first));
    }
}
