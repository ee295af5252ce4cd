//! A post that the proxy has to refuse, as a client of the platform would send it, and how to know that it was the proxy.
//!
//! Nobody is logged in who sends it, it says what it is, and where the platform knows private posts it is one: should it pass,
//! it is published nowhere.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Request, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::serve::answer::{JSON, REQUEST_ID};
use crate::serve::refusal::Kept;

use super::Platform;

/// By this platforms know what is no post of anybody.
const SELF_TEST: HeaderName = HeaderName::from_static("linkgate-self-test");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

impl Platform {
    /// A post with a link.
    pub fn probe(&self, link: &str) -> Request<Bytes> {
        let (path, content_type, body) = match self.name {
            "mastodon" => {
                let link = utf8_percent_encode(link, NON_ALPHANUMERIC);
                ("/api/v1/statuses", FORM, format!("status={link}&visibility=direct"))
            }
            "atproto" => {
                let record = json!({"$type": "app.bsky.feed.post", "text": link});
                let post = json!({"repo": "self-test.invalid", "collection": "app.bsky.feed.post", "record": record});
                ("/xrpc/com.atproto.repo.createRecord", JSON, post.to_string())
            }
            _ => ("/linkgate-self-test", JSON, json!({"text": link}).to_string()),
        };
        let mut request = Request::new(Bytes::from(body));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = http::Uri::from_static(path);
        request.headers_mut().insert(CONTENT_TYPE, content_type);
        request.headers_mut().insert(SELF_TEST, HeaderValue::from_static("1"));
        request
    }

    /// Whether an answer says that the proxy kept a post back: by status, words and number, which nobody else would find.
    pub fn is_refusal(&self, answer: &Response<Bytes>) -> bool {
        let id = answer.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
        [Kept::Rejected, Kept::Held].into_iter().any(|kept| kept.is_told_by(answer, &self.refusal, id))
    }
}
