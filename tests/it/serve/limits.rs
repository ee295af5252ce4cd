//! Every limit of the doors, met: what the client is told, and the figure that counts it.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::{Serving, get, post, raw, request, wait_until};

const POST: &str = "POST /v1/check HTTP/1.1\r\nHost: localhost\r\n";

impl Serving {
    /// Waits until that limit was met so often.
    fn wait_for_hits(&self, limit: &str, count: u32) {
        let name = format!("linkgate_limit_hits_total{{limit=\"{limit}\"}}");
        wait_until(&format!("{count} of {limit}"), || self.figure(&name) == Some(f64::from(count)));
    }
}

/// A chunked request, from its first chunk on.
fn chunked(rest: &str) -> String {
    format!("{POST}Transfer-Encoding: chunked\r\n\r\n{rest}")
}

#[test]
fn what_is_too_much_is_refused_and_counted_under_the_name_of_the_limit() {
    let server = Serving::start("[serve.limits]\nhead_max_bytes = 20000\nbody_max_bytes = 100\nposts_max = 1\n");
    let fields = |count: usize, length: usize| {
        (0..count).fold(String::new(), |mut fields, number| {
            write!(fields, "F{number}: {}\r\n", "x".repeat(length)).unwrap();
            fields
        })
    };
    let extension = format!("1;{}\r\nx\r\n", "e".repeat(200));
    for (limit, status, bytes) in [
        ("head_max_bytes", 431, format!("{POST}{}\r\n", fields(1, 20_000))),
        ("fields_max", 431, format!("{POST}{}\r\n", fields(101, 1))),
        ("target_max_bytes", 414, format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(8 << 10))),
        ("chunk_line_max_bytes", 400, chunked(&format!("1;{}\r\nx\r\n0\r\n\r\n", "e".repeat(300)))),
        ("extensions_max_bytes", 400, chunked(&extension.repeat(30))),
        ("trailers_max_bytes", 431, chunked(&format!("0\r\n{}\r\n", fields(9, 1_000)))),
        ("body_max_bytes", 413, format!("{POST}Content-Length: 101\r\n\r\n{}", "x".repeat(101))),
        ("posts_max", 413, format!("{POST}Content-Length: 35\r\n\r\n{}", r#"{"posts":[{"text":""},{"text":""}]}"#)),
    ] {
        let answer = raw(server.api, bytes.as_bytes());
        assert_eq!(answer.status, status, "{limit}: {answer:?}");
        server.wait_for_hits(limit, 1);
    }
    // As much as is allowed meets none of them.
    let fits = format!("{POST}{}Connection: close\r\nContent-Length: 100\r\n\r\n{}", fields(90, 1), " ".repeat(100));
    assert_eq!(raw(server.api, fits.as_bytes()).status, 400);
    assert_eq!(post(server.api, "/v1/check", "application/json", br#"{"posts":[{"text":""}]}"#).status, 200);
    let figures = get(server.api, "/metrics").body;
    let hits = figures.lines().filter(|line| line.starts_with("linkgate_limit_hits_total") && line.ends_with(" 1"));
    assert_eq!(hits.count(), 8, "{figures}");
}

#[test]
fn lines_of_a_stream_have_the_size_and_time_of_bodies() {
    let server = Serving::start("[serve.limits]\nbody_max_bytes = 1000\nbody_grace_ms = 200\n");
    let stream = |rest: &str| format!("POST /v1/check/stream HTTP/1.1\r\nHost: localhost\r\n{rest}");
    raw(server.api, stream(&format!("Content-Length: 2000\r\n\r\n{}", " ".repeat(2_000))).as_bytes());
    server.wait_for_hits("body_max_bytes", 1);
    let _kept = begun(server.api, &stream("Content-Length: 2000\r\n\r\n{"));
    server.wait_for_hits("body_min_bytes_per_s", 1);
}

/// A request that does not go on.
fn begun(to: SocketAddr, bytes: &str) -> TcpStream {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    stream
}

#[test]
fn who_is_slow_is_let_go() {
    let server = Serving::start("[serve.limits]\nhead_timeout_ms = 300\nbody_grace_ms = 300\n");
    let end = |mut stream: TcpStream| {
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        rest
    };
    // Idle after its answer: it is let go, and nothing was met.
    let get = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n";
    assert!(end(begun(server.api, &format!("{get}\r\n"))).contains("alive"));
    server.wait_for_hits("head_timeout_ms", 0);
    // Silent from the beginning, and within the first head.
    for (hits, bytes) in [(1, ""), (2, get)] {
        end(begun(server.api, bytes));
        server.wait_for_hits("head_timeout_ms", hits);
    }
    // Within the second.
    let mut second = begun(server.api, &format!("{get}\r\n"));
    let mut start = [0; 15];
    second.read_exact(&mut start).unwrap();
    second.write_all(get.as_bytes()).unwrap();
    end(second);
    server.wait_for_hits("head_timeout_ms", 3);
    assert!(end(begun(server.api, &format!("{POST}Content-Length: 10\r\n\r\n{{"))).starts_with("HTTP/1.1 408"));
    server.wait_for_hits("body_min_bytes_per_s", 1);
}

#[test]
fn who_does_not_read_is_let_go() {
    let server = Serving::start("[serve.limits]\nwrite_timeout_ms = 300\n");
    let mut stream = TcpStream::connect(server.api).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
    stream
        .write_all(b"POST /v1/check/stream HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n")
        .unwrap();
    let lines = "{\"text\":\"\"}\n".repeat(5_000);
    // Answers are longer than posts, so they fill what the kernel holds before these do.
    while stream.write_all(lines.as_bytes()).is_ok() {}
    server.wait_for_hits("write_timeout_ms", 1);
}

#[test]
fn beyond_all_connections_there_is_room_for_whoever_looks_at_figures() {
    let server = Serving::start("[telemetry]\nlisten = \"127.0.0.1:0\"\n[serve.limits]\nconnections_max = 1\n");
    let open = "linkgate_connections{door=\"api\"}";
    let _kept = begun(server.api, "GET ");
    wait_until("the first connection", || server.figure(open) == Some(1.0));
    assert_eq!(get(server.api, "/healthz").status, 0);
    server.wait_for_hits("connections_max", 1);
    assert_eq!(get(server.figures.unwrap(), "/healthz").body, "alive\n");
}

#[test]
fn the_platform_gets_no_more_requests_than_it_may() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Serving::start(&format!(
        "[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://{}\"\nupstream_connections_max = 1\n",
        silent.local_addr().unwrap()
    ));
    let _kept = begun(server.proxy(), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    wait_until("a request at the platform", || server.figure("linkgate_upstream_in_flight") == Some(1.0));
    let refused = request(server.proxy(), "GET", "/", &[], b"");
    assert_eq!(refused.status, 503, "{refused:?}");
    server.wait_for_hits("upstream_connections_max", 1);
}

/// A body that never comes.
struct Never;

impl http_body::Body for Never {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

#[test]
fn as_many_streams_as_there_may_be() {
    let server = Serving::start("[serve.limits]\nstreams_max = 2\n");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let asked = |number: u32| {
        let request = http::Request::post(format!("http://localhost/v1/check?{number}"));
        request.header("content-type", "application/json").body(Never).unwrap()
    };
    let mut sender = runtime.block_on(async {
        let stream = TokioIo::new(tokio::net::TcpStream::connect(server.api).await.unwrap());
        let (sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        tokio::spawn(connection);
        sender
    });
    let open = "linkgate_connections{door=\"api\"}";
    runtime.spawn(sender.send_request(asked(1)));
    wait_until("the connection", || server.figure(open) == Some(2.0));
    server.wait_for_hits("streams_max", 0);
    runtime.spawn(sender.send_request(asked(2)));
    server.wait_for_hits("streams_max", 1);
}
