//! Answers of the doors' own, and the body type that they share with what comes from upstream.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use serde::Serialize;
use tokio::sync::mpsc;

use super::fail::Failure;
use super::inspect;
use super::proxy::Answered;
use super::request_id::RequestId;
use super::wire::Violation;

/// Repeats the id of a request, for whoever looks for it in the log.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The body of an answer.
pub(super) enum Body {
    /// All of it.
    Whole(Option<Bytes>),
    /// As it comes from upstream.
    Upstream(Box<Answered>),
    /// As it comes on a connection that somebody else drives.
    Incoming(Incoming),
    /// As it is made.
    Stream(mpsc::Receiver<Bytes>),
}

pub(super) type Answer = Response<Body>;

impl Body {
    /// All of it, if it is there already.
    pub(super) fn into_bytes(self) -> Bytes {
        match self {
            Self::Whole(bytes) => bytes.unwrap_or_default(),
            Self::Upstream(_) | Self::Incoming(_) | Self::Stream(_) => Bytes::new(),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Upstream(answered) => answered.poll_frame(cx),
            Self::Incoming(incoming) => Pin::new(incoming).poll_frame(cx).map_err(io::Error::other),
            Self::Stream(receiver) => receiver.poll_recv(cx).map(|bytes| Some(Ok(Frame::data(bytes?)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Upstream(answered) => answered.is_end_stream(),
            Self::Incoming(incoming) => incoming.is_end_stream(),
            Self::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Upstream(answered) => answered.size_hint(),
            Self::Incoming(incoming) => incoming.size_hint(),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// When to try again what failed on our side: seconds.
pub(super) const LATER: HeaderValue = HeaderValue::from_static("5");

/// An answer with a body of that type.
pub(super) fn with(status: StatusCode, content_type: HeaderValue, body: impl Into<Body>) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, content_type);
    answer.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    answer
}

/// 200 and a value in JSON.
pub(super) fn json(value: &impl Serialize) -> Answer {
    match serde_json::to_vec(value) {
        Ok(bytes) => with(StatusCode::OK, JSON, Bytes::from(bytes)),
        Err(_) => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the answer cannot be written").into(),
    }
}

/// What is wrong with a request: RFC 9457, with a stable `code`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    detail: &'static str,
    header: Option<(HeaderName, HeaderValue)>,
    dialect: Dialect,
}

/// In whose words a problem is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// RFC 9457.
    Plain,
    /// The same, and as clients of Google's APIs read it.
    Google,
}

#[derive(Serialize)]
struct Told<'p> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    code: &'p str,
    detail: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<RequestId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<GoogleError<'p>>,
}

#[derive(Serialize)]
struct GoogleError<'p> {
    code: u16,
    message: &'p str,
    status: &'static str,
}

impl Problem {
    pub(super) const fn new(status: StatusCode, code: &'static str, detail: &'static str) -> Self {
        Self { status, code, detail, header: None, dialect: Dialect::Plain }
    }

    /// The same with a field that the status asks for: `Retry-After`, `Allow`, `WWW-Authenticate`, …
    pub(super) fn with(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    /// The same with the `error` that clients of Google's APIs look for.
    pub(super) fn with_google_error(self) -> Self {
        Self { dialect: Dialect::Google, ..self }
    }

    /// The answer to the request of that id.
    pub(super) fn answer(self, request_id: Option<RequestId>) -> Answer {
        let Self { status, code, detail, header, dialect } = self;
        let title = status.canonical_reason().unwrap_or("Error");
        let google = GoogleError { code: status.as_u16(), message: detail, status: google_status(status) };
        let error = (dialect == Dialect::Google).then_some(google);
        let told = Told { r#type: "about:blank", title, status: status.as_u16(), code, detail, request_id, error };
        let mut answer = with(status, PROBLEM, Bytes::from(serde_json::to_vec(&told).unwrap_or_default()));
        if let Some((name, value)) = header {
            answer.headers_mut().insert(name, value);
        }
        answer
    }
}

/// The canonical code of an error in Google's APIs.
fn google_status(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "UNAUTHENTICATED",
        StatusCode::FORBIDDEN => "PERMISSION_DENIED",
        StatusCode::NOT_FOUND => "NOT_FOUND",
        StatusCode::TOO_MANY_REQUESTS => "RESOURCE_EXHAUSTED",
        StatusCode::SERVICE_UNAVAILABLE => "UNAVAILABLE",
        status if status.is_server_error() => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        problem.answer(None)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let (status, detail) = match failure {
            Failure::NoIndex => {
                (StatusCode::SERVICE_UNAVAILABLE, "a list that is required is missing, or none has an entry")
            }
            Failure::Overload => (StatusCode::SERVICE_UNAVAILABLE, "there is more to check than there is time for"),
            Failure::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "the check did not end"),
        };
        Self::new(status, failure.code(), detail).with(RETRY_AFTER, LATER)
    }
}

impl From<Violation> for Problem {
    fn from(violation: Violation) -> Self {
        Self::new(violation.status(), violation.code(), violation.meaning())
    }
}

impl From<inspect::Refused> for Problem {
    fn from(refused: inspect::Refused) -> Self {
        let problem = Self::new(refused.status(), refused.code(), refused.remedy());
        if refused == inspect::Refused::Coding {
            return problem.with(http::header::ACCEPT_ENCODING, HeaderValue::from_static(inspect::CODINGS));
        }
        problem
    }
}
