//! The platform behind the proxy: reached within time, asked once, believed only if its answer has one meaning.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Method, Request, Response, Uri};
use http_body::Body as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::telemetry::metrics::{self, Counted, Metrics, Upstream as Figures};

use super::link::{Answered, Link, Times, Unanswered};
use super::outgoing::Outgoing;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Where the platform is.
#[derive(Clone)]
pub struct Upstream {
    authority: Arc<str>,
    times: Times,
    connections_max: usize,
    busy: Arc<AtomicUsize>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamError {
    /// It is no address.
    #[error("the upstream is no address: http://HOST:PORT")]
    Address,
    /// It cannot be reached.
    #[error("the upstream cannot be reached")]
    Unreachable,
    /// It did not begin to answer in time.
    #[error("the upstream did not answer in time")]
    Late,
    /// It answered what is no HTTP, or ended before it had answered.
    #[error("the upstream's answer is broken")]
    Garbage,
    /// More requests are under way than it is to get.
    #[error("the upstream has as many requests as it may get")]
    Full,
}

impl UpstreamError {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Address => "upstream_address",
            Self::Unreachable => "upstream_unreachable",
            Self::Late => "upstream_late",
            Self::Garbage => "upstream_garbage",
            Self::Full => "upstream_full",
        }
    }
}

/// One request under way.
struct Turn(Arc<AtomicUsize>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Upstream {
    /// The platform at `http://HOST:PORT`, which has `answer` to begin an answer and to go on with it, and with which a
    /// connection is kept for at most `idle` without a request.
    ///
    /// # Errors
    /// If that is no such address.
    pub fn new(address: &str, answer: Duration, idle: Duration, connections_max: usize) -> Result<Self, UpstreamError> {
        let uri: Uri = address.parse().map_err(|_| UpstreamError::Address)?;
        let has_path = uri.path_and_query().is_some_and(|path| path.as_str() != "/");
        let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http") && !has_path);
        let authority =
            authority.filter(|authority| !authority.as_str().contains('@')).ok_or(UpstreamError::Address)?;
        let port = authority.port_u16().unwrap_or(80);
        let authority = format!("{}:{port}", authority.host()).into();
        Ok(Self { authority, times: Times { answer, idle }, connections_max, busy: Arc::default() })
    }

    /// Sends a request and waits for the head of the answer.
    ///
    /// It is sent again only if nothing of it was sent before, or if it changes nothing: a post is never made twice.
    pub(super) async fn send(
        &self,
        request: Request<Outgoing>,
        metrics: &Metrics,
    ) -> Result<Response<Answered>, UpstreamError> {
        let (began, figures) = (Instant::now(), &metrics.upstream);
        let in_flight = Counted::one(&figures.in_flight);
        let sent = self.send_in_turn(request, figures).await;
        drop(in_flight);
        match &sent {
            Ok(_) => figures.answered.inc(),
            Err(error) => figures.requests.get_or_create(&metrics::Outcome { outcome: error.code() }).inc(),
        };
        figures.latency.observe(began.elapsed().as_secs_f64());
        sent
    }

    async fn send_in_turn(
        &self,
        request: Request<Outgoing>,
        figures: &Figures,
    ) -> Result<Response<Answered>, UpstreamError> {
        let turn = Turn(Arc::clone(&self.busy));
        if turn.0.fetch_add(1, Ordering::Relaxed) >= self.connections_max {
            return Err(UpstreamError::Full);
        }
        let within = self.times.answer + request.body().time();
        timeout(within, self.exchange(request, figures)).await.map_err(|_| UpstreamError::Late)?
    }

    async fn exchange(
        &self,
        mut request: Request<Outgoing>,
        figures: &Figures,
    ) -> Result<Response<Answered>, UpstreamError> {
        while let Some(link) = Link::idle(&self.authority).await {
            let again = repeatable(&request);
            match link.send(request).await {
                Ok(answer) => return Ok(answer),
                Err(Unanswered::Unsent(unsent)) => request = *unsent,
                // The platform may have closed it in the moment in which we sent.
                Err(Unanswered::Broken) => {
                    request = again.ok_or(UpstreamError::Garbage)?;
                    break;
                }
            }
        }
        let link = self.connect(figures).await?;
        link.send(request).await.map_err(|_| UpstreamError::Garbage)
    }

    async fn connect(&self, figures: &Figures) -> Result<Box<Link>, UpstreamError> {
        let stream = self.dial().await?;
        let link = Link::open(Arc::clone(&self.authority), stream, self.times, figures);
        link.await.map_err(|_| UpstreamError::Unreachable)
    }

    pub(super) fn timeout(&self) -> Duration {
        self.times.answer
    }

    pub(super) async fn dial(&self) -> Result<TcpStream, UpstreamError> {
        let dialled = timeout(CONNECT_TIMEOUT, TcpStream::connect(&*self.authority)).await;
        let stream = dialled.map_err(|_| UpstreamError::Late)?.map_err(|_| UpstreamError::Unreachable)?;
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }
}

/// The same request once more, if its method is safe (RFC 9110, 9.2.1 and 9.2.2) and it has no body.
fn repeatable(request: &Request<Outgoing>) -> Option<Request<Outgoing>> {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    (is_safe && request.body().is_end_stream()).then(|| {
        let mut again = Request::new(Outgoing::Whole(None));
        *again.method_mut() = request.method().clone();
        *again.uri_mut() = request.uri().clone();
        *again.headers_mut() = request.headers().clone();
        again
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (address, expected) in [
            ("http://127.0.0.1:3000", Some("127.0.0.1:3000")),
            ("http://[::1]:3000/", Some("[::1]:3000")),
            ("http://platform.internal", Some("platform.internal:80")),
            ("https://127.0.0.1", None),
            ("127.0.0.1:3000", None),
            ("http://user@127.0.0.1", None),
            ("http://127.0.0.1/api", None),
            ("", None),
        ] {
            let upstream = Upstream::new(address, Duration::ZERO, Duration::ZERO, 1).ok();
            assert_eq!(upstream.as_ref().map(|upstream| &*upstream.authority), expected, "{address}");
        }
    }
}
