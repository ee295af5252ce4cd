//! Requests as bytes: only what RFC 9112 allows in one way reaches the parser.
//!
//! ```text
//! socket ─► Strict ─► hyper ─► service
//!              │ Framing: head ─► body ─► next head
//!              └ refused: one request of our own, or an error in the body
//! ```
//!
//! HTTP/2 has frames that leave no doubt where a message ends; what its fields say is held to the same rules behind the
//! parser, by [`check_http2`].
//!
//! Two readers who disagree where a message ends are all that request smuggling needs. So a message that could be read
//! in two ways is not repaired but refused, and nothing behind it on the connection is read any more. A head is handed
//! on when it is complete and valid, never in part.
//!
//! What it does not do: it judges no paths and no bodies, and has no clock; whoever serves the connection has deadlines.

mod chunked;
mod class;
mod field;
mod framing;
mod head;
mod http2;
mod line;
mod strict;
mod target;
mod violation;

pub(in crate::serve) use framing::{Framing, Place, Refused};
pub(in crate::serve) use http2::check as check_http2;
pub(in crate::serve) use strict::{Protocol, Strict};
pub(in crate::serve) use violation::Violation;

/// What a client may make us hold before a message is known to be valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) struct Limits {
    /// Request line and fields, with their line ends.
    pub(in crate::serve) head_max_bytes: usize,
    /// Fields of a head, and again of trailers. The parser behind has room for 100.
    pub(in crate::serve) fields_max: usize,
    /// The request target.
    pub(in crate::serve) target_max_bytes: usize,
    /// One line with the size of a chunk.
    pub(in crate::serve) chunk_line_max_bytes: usize,
    /// All chunk extensions of one body (RFC 9112, 7.1.1 asks for such a limit). The parser behind takes 16 KiB.
    pub(in crate::serve) extensions_max_bytes: usize,
    /// Trailers of one body, with their line ends. The parser behind takes 16 KiB.
    pub(in crate::serve) trailers_max_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_max_bytes: 64 * 1024,
            fields_max: 100,
            target_max_bytes: 8 * 1024,
            chunk_line_max_bytes: 256,
            extensions_max_bytes: 4 * 1024,
            trailers_max_bytes: 8 * 1024,
        }
    }
}

/// The method of the request that stands for a refused one. From a client it is refused itself.
const REFUSE: &str = "LINKGATE-REFUSE";

/// Why a request was refused, if this is the request that [`Strict`] put in its place.
pub(in crate::serve) fn refusal(method: &http::Method, uri_path: &str) -> Option<Violation> {
    let code = uri_path.strip_prefix('/').filter(|_| method.as_str() == REFUSE)?;
    Violation::ALL.iter().copied().find(|violation| violation.code() == code)
}

#[cfg(test)]
mod tests;
