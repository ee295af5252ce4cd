//! Connections as they should and should not go, in frames.

use super::connections::{connections, streamed};
use super::frames::*;
use super::heads::{AUTHORITIES, BODIES, BODY, FIELDS, HEADS, METHODS, PATHS, Piece, Row, SCHEMES};

/// What follows the preface and settings on one connection.
pub(super) struct Case {
    pub(super) section: &'static str,
    pub(super) why: &'static str,
    pub(super) frames: Vec<u8>,
    pub(super) expected: Expected,
}

pub(super) enum Expected {
    /// An error of the stream or connection, or an answer that says so.
    Refused,
    /// An answer that says that nobody takes the method.
    MethodRefused,
    /// The same at the proxy; the API has nothing under such a path.
    RefusedByProxy,
    /// The connection is over, whatever was answered before.
    Torn,
    /// The platform gets this.
    Forwarded(String),
    /// The platform gets the beginning of a request at most.
    Cut,
}

pub(super) const GET: [(&str, &str); 4] =
    [(":method", "GET"), (":scheme", "http"), (":authority", "a.test"), (":path", "/")];
pub(super) const POST: [(&str, &str); 5] = [
    (":method", "POST"),
    (":scheme", "http"),
    (":authority", "a.test"),
    (":path", "/v1/check"),
    ("content-type", "application/json"),
];
pub(super) const GOT: &str = "GET /\nhost: a.test";

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = fields().collect();
    cases.extend(HEADS.iter().map(|row| case(row, head(1, row.2), row.3)));
    let pseudo = [(METHODS, 0), (SCHEMES, 1), (AUTHORITIES, 2), (PATHS, 3)];
    cases.extend(pseudo.into_iter().flat_map(|(rows, at)| rows.iter().map(move |row| in_place(row, at))));
    cases.extend(bodies());
    cases.extend(sizes());
    cases.extend(connections());
    cases.extend(streamed());
    cases
}

fn case<T>((section, why, _, expected): &Row<T>, frames: Vec<u8>, forwarded: &str) -> Case {
    let expected = match *expected {
        "" => Expected::Refused,
        "!" => Expected::RefusedByProxy,
        "method" => Expected::MethodRefused,
        _ => Expected::Forwarded(forwarded.to_owned()),
    };
    Case { section, why, frames, expected }
}

fn fields() -> impl Iterator<Item = Case> {
    FIELDS.iter().map(|row| {
        let (name, value) = row.2;
        let mut lines = [format!("{name}: {value}"), "host: a.test".to_owned()];
        lines.sort();
        let forwarded = match row.3 {
            "=" => format!("GET /\n{}", lines.join("\n")),
            "-" => GOT.to_owned(),
            other => other.to_owned(),
        };
        case(row, head(1, &[&GET[..], &[row.2]].concat()), &forwarded)
    })
}

/// A GET with another value for the pseudo-header field at that place.
fn in_place(row: &Row<&'static str>, at: usize) -> Case {
    let mut fields = GET;
    fields[at].1 = row.2;
    let same = format!("GET {}\nhost: a.test", row.2);
    case(row, head(1, &fields), if row.3 == "=" { &same } else { row.3 })
}

fn bodies() -> impl Iterator<Item = Case> {
    BODIES.iter().map(|row| {
        let (fields, pieces) = row.2;
        let mut frames = frame(HEADERS, END_HEADERS, 1, &block(&[&POST[..], fields].concat()));
        for (at, piece) in pieces.iter().enumerate() {
            let end = if at + 1 == pieces.len() { END_STREAM } else { 0 };
            frames.extend(match piece {
                Piece::Data(text) => frame(DATA, end, 1, text.as_bytes()),
                Piece::Trailers(fields) => frame(HEADERS, END_HEADERS | end, 1, &block(fields)),
            });
        }
        case(row, frames, &posted())
    })
}

pub(super) fn posted() -> String {
    let length = BODY.len();
    format!("POST /v1/check\ncontent-length: {length}\ncontent-type: application/json\nhost: a.test\n\n{BODY}")
}

/// One within a limit, one past it.
fn sizes() -> Vec<Case> {
    let many = |count: usize| head(1, &[&GET[..], &vec![("a", "b"); count]].concat());
    let long = |bytes: usize| format!("/{}", "a".repeat(bytes - 1));
    let with_path = |path: &str| head(1, &[GET[0], GET[1], GET[2], (":path", path)]);
    let value = "b".repeat(8_000);
    let large = |count: usize| large_head(&vec![("a", &*value); count]);
    let forwarded = |lines: usize| Expected::Forwarded(format!("GET /{}\nhost: a.test", "\na: b".repeat(lines)));
    let got_large = format!("GET /{}\nhost: a.test", format!("\na: {value}").repeat(3));
    [
        ("10.5.1", "as many fields as allowed", many(99), forwarded(99)),
        ("10.5.1", "more fields than allowed", many(101), Expected::Refused),
        (
            "8.3.1",
            "a path as long as allowed",
            with_path(&long(8_192)),
            Expected::Forwarded(format!("GET {}\nhost: a.test", long(8_192))),
        ),
        ("8.3.1", "a path longer than allowed", with_path(&long(8_193)), Expected::Refused),
        ("10.5.1", "a large head", large(3), Expected::Forwarded(got_large)),
        ("10.5.1", "a head larger than allowed", large(5), Expected::Refused),
        ("10.5.1", "a head far larger than allowed", large(40), Expected::Refused),
    ]
    .map(|(section, why, frames, expected)| Case { section, why, frames, expected })
    .into()
}

/// A GET with these fields in as many frames as it takes.
fn large_head(fields: &[(&str, &str)]) -> Vec<u8> {
    let block = block(&[&GET[..], fields].concat());
    let pieces: Vec<&[u8]> = block.chunks(16_384).collect();
    let mut frames = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let end = if at + 1 == pieces.len() { END_HEADERS } else { 0 };
        let (kind, flags) = if at == 0 { (HEADERS, END_STREAM | end) } else { (CONTINUATION, end) };
        frames.extend(frame(kind, flags, 1, piece));
    }
    frames
}
