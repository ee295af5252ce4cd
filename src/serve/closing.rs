//! How connections learn that the server ends, and what they still take.
//!
//! ```text
//! serving ─► draining: answers say `Connection: close`, requests are still taken
//!         ─► ending: a connection on which nothing is on its way reads as closed
//! ```
//!
//! A client may send its next request in the very moment in which we close. So idle connections are left open for a
//! while, in which busy clients are told on an answer; and whoever is left is asked for unread bytes right before.

use std::future::pending;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

use super::steady::Steady;
use super::stream::Stream;
use super::wire::Strict;

/// How far the end of the server has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Serving,
    Draining,
    Ending,
}

/// The same for whoever asks with every request or read: without a lock.
#[derive(Default)]
pub(super) struct Flags {
    is_draining: AtomicBool,
    is_ending: AtomicBool,
}

impl Flags {
    /// Whether a client should be told to send no more.
    pub(super) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Acquire)
    }

    fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Acquire)
    }
}

/// Tells all connections.
pub(super) struct Announcer {
    stage: watch::Sender<Stage>,
    flags: Arc<Flags>,
}

/// What a connection knows of the server's end. Clones hear the same.
#[derive(Clone)]
pub(super) struct Closing {
    stage: watch::Receiver<Stage>,
    pub(super) flags: Arc<Flags>,
}

impl Announcer {
    pub(super) fn new() -> (Self, Closing) {
        let (stage, heard) = watch::channel(Stage::Serving);
        let flags = Arc::<Flags>::default();
        (Self { stage, flags: Arc::clone(&flags) }, Closing { stage: heard, flags })
    }

    pub(super) fn drain(&self) {
        self.flags.is_draining.store(true, Ordering::Release);
        self.stage.send_replace(Stage::Draining);
    }

    pub(super) fn end(&self) {
        self.flags.is_ending.store(true, Ordering::Release);
        self.stage.send_replace(Stage::Ending);
    }
}

impl Closing {
    /// Waits until the server is as far as that.
    pub(super) async fn reached(&mut self, stage: Stage) {
        if self.stage.wait_for(|now| *now >= stage).await.is_err() {
            // Nobody is left to end it.
            pending::<()>().await;
        }
    }
}

/// A connection that reads as closed once the server ends and no request is on its way.
pub(super) struct Parting {
    wire: Strict<Steady<Stream>>,
    flags: Arc<Flags>,
}

impl Parting {
    pub(super) fn new(wire: Strict<Steady<Stream>>, flags: Arc<Flags>) -> Self {
        Self { wire, flags }
    }

    /// The connection inside, and what was read from it and not given out.
    pub(super) fn into_parts(self) -> (Steady<Stream>, Bytes) {
        self.wire.into_parts()
    }

    fn is_over(&self) -> bool {
        self.flags.is_ending() && self.wire.is_between_requests() && !self.wire.get_ref().get_ref().has_arrived()
    }
}

impl AsyncRead for Parting {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.wire).poll_read(cx, buf);
        if polled.is_pending() && self.is_over() { Poll::Ready(Ok(())) } else { polled }
    }
}

impl AsyncWrite for Parting {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    use bytes::BytesMut;
    use tokio::io::AsyncReadExt as _;

    use super::*;
    use crate::serve::steady::Pace;
    use crate::serve::wire::{Limits, Protocol};

    const ASK: &[u8] = b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

    /// A connection on which that has arrived, of a server that is ending, and its client.
    fn ending(arrived: &[u8]) -> (Parting, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        client.write_all(arrived).unwrap();
        server.set_nonblocking(true).unwrap();
        let stream = Stream::Plain(tokio::net::TcpStream::from_std(server).unwrap());
        let stream = Steady::new(stream, Duration::from_secs(10), Pace::new());
        let (announcer, closing) = Announcer::new();
        announcer.end();
        let wire = Strict::begin(stream, Protocol::Http1, BytesMut::new(), Limits::default());
        (Parting::new(wire, closing.flags), client)
    }

    #[test]
    fn what_has_arrived_is_read_before_a_connection_reads_as_closed() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for (arrived, rest) in [(&b""[..], &b""[..]), (ASK, b""), (&ASK[..9], &ASK[9..])] {
                let (mut parting, mut client) = ending(arrived);
                let read = async {
                    let mut read = Vec::new();
                    parting.read_to_end(&mut read).await.unwrap();
                    read
                };
                // The rest comes once the start was looked at.
                let write = async {
                    tokio::task::yield_now().await;
                    client.write_all(rest).unwrap();
                };
                let (read, ()) = tokio::join!(read, write);
                assert_eq!(read, [arrived, rest].concat());
            }
        });
    }
}
