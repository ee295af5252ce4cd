//! Frames that each connection should and should not bring.

use super::cases::{Case, Expected, GET, GOT, POST, posted};
use super::frames::*;
use super::heads::BODY;

type Connection = (&'static str, &'static str, Vec<Vec<u8>>);

pub(super) fn connections() -> Vec<Case> {
    let mut cases = Vec::new();
    for (rows, expected) in
        [(passing(), Some(GOT.to_owned())), (passing_bodies(), Some(posted())), (streams_refused(), None)]
    {
        cases.extend(rows.into_iter().map(|(section, why, frames)| {
            let expected = expected.clone().map_or(Expected::Refused, Expected::Forwarded);
            Case { section, why, frames: frames.concat(), expected }
        }));
    }
    let torn = [torn_streams(), torn_by_settings(), torn_blocks()].concat();
    cases.extend(torn.into_iter().map(|(section, why, frames)| Case {
        section,
        why,
        frames: frames.concat(),
        expected: Expected::Torn,
    }));
    cases
}

fn get(stream: u32) -> Vec<u8> {
    head(stream, &GET)
}

fn post() -> Vec<u8> {
    frame(HEADERS, END_HEADERS, 1, &block(&POST))
}

/// A POST, cut after these bytes of its block, and the rest.
fn cut(at: usize) -> (Vec<u8>, Vec<u8>) {
    let block = block(&GET);
    let (one, other) = block.split_at(at);
    (frame(HEADERS, END_STREAM, 1, one), frame(CONTINUATION, END_HEADERS, 1, other))
}

fn passing() -> Vec<Connection> {
    let (one, other) = cut(10);
    let indexed = [&[0x82, 0x86, 0x84, 0x41][..], &[6], b"a.test"].concat();
    // `a.test`, packed: RFC 7541, appendix B.
    let packed = [&[0x82, 0x86, 0x84, 0x41][..], &[0x84, 0x1a, 0xe9, 0x2a, 0x13]].concat();
    let end = END_HEADERS | END_STREAM;
    let mut reserved = get(1);
    reserved[5] |= 0x80;
    let block = block(&GET);
    vec![
        ("6.2", "one frame", vec![get(1)]),
        ("6.10", "a block in two frames", vec![one, other]),
        (
            "6.10",
            "a continuation of nothing",
            vec![frame(HEADERS, END_STREAM, 1, &block), frame(CONTINUATION, END_HEADERS, 1, &[])],
        ),
        ("7541 6.1", "fields from the static table", vec![frame(HEADERS, end, 1, &indexed)]),
        ("7541 5.2", "a packed string", vec![frame(HEADERS, end, 1, &packed)]),
        ("7541 6.3", "a table of nothing", vec![frame(HEADERS, end, 1, &[&[0x20][..], &block].concat())]),
        ("6.2", "padding", vec![frame(HEADERS, end | PADDED, 1, &[&[3][..], &block, &[0; 3]].concat())]),
        (
            "5.3.2",
            "a priority, which is ignored",
            vec![frame(HEADERS, end | WITH_PRIORITY, 1, &[&[0, 0, 0, 3, 15][..], &block].concat())],
        ),
        ("4.1", "a reserved bit, which is ignored", vec![reserved]),
        ("4.1", "a frame of a kind that nobody knows", vec![frame(0x42, 0xff, 0, b"abc"), get(1)]),
        ("6.5.2", "a setting that nobody knows", vec![frame(SETTINGS, 0, 0, &[0xff, 0xff, 0, 0, 0, 1]), get(1)]),
        ("6.5.2", "no table for us", vec![frame(SETTINGS, 0, 0, &[0, 1, 0, 0, 0, 0]), get(1)]),
        ("6.7", "a ping", vec![frame(PING, 0, 0, b"12345678"), get(1)]),
        ("5.1.1", "a later stream first", vec![get(7)]),
    ]
}

fn passing_bodies() -> Vec<Connection> {
    let body = BODY.as_bytes();
    let padded = [&[4][..], body, &[0; 4]].concat();
    vec![
        ("6.1", "padding", vec![post(), frame(DATA, END_STREAM | PADDED, 1, &padded)]),
        ("6.1", "padding alone", vec![post(), frame(DATA, PADDED, 1, &[2, 0, 0]), frame(DATA, END_STREAM, 1, body)]),
        (
            "6.9",
            "a window that grows",
            vec![post(), frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 9]), frame(DATA, END_STREAM, 1, body)],
        ),
        ("8.1", "a second head is no more than trailers", vec![post(), frame(DATA, 0, 1, body), get(1)]),
    ]
}

/// Bodies that pass unread.
pub(super) fn streamed() -> Vec<Case> {
    let upload = [("content-type", "*/*"), (":path", "/xrpc/com.atproto.repo.uploadBlob")];
    let pseudo = [POST[0], POST[1], POST[2], upload[1], upload[0]];
    let head_with = |length: &str| {
        let length = [("content-length", length)];
        frame(
            HEADERS,
            END_HEADERS,
            1,
            &block(&[&pseudo[..], if length[0].1.is_empty() { &[] } else { &length }].concat()),
        )
    };
    let got = |framing: &str| {
        Expected::Forwarded(format!(
            "POST {}\n{}host: a.test{}\n\nabcdef",
            upload[1].1,
            if framing == "6" { "content-length: 6\ncontent-type: */*\n" } else { "content-type: */*\n" },
            if framing == "6" { "" } else { "\ntransfer-encoding: chunked" }
        ))
    };
    let data = |flags, text: &str| frame(DATA, flags, 1, text.as_bytes());
    let trailers = head(1, &[("a", "b"), ("content-length", "3"), ("host", "b.test")]);
    [
        ("8.1", "unread", vec![head_with(""), data(0, "abc"), data(END_STREAM, "def")], got("")),
        ("8.1.1", "unread, with its length", vec![head_with("6"), data(0, "abc"), data(END_STREAM, "def")], got("6")),
        ("8.1", "unread, with trailers", vec![head_with(""), data(0, "abcdef"), trailers.clone()], got("")),
        ("8.1", "unread, with its length and trailers", vec![head_with("6"), data(0, "abcdef"), trailers], got("6")),
        (
            "8.1.1",
            "unread, less than its length",
            vec![head_with("7"), data(0, "abc"), data(END_STREAM, "def")],
            Expected::Cut,
        ),
        (
            "8.1.1",
            "unread, more than its length",
            vec![head_with("5"), data(0, "abc"), data(END_STREAM, "def")],
            Expected::Cut,
        ),
        ("8.1.1", "unread, a length and nothing", vec![head_with("6"), data(END_STREAM, "")], Expected::Cut),
        (
            "6.4",
            "unread, reset",
            vec![
                head_with("6"),
                data(0, "abc"),
                frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]),
                frame(PING, 0, 1, b"12345678"),
            ],
            Expected::Cut,
        ),
        (
            "9110 8.6",
            "unread, a length with a plus",
            vec![head_with("+6"), data(END_STREAM, "abcdef")],
            Expected::Refused,
        ),
    ]
    .map(|(section, why, frames, expected)| Case { section, why, frames: frames.concat(), expected })
    .into()
}

fn streams_refused() -> Vec<Connection> {
    let body = BODY.as_bytes();
    let itself = [&[0, 0, 0, 1, 15][..], &block(&GET)].concat();
    vec![
        (
            "6.9.1",
            "a window of nothing",
            vec![post(), frame(WINDOW_UPDATE, 0, 1, &[0; 4]), frame(DATA, END_STREAM, 1, body)],
        ),
        (
            "6.9.1",
            "a window too large",
            vec![post(), frame(WINDOW_UPDATE, 0, 1, &[0x7f, 255, 255, 255]), frame(DATA, END_STREAM, 1, body)],
        ),
        (
            "8.1",
            "a second head that ends nothing",
            vec![post(), frame(HEADERS, END_HEADERS, 1, &block(&[("a", "b")])), frame(DATA, END_STREAM, 1, body)],
        ),
        ("5.1", "data behind trailers", vec![post(), head(1, &[("a", "b")]), frame(DATA, END_STREAM, 1, body)]),
        (
            "5.3.1",
            "a stream that depends on itself",
            vec![frame(HEADERS, END_HEADERS | END_STREAM | WITH_PRIORITY, 1, &itself)],
        ),
        (
            "6.4",
            "reset within the body",
            vec![
                post(),
                frame(DATA, 0, 1, &body[..4]),
                frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]),
                frame(PING, 0, 1, b"12345678"),
            ],
        ),
    ]
}

fn torn_streams() -> Vec<Connection> {
    let body = BODY.as_bytes();
    let block = block(&GET);
    let end = END_HEADERS | END_STREAM;
    vec![
        ("5.1", "data before a head", vec![frame(DATA, END_STREAM, 1, body)]),
        ("6.1", "data on stream 0", vec![post(), frame(DATA, END_STREAM, 0, body)]),
        ("6.2", "a head on stream 0", vec![get(0)]),
        ("5.1.1", "a head on an even stream", vec![get(2)]),
        ("5.1.1", "a stream behind a later one", vec![post(), get(5), get(3)]),
        ("5.1", "a head on a stream that has ended", vec![get(1), get(3), get(1)]),
        ("6.1", "padding as long as the frame", vec![post(), frame(DATA, END_STREAM | PADDED, 1, &[3, 0, 0])]),
        ("6.1", "padding longer than the frame", vec![post(), frame(DATA, END_STREAM | PADDED, 1, &[200, 0, 0])]),
        ("6.1", "padding without its length", vec![post(), frame(DATA, END_STREAM | PADDED, 1, &[])]),
        (
            "6.2",
            "padding of a head longer than the frame",
            vec![frame(HEADERS, end | PADDED, 1, &[&[255][..], &block].concat())],
        ),
        ("6.3", "a priority of four bytes", vec![frame(PRIORITY, 0, 1, &[0; 4]), frame(PRIORITY, 0, 0, &[0; 5])]),
        ("6.3", "a priority of stream 0", vec![frame(PRIORITY, 0, 0, &[0, 0, 0, 1, 0])]),
        ("6.4", "a reset of stream 0", vec![frame(RST_STREAM, 0, 0, &[0, 0, 0, 8])]),
        ("6.4", "a reset of a stream that never was", vec![frame(RST_STREAM, 0, 9, &[0, 0, 0, 8])]),
        ("6.4", "a reset of three bytes", vec![post(), frame(RST_STREAM, 0, 1, &[0, 0, 8])]),
        (
            "8.4",
            "a push by the client",
            vec![get(1), frame(PUSH_PROMISE, END_HEADERS, 1, &[&[0, 0, 0, 2][..], &block].concat())],
        ),
        ("6.7", "a ping on a stream", vec![post(), frame(PING, 0, 1, b"12345678")]),
        ("6.7", "a ping of seven bytes", vec![frame(PING, 0, 0, b"1234567")]),
        ("6.8", "a farewell on a stream", vec![frame(GOAWAY, 0, 1, &[0; 8])]),
        ("6.9.1", "a window of nothing for all", vec![frame(WINDOW_UPDATE, 0, 0, &[0; 4])]),
        ("6.9.1", "a window too large for all", vec![frame(WINDOW_UPDATE, 0, 0, &[0x7f, 255, 255, 255])]),
        ("6.9", "a window of three bytes", vec![frame(WINDOW_UPDATE, 0, 0, &[0, 0, 1])]),
        ("6.9", "a window of a stream that never was", vec![frame(WINDOW_UPDATE, 0, 9, &[0, 0, 0, 1])]),
        ("4.2", "a frame larger than agreed", vec![post(), frame(DATA, END_STREAM, 1, &[b' '; 16_385])]),
        ("4.2", "a head larger than a frame", vec![frame(HEADERS, end, 1, &vec![0; 20_000])]),
    ]
}

fn torn_by_settings() -> Vec<Connection> {
    let settings = |payload: &[u8]| vec![frame(SETTINGS, 0, 0, payload), get(1)];
    vec![
        ("6.5", "settings on a stream", vec![frame(SETTINGS, 0, 1, &[])]),
        ("6.5", "five bytes", settings(&[0, 1, 0, 0, 0])),
        ("6.5", "an acknowledgement with a payload", vec![frame(SETTINGS, ACK, 0, &[0, 1, 0, 0, 0, 0])]),
        ("6.5.2", "push, neither yes nor no", settings(&[0, 2, 0, 0, 0, 2])),
        ("6.5.2", "a window of 2^31", settings(&[0, 4, 0x80, 0, 0, 0])),
        ("6.5.2", "frames of 100 bytes", settings(&[0, 5, 0, 0, 0, 100])),
        ("6.5.2", "frames of 2^24 bytes", settings(&[0, 5, 1, 0, 0, 0])),
        (
            "6.9.2",
            "a window that grows too large by a setting",
            vec![
                post(),
                frame(WINDOW_UPDATE, 0, 1, &[0x7f, 0xff, 0, 0]),
                frame(SETTINGS, 0, 0, &[0, 4, 0x7f, 0xff, 0xff, 0xff]),
            ],
        ),
    ]
}

fn torn_blocks() -> Vec<Connection> {
    let end = END_HEADERS | END_STREAM;
    let block_of = |bytes: &[u8]| vec![frame(HEADERS, end, 1, bytes)];
    let get_and = |bytes: &[u8]| block_of(&[&block(&GET), bytes].concat());
    let between = |frame: Vec<u8>| {
        let (one, other) = cut(10);
        vec![one, frame, other]
    };
    let flood = (0..2_000).flat_map(|_| frame(CONTINUATION, 0, 1, &field("a", "b"))).collect();
    vec![
        ("6.10", "a continuation of no head", vec![frame(CONTINUATION, END_HEADERS, 1, &block(&GET))]),
        (
            "6.10",
            "a continuation on another stream",
            vec![cut(10).0, frame(CONTINUATION, END_HEADERS, 3, &block(&GET)[10..])],
        ),
        (
            "6.10",
            "a continuation on stream 0",
            vec![cut(10).0, frame(CONTINUATION, END_HEADERS, 0, &block(&GET)[10..])],
        ),
        ("6.10", "a continuation behind the end", vec![get(1), frame(CONTINUATION, END_HEADERS, 1, &field("a", "b"))]),
        ("6.10", "a ping within a block", between(frame(PING, 0, 0, b"12345678"))),
        ("6.10", "data within a block", between(frame(DATA, 0, 1, b"a"))),
        ("6.10", "another head within a block", between(get(3))),
        ("6.10", "an unknown frame within a block", between(frame(0x42, 0, 0, b"a"))),
        ("10.5.1", "continuations without end", vec![frame(HEADERS, END_STREAM, 1, &block(&GET)), flood]),
        ("7541 6.1", "index 0", get_and(&[0x80])),
        ("7541 2.3.3", "an index beyond the tables", get_and(&[0xfe])),
        ("7541 2.3.3", "a name beyond the tables", get_and(&[0x7e, 1, b'a'])),
        (
            "7541 5.1",
            "a number that does not end",
            get_and(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
        ),
        ("7541 5.2", "a string longer than the block", get_and(&[0x10, 1, b'a', 100, b'b'])),
        ("7541 5.2", "a block that ends within a field", get_and(&[0x10, 1, b'a'])),
        ("7541 5.2", "packed padding of more than seven bits", get_and(&[0x10, 1, b'a', 0x82, 0x1f, 0xff])),
        ("7541 5.2", "packed padding of zeros", get_and(&[0x10, 1, b'a', 0x81, 0x18])),
        ("7541 5.2", "the packed end of a string within it", get_and(&[0x10, 1, b'a', 0x84, 0xff, 0xff, 0xff, 0xff])),
        ("7541 6.3", "a table larger than agreed", block_of(&[&[0x3f, 0xff, 0xff, 0x03][..], &block(&GET)].concat())),
        ("7541 4.2", "a change of the table behind a field", get_and(&[0x20])),
    ]
}
