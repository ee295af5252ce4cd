//! What looks like a request and is none: in a body, behind a refusal, behind an answer that came early.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use super::answers::serving;
use super::platform::{Platform, target};
use super::{PATIENCE, Serving, raw};

const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A POST with that path and those fields, whose body looks like a request.
fn hiding(path: &str, fields: &str) -> String {
    let length = HIDDEN.len();
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{fields}Content-Length: {length}\r\n\r\n{HIDDEN}")
}

#[test]
fn requests_in_bodies_stay_there() {
    let platform = Platform::echo();
    let server = serving(&platform, "atproto");
    let last = "GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let chunked = format!(
        "POST /c HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{HIDDEN}\r\n0\r\n\r\n",
        HIDDEN.len()
    );
    let get_with_body = hiding("/g", "Content-Type: text/plain\r\n").replacen("POST", "GET", 1);
    let pipelined = [hiding("/a", "Content-Type: text/plain\r\n"), chunked, get_with_body, last.to_owned()].concat();
    let answer = raw(server.proxy(), pipelined.as_bytes());
    let answers: Vec<&str> = answer.body.split("HTTP/1.1 200 OK\r\n").collect();
    assert_eq!(answers.len(), 4, "{answer:?}");
    for (answer, path) in answers.iter().zip(["/a", "/c", "/g", "/last"]) {
        assert!(answer.trim_end().ends_with(path), "{answer}");
    }
    let got = platform.requests();
    assert_eq!(got.iter().map(|request| target(request)).collect::<Vec<_>>(), ["/a", "/c", "/g", "/last"]);
    assert!(got[..3].iter().all(|request| request.ends_with(HIDDEN)), "{got:?}");
}

/// Whoever is refused before the body was read sends it all the same, or does not.
#[test]
fn what_follows_a_refusal_is_no_request() {
    let platform = Platform::echo();
    for preset in ["mastodon", "atproto"] {
        let server = Serving::start(&format!(
            "[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://{}\"\nplatform = \"{preset}\"\n\
             [serve.limits]\nhead_timeout_ms = 300\n",
            platform.address
        ));
        for (path, fields) in [
            ("/a", "X-HTTP-Method-Override: PUT\r\n"),
            ("/xrpc/com.atproto.repo.uploadBlob", "X-HTTP-Method-Override: PUT\r\n"),
            ("/api/v2/media", "Content-Type: multipart/form-data; boundary=X\r\nX-HTTP-Method-Override: PUT\r\n"),
            ("/a/../b", ""),
            ("/a", "Content-Type: application/json\r\n"),
        ] {
            for expect in ["", "Expect: 100-continue\r\n"] {
                let answer = raw(server.proxy(), hiding(path, &format!("{fields}{expect}")).as_bytes());
                let all = answer.head + &answer.body.to_ascii_lowercase();
                let statuses: Vec<&str> = all.split("http/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
                assert!(matches!(&*statuses, ["400"] | ["100", "400"]), "{path} {fields}{expect}: {all}");
            }
        }
    }
    assert_eq!(platform.connections(), 0);
}

/// Sends a head and part of a body; what comes back before the rest is sent.
fn answer_to_half(to: SocketAddr, head: &str, half: &[u8]) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(half).unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while !answer.ends_with(b"too much") {
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "{}", answer.escape_ascii());
        answer.extend_from_slice(&buffer[..read]);
    }
    (stream, String::from_utf8(answer).unwrap())
}

/// Also of an upload that is read as it passes: neither waits for the other.
#[test]
fn an_answer_before_the_end_of_a_body_is_not_held_back_and_nothing_follows_it() {
    const TOO_MUCH: &str = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 8\r\n\r\ntoo much";
    let upload = "multipart/form-data; boundary=X";
    let part =
        "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n";
    for (preset, path, kind, start) in
        [("atproto", "/xrpc/com.atproto.repo.uploadBlob", "image/png", ""), ("mastodon", "/api/v2/media", upload, part)]
    {
        let platform = Platform::start(|conn| {
            // The head alone.
            conn.read();
            conn.send(TOO_MUCH);
            while conn.read() {}
        });
        let server = serving(&platform, preset);
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: 9000000\r\n\r\n{start}"
        );
        let (mut stream, answer) = answer_to_half(server.proxy(), &head, &vec![b'x'; 500_000]);
        assert!(answer.starts_with("HTTP/1.1 413 "), "{preset}: {answer}");
        // The rest, or something else in its place: neither is a request.
        let _ = stream.write_all(HIDDEN.as_bytes());
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut rest = String::new();
        let _ = stream.read_to_string(&mut rest);
        assert_eq!(rest, "", "{preset}");
        assert_eq!(platform.connections(), 1, "{preset}");
    }
}
