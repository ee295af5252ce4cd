//! What passes, what is refused, and that neither depends on how bytes arrive or on who reads them next.

mod cases;
mod connection;
mod limits;
mod random;
mod serving;

use self::cases::{Case, Expected, cases};
use super::{Framing, Limits, Refused, Violation, refusal};

/// What came of some bytes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    passed: Vec<u8>,
    /// The data of each body.
    bodies: Vec<u64>,
    refused: Option<Refused>,
}

/// Bytes in pieces, through the machine alone.
fn frame<'a>(pieces: impl Iterator<Item = &'a [u8]>, limits: Limits) -> Outcome {
    let mut framing = Framing::requests(limits);
    let mut outcome = Outcome::default();
    let mut held = Vec::new();
    for piece in pieces {
        held.extend_from_slice(piece);
        loop {
            let (in_head, in_data) = (framing.is_in_head(), framing.is_in_data());
            match framing.advance(&held) {
                Ok(0) => break,
                Ok(bytes) => {
                    outcome.passed.extend(held.drain(..bytes));
                    if in_head {
                        outcome.bodies.push(0);
                    } else if in_data {
                        *outcome.bodies.last_mut().unwrap() += bytes as u64;
                    }
                }
                Err(refused) => {
                    outcome.refused = Some(refused);
                    return outcome;
                }
            }
        }
    }
    outcome
}

fn whole(bytes: &[u8]) -> Outcome {
    frame(std::iter::once(bytes), Limits::default())
}

#[test]
fn every_case_ends_as_expected() {
    for case in cases() {
        let outcome = whole(&case.bytes);
        let code = outcome.refused.map(|refused| refused.violation.code());
        match case.expected {
            Expected::Requests => assert_eq!(code, None, "{case}"),
            Expected::Refused(expected) => assert_eq!(code, Some(expected), "{case}"),
        }
        let bodies: Vec<u64> = case.requests.iter().map(|request| request.2).collect();
        assert_eq!(outcome.bodies, bodies, "{case}");
    }
}

#[test]
fn there_are_enough_cases_and_enough_controls() {
    let all = cases();
    let controls = all.iter().filter(|case| case.expected == Expected::Requests).count();
    assert!(all.len() >= 160 && controls * 3 >= all.len(), "{controls} of {}", all.len());
    let tried = |violation: &Violation| all.iter().any(|case| case.expected == Expected::Refused(violation.code()));
    let untried: Vec<_> = Violation::ALL.iter().filter(|violation| !tried(violation)).collect();
    assert_eq!(untried, [] as [&Violation; 0]);
}

#[test]
fn it_does_not_matter_how_bytes_arrive() {
    for case in cases() {
        let expected = whole(&case.bytes);
        assert_eq!(frame(case.bytes.chunks(1), Limits::default()), expected, "byte by byte: {case}");
        if case.bytes.len() <= 512 {
            for at in 0..=case.bytes.len() {
                let (one, other) = case.bytes.split_at(at);
                assert_eq!(frame([one, other].into_iter(), Limits::default()), expected, "split at {at}: {case}");
            }
        }
    }
}

#[test]
fn a_refused_request_is_known_by_its_stand_in() {
    let method = http::Method::from_bytes(b"LINKGATE-REFUSE").unwrap();
    for &violation in Violation::ALL {
        assert_eq!(refusal(&method, &format!("/{}", violation.code())), Some(violation));
        assert!(violation.status().is_client_error() || violation.status().is_server_error(), "{violation:?}");
        assert!(violation.code().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{violation:?}");
    }
    assert_eq!(refusal(&method, "/nonsense"), None);
    assert_eq!(refusal(&method, "bare_lf"), None);
    assert_eq!(refusal(&http::Method::GET, "/bare_lf"), None);
}

#[test]
fn nothing_follows_a_refusal() {
    let mut framing = Framing::requests(Limits::default());
    let refused = framing.advance(b"GET / HTTP/1.1\n").unwrap_err();
    assert_eq!(framing.advance(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"), Err(refused));
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start = &self.bytes[..self.bytes.len().min(300)];
        write!(f, "{} ({}): {}", self.why, self.section, start.escape_ascii())
    }
}
