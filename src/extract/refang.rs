//! A stretch of text being rewritten: a list of edits, carried out only where somebody wants the result.

use std::borrow::Cow;
use std::ops::Range;

use smallvec::SmallVec;

/// So many edits need no memory of their own; hosts with more are rare, and never met by chance.
const EDITS_INLINE: usize = 4;

/// Text from `start` on, with replacements.
#[derive(Debug)]
pub(super) struct Refang<'t> {
    text: &'t str,
    start: usize,
    edits: SmallVec<[Edit; EDITS_INLINE]>,
}

#[derive(Debug)]
struct Edit {
    range: Range<usize>,
    with: With,
}

/// What stands in place of something else.
#[derive(Debug)]
pub(super) enum With {
    Text(&'static str),
    Letter(char),
    Made(Box<str>),
}

impl From<&'static str> for With {
    fn from(text: &'static str) -> Self {
        Self::Text(text)
    }
}

impl From<char> for With {
    fn from(letter: char) -> Self {
        Self::Letter(letter)
    }
}

impl From<String> for With {
    fn from(text: String) -> Self {
        Self::Made(text.into())
    }
}

/// A place in the text, and how many edits lie before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// Byte position in the original text.
    pub(super) at: usize,
    edits: usize,
}

impl<'t> Refang<'t> {
    /// Begins at `start`, with nothing changed.
    pub(super) fn new(text: &'t str, start: usize) -> Self {
        Self { text, start, edits: SmallVec::new() }
    }

    /// Writes `with` in place of `range`, which must lie behind every earlier one.
    pub(super) fn replace(&mut self, range: Range<usize>, with: impl Into<With>) {
        self.edits.push(Edit { range, with: with.into() });
    }

    /// Remembers the place `at`, which must not lie before the last replacement.
    pub(super) fn mark(&self, at: usize) -> Mark {
        Mark { at, edits: self.edits.len() }
    }

    /// Remembers an earlier place, which must not lie inside a replacement.
    pub(super) fn mark_back_at(&self, at: usize) -> Mark {
        Mark { at, edits: self.edits.partition_point(|edit| edit.range.end <= at) }
    }

    /// What stands between `mark` and the position `end`.
    pub(super) fn since(&self, mark: Mark, end: usize) -> Cow<'t, str> {
        let before = self.mark_back_at(end).edits;
        self.rewritten(mark.at..end, self.edits.get(mark.edits..before).unwrap_or_default())
    }

    /// Everything up to `mark`.
    pub(super) fn until(&self, mark: Mark) -> Cow<'t, str> {
        self.rewritten(self.start..mark.at, self.edits.get(..mark.edits).unwrap_or_default())
    }

    fn rewritten(&self, range: Range<usize>, edits: &[Edit]) -> Cow<'t, str> {
        let as_written = |from, to| self.text.get(from..to).unwrap_or("");
        if edits.is_empty() {
            return Cow::Borrowed(as_written(range.start, range.end));
        }
        let mut out = String::with_capacity(range.len());
        let mut from = range.start;
        for edit in edits {
            out.push_str(as_written(from, edit.range.start));
            match &edit.with {
                With::Text(text) => out.push_str(text),
                With::Letter(letter) => out.push(*letter),
                With::Made(text) => out.push_str(text),
            }
            from = edit.range.end;
        }
        out.push_str(as_written(from, range.end));
        Cow::Owned(out)
    }

    /// Whether the stretch begins at `at`.
    pub(super) fn starts_at(&self, at: usize) -> bool {
        self.start == at
    }

    /// Whether the text up to `mark` differs from what was written.
    pub(super) fn is_changed(mark: Mark) -> bool {
        mark.edits > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borrows_what_was_not_changed() {
        let mut refang = Refang::new("see a[.]b now", 4);
        let first = refang.mark(5);
        assert!(matches!(refang.until(first), Cow::Borrowed("a")));
        refang.replace(5..8, ".");
        assert_eq!(refang.since(first, 9), ".b");
        let dot = refang.mark(8);
        assert!(matches!(refang.since(dot, 9), Cow::Borrowed("b")));
        let last = refang.mark(9);
        assert_eq!(refang.until(last), "a.b");
        assert_eq!(refang.until(first), "a");
        assert!(Refang::is_changed(last) && !Refang::is_changed(first));
        assert_eq!((refang.mark_back_at(5), refang.mark_back_at(9)), (first, last));
    }

    #[test]
    fn every_kind_of_edit() {
        let mut refang = Refang::new("hxxp//ａ-x", 0);
        refang.replace(0..6, "http://");
        refang.replace(6..9, 'a');
        refang.replace(9..11, "-y".to_owned());
        assert_eq!(refang.until(refang.mark(11)), "http://a-y");
    }
}
