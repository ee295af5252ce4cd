//! Heads as they go on: to the platform with who asked, and back without what concerns one connection.

use std::fmt::Write as _;

use http::header::{CONTENT_LENGTH, EXPECT, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::{PathAndQuery, Uri};
use http::{HeaderMap, Request, Response, Version};

use crate::serve::answer::{Answer, Body, REQUEST_ID};

use super::link::Answered;
use super::outgoing::Outgoing;
use super::upstream::UpstreamError;
use super::{Mark, Passage, framing};

/// What is told to the platform; what clients send under this name never reaches it.
const CHECKED: HeaderName = HeaderName::from_static("linkgate-checked");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
/// Other names under which clients could tell a platform who they are.
const CLAIMS: [HeaderName; 3] = [
    HeaderName::from_static("forwarded"),
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("x-forwarded-port"),
];

/// The request as the platform gets it.
pub(super) fn request(passage: &Passage<'_>, head: Parts, body: Outgoing, mark: Option<Mark>) -> Request<Outgoing> {
    let mut request = Request::new(body);
    *request.method_mut() = head.method;
    *request.version_mut() = Version::HTTP_11;
    // The host stands in its field; a target in absolute form would be one for proxies.
    let target = head.uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(target);
    *request.headers_mut() = head.headers;
    let headers = request.headers_mut();
    framing::strip(headers);
    headers.remove(CONTENT_LENGTH);
    headers.remove(EXPECT);
    headers.insert(REQUEST_ID, passage.id.header());
    headers.remove(CHECKED);
    if let Some(mark) = mark {
        headers.insert(CHECKED, mark.value());
    }
    tell_client(headers, passage);
    request
}

/// Tells the address, scheme and host of the client. What it says itself counts only if it is a proxy that is trusted.
fn tell_client(headers: &mut HeaderMap, passage: &Passage<'_>) {
    let address = passage.peer.address.ip().to_canonical();
    let is_trusted = passage.proxy.trusted_proxies.contains(&address);
    let before = headers.remove(FORWARDED_FOR).filter(|_| is_trusted);
    let mut chain = before.and_then(|value| value.to_str().map(|text| format!("{text}, ")).ok()).unwrap_or_default();
    let _ = write!(chain, "{address}");
    if let Ok(value) = HeaderValue::from_str(&chain) {
        headers.insert(FORWARDED_FOR, value);
    }
    if !is_trusted {
        for name in &CLAIMS {
            headers.remove(name);
        }
        headers.insert(FORWARDED_PROTO, HeaderValue::from_static(passage.peer.scheme));
        if let Some(host) = headers.get(HOST).cloned() {
            headers.insert(FORWARDED_HOST, host);
        }
    }
}

impl Mark {
    fn value(self) -> HeaderValue {
        match self {
            Self::Flagged => HeaderValue::from_static("flag"),
            Self::Unchecked(failure) => HeaderValue::from_str(&format!("no; reason={}", failure.code()))
                .unwrap_or(HeaderValue::from_static("no")),
        }
    }
}

/// The platform's answer as the client gets it.
pub(super) fn answer(answered: Response<Answered>) -> Result<Answer, UpstreamError> {
    let (mut head, body) = answered.into_parts();
    // Two lengths, or one beside another framing: where the answer ends would be a matter of taste.
    let lengths = head.headers.get_all(CONTENT_LENGTH).iter().count();
    if lengths + head.headers.get_all(TRANSFER_ENCODING).iter().count() > 1 {
        return Err(UpstreamError::Garbage);
    }
    framing::strip(&mut head.headers);
    Ok(Response::from_parts(head, Body::Upstream(Box::new(body))))
}
