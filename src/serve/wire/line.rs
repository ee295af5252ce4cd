//! Lines that end in CRLF, found as bytes arrive and looked at once.

use super::Violation;

/// How far the lines at the front of a buffer have been read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lines {
    /// Where the next line begins; everything before it has been given out.
    pub(super) start: usize,
    /// No line end between `start` and here, so a client that drips bytes makes nobody search twice.
    searched: usize,
}

/// How far lines may go, and what it is if they go further.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    pub(super) max_bytes: usize,
    pub(super) violation: Violation,
}

impl Lines {
    /// The next line, without its end; nothing if it has not ended yet.
    ///
    /// LF alone does not end a line: RFC 9112, 2.2 lets a recipient take it, and then two of them read two messages.
    pub(super) fn next<'a>(&mut self, held: &'a [u8], bound: Bound) -> Result<Option<&'a [u8]>, Violation> {
        let fresh = held.get(self.searched..).unwrap_or_default();
        let Some(offset) = memchr::memchr(b'\n', fresh) else {
            self.searched = held.len();
            return if held.len() > bound.max_bytes { Err(bound.violation) } else { Ok(None) };
        };
        let end = self.searched + offset;
        if end >= bound.max_bytes {
            return Err(bound.violation);
        }
        let line = held.get(self.start..end).unwrap_or_default();
        self.start = end + 1;
        self.searched = self.start;
        line.strip_suffix(b"\r").map(Some).ok_or(Violation::BareLf)
    }
}

/// The better name for what is wrong with a line: no rule allows a CR, so each of them finds it under its own name.
pub(super) fn blame(line: &[u8], violation: Violation) -> Violation {
    if memchr::memchr(b'\r', line).is_some() { Violation::BareCr } else { violation }
}
