//! The connection around the machine: both protocols, upgrades, bodies that go wrong, clients that do not stop.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
use tokio::time::timeout;

use super::super::strict::{Protocol, Strict};
use super::super::{Limits, Violation};
use super::serving::{End, detect, runtime, serve};

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

/// The protocol, and everything that can be read.
async fn detected(bytes: &[u8], width: usize) -> (Protocol, Vec<u8>) {
    let (mut client, server) = duplex(width);
    let client = async {
        client.write_all(bytes).await.unwrap();
        drop(client);
    };
    let server = async {
        let (protocol, mut strict) = detect(server).await;
        let mut read = Vec::new();
        strict.read_to_end(&mut read).await.unwrap();
        (protocol, read)
    };
    tokio::join!(client, server).1
}

#[test]
fn the_first_bytes_tell_the_protocol_and_none_is_lost() {
    runtime().block_on(async {
        for width in [1, 5, 24, 4096] {
            assert_eq!(detected(GET, width).await, (Protocol::Http1, GET.to_vec()));
            assert_eq!(detected(b"", width).await, (Protocol::Http1, Vec::new()));
            let frames = [PREFACE, b"\0\0\0\x04\0\0\0\0\0 anything \n"].concat();
            assert_eq!(detected(&frames, width).await, (Protocol::Http2, frames.clone()));
            assert_eq!(detected(PREFACE, width).await, (Protocol::Http2, PREFACE.to_vec()));
            // What is cut off is no head, so nobody sees it.
            assert_eq!(detected(&PREFACE[..10], width).await, (Protocol::Http1, Vec::new()));
        }
    });
}

#[test]
fn a_first_head_is_waited_for_as_a_whole() {
    runtime().block_on(async {
        for rest in [b"\n".as_slice(), b"\n\r\nGET /cut"] {
            let (mut client, server) = duplex(4096);
            let mut strict = Strict::http1(server, Limits::default());
            for part in [&GET[..20], &GET[20..GET.len() - 1]] {
                client.write_all(part).await.unwrap();
                assert!(timeout(Duration::from_millis(20), strict.first_head()).await.is_err());
            }
            client.write_all(rest).await.unwrap();
            strict.first_head().await.unwrap();
            drop(client);
            let mut read = Vec::new();
            strict.read_to_end(&mut read).await.unwrap();
            assert_eq!(read, GET);
        }
        for bytes in [b"GET / HTTP/1.1\r\nHo".as_slice(), b"GET / HTTP/1.1\n", b""] {
            let (mut client, server) = duplex(4096);
            client.write_all(bytes).await.unwrap();
            drop(client);
            Strict::http1(server, Limits::default()).first_head().await.unwrap();
        }
    });
}

#[test]
fn a_preface_behind_a_request_is_refused() {
    runtime().block_on(async {
        let (mut client, server) = duplex(4096);
        client.write_all(&[GET, PREFACE].concat()).await.unwrap();
        let seen = tokio::join!(serve(Strict::http1(server, Limits::default())), async {
            let _ = client.read_to_end(&mut Vec::new()).await;
            drop(client);
        })
        .0;
        let ends: Vec<End> = seen.iter().map(|request| request.end).collect();
        assert_eq!(ends, [End::Whole, End::Refused(Violation::MethodRefused)]);
    });
}

#[test]
fn behind_an_upgrade_nothing_is_read_as_a_request_and_nothing_is_lost() {
    runtime().block_on(async {
        for width in [1, 7, 4096] {
            let (mut client, server) = duplex(width);
            let frames = b"GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n\x81\0\n";
            let client = async {
                client.write_all(&[UPGRADE, frames].concat()).await.unwrap();
                client.shutdown().await.unwrap();
                client
            };
            let server = async {
                let mut strict = Strict::http1(server, Limits::default());
                let mut read = Vec::new();
                strict.read_to_end(&mut read).await.unwrap();
                assert_eq!(read, UPGRADE);
                let (_, unread) = strict.into_parts();
                assert_eq!(unread, &frames[..]);
            };
            tokio::join!(client, server);
        }
    });
}

#[test]
fn behind_an_upgrade_no_more_is_kept_than_allowed() {
    runtime().block_on(async {
        let (mut client, server) = duplex(1024);
        let flood = async {
            client.write_all(UPGRADE).await.unwrap();
            while client.write_all(&[0; 1024]).await.is_ok() {}
        };
        let mut strict = Strict::http1(server, Limits::default());
        let read = async {
            let mut read = Vec::new();
            let _ = strict.read_to_end(&mut read).await;
        };
        let both = async { tokio::join!(flood, read) };
        assert!(timeout(Duration::from_millis(100), both).await.is_err());
        assert!(strict.into_parts().1.len() <= 32 * 1024);
    });
}

#[test]
fn a_refused_client_that_goes_on_sending_still_gets_its_answer() {
    runtime().block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let (mut reading, mut writing) = client.into_split();
        let client = async {
            writing.write_all(b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: +9\r\n\r\n").await.unwrap();
            for _ in 0..20 {
                writing.write_all(&[b'x'; 4096]).await.unwrap();
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            let mut answer = String::new();
            reading.read_to_string(&mut answer).await.unwrap();
            drop(writing);
            answer
        };
        let (answer, seen) = tokio::join!(client, serve(Strict::http1(server, Limits::default())));
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("content_length_invalid"), "{answer}");
        assert_eq!(seen.len(), 1);
    });
}

#[test]
fn a_refused_client_is_not_waited_for_long() {
    runtime().block_on(async {
        let (mut client, server) = duplex(4096);
        client.write_all(b"\x16\x03\x01").await.unwrap();
        let start = Instant::now();
        let seen = serve(Strict::http1(server, Limits::default())).await;
        assert_eq!(seen[0].end, End::Refused(Violation::MethodInvalid));
        assert!(start.elapsed() < Duration::from_secs(3));
        drop(client);
    });
}

#[test]
fn a_large_body_comes_through_unchanged() {
    runtime().block_on(async {
        let (mut client, server) = duplex(100_000);
        let body: Vec<u8> = (0..3_000_000_u32).map(|n| n as u8).collect();
        let head = format!("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n\r\n", body.len());
        let sent = [head.as_bytes(), &body, GET].concat();
        let client = async {
            client.write_all(&sent).await.unwrap();
            drop(client);
        };
        let server = async {
            let mut read = Vec::new();
            Strict::http1(server, Limits::default()).read_to_end(&mut read).await.unwrap();
            read
        };
        assert!(tokio::join!(client, server).1 == sent);
    });
}
