//! What a request says: every text in its body, its query and its names, in every way a back end may read them.
//!
//! Inspected is what is forwarded: a body that two programs could read differently is refused, not guessed at.
//!
//! It judges nothing and knows no platform.

mod coding;
mod content_type;
mod form;
mod json;
mod multipart;
mod reading;

use std::borrow::Cow;
use std::fmt;

use http::{HeaderMap, StatusCode};

pub(super) use coding::{CODINGS, Coding};
pub(super) use content_type::ContentType;
pub(super) use multipart::{Files, Multipart};

/// A text and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'t> {
    pub(super) place: Place<'t>,
    pub(super) text: &'t str,
}

/// Where a text stands in a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'t> {
    /// A value in JSON.
    Json(&'t [Step<'t>]),
    /// A value in a form, by the name of its field.
    Field(&'t str),
    /// A name of whatever kind.
    Name,
    /// A body that is text as a whole.
    Whole,
    /// The path and query of the target.
    Target,
    /// Another reading of a text or body: only listed links count in it.
    Reading,
}

/// One step on the way to a JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step<'t> {
    /// The member of that name.
    Member(Cow<'t, str>),
    /// Some element of a list.
    Element,
}

/// Who takes the texts.
pub(super) type Visit<'v> = dyn FnMut(Text<'_>) + 'v;

/// Why a request cannot be read in one way only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Refused {
    ContentType,
    Charset,
    Coding,
    BadlyPacked,
    PackedUnsaid,
    TooLarge,
    Json,
    Multipart,
    Text,
    MethodOverride,
}

impl Refused {
    /// A stable name and what to do about it.
    fn told(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::ContentType => (S::BAD_REQUEST, "bad_content_type", "send one Content-Type with each parameter once"),
            Self::Charset => (S::UNSUPPORTED_MEDIA_TYPE, "charset", "send UTF-8"),
            Self::Coding => (S::UNSUPPORTED_MEDIA_TYPE, "content_coding", "send the body as it is, or in gzip or zstd"),
            Self::BadlyPacked => (S::BAD_REQUEST, "badly_packed", "the body is not what its Content-Encoding says"),
            Self::PackedUnsaid => {
                (S::UNSUPPORTED_MEDIA_TYPE, "packed_unsaid", "the body is packed, and Content-Encoding does not say so")
            }
            Self::TooLarge => (S::PAYLOAD_TOO_LARGE, "body_too_large", "send less"),
            Self::Json => {
                (S::BAD_REQUEST, "not_json", "the body is not one JSON value (RFC 8259, UTF-8, at most 100 deep)")
            }
            Self::Multipart => (S::BAD_REQUEST, "bad_multipart", "the body is no multipart form that all read alike"),
            Self::Text => (S::BAD_REQUEST, "not_utf8", "the body is not UTF-8"),
            Self::MethodOverride => (S::BAD_REQUEST, "method_override", "use the method itself"),
        }
    }

    pub(super) fn status(self) -> StatusCode {
        self.told().0
    }

    pub(super) fn code(self) -> &'static str {
        self.told().1
    }

    pub(super) fn remedy(self) -> &'static str {
        self.told().2
    }
}

/// Visits every text of a body, which unpacks to at most `max_bytes`.
pub(super) fn body(headers: &HeaderMap, body: &[u8], max_bytes: usize, visit: &mut Visit<'_>) -> Result<(), Refused> {
    let kind = ContentType::of(headers)?;
    let body = &*Coding::of(headers)?.decoded(body, max_bytes)?;
    match kind {
        ContentType::Json => json::value(body, visit),
        ContentType::JsonLines => json::values(body, visit),
        ContentType::Multipart(boundary) => {
            let mut multipart = Multipart::new(&boundary, Files::Read, max_bytes);
            multipart.push(body, visit)?;
            multipart.finish()
        }
        ContentType::Form => {
            form::pairs(body, visit);
            unsaid(body, visit);
            if is_text(body) { Ok(()) } else { Err(Refused::Text) }
        }
        ContentType::Text | ContentType::Unknown | ContentType::Media => {
            unsaid(body, visit);
            match std::str::from_utf8(body) {
                Ok(text) => visit(Text { place: Place::Whole, text }),
                // Every other byte of UTF-16 is NUL.
                Err(_) => visit(Text { place: Place::Reading, text: &String::from_utf8_lossy(body).replace('\0', "") }),
            }
            if kind == ContentType::Unknown || is_text(body) { Ok(()) } else { Err(Refused::Text) }
        }
    }
}

/// What a body holds if it is JSON although its type says something else.
fn unsaid(body: &[u8], visit: &mut Visit<'_>) {
    let start = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body).trim_ascii_start();
    if matches!(start.first(), Some(b'{' | b'[' | b'"')) {
        // If it is none, its text was read all the same.
        let _ = json::value(body, &mut |text| visit(Text { place: Place::Reading, ..text }));
    }
}

fn is_text(body: &[u8]) -> bool {
    !body.contains(&0) && std::str::from_utf8(body).is_ok()
}

/// Visits the path and query of a target.
pub(super) fn target(path_and_query: &str, visit: &mut Visit<'_>) {
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    visit(Text { place: Place::Target, text: path });
    form::pairs(query.as_bytes(), visit);
}

/// Calls `read` with every other reading of a text.
pub(super) fn readings(text: &str, read: impl FnMut(&str)) {
    reading::others(text, read);
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(steps) => steps.iter().try_for_each(|step| match step {
                Step::Member(name) => write!(f, "/{}", name.replace('~', "~0").replace('/', "~1")),
                Step::Element => f.write_str("/*"),
            }),
            Self::Field(name) => f.write_str(name),
            Self::Name => f.write_str("(name)"),
            Self::Whole => f.write_str("(body)"),
            Self::Target => f.write_str("(target)"),
            Self::Reading => f.write_str("(reading)"),
        }
    }
}
