//! What answers behind a listener.

use http::Request;
use hyper::body::Incoming;

use super::answer::Answer;
use super::api::ApiDoor;
use super::connection::Peer;
use super::proxy::ProxyDoor;

/// A door. Clones share everything.
#[derive(Clone)]
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

    /// As figures name it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Api(_) => "api",
            Self::Proxy(_) => "proxy",
        }
    }
}
