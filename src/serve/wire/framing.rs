//! Where messages begin and end on a connection: a machine over bytes, without input and output.

use super::chunked::{Chunked, Piece};
use super::head::{After, Body, Head, Whole};
use super::{Limits, Violation};

/// Follows the requests of one connection.
#[derive(Debug)]
pub(in crate::serve) struct Framing {
    limits: Limits,
    state: State,
    after: After,
}

#[derive(Debug)]
enum State {
    Head(Head),
    Length(u64),
    Chunked(Chunked),
    /// No message follows.
    Ended,
    /// Not ours to frame.
    Open,
    Refused(Refused),
}

/// What is refused, and where it stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) struct Refused {
    pub(in crate::serve) violation: Violation,
    pub(in crate::serve) place: Place,
}

/// Decides who hears of it: nobody has seen the head yet, or somebody is reading the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum Place {
    Head,
    Body,
}

impl Framing {
    /// For the first byte of a connection with HTTP/1.
    pub(in crate::serve) fn requests(limits: Limits) -> Self {
        Self { limits, state: State::Head(Head::default()), after: After::Next }
    }

    /// For a connection with a protocol that frames itself.
    pub(in crate::serve) fn open() -> Self {
        Self { limits: Limits::default(), state: State::Open, after: After::Next }
    }

    /// How many bytes at the front of `held` may be handed on: one head, or one piece of a body. None: more are needed.
    ///
    /// `held` is what has arrived and was not handed on yet. Each byte of it is looked at once, however it arrives, and
    /// the data of bodies not at all. Nothing comes after a refusal.
    pub(in crate::serve) fn advance(&mut self, held: &[u8]) -> Result<usize, Refused> {
        let place = if matches!(self.state, State::Head(_)) { Place::Head } else { Place::Body };
        match &mut self.state {
            State::Head(reader) => {
                reader.advance(held, &self.limits).map(|whole| whole.map_or(0, |whole| self.begin(whole)))
            }
            State::Length(left) => {
                let bytes = usize::try_from(*left).map_or(held.len(), |left| left.min(held.len()));
                *left -= bytes as u64;
                if *left == 0 {
                    self.end();
                }
                Ok(bytes)
            }
            State::Chunked(chunked) => chunked.advance(held, &self.limits).map(|piece| match piece {
                Piece::Partial => 0,
                Piece::Part(bytes) => bytes,
                Piece::Last(bytes) => {
                    self.end();
                    bytes
                }
            }),
            State::Ended => Ok(0),
            State::Open => Ok(held.len()),
            State::Refused(refused) => return Err(*refused),
        }
        .map_err(|violation| {
            let refused = Refused { violation, place };
            self.state = State::Refused(refused);
            refused
        })
    }

    /// What may follow on this connection, as far as it is known.
    pub(super) fn after(&self) -> After {
        if matches!(self.state, State::Ended) { self.after } else { After::Next }
    }

    fn begin(&mut self, head: Whole) -> usize {
        self.after = head.after;
        match head.body {
            Body::Length(0) => self.end(),
            Body::Length(length) => self.state = State::Length(length),
            Body::Chunked => self.state = State::Chunked(Chunked::new()),
        }
        head.bytes
    }

    fn end(&mut self) {
        self.state = if self.after == After::Next { State::Head(Head::default()) } else { State::Ended };
    }

    /// Whether a head comes next, of which something may have been looked at.
    pub(super) fn is_in_head(&self) -> bool {
        matches!(self.state, State::Head(_))
    }

    /// Whether the end of a body is still to come.
    pub(super) fn is_in_body(&self) -> bool {
        matches!(self.state, State::Length(_) | State::Chunked(_))
    }

    #[cfg(test)]
    pub(super) fn is_in_data(&self) -> bool {
        match &self.state {
            State::Length(_) => true,
            State::Chunked(chunked) => chunked.is_in_data(),
            _ => false,
        }
    }
}
