//! One connection: HTTP/1.1 or HTTP/2 within the limits, until it ends, is told to, or runs out of time.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use bytes::BytesMut;
use http::header::{CONNECTION, HeaderValue, UPGRADE};
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use prometheus_client::metrics::gauge::Gauge;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::telemetry::metrics::Metrics;

use super::closing::{Closing, Parting, Stage};
use super::door::Door;
use super::limits::{HEAD_TIMEOUT_MS, Limits, STREAMS_MAX, WRITE_TIMEOUT_MS};
use super::note::hit;
use super::places::Place;
use super::steady::{Pace, Steady};
use super::stream::Stream;
use super::tls::Tls;
use super::wire::{self, Protocol, Strict};

/// What HTTP/2 may keep in memory for one stream, and for all of a connection.
const STREAM_WINDOW_BYTES: u32 = 64 << 10;
const CONNECTION_WINDOW_BYTES: u32 = 1 << 20;
const SEND_BUFFER_BYTES: usize = 64 << 10;
/// The least that the parser of HTTP/1.1 takes.
const BUFFER_MIN_BYTES: usize = 8 << 10;
/// Streams that a client opened and reset before they were looked at (rapid reset).
const RESETS_PENDING_MAX: usize = 20;
/// Streams that the client made the server reset (CVE-2025-8671).
const RESETS_LOCAL_MAX: usize = 100;
const PING_INTERVAL: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// Where a request came from.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    pub(super) address: IpAddr,
    /// The address as a platform is told it: written once for all requests of a connection.
    pub(super) told: HeaderValue,
    pub(super) scheme: &'static str,
}

impl Peer {
    pub(super) fn new(address: SocketAddr, scheme: &'static str) -> Self {
        let address = address.ip().to_canonical();
        let told = HeaderValue::from_str(&address.to_string()).unwrap_or(HeaderValue::from_static("unknown"));
        Self { address, told, scheme }
    }
}

/// What all connections of a server share.
pub(super) struct Shared {
    pub(super) limits: Arc<Limits>,
    pub(super) metrics: Metrics,
    /// Where there is one, every door speaks TLS.
    pub(super) tls: Arc<ArcSwapOption<Tls>>,
}

/// A connection that counts as open for as long as somebody holds this: whoever serves it, or the tunnel it has become.
pub(super) struct Open {
    count: Arc<AtomicUsize>,
    gauge: Gauge,
    _place: Place,
}

impl Open {
    /// One more in the figures; it is in the count already.
    pub(super) fn new(count: Arc<AtomicUsize>, gauge: Gauge, place: Place) -> Arc<Self> {
        gauge.inc();
        Arc::new(Self { count, gauge, _place: place })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.gauge.dec();
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How long a connection lives.
pub(super) struct Life {
    pub(super) open: Arc<Open>,
    pub(super) closing: Closing,
}

/// A connection as the parsers see it.
pub(super) type Wire = TokioIo<Parting>;

/// Serves a connection until it is over, or, once `closing` says so, until its present requests are answered.
pub(super) async fn serve(tcp: TcpStream, address: SocketAddr, door: Arc<Door>, shared: Arc<Shared>, life: Life) {
    let Life { open, mut closing } = life;
    // Answers are written whole; waiting for more to send would only delay them.
    let _ = tcp.set_nodelay(true);
    let limits = &*shared.limits;
    let deadline = Instant::now() + Duration::from_millis(limits.head_timeout_ms);
    let (stream, scheme) = match shared.tls.load_full() {
        None => (Stream::Plain(tcp), "http"),
        // Large: boxed, so that connections without it have no room for it.
        Some(tls) => match Box::pin(tls.accept(tcp, deadline, &shared.metrics, &mut closing)).await {
            Some(stream) => (Stream::Tls(stream), "https"),
            None => return,
        },
    };
    let pace = Pace::new();
    let stream = Steady::new(stream, Duration::from_millis(limits.write_timeout_ms), Arc::clone(&pace));
    let is_late = match timeout_at(deadline, begin(stream, limits, &mut closing)).await {
        Ok(Some((protocol, wire))) => {
            let (peer, wire) = (Peer::new(address, scheme), TokioIo::new(wire));
            match protocol {
                Protocol::Http1 => http1(wire, peer, door, limits, Life { open, closing }).await,
                // The larger of the two: boxed for the same reason.
                Protocol::Http2 => {
                    Box::pin(http2(wire, peer, door, limits, closing)).await;
                    false
                }
            }
        }
        // Gone.
        Ok(None) => false,
        // Silent for too long.
        Err(_) => true,
    };
    // A connection that ends since it was idle met no limit that anybody has to know of.
    if is_late && pace.is_awaited() {
        hit(&shared.metrics, HEAD_TIMEOUT_MS);
    }
    if pace.is_stuck() {
        hit(&shared.metrics, WRITE_TIMEOUT_MS);
    }
}

/// Waits for the first bytes; nothing if there will be none.
async fn begin(mut stream: Steady<Stream>, limits: &Limits, closing: &mut Closing) -> Option<(Protocol, Parting)> {
    let mut start = BytesMut::new();
    let mut is_ending = false;
    let protocol = loop {
        tokio::select! {
            protocol = Strict::detect(&mut stream, &mut start) => break protocol.ok()?,
            () = closing.reached(Stage::Ending), if !is_ending => is_ending = true,
        }
        if start.is_empty() && !stream.get_ref().has_arrived() {
            return None;
        }
    };
    if !stream.get_ref().agreed_on(protocol) {
        return None;
    }
    let mut wire = Strict::begin(stream, protocol, start, bounds(limits));
    if protocol == Protocol::Http1 {
        wire.first_head().await.ok()?;
    }
    Some((protocol, Parting::new(wire, Arc::clone(&closing.flags))))
}

fn bounds(limits: &Limits) -> wire::Limits {
    wire::Limits { head_max_bytes: limits.head_max_bytes, ..wire::Limits::default() }
}

/// Whether it ended since a head did not come in time.
async fn http1(wire: Wire, peer: Peer, door: Arc<Door>, limits: &Limits, life: Life) -> bool {
    let Life { open, mut closing } = life;
    let (flags, unread) = (Arc::clone(&closing.flags), wire.inner().unread());
    let service = service_fn(|mut request: Request<Incoming>| {
        let (door, peer, flags, unread) = (Arc::clone(&door), peer.clone(), &flags, &unread);
        let upgrades = request.headers().contains_key(UPGRADE);
        if upgrades {
            request.extensions_mut().insert(Arc::clone(&open));
        }
        async move {
            let mut answer = match wire::refusal(request.method(), request.uri().path()) {
                Some(violation) => door.refuse(violation),
                None => door.answer(request, peer).await,
            };
            // Nothing behind a request for an upgrade, or in the rest of a body, was read as HTTP.
            let is_last = upgrades || unread.is_left() || flags.is_draining();
            if is_last && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits.head_timeout_ms))
        .half_close(true)
        .max_buf_size(limits.head_max_bytes.max(BUFFER_MIN_BYTES));
    let mut connection = pin!(builder.serve_connection(wire, service).with_upgrades());
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        // From now on it reads as closed where nothing is on its way.
        () = closing.reached(Stage::Ending) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => connection.await,
    };
    // How else it ended concerns only the client.
    ended.is_err_and(|error| error.is_timeout())
}

async fn http2(wire: Wire, peer: Peer, door: Arc<Door>, limits: &Limits, mut closing: Closing) {
    let (streams, bounds) = (Arc::new(()), bounds(limits));
    let service = service_fn(|request: Request<Incoming>| {
        let (door, peer, stream) = (Arc::clone(&door), peer.clone(), Arc::clone(&streams));
        // Clients know how many they may have, and wait by themselves: that one has as many is all that can be seen.
        if Arc::strong_count(&streams) > limits.streams_max as usize {
            hit(door.metrics(), STREAMS_MAX);
        }
        async move {
            let (mut head, body) = request.into_parts();
            let answer = match wire::check_http2(&mut head, &bounds) {
                Ok(()) => door.answer(Request::from_parts(head, body), peer).await,
                Err(violation) => door.refuse(violation),
            };
            drop(stream);
            Ok::<_, Infallible>(answer)
        }
    });
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .max_concurrent_streams(limits.streams_max)
        .max_header_list_size(u32::try_from(limits.head_max_bytes).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(RESETS_PENDING_MAX)
        .max_local_error_reset_streams(RESETS_LOCAL_MAX)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    let mut connection = pin!(builder.serve_connection(wire, service));
    tokio::select! {
        _ = connection.as_mut() => return,
        // The protocol itself tells the client which requests will be answered.
        () = closing.reached(Stage::Draining) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
