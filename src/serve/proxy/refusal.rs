//! What a client is told when its request was not forwarded.

use http::StatusCode;

use crate::serve::answer::{Answer, Body, Problem};
use crate::serve::note::Refused;
use crate::serve::refusal::Kept;
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
                self.note(problem.code, problem.status);
                problem.answer(Some(self.id))
            }
            Stopped::Kept(Action::Hold) => self.kept(Kept::Held),
            Stopped::Kept(_) => self.kept(Kept::Rejected),
            Stopped::Unchecked(failure) => {
                self.note(failure.code(), StatusCode::SERVICE_UNAVAILABLE);
                self.kept(Kept::Unchecked)
            }
            Stopped::Upstream(error) => {
                let problem = match error {
                    UpstreamError::Late => GATEWAY_TIMEOUT,
                    UpstreamError::Full => FULL,
                    _ => BAD_GATEWAY,
                };
                self.note(error.code(), problem.status);
                problem.answer(Some(self.id))
            }
        }
    }

    fn kept(&self, kept: Kept) -> Answer {
        kept.answer(&self.proxy.gate.platform.refusal, self.id).map(Body::from)
    }

    fn note(&self, code: &'static str, status: StatusCode) {
        Refused { door: "proxy", id: self.id, code, status }.note(&self.door.metrics);
    }
}
