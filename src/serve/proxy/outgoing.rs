//! Bodies on their way to the platform.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::sync::mpsc;

/// A body that is sent.
pub(super) enum Outgoing {
    /// What was judged, all of it.
    Whole(Option<Bytes>),
    /// As it comes, unread.
    Through { body: Incoming, time: Duration },
    /// As it is read; an error in place of a piece ends the connection, and the platform takes nothing.
    Pieces { receiver: mpsc::Receiver<io::Result<Bytes>>, length: Option<u64>, time: Duration },
}

impl Outgoing {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self::Whole(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    /// How long it may take to arrive, on top of the time that the platform has to answer.
    pub(super) fn time(&self) -> Duration {
        match self {
            Self::Whole(_) => Duration::ZERO,
            Self::Through { time, .. } | Self::Pieces { time, .. } => *time,
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Through { body, .. } => Pin::new(body).poll_frame(cx).map_err(io::Error::other),
            Self::Pieces { receiver, .. } => receiver.poll_recv(cx).map(|piece| Some(piece?.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Through { body, .. } => body.is_end_stream(),
            Self::Pieces { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Through { body, .. } => body.size_hint(),
            Self::Pieces { length, .. } => length.map(SizeHint::with_exact).unwrap_or_default(),
        }
    }
}
