//! What answers behind a listener.

use http::Request;
use hyper::body::Incoming;

use crate::telemetry::metrics::{self, Metrics};

use super::answer::{Answer, REQUEST_ID};
use super::api::{self, ApiDoor};
use super::connection::Peer;
use super::note::Refused;
use super::proxy::ProxyDoor;
use super::request_id::RequestId;
use super::wire::Violation;

/// A door.
pub(super) enum Door {
    Api(ApiDoor),
    Proxy(ProxyDoor),
}

impl Door {
    pub(super) async fn answer(&self, request: Request<Incoming>, peer: Peer) -> Answer {
        match self {
            Self::Api(api) => api.answer(request).await,
            Self::Proxy(proxy) => proxy.answer(request, peer).await,
        }
    }

    /// The answer to what never was a request.
    pub(super) fn refuse(&self, violation: Violation) -> Answer {
        let (id, door, code, status) = (RequestId::next(), self.name(), violation.code(), violation.status());
        let metrics = self.metrics();
        metrics.requests.get_or_create(&metrics::Request { door, outcome: code, platform: "" }).inc();
        Refused { door, id, code, status }.note(metrics);
        let problem = match (self, violation) {
            // The proxy cannot know the methods of the platform.
            (Self::Api(_), Violation::MethodRefused) => api::not_allowed(),
            _ => violation.into(),
        };
        let mut answer = problem.answer(Some(id));
        answer.headers_mut().insert(REQUEST_ID, id.header());
        answer
    }

    pub(super) fn metrics(&self) -> &Metrics {
        match self {
            Self::Api(api) => &api.metrics,
            Self::Proxy(proxy) => &proxy.metrics,
        }
    }

    /// As figures name it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Api(api) => api.role.name(),
            Self::Proxy(_) => "proxy",
        }
    }

    /// Whether it has figures and health alone.
    pub(super) fn is_telemetry(&self) -> bool {
        matches!(self, Self::Api(api) if api.role.is_telemetry())
    }
}
