//! The text a reader sees of marked-up text, and where each part of it stands in the original.

use std::ops::Range;

/// Visible text under construction.
#[derive(Debug, Default)]
pub(super) struct Visible {
    text: String,
    pieces: Vec<Piece>,
}

/// A stretch of visible text that comes from one place.
#[derive(Debug, Clone, Copy)]
struct Piece {
    visible: usize,
    original: usize,
    /// Where the source ends, if it was decoded and lengths differ.
    decoded_end: Option<usize>,
}

impl Visible {
    /// The text so far.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Its length.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Adds text that stands in the original as it is.
    pub(super) fn push(&mut self, text: &str, range: Range<usize>) {
        let Some(part) = text.get(range.clone()).filter(|part| !part.is_empty()) else {
            return;
        };
        let goes_on = self.pieces.last().is_some_and(|last| {
            last.decoded_end.is_none() && last.original + (self.text.len() - last.visible) == range.start
        });
        if !goes_on {
            self.pieces.push(Piece { visible: self.text.len(), original: range.start, decoded_end: None });
        }
        self.text.push_str(part);
    }

    /// Adds text that `range` of the original stands for.
    pub(super) fn push_decoded(&mut self, decoded: &str, range: Range<usize>) {
        self.pieces.push(Piece { visible: self.text.len(), original: range.start, decoded_end: Some(range.end) });
        self.text.push_str(decoded);
    }

    /// Adds a line break, where a block begins or ends.
    pub(super) fn push_break(&mut self, at: usize) {
        if !self.text.ends_with('\n') {
            self.push_decoded("\n", at..at);
        }
    }

    /// The range of the original that `range` of the visible text comes from.
    pub(super) fn original(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.piece_at(range.start).map_or(0, |piece| match piece.decoded_end {
            None => piece.original + (range.start - piece.visible),
            Some(_) => piece.original,
        });
        let end = self.piece_at(range.end.saturating_sub(1)).map_or(start, |piece| match piece.decoded_end {
            None => piece.original + (range.end - piece.visible),
            Some(end) => end,
        });
        start..end.max(start)
    }

    fn piece_at(&self, at: usize) -> Option<Piece> {
        let behind = self.pieces.partition_point(|piece| piece.visible <= at);
        self.pieces.get(behind.checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_lead_back() {
        let original = "a<b>bc&amp;d";
        let mut visible = Visible::default();
        visible.push(original, 0..1);
        visible.push(original, 4..5);
        visible.push(original, 5..6);
        visible.push_decoded("&", 6..11);
        visible.push(original, 11..12);
        assert_eq!(visible.text(), "abc&d");
        assert_eq!(visible.original(&(0..1)), 0..1);
        assert_eq!(visible.original(&(1..3)), 4..6);
        assert_eq!(visible.original(&(0..4)), 0..11);
        assert_eq!(visible.original(&(3..5)), 6..12);
    }
}
