//! Which requests have one meaning only: framing, host, target. What is left of them is forwarded under framing of our own.

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderName, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use smallvec::SmallVec;

use crate::serve::answer::Problem;
use crate::serve::platform::Spelling;

const PATH: Problem = Problem::new(
    StatusCode::BAD_REQUEST,
    "path",
    "spell the path plainly: no empty or dot segments, no needless escapes",
);
const HOST_FIELD: Problem = Problem::new(StatusCode::BAD_REQUEST, "host", "send a Host");
const LENGTH: Problem = Problem::new(StatusCode::BAD_REQUEST, "content_length", "send at most one Content-Length");

/// Fields that concern only one connection (RFC 9110, section 7.6.1), and some that programs have taken for such.
fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "proxy-authenticate"
    )
}

/// Refuses what could be read in two ways by platforms, although it is one request.
pub(super) fn check(head: &Parts) -> Result<(), Problem> {
    if Spelling::of(head.uri.path()) == Spelling::Ambiguous && head.uri.path() != "*" {
        return Err(PATH);
    }
    // What there is of it was judged with the bytes it came in; only HTTP/1.0 may have none.
    if head.headers.contains_key(HOST) { Ok(()) } else { Err(HOST_FIELD) }
}

/// The length that the body is said to have.
pub(super) fn length(head: &Parts) -> Result<Option<u64>, Problem> {
    let mut fields = head.headers.get_all(CONTENT_LENGTH).iter();
    let field = fields.next();
    if fields.next().is_some() {
        return Err(LENGTH);
    }
    let number = |field: &HeaderValue| field.to_str().ok()?.parse().ok();
    field.map(|field| number(field).ok_or(LENGTH)).transpose()
}

/// Whether the request asks for a WebSocket (RFC 6455), and for nothing else.
pub(super) fn wants_websocket(head: &Parts) -> bool {
    let is = |name: HeaderName, value: &str| {
        head.headers.get(name).is_some_and(|field| field.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
    };
    let connection = head.headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let mut options = connection.flat_map(|value| value.split(','));
    head.version == Version::HTTP_11
        && head.method == Method::GET
        && is(UPGRADE, "websocket")
        && options.any(|option| option.trim().eq_ignore_ascii_case("upgrade"))
        && head.headers.contains_key(http::header::SEC_WEBSOCKET_KEY)
}

/// Takes out what concerns only the connection on which the message came, and whatever else `is_dropped` names.
pub(super) fn strip(headers: &mut HeaderMap, is_dropped: impl Fn(&HeaderName) -> bool) {
    let named: SmallVec<[HeaderName; 2]> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        // Whoever names these wants the platform not to see what was judged.
        .filter(|name: &HeaderName| !matches!(name.as_str(), "host" | "content-type" | "content-encoding"))
        .collect();
    let goes = |name: &&HeaderName| is_hop_by_hop(name) || named.contains(name) || is_dropped(name);
    // Few of them are there: a look at each field costs less than a search for each name.
    let going: SmallVec<[HeaderName; 4]> = headers.keys().filter(goes).cloned().collect();
    for name in going {
        headers.remove(name);
    }
}
