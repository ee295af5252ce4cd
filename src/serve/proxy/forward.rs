//! Heads as they go on: to the platform with who asked, and back without what concerns one connection.

use std::net::IpAddr;

use http::header::{CONTENT_LENGTH, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::{PathAndQuery, Uri};
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};

use crate::serve::answer::{Answer, Body, REQUEST_ID};

use super::link::Answered;
use super::outgoing::Outgoing;
use super::upstream::UpstreamError;
use super::{Mark, Passage, framing};

/// What is told to the platform about a request.
const CHECKED: HeaderName = HeaderName::from_static("linkgate-checked");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The request as the platform gets it.
pub(super) fn request(passage: &Passage<'_>, head: Parts, body: Outgoing, mark: Option<Mark>) -> Request<Outgoing> {
    // RFC 9110, 8.6; some platforms ask for it.
    let is_empty_where_a_body_is_expected =
        matches!(body, Outgoing::Whole(None)) && matches!(head.method, Method::POST | Method::PUT | Method::PATCH);
    let mut request = Request::new(body);
    *request.method_mut() = head.method;
    *request.version_mut() = Version::HTTP_11;
    // The host stands in its field; a target in absolute form would be one for proxies.
    // Of a target without a path it says `/`, and would be written as nothing.
    let target = head.uri.path_and_query().filter(|target| target.as_str() != "/");
    let target = target.cloned().unwrap_or(PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(target);
    *request.headers_mut() = head.headers;
    let headers = request.headers_mut();
    let peer = &passage.peer;
    let sender = if passage.proxy.trusted_proxies.contains(&peer.address) { Sender::Trusted } else { Sender::Stranger };
    framing::strip(headers, |name| sender.may_not_say(name.as_str()));
    if is_empty_where_a_body_is_expected {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    headers.insert(REQUEST_ID, passage.id.header());
    if let Some(mark) = mark {
        headers.insert(CHECKED, mark.value());
    }
    forwarded_for(headers, &peer.told);
    if sender == Sender::Stranger {
        headers.insert(FORWARDED_PROTO, HeaderValue::from_static(peer.scheme));
        if let Some(host) = headers.get(HOST).cloned() {
            headers.insert(FORWARDED_HOST, host);
        }
    }
    request
}

/// What is set here, or made anew with the framing: nothing that a client sends under these names goes on.
fn is_ours(name: &str) -> bool {
    matches!(name, "content-length" | "expect" | "x-request-id" | "linkgate-checked")
}

/// Names under which clients could tell a platform who they are: only a proxy that is trusted is believed.
fn is_claim(name: &str) -> bool {
    matches!(
        name,
        "forwarded" | "x-forwarded-for" | "x-forwarded-host" | "x-forwarded-port" | "x-forwarded-proto" | "x-real-ip"
    )
}

/// Who a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sender {
    /// A proxy whose word on its clients counts.
    Trusted,
    Stranger,
}

impl Sender {
    fn may_not_say(self, name: &str) -> bool {
        // Programs that hand fields on as variables (RFC 3875, section 4.1.18) read `_` and `-` alike.
        let is_twin = |name: &str| is_ours(name) || is_claim(name);
        is_ours(name)
            || (self == Self::Stranger && is_claim(name))
            || (name.contains('_') && is_twin(&name.replace('_', "-")))
    }
}

/// The address of the client: who sent the request, or whom proxies that are trusted name.
pub(super) fn client(headers: &HeaderMap, passage: &Passage<'_>) -> IpAddr {
    let trusted = &passage.proxy.trusted_proxies;
    let told = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let chain: Vec<IpAddr> = told.flat_map(|value| value.split(',')).map_while(|one| one.trim().parse().ok()).collect();
    let mut nearest = passage.peer.address;
    for address in chain.into_iter().rev() {
        if !trusted.contains(&nearest) {
            break;
        }
        nearest = address.to_canonical();
    }
    nearest
}

/// Adds the address that the request came from to those before it.
fn forwarded_for(headers: &mut HeaderMap, address: &HeaderValue) {
    let mut chain: Vec<u8> = Vec::new();
    for before in headers.get_all(FORWARDED_FOR) {
        chain.extend_from_slice(before.as_bytes());
        chain.extend_from_slice(b", ");
    }
    chain.extend_from_slice(address.as_bytes());
    let value = if chain.len() == address.len() { Ok(address.clone()) } else { HeaderValue::from_bytes(&chain) };
    headers.insert(FORWARDED_FOR, value.unwrap_or_else(|_| address.clone()));
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
    own(&mut head)?;
    Ok(Response::from_parts(head, Body::Upstream(Box::new(body))))
}

/// Makes the head of an answer one of our own connection.
pub(super) fn own(head: &mut http::response::Parts) -> Result<(), UpstreamError> {
    // Whoever asked for another protocol has been answered elsewhere.
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(UpstreamError::Garbage);
    }
    // Two lengths, or one beside another framing: where the answer ends would be a matter of taste.
    let is_odd = |length: &HeaderValue| !length.as_bytes().iter().all(u8::is_ascii_digit);
    if head.headers.get(CONTENT_LENGTH).is_some_and(is_odd) {
        return Err(UpstreamError::Garbage);
    }
    let lengths = head.headers.get_all(CONTENT_LENGTH).iter().count();
    if lengths + head.headers.get_all(TRANSFER_ENCODING).iter().count() > 1 {
        return Err(UpstreamError::Garbage);
    }
    framing::strip(&mut head.headers, |_| false);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_say_who_a_client_is() {
        for (name, stranger, trusted) in [
            ("x-forwarded-for", true, false),
            ("x-real-ip", true, false),
            ("forwarded", true, false),
            ("linkgate-checked", true, true),
            ("x-request-id", true, true),
            ("linkgate_checked", true, true),
            ("x_forwarded_for", true, true),
            ("x-forwarded_for", true, true),
            ("x_own_field", false, false),
            ("x-forwarded-prefix", false, false),
            ("host", false, false),
            ("content-type", false, false),
        ] {
            assert_eq!(Sender::Stranger.may_not_say(name), stranger, "{name}");
            assert_eq!(Sender::Trusted.may_not_say(name), trusted, "{name}");
        }
    }

    #[test]
    fn addresses_are_added_behind_all_that_were_there() {
        for (before, expected) in [
            (&[][..], "127.0.0.1"),
            (&["192.0.2.1"], "192.0.2.1, 127.0.0.1"),
            (&["192.0.2.1, 192.0.2.2", "192.0.2.3"], "192.0.2.1, 192.0.2.2, 192.0.2.3, 127.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            for value in before {
                headers.append(FORWARDED_FOR, HeaderValue::from_static(value));
            }
            forwarded_for(&mut headers, &HeaderValue::from_static("127.0.0.1"));
            let told: Vec<&HeaderValue> = headers.get_all(FORWARDED_FOR).iter().collect();
            assert_eq!(told, [expected]);
        }
    }
}
