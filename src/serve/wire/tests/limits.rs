//! One within each limit, one past it, and the time that dripping costs.

use std::time::{Duration, Instant};

use super::super::{Framing, Limits, Violation};
use super::{frame, whole};

const START: &str = "GET / HTTP/1.1\r\nHost: a.test\r\n";
const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n";

/// `text` of a size passes, and with one more does not.
fn check(text: impl Fn(usize) -> String, max: usize, expected: Violation) {
    let (within, past) = (text(max), text(max + 1));
    for bytes in [within.as_bytes(), past.as_bytes()] {
        assert_eq!(frame(bytes.chunks(1), Limits::default()), whole(bytes));
    }
    assert_eq!(whole(within.as_bytes()).refused, None);
    assert_eq!(whole(past.as_bytes()).refused.map(|refused| refused.violation), Some(expected));
}

#[test]
fn each_limit_holds() {
    let limits = Limits::default();
    let filled =
        |start: &str, bytes: usize, end: &str| format!("{start}{}{end}", "a".repeat(bytes - start.len() - end.len()));
    let many = |fields: usize| "A: b\r\n".repeat(fields);
    check(|n| filled(&format!("{START}A: "), n, "\r\n\r\n"), limits.head_max_bytes, Violation::HeadTooLarge);
    check(|n| format!("{START}{}\r\n", many(n - 1)), limits.fields_max, Violation::TooManyFields);
    check(
        |n| format!("GET {} HTTP/1.1\r\nHost: a.test\r\n\r\n", filled("/", n, "")),
        limits.target_max_bytes,
        Violation::TargetTooLong,
    );
    check(
        |n| format!("{CHUNKED}{}a\r\n0\r\n\r\n", filled("1;", n, "\r\n")),
        limits.chunk_line_max_bytes,
        Violation::ChunkLineTooLong,
    );
    check(
        |n| format!("{CHUNKED}0\r\n{}", filled("A: ", n, "\r\n\r\n")),
        limits.trailers_max_bytes,
        Violation::TrailersTooLarge,
    );
    check(|n| format!("{CHUNKED}0\r\n{}\r\n", many(n)), limits.fields_max, Violation::TooManyFields);
    let extended = |bytes: usize| {
        let chunks = "1;a=b\r\nx\r\n".repeat((bytes - 6) / 4);
        format!("{CHUNKED}{chunks}1;{}\r\nx\r\n0\r\n\r\n", "a".repeat(bytes - (bytes - 6) / 4 * 4 - 1))
    };
    check(extended, limits.extensions_max_bytes, Violation::ChunkExtensionsTooLarge);
}

#[test]
fn lines_that_never_end_are_given_up() {
    for (start, expected) in [
        ("GET /", Violation::TargetTooLong),
        (START, Violation::HeadTooLarge),
        (CHUNKED, Violation::ChunkLineTooLong),
        (&format!("{CHUNKED}0\r\n"), Violation::TrailersTooLarge),
    ] {
        let bytes = format!("{start}{}", "a".repeat(80_000));
        assert_eq!(whole(bytes.as_bytes()).refused.map(|refused| refused.violation), Some(expected));
        assert_eq!(frame(bytes.as_bytes().chunks(1), Limits::default()), whole(bytes.as_bytes()));
    }
}

/// Searching again for each byte would read 80 GB here, which no machine does in this time.
#[test]
fn dripping_costs_no_more_than_its_bytes() {
    let head = format!("{START}A: {}", "a".repeat(400_000));
    let mut framing = Framing::requests(Limits { head_max_bytes: usize::MAX, ..Limits::default() });
    let start = Instant::now();
    for end in 0..head.len() {
        assert_eq!(framing.advance(&head.as_bytes()[..end]), Ok(0));
    }
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}
