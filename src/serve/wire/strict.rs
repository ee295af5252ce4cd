//! A connection that gives its reader nothing but valid requests.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::head::After;
use super::{Framing, Limits, Place, REFUSE, Refused};

/// RFC 9113, 3.4: what a client that knows of HTTP/2 beforehand sends first.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How much is read at once onto the start of a head, and kept at most for the other side of an upgrade.
const READ_MAX_BYTES: usize = 16 * 1024;
/// How much is read at once of the head of a first request.
const FIRST_READ_BYTES: usize = 1024;
/// How long, and how much, a refused client may go on sending while it has not read our answer (RFC 9112, 9.6).
const LINGER_MAX: Duration = Duration::from_secs(1);
const LINGER_MAX_BYTES: usize = 1024 * 1024;

/// What a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum Protocol {
    Http1,
    Http2,
}

/// Reads and writes like the connection inside, less what [`Framing`] refuses.
///
/// In place of a refused head stands one request with a method that no client can send; [`refusal`](super::refusal)
/// knows it. Behind it is silence and not the end of input: a server takes that for a client that went away, and would
/// not finish its answer. A refused body ends in an error; [`Violation::of`](super::Violation::of) finds the reason.
///
/// A request that asks for an upgrade is the last one on its connection. If the answer is 101, take the connection
/// apart with [`into_parts`](Self::into_parts); any other answer has to say `connection: close`.
#[derive(Debug)]
pub(in crate::serve) struct Strict<IO> {
    io: IO,
    framing: Framing,
    /// Bytes that were read and not given out; the first `released` of them may be.
    held: BytesMut,
    released: usize,
    refused: Option<Refused>,
    linger: Option<Linger>,
}

#[derive(Debug)]
struct Linger {
    until: Pin<Box<Sleep>>,
    bytes_left: usize,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Strict<IO> {
    /// A connection that is known to speak HTTP/1.
    #[cfg(test)]
    pub(in crate::serve) fn http1(io: IO, limits: Limits) -> Self {
        Self::new(io, Framing::requests(limits), BytesMut::new())
    }

    /// What a connection speaks, told by its first bytes, which are left in `start`.
    ///
    /// It waits for them without a deadline of its own, and can be asked again.
    pub(in crate::serve) async fn detect(io: &mut IO, start: &mut BytesMut) -> io::Result<Protocol> {
        while start.len() < PREFACE.len() && PREFACE.starts_with(start) {
            let missing = PREFACE.len() - start.len();
            start.reserve(missing);
            if (&mut *io).take(missing as u64).read_buf(start).await? == 0 {
                break;
            }
        }
        Ok(if **start == *PREFACE { Protocol::Http2 } else { Protocol::Http1 })
    }

    /// A connection of which `start` was read already. HTTP/2 frames itself, so its bytes pass as they are.
    pub(in crate::serve) fn begin(io: IO, protocol: Protocol, start: BytesMut, limits: Limits) -> Self {
        let framing = match protocol {
            Protocol::Http1 => Framing::requests(limits),
            Protocol::Http2 => Framing::open(),
        };
        Self::new(io, framing, start)
    }

    /// Waits until a first request has been read as far as its head, or was refused, or none will come.
    ///
    /// Whoever serves a connection has large buffers for it; those are for clients that have asked something. It can be
    /// asked again, like [`detect`](Self::detect).
    pub(in crate::serve) async fn first_head(&mut self) -> io::Result<()> {
        while self.released == 0 {
            if self.held.capacity() - self.held.len() < FIRST_READ_BYTES / 4 {
                self.held.reserve(FIRST_READ_BYTES);
            }
            if self.io.read_buf(&mut self.held).await? == 0 {
                break;
            }
            self.release();
        }
        Ok(())
    }

    /// Whether no part of a request is held, nor expected of one that has begun.
    pub(in crate::serve) fn is_between_requests(&self) -> bool {
        self.held.is_empty() && self.framing.is_in_head()
    }

    /// Whether the end of a body has not been read yet.
    pub(in crate::serve) fn is_in_body(&self) -> bool {
        self.framing.is_in_body()
    }

    pub(in crate::serve) fn get_ref(&self) -> &IO {
        &self.io
    }

    /// The connection inside, and what was read from it and not given out.
    pub(in crate::serve) fn into_parts(self) -> (IO, Bytes) {
        (self.io, self.held.freeze())
    }

    fn new(io: IO, framing: Framing, held: BytesMut) -> Self {
        let mut strict = Self { io, framing, held, released: 0, refused: None, linger: None };
        strict.release();
        strict
    }

    /// Looks at what is held.
    fn release(&mut self) {
        let (released, refused) = scan(&mut self.framing, &self.held);
        self.released = released;
        self.settle(refused);
    }

    /// Drops what nobody will read, and puts our own request where a head was refused.
    fn settle(&mut self, refused: Option<Refused>) {
        if refused.is_some() || self.framing.after() == After::Nothing {
            self.held.truncate(self.released);
        }
        if let Some(Refused { violation, place: Place::Head }) = refused {
            let code = violation.code();
            let request = format!("{REFUSE} /{code} HTTP/1.1\r\nhost: refused.invalid\r\nconnection: close\r\n\r\n");
            self.held.extend_from_slice(request.as_bytes());
            self.released = self.held.len();
        }
        self.refused = refused;
    }

    /// Gives out what may be given; whether there was anything.
    fn give(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        let bytes = self.released.min(buf.remaining());
        buf.put_slice(self.held.get(..bytes).unwrap_or_default());
        self.held.advance(bytes);
        self.released -= bytes;
        if self.held.is_empty() {
            // An idle connection holds no memory.
            self.held = BytesMut::new();
        }
        bytes > 0
    }

    /// Reads once; whether the input has not ended. What may be given out at once stays in `buf`.
    fn fill(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<bool>> {
        if !self.held.is_empty() {
            return self.fill_held(cx, buf);
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, buf))?;
        let fresh = buf.filled().get(before..).unwrap_or_default();
        let is_open = !fresh.is_empty();
        let (passed, refused) = scan(&mut self.framing, fresh);
        self.held.extend_from_slice(fresh.get(passed..).unwrap_or_default());
        self.settle(refused);
        buf.set_filled(before + passed);
        Poll::Ready(Ok(is_open))
    }

    /// Reads behind the start of a head, with the reader's buffer only as a place to read to.
    fn fill_held(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<bool>> {
        let mut scratch = buf.take(READ_MAX_BYTES);
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut scratch))?;
        self.held.extend_from_slice(scratch.filled());
        let is_open = !scratch.filled().is_empty();
        self.release();
        Poll::Ready(Ok(is_open))
    }
}

/// How many bytes may be handed on, and why no more will be.
fn scan(framing: &mut Framing, held: &[u8]) -> (usize, Option<Refused>) {
    let mut passed = 0;
    loop {
        match framing.advance(held.get(passed..).unwrap_or_default()) {
            Ok(0) => return (passed, None),
            Ok(bytes) => passed += bytes,
            Err(refused) => return (passed, Some(refused)),
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for Strict<IO> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let strict = self.get_mut();
        let before = buf.filled().len();
        loop {
            if strict.give(buf) || buf.filled().len() > before || buf.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            match strict.refused {
                Some(Refused { place: Place::Head, .. }) => return Poll::Pending,
                Some(Refused { violation, place: Place::Body }) => {
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, violation)));
                }
                None => {}
            }
            if strict.framing.after() == After::Upgrade && strict.held.len() >= READ_MAX_BYTES {
                // Whoever answers the upgrade goes on; until then nothing here can.
                return Poll::Pending;
            }
            if !ready!(strict.fill(cx, buf))? {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Strict<IO> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    /// A client that was refused, or answered before it had sent everything, is listened to for a moment longer: closing
    /// with bytes unread would reset the connection, and the answer would be lost with it.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let strict = self.get_mut();
        if let Some(linger) = &mut strict.linger {
            return linger.poll(cx, &mut strict.io).map(Ok);
        }
        ready!(Pin::new(&mut strict.io).poll_shutdown(cx))?;
        if strict.refused.is_none() && !strict.is_in_body() {
            return Poll::Ready(Ok(()));
        }
        let linger = Linger { until: Box::pin(tokio::time::sleep(LINGER_MAX)), bytes_left: LINGER_MAX_BYTES };
        strict.linger.insert(linger).poll(cx, &mut strict.io).map(Ok)
    }
}

impl Linger {
    fn poll<IO: AsyncRead + Unpin>(&mut self, cx: &mut Context<'_>, io: &mut IO) -> Poll<()> {
        let mut scratch = [0; 4096];
        while self.bytes_left > 0 && self.until.as_mut().poll(cx).is_pending() {
            let mut buf = ReadBuf::new(&mut scratch);
            let read = ready!(Pin::new(&mut *io).poll_read(cx, &mut buf));
            if read.is_err() || buf.filled().is_empty() {
                break;
            }
            self.bytes_left = self.bytes_left.saturating_sub(buf.filled().len());
        }
        Poll::Ready(())
    }
}
