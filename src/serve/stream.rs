//! The bytes of a connection: as they come, or through TLS.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::wire::Protocol;

/// The name of HTTP/2 in ALPN.
pub(super) const H2: &[u8] = b"h2";

/// A connection with a client.
pub(super) enum Stream {
    Plain(TcpStream),
    /// Large, and seldom there: boxed, so that plain connections have no room for it.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Whether the kernel has bytes that nobody has read.
    pub(super) fn has_arrived(&self) -> bool {
        match self {
            Self::Plain(tcp) => has_arrived(tcp),
            Self::Tls(tls) => has_arrived(tls.get_ref().0),
        }
    }

    /// Whether both sides may speak that. HTTP/2 behind TLS is agreed on by ALPN alone (RFC 9113, 3.2).
    pub(super) fn agreed_on(&self, protocol: Protocol) -> bool {
        let Self::Tls(tls) = self else { return true };
        (tls.get_ref().1.alpn_protocol() == Some(H2)) == (protocol == Protocol::Http2)
    }
}

/// Asks the kernel itself: the runtime learns of bytes only when it next looks at all connections.
pub(super) fn has_arrived(tcp: &TcpStream) -> bool {
    SockRef::from(tcp).peek(&mut [MaybeUninit::uninit()]).is_ok_and(|bytes| bytes > 0)
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write_vectored(cx, slices),
            Self::Tls(tls) => Pin::new(tls).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(tcp) => tcp.is_write_vectored(),
            Self::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
