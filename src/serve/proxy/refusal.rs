//! What a client is told when its request was not forwarded.

use http::StatusCode;

use crate::serve::answer::{Answer, Body, Problem};
use crate::serve::refusal::Kept;
use crate::telemetry::metrics;
use crate::verdict::Action;

use super::upstream::UpstreamError;
use super::{Passage, Stopped};

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
            Stopped::Kept(Action::Hold) => self.kept(Kept::Held),
            Stopped::Kept(_) => self.kept(Kept::Rejected),
            Stopped::Unchecked(failure) => {
                tracing::error!(request_id = %self.id, code = failure.code(), "not checked");
                self.kept(Kept::Unchecked)
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

    fn kept(&self, kept: Kept) -> Answer {
        kept.answer(&self.proxy.gate.platform.refusal, self.id).map(Body::from)
    }

    fn count_limit(&self, problem: &Problem) {
        if matches!(problem.status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT) {
            self.door.metrics.limits.get_or_create(&metrics::Limit { limit: problem.code }).inc();
        }
    }
}
