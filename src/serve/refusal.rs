//! What an author is told of a post that is not published: in the platform's own shape, and never why.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};

use super::answer::LATER;
use super::platform::Shape;
use super::request_id::RequestId;

/// What became of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Rejected,
    Held,
    /// It could not be checked.
    Unchecked,
}

impl Kept {
    /// One sentence, the same for everything that the outcome can come from.
    fn message(self) -> &'static str {
        match self {
            Self::Rejected => {
                "This was not published. If you think that this is a mistake, tell the moderators this number"
            }
            Self::Held => {
                "This was not published and may be reviewed. If you ask about it, tell the moderators this number"
            }
            Self::Unchecked => "This cannot be published just now. Please try again later",
        }
    }

    /// Whether an answer with that id tells somebody this.
    pub(super) fn is_told_by(self, answer: &Response<Bytes>, shape: &Shape, id: &str) -> bool {
        answer.status() == shape.status && *answer.body() == shape.fill(self.message(), id)
    }

    /// The answer as the platform's clients show it to a person.
    pub(super) fn answer(self, shape: &Shape, id: RequestId) -> Response<Bytes> {
        let mut answer = Response::new(Bytes::from(shape.fill(self.message(), &id.to_string())));
        let content_type = HeaderValue::from_str(&shape.content_type);
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, content_type.unwrap_or(HeaderValue::from_static("text/plain")));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self == Self::Unchecked {
            headers.insert(RETRY_AFTER, LATER);
        }
        *answer.status_mut() = if self == Self::Unchecked { StatusCode::SERVICE_UNAVAILABLE } else { shape.status };
        answer
    }
}
