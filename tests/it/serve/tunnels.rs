//! What stays open: `WebSocket`s where a preset names them and nowhere else, and events that are sent one by one.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::platform::{Conn, Platform, target};
use super::{PATIENCE, Serving, get, raw, wait_until};

const STREAM: &str = "/api/v1/streaming";
const SWITCHED: &str =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n";

fn serving(platform: &Platform, preset: &str, more: &str) -> Serving {
    Serving::start(&format!(
        "[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://{}\"\nplatform = \"{preset}\"\n{more}",
        platform.address
    ))
}

fn asking(path: &str, upgrade: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\n{upgrade}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

const WEBSOCKET: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

/// A platform that says yes to each request for a `WebSocket`, and `tunnel`s then.
fn willing(tunnel: impl Fn(&mut Conn) + Send + Sync + 'static) -> Platform {
    Platform::start(move |conn| {
        while let Some(request) = conn.request() {
            if request.contains("\nupgrade: websocket") {
                conn.send(SWITCHED);
                return tunnel(conn);
            }
            conn.answer(target(&request));
        }
    })
}

/// Sends back what comes.
fn mirror(conn: &mut Conn) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = conn.stream.read(&mut buffer) {
        let _ = conn.stream.write_all(&buffer[..read]);
    }
}

/// An open tunnel.
fn open(to: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(asking(path, WEBSOCKET).as_bytes()).unwrap();
    let head = until(&mut stream, "\r\n\r\n").to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    for line in ["connection: upgrade", "upgrade: websocket", "sec-websocket-accept: x"] {
        assert!(head.contains(line), "{head}");
    }
    stream
}

/// Reads byte by byte up to that text, and no further.
fn until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = Vec::new();
    while !text.ends_with(end.as_bytes()) {
        let mut byte = [0];
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "ended behind {}", text.escape_ascii());
        text.push(byte[0]);
    }
    String::from_utf8(text).unwrap()
}

#[test]
fn bytes_go_both_ways_where_a_preset_says_so() {
    let platform = willing(mirror);
    for (preset, path, more) in [
        ("mastodon", STREAM, ""),
        ("mastodon", "/api/v1/streaming/user", ""),
        ("mastodon", "/api/v1/streaming/?stream=user", ""),
        ("atproto", "/xrpc/com.atproto.sync.subscribeRepos?cursor=1", ""),
        ("generic", "/live/7", "upgrades = [\"GET /live/*\"]\n"),
    ] {
        let server = serving(&platform, preset, more);
        let mut stream = open(server.proxy(), path);
        for text in ["one", "two\0\r\n\r\nGET /x HTTP/1.1\r\n\r\n"] {
            stream.write_all(text.as_bytes()).unwrap();
            assert_eq!(until(&mut stream, text), text, "{preset} {path}");
        }
    }
}

#[test]
fn bytes_before_the_answer_arrive() {
    let platform = willing(mirror);
    let server = serving(&platform, "mastodon", "");
    let mut stream = TcpStream::connect(server.proxy()).unwrap();
    stream.write_all((asking(STREAM, WEBSOCKET) + "early").as_bytes()).unwrap();
    assert!(until(&mut stream, "\r\n\r\n").starts_with("HTTP/1.1 101 "));
    assert_eq!(until(&mut stream, "early"), "early");
}

#[test]
fn bytes_right_behind_the_answer_arrive() {
    let platform = Platform::start(|conn| {
        conn.request();
        conn.send(SWITCHED.to_owned() + "hello");
        while conn.read() {}
    });
    let server = serving(&platform, "mastodon", "");
    assert_eq!(until(&mut open(server.proxy(), STREAM), "hello"), "hello");
}

/// A platform that would say yes is not even asked, so what follows is never a tunnel.
#[test]
fn nothing_else_is_a_tunnel() {
    let platform = willing(mirror);
    let server = serving(&platform, "mastodon", "");
    let hidden = "GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (path, upgrade) in [
        ("/api/v1/statuses", WEBSOCKET),
        ("/api/v1/streamingx", WEBSOCKET),
        ("/api/v1/Streaming", WEBSOCKET),
        ("/", WEBSOCKET),
        (STREAM, "Connection: Upgrade\r\nUpgrade: other\r\n"),
        (STREAM, "Connection: Upgrade\r\nUpgrade: websocket, other\r\n"),
        (STREAM, "Upgrade: websocket\r\n"),
        (STREAM, "Connection: close\r\nUpgrade: websocket\r\n"),
    ] {
        let answer = raw(server.proxy(), (asking(path, upgrade) + hidden).as_bytes());
        assert_eq!((answer.status, &*answer.body), (200, path), "{upgrade}");
        assert!(answer.head.contains("connection: close"), "{}", answer.head);
    }
    for (method, path) in [("POST", STREAM), ("PUT", STREAM)] {
        let answer = raw(server.proxy(), asking(path, WEBSOCKET).replacen("GET", method, 1).as_bytes());
        assert_eq!((answer.status, &*answer.body), (200, path), "{method}");
    }
    let old = asking(STREAM, WEBSOCKET).replace("HTTP/1.1", "HTTP/1.0");
    assert_ne!(raw(server.proxy(), old.as_bytes()).status, 101);
    for path in ["//api/v1/streaming", "/api/v1/x/../streaming", "/api/v1/%73treaming", "/api/v1/streaming;x"] {
        assert_eq!(raw(server.proxy(), asking(path, WEBSOCKET).as_bytes()).status, 400, "{path}");
    }
    assert!(!platform.requests().iter().any(|request| request.contains("upgrade") || request.contains("hidden")));
}

#[test]
fn a_platform_may_say_no_or_nonsense() {
    for (answer, status, body) in [
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nKeep-Alive: timeout=5\r\n\r\nno", 403, "no"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, "2\r\nok\r\n0\r\n\r\n"),
        ("HTTP/1.1 426 Upgrade Required\r\nUpgrade: other\r\nContent-Length: 0\r\n\r\n", 426, ""),
    ] {
        let platform = Platform::start(move |conn| {
            conn.request();
            conn.send(answer);
            while conn.read() {}
        });
        let server = serving(&platform, "mastodon", "");
        let answer = raw(server.proxy(), (asking(STREAM, WEBSOCKET) + "GET /x HTTP/1.1\r\n").as_bytes());
        assert_eq!((answer.status, &*answer.body), (status, body));
        assert!(answer.head.contains("connection: close") && !answer.head.contains("keep-alive: "), "{}", answer.head);
        // Whoever is no longer read is let go, so the platform sees the end too.
        platform.requests_from(0);
    }
    for answer in [
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
        "nonsense",
        "",
    ] {
        let platform = Platform::start(move |conn| {
            conn.request();
            conn.send(answer);
        });
        let server = serving(&platform, "mastodon", "");
        assert_eq!(raw(server.proxy(), asking(STREAM, WEBSOCKET).as_bytes()).status, 502, "{answer}");
    }
}

#[test]
fn either_side_may_end_its_half() {
    let platform = willing(|conn| {
        let mut all = Vec::new();
        conn.stream.read_to_end(&mut all).unwrap();
        conn.send([b"got ", &*all].concat());
    });
    let server = serving(&platform, "mastodon", "");
    let mut stream = open(server.proxy(), STREAM);
    stream.write_all(b"this").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "got this");

    let (sender, receiver) = mpsc::channel();
    let platform = willing(move |conn| {
        conn.send("bye");
        conn.stream.shutdown(Shutdown::Write).unwrap();
        let mut all = String::new();
        conn.stream.read_to_string(&mut all).unwrap();
        sender.send(all).unwrap();
    });
    let server = serving(&platform, "mastodon", "");
    let mut stream = open(server.proxy(), STREAM);
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "bye");
    stream.write_all(b"still here").unwrap();
    drop(stream);
    assert_eq!(receiver.recv_timeout(PATIENCE).unwrap(), "still here");
}

#[test]
fn a_tunnel_may_rest_longer_than_a_head_and_counts_as_a_connection() {
    let platform = willing(mirror);
    let more = "upstream_timeout_ms = 400\n[serve.limits]\nhead_timeout_ms = 300\nbody_grace_ms = 300\n";
    let server = serving(&platform, "mastodon", more);
    let mut stream = open(server.proxy(), STREAM);
    std::thread::sleep(Duration::from_millis(1_200));
    stream.write_all(b"awake").unwrap();
    assert_eq!(until(&mut stream, "awake"), "awake");
    let is_open =
        |count| get(server.api, "/metrics").body.contains(&format!("connections{{door=\"proxy\"}} {count}\n"));
    assert!(is_open(1));
    drop(stream);
    wait_until("the end of the tunnel", || is_open(0));
}

#[test]
fn tunnels_end_with_the_server() {
    let platform = willing(mirror);
    let mut server = serving(&platform, "mastodon", "[serve.limits]\ngrace_ms = 5000\n");
    let mut stream = open(server.proxy(), STREAM);
    let began = Instant::now();
    server.signal("TERM");
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert!(server.child.wait().unwrap().success());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    platform.requests_from(0);
}

#[test]
fn events_arrive_when_they_are_sent() {
    let (next, seen) = mpsc::channel::<()>();
    let seen = std::sync::Mutex::new(seen);
    let platform = Platform::start(move |conn| {
        conn.request();
        conn.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        for number in 0..5 {
            // The next only when the one before was seen.
            seen.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            let event = format!("event: update\ndata: {number}\n\n");
            conn.send(format!("{:x}\r\n{event}\r\n", event.len()));
        }
        conn.send("0\r\n\r\n");
        while conn.read() {}
    });
    let server = serving(&platform, "mastodon", "");
    let mut stream = TcpStream::connect(server.proxy()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
        .write_all(b"GET /api/v1/streaming/public HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
        .unwrap();
    let head = until(&mut stream, "\r\n\r\n");
    assert!(head.to_ascii_lowercase().contains("content-type: text/event-stream"), "{head}");
    for number in 0..5 {
        next.send(()).unwrap();
        until(&mut stream, &format!("data: {number}\n\n"));
    }
    until(&mut stream, "0\r\n\r\n");
}
