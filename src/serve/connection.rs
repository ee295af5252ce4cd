//! One connection: HTTP/1.1 or HTTP/2 within the limits, until it ends, is told to, or runs out of time.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONNECTION, HeaderValue, UPGRADE};
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::door::Door;
use super::limits::{HEAD_TIMEOUT_MS, Limits, STREAMS_MAX, WRITE_TIMEOUT_MS};
use super::note::hit;
use super::steady::{Pace, Steady};
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
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    pub(super) scheme: &'static str,
}

/// A connection as the parsers see it.
pub(super) type Wire = TokioIo<Strict<Steady<TcpStream>>>;

/// Serves a connection until it is over, or, once `stop` says so, until its present requests are answered.
pub(super) async fn serve(stream: TcpStream, peer: Peer, door: Door, limits: Arc<Limits>, stop: watch::Receiver<bool>) {
    // Answers are written whole; waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let (pace, metrics) = (Pace::new(), door.metrics().clone());
    let stream = Steady::new(stream, Duration::from_millis(limits.write_timeout_ms), Arc::clone(&pace));
    let bounds = wire::Limits { head_max_bytes: limits.head_max_bytes, ..wire::Limits::default() };
    let within = Duration::from_millis(limits.head_timeout_ms);
    let mut stopped = stop.clone();
    let detected = tokio::select! {
        detected = timeout(within, Strict::detect(stream, bounds)) => detected,
        // Nothing was asked yet.
        _ = stopped.wait_for(|stop| *stop) => return,
    };
    let is_late = match detected {
        Ok(Ok((Protocol::Http1, wire))) => http1(TokioIo::new(wire), peer, door, &limits, stop).await,
        Ok(Ok((Protocol::Http2, wire))) => {
            http2(TokioIo::new(wire), peer, door, &limits, stop).await;
            false
        }
        // Gone.
        Ok(Err(_)) => false,
        // Silent for too long.
        Err(_) => true,
    };
    // A connection that ends since it was idle met no limit that anybody has to know of.
    if is_late && pace.is_awaited() {
        hit(&metrics, HEAD_TIMEOUT_MS);
    }
    if pace.is_stuck() {
        hit(&metrics, WRITE_TIMEOUT_MS);
    }
}

/// Whether it ended since a head did not come in time.
async fn http1(wire: Wire, peer: Peer, door: Door, limits: &Limits, mut stop: watch::Receiver<bool>) -> bool {
    let service = service_fn(|request: Request<Incoming>| {
        let door = door.clone();
        async move {
            let upgrades = request.headers().contains_key(UPGRADE);
            let mut answer = match wire::refusal(request.method(), request.uri().path()) {
                Some(violation) => door.refuse(violation),
                None => door.answer(request, peer).await,
            };
            // Nothing behind such a request was read as HTTP.
            if upgrades && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
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
        _ = stop.wait_for(|stop| *stop) => {
            connection.as_mut().graceful_shutdown();
            None
        }
    };
    let ended = match ended {
        Some(ended) => ended,
        None => connection.await,
    };
    // How else it ended concerns only the client.
    ended.is_err_and(|error| error.is_timeout())
}

async fn http2(wire: Wire, peer: Peer, door: Door, limits: &Limits, mut stop: watch::Receiver<bool>) {
    let streams = Arc::new(());
    let service = service_fn(|request| {
        let (door, stream) = (door.clone(), Arc::clone(&streams));
        // Clients know how many they may have, and wait by themselves: that one has as many is all that can be seen.
        if Arc::strong_count(&streams) > limits.streams_max as usize {
            hit(door.metrics(), STREAMS_MAX);
        }
        async move {
            let answer = door.answer(request, peer).await;
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
        _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
