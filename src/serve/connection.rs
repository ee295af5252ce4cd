//! One connection: HTTP/1.1 or HTTP/2 within the limits, until it ends, is told to, or runs out of time.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::door::Door;
use super::limits::Limits;
use super::steady::Steady;

/// What HTTP/2 may keep in memory for one stream, and for all of a connection.
const STREAM_WINDOW_BYTES: u32 = 64 << 10;
const CONNECTION_WINDOW_BYTES: u32 = 1 << 20;
const SEND_BUFFER_BYTES: usize = 64 << 10;
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

/// Serves a connection until it is over, or, once `stop` says so, until its present requests are answered.
pub(super) async fn serve(stream: TcpStream, peer: Peer, door: Door, limits: Arc<Limits>, stop: watch::Receiver<bool>) {
    // Answers are written whole; waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let stream = Steady::new(stream, Duration::from_millis(limits.write_timeout_ms));
    http1(stream, peer, door, &limits, stop).await;
}

async fn http1(stream: Steady<TcpStream>, peer: Peer, door: Door, limits: &Limits, mut stop: watch::Receiver<bool>) {
    let service = service_fn(|request| {
        let door = door.clone();
        async move { Ok::<_, std::convert::Infallible>(door.answer(request, peer).await) }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits.head_timeout_ms))
        .max_buf_size(limits.head_max_bytes.max(16 << 10));
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    // How it ended concerns only the client.
    let _ = connection.await;
}

#[expect(dead_code, reason = "next")]
async fn http2(stream: Steady<TcpStream>, peer: Peer, door: Door, limits: &Limits, mut stop: watch::Receiver<bool>) {
    let service = service_fn(|request| {
        let door = door.clone();
        async move { Ok::<_, std::convert::Infallible>(door.answer(request, peer).await) }
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
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
