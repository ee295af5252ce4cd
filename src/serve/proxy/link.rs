//! A connection to the platform, driven by whoever uses it: no task of its own, so nothing comes between two requests.
//!
//! Before it is used again it is asked whether anything has arrived that nobody asked for; if so, it is dropped. So it is
//! when it has been idle for so long that the platform may be about to close it: a post sent then would be lost.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Connection, SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use crate::telemetry::metrics::{Counted, Gauge, Upstream as Figures};

use super::outgoing::Outgoing;

/// Idle connections that each worker keeps.
const IDLE_MAX: usize = 256;

thread_local! {
    /// Those of this worker: a connection never changes threads.
    #[expect(clippy::vec_box, reason = "a connection is a kilobyte, and moves from hand to hand with each request")]
    static IDLE: RefCell<Vec<Box<Link>>> = const { RefCell::new(Vec::new()) };
}

/// An open connection.
pub(super) struct Link {
    authority: std::sync::Arc<str>,
    sender: SendRequest<Outgoing>,
    connection: Connection<TokioIo<TcpStream>, Outgoing>,
    times: Times,
    idle_since: Instant,
    _open: Counted<Gauge>,
    /// How many are idle.
    idle: Gauge,
    /// Whether it may serve again. One that was answered before it had sent all of a client's body would hold on to that.
    is_kept: bool,
}

/// How long a platform may take, and how long a connection to it is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// To begin an answer, and to go on with it.
    pub(super) answer: Duration,
    /// Without a request.
    pub(super) idle: Duration,
}

/// Why a request brought no answer.
pub(super) enum Unanswered {
    /// None of it was sent.
    Unsent(Box<Request<Outgoing>>),
    /// The platform may have taken it.
    Broken,
}

impl Link {
    /// An idle connection of this worker that still stands.
    pub(super) async fn idle(authority: &str) -> Option<Box<Self>> {
        loop {
            let mut link = IDLE.with_borrow_mut(|idle| {
                let at = idle.iter().rposition(|link| *link.authority == *authority)?;
                Some(idle.swap_remove(at))
            })?;
            link.idle.dec();
            if link.is_fresh().await {
                return Some(link);
            }
        }
    }

    pub(super) async fn open(
        authority: std::sync::Arc<str>,
        stream: TcpStream,
        times: Times,
        figures: &Figures,
    ) -> hyper::Result<Box<Self>> {
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        let (open, idle) = (Counted::one(figures.open.clone()), figures.idle.clone());
        Ok(Box::new(Self {
            authority,
            sender,
            connection,
            times,
            idle_since: Instant::now(),
            is_kept: true,
            _open: open,
            idle,
        }))
    }

    /// Whether it is open, nothing has arrived on it, and it was not idle for too long.
    async fn is_fresh(&mut self) -> bool {
        self.idle_since.elapsed() < self.times.idle
            && poll_fn(|cx| Poll::Ready(Pin::new(&mut self.connection).poll(cx).is_pending())).await
            && self.sender.is_ready()
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send(
        mut self: Box<Self>,
        request: Request<Outgoing>,
    ) -> Result<Response<Answered>, Unanswered> {
        self.is_kept = matches!(request.body(), Outgoing::Whole(_)) || request.body().is_end_stream();
        let Self { sender, connection, .. } = &mut *self;
        let mut answer = pin!(sender.try_send_request(request));
        let mut is_over = false;
        let answered = poll_fn(|cx| {
            if let Poll::Ready(answered) = answer.as_mut().poll(cx) {
                return Poll::Ready(answered);
            }
            is_over = is_over || Pin::new(&mut *connection).poll(cx).is_ready();
            answer.as_mut().poll(cx)
        })
        .await;
        match answered {
            Ok(response) => {
                let link = (!is_over).then_some(self);
                let mut answered =
                    response.map(|incoming| Answered { incoming, link, is_ended: false, waiting: None, first: None });
                match answered.body_mut().begin().await {
                    Ok(()) => Ok(answered),
                    Err(_) => Err(Unanswered::Broken),
                }
            }
            Err(mut error) => Err(match error.take_message() {
                Some(request) => Unanswered::Unsent(Box::new(request)),
                None => Unanswered::Broken,
            }),
        }
    }
}

/// Closes idle connections of this worker that will not be used again.
pub(in crate::serve) async fn close_stale() {
    let mut kept = IDLE.take();
    for at in (0..kept.len()).rev() {
        if let Some(link) = kept.get_mut(at)
            && !link.is_fresh().await
        {
            kept.swap_remove(at).idle.dec();
        }
    }
    IDLE.with_borrow_mut(|idle| idle.append(&mut kept));
}

/// The body of an answer, with the connection on which it comes.
pub(in crate::serve) struct Answered {
    incoming: Incoming,
    link: Option<Box<Link>>,
    is_ended: bool,
    waiting: Option<Pin<Box<Sleep>>>,
    /// What came together with the head.
    first: Option<Frame<Bytes>>,
}

impl Answered {
    /// Takes what is there of the body: if that is broken already, the client can still be told so.
    async fn begin(&mut self) -> io::Result<()> {
        let first = poll_fn(|cx| match Pin::new(&mut self.incoming).poll_frame(cx) {
            Poll::Ready(Some(frame)) => Poll::Ready(frame.map(Some).map_err(io::Error::other)),
            Poll::Ready(None) | Poll::Pending => Poll::Ready(Ok(None)),
        });
        self.first = first.await?;
        Ok(())
    }

    pub(in crate::serve) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        let mut polled = Pin::new(&mut self.incoming).poll_frame(cx);
        if polled.is_pending() {
            self.drive(cx);
            polled = Pin::new(&mut self.incoming).poll_frame(cx);
        }
        match polled {
            Poll::Ready(frame) => {
                self.waiting = None;
                self.is_ended |= frame.is_none();
                Poll::Ready(frame.map(|frame| frame.map_err(io::Error::other)))
            }
            Poll::Pending => self.poll_timeout(cx),
        }
    }

    /// Lets the connection read on.
    fn drive(&mut self, cx: &mut Context<'_>) {
        if let Some(link) = &mut self.link
            && Pin::new(&mut link.connection).poll(cx).is_ready()
        {
            self.link = None;
        }
    }

    fn poll_timeout(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(timeout) = self.link.as_ref().map(|link| link.times.answer) else { return Poll::Pending };
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(timeout)));
        waiting.as_mut().poll(cx).map(|()| Some(Err(io::ErrorKind::TimedOut.into())))
    }

    pub(in crate::serve) fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.incoming.is_end_stream()
    }

    pub(in crate::serve) fn size_hint(&self) -> SizeHint {
        let first = self.first.as_ref().and_then(Frame::data_ref).map_or(0, |data| data.len() as u64);
        let rest = self.incoming.size_hint();
        let mut whole = SizeHint::new();
        whole.set_lower(rest.lower() + first);
        if let Some(upper) = rest.upper() {
            whole.set_upper(upper + first);
        }
        whole
    }
}

impl Drop for Answered {
    /// A connection whose answer was read to its end serves again.
    fn drop(&mut self) {
        if (self.is_ended || self.incoming.is_end_stream())
            && let Some(mut link) = self.link.take().filter(|link| link.is_kept)
        {
            link.idle_since = Instant::now();
            let _ = IDLE.try_with(|idle| {
                if let Ok(mut idle) = idle.try_borrow_mut()
                    && idle.len() < IDLE_MAX
                {
                    link.idle.inc();
                    idle.push(link);
                }
            });
        }
    }
}
