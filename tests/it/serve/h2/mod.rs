//! HTTP/2 at both doors: what RFC 9113 does not allow is refused; what passes is one request of HTTP/1.1, and the one meant.

mod cases;
mod connections;
mod floods;
mod frames;
mod heads;

use std::net::SocketAddr;

use super::platform::Platform;
use super::{Serving, raw};

use cases::{Case, Expected, cases};
use frames::{Client, Told};

fn serving(platform: &Platform) -> Serving {
    Serving::start(&format!(
        "[api]\nhosts = [\"a.test\"]\n[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://{}\"\nplatform = \"atproto\"\n",
        platform.address
    ))
}

fn is_refusal(told: Told) -> bool {
    match told {
        Told::Answer(status) => status != 404 && status != 405 && status >= 400,
        Told::Reset(code) | Told::GoAway(code) => code != 0,
        Told::Closed => true,
    }
}

/// What the client of a case is told.
fn told(case: &Case, door: SocketAddr) -> Told {
    let mut client = Client::send(door, &case.frames);
    if matches!(case.expected, Expected::Torn) { client.torn() } else { client.told() }
}

#[test]
fn the_platform_gets_one_request_or_none() {
    let platform = Platform::recorder();
    let server = serving(&platform);
    let mut wrong = Vec::new();
    for case in cases() {
        let before = platform.connections();
        let told = told(&case, server.proxy());
        // Whatever was on its way to the platform for this case comes before the next request.
        assert_eq!(super::get(server.proxy(), "/next").status, 200);
        let mut got = platform.requests_from(before);
        assert_eq!(got.pop().as_deref(), Some("GET /next\nhost: localhost"), "{case}");
        let is_right = match &case.expected {
            Expected::Forwarded(request) => told == Told::Answer(200) && got == [&**request],
            // What came before the fault may have been a request.
            Expected::Torn => is_refusal(told) && got.iter().all(|got| got == cases::GOT),
            Expected::Cut => is_refusal(told) && got.iter().all(|got| got.starts_with("(cut)")),
            Expected::Refused | Expected::RefusedByProxy => is_refusal(told) && got.is_empty(),
            Expected::MethodRefused => told == Told::Answer(501) && got.is_empty(),
        };
        if !is_right {
            wrong.push(format!("{case}: {told:?} {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_api_answers_what_is_valid_and_nothing_else() {
    let platform = Platform::recorder();
    let server = serving(&platform);
    let mut wrong = Vec::new();
    for case in cases() {
        let told = told(&case, server.api);
        let is_right = match &case.expected {
            Expected::Refused | Expected::Torn => is_refusal(told),
            // It can name the methods that it takes.
            Expected::MethodRefused => told == Told::Answer(405),
            Expected::Cut => is_refusal(told) || told == Told::Answer(404),
            Expected::RefusedByProxy | Expected::Forwarded(_) => matches!(told, Told::Answer(200 | 404)),
        };
        if !is_right {
            wrong.push(format!("{case}: {told:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn there_are_enough_cases_and_enough_controls() {
    let all = cases();
    let controls = all.iter().filter(|case| matches!(case.expected, Expected::Forwarded(_))).count();
    assert!(all.len() >= 200 && controls * 6 >= all.len(), "{controls} of {}", all.len());
}

/// RFC 9113, 3.1 has taken this way from HTTP/1.1 to HTTP/2 back.
#[test]
fn an_upgrade_to_http2_is_no_tunnel() {
    let platform = Platform::recorder();
    let server = serving(&platform);
    for fields in [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
        "Connection: Upgrade\r\nUpgrade: h2c\r\n",
        "Upgrade: h2c\r\n",
        "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n",
        "Connection: HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
        "Connection: Upgrade\r\nUpgrade: HTTP/2.0\r\n",
    ] {
        for door in [server.api, server.proxy()] {
            let mut bytes = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n").into_bytes();
            bytes.extend([frames::PREFACE, &frames::frame(frames::SETTINGS, 0, 0, &[])].concat());
            let answer = raw(door, &bytes);
            assert_eq!(answer.status, 400, "{fields}: {}", answer.head);
            assert!(answer.body.contains("_refused") && !answer.body.contains("HTTP/1.1"), "{}", answer.body);
        }
    }
    for start in
        ["PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n", "PRI * HTTP/2.0\r\nHost: a.test\r\n\r\n", "PRI /a HTTP/1.1\r\n\r\n"]
    {
        let status = raw(server.proxy(), start.as_bytes()).status;
        assert!(status >= 400, "{start:?}: {status}");
    }
    assert_eq!(platform.connections(), 0);
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start = &self.frames[..self.frames.len().min(300)];
        write!(f, "{} ({}): {}", self.why, self.section, start.escape_ascii())
    }
}
