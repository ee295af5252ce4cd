//! What a client is told when its request was not forwarded: in the platform's own shape, and never why in detail.

use http::{HeaderValue, StatusCode};

use crate::serve::answer::{self, Answer, Problem};
use crate::telemetry::metrics;
use crate::verdict::Action;

use super::upstream::UpstreamError;
use super::{Passage, Stopped};

const REJECTED: &str = "This was not published. If you think that this is a mistake, tell the moderators this number";
const HELD: &str = "This was not published and may be reviewed. If you ask about it, tell the moderators this number";
const UNCHECKED: &str = "This cannot be published just now. Please try again later";
/// When a client should try again.
const RETRY_AFTER_SECONDS: &str = "5";

const BAD_GATEWAY: Problem = Problem::new(StatusCode::BAD_GATEWAY, "upstream", "the platform did not answer properly");
const GATEWAY_TIMEOUT: Problem =
    Problem::new(StatusCode::GATEWAY_TIMEOUT, "upstream_late", "the platform did not answer in time");
const FULL: Problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "upstream_full", "the platform is busy");

impl Stopped {
    /// As figures name it.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Wrong(problem) => problem.code,
            Self::Kept(Action::Hold) => "hold",
            Self::Kept(_) => "reject",
            Self::Unchecked(failure) => failure.code(),
            Self::Upstream(error) => error.code(),
        }
    }
}

impl Passage<'_> {
    pub(super) fn refuse(&self, stopped: Stopped) -> Answer {
        match stopped {
            Stopped::Wrong(problem) => {
                self.count_limit(&problem);
                tracing::debug!(request_id = %self.id, code = problem.code, "refused");
                problem.answer(Some(self.id))
            }
            Stopped::Kept(Action::Hold) => self.shaped(HELD, None),
            Stopped::Kept(_) => self.shaped(REJECTED, None),
            Stopped::Unchecked(failure) => {
                tracing::error!(request_id = %self.id, code = failure.code(), "not checked");
                self.shaped(UNCHECKED, Some(StatusCode::SERVICE_UNAVAILABLE))
            }
            Stopped::Upstream(error) => {
                tracing::warn!(request_id = %self.id, code = error.code(), "upstream");
                let problem = match error {
                    UpstreamError::Late => GATEWAY_TIMEOUT,
                    UpstreamError::Full => FULL,
                    _ => BAD_GATEWAY,
                };
                problem.answer(Some(self.id))
            }
        }
    }

    /// An answer as the platform's clients show it to a person.
    fn shaped(&self, message: &str, status: Option<StatusCode>) -> Answer {
        let shape = &self.proxy.gate.platform.refusal;
        let content_type = HeaderValue::from_str(&shape.content_type);
        let content_type = content_type.unwrap_or(HeaderValue::from_static("application/json"));
        let body = shape.fill(message, &self.id.to_string());
        let mut answer = answer::with(status.unwrap_or(shape.status), content_type, body);
        if status.is_some() {
            let seconds = HeaderValue::from_static(RETRY_AFTER_SECONDS);
            answer.headers_mut().insert(http::header::RETRY_AFTER, seconds);
        }
        answer
    }

    fn count_limit(&self, problem: &Problem) {
        if matches!(problem.status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT) {
            self.door.metrics.limits.get_or_create(&metrics::Limit { limit: problem.code }).inc();
        }
    }
}
