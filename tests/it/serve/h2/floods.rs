//! Floods of frames that each are allowed: they end, cost little, and nobody else waits for them.

use std::time::Instant;

use super::frames::*;
use super::serving;
use crate::serve::platform::Platform;
use crate::serve::{PATIENCE, Serving, get};

const GET: [(&str, &str); 4] = [(":method", "GET"), (":scheme", "http"), (":authority", "a.test"), (":path", "/")];
const POST: [(&str, &str); 4] = [(":method", "POST"), (":scheme", "http"), (":authority", "a.test"), (":path", "/a")];
/// What one attacker may cost.
const GROWTH_MAX_KIB: u64 = 50 << 10;

fn resident_kib(server: &Serving) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Sends `rounds` of frames, and meanwhile asks as others would.
fn flood(before: &[u8], rounds: u32, round: impl Fn(u32) -> Vec<u8>) -> Told {
    let platform = Platform::echo();
    let server = serving(&platform);
    assert_eq!(get(server.proxy(), "/warm").body, "/warm");
    let resident = resident_kib(&server);
    let mut client = Client::send(server.proxy(), before);
    let mut is_open = true;
    for number in 0..rounds {
        is_open = is_open && client.more(&round(number));
        if number % 20 == 0 {
            let began = Instant::now();
            assert_eq!(get(server.proxy(), "/healthy").body, "/healthy");
            assert!(began.elapsed() < PATIENCE / 10, "{:?}", began.elapsed());
        }
    }
    let grown = resident_kib(&server).saturating_sub(resident);
    assert!(grown < GROWTH_MAX_KIB, "{grown} KiB");
    // Whoever is still let on can be answered.
    client.more(&frame(PING, 0, 0, b"12345678"));
    client.torn()
}

#[test]
fn streams_that_are_opened_and_reset_end_the_connection() {
    let told = flood(&[], 100, |round| {
        let streams = (0..50).map(|stream| (round * 50 + stream) * 2 + 1);
        streams.flat_map(|stream| [head(stream, &GET), frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])].concat()).collect()
    });
    assert!(matches!(told, Told::GoAway(11) | Told::Closed), "{told:?}");
}

#[test]
fn streams_that_the_server_is_made_to_reset_end_the_connection() {
    let told = flood(&[], 100, |round| {
        let streams = (0..50).map(|stream| (round * 50 + stream) * 2 + 1);
        let posts = streams.map(|stream| {
            [
                frame(HEADERS, END_HEADERS, stream, &block(&POST)),
                frame(WINDOW_UPDATE, 0, stream, &[0x7f, 255, 255, 255]),
            ]
        });
        posts.flatten().flatten().collect()
    });
    assert!(matches!(told, Told::GoAway(11) | Told::Closed), "{told:?}");
}

#[test]
fn heads_without_end_end_the_connection() {
    let told = flood(&frame(HEADERS, 0, 1, &block(&GET)), 100, |_| {
        frame(CONTINUATION, 0, 1, &field("a", &"b".repeat(10_000)))
    });
    assert!(matches!(told, Told::GoAway(_) | Told::Closed), "{told:?}");
}
