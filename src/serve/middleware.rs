//! A tower layer: the posts of a hyper or axum service are checked before the service sees them.
//!
//! 1. The body is read whole, up to the gate's limit, and judged as the proxy judges it.
//! 2. What may be published goes on to the service as it came, with the [`Judgement`] among the request's extensions.
//! 3. Anything else is answered in the platform's shape. That is an answer, not an error: errors are the service's own.
//!
//! ```
//! use std::convert::Infallible;
//! use std::sync::Arc;
//!
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use linkgate::canonical::{TableTexts, Tables};
//! use linkgate::check::{Checker, Snapshot};
//! use linkgate::extract::{Extractor, Options, TopLevels};
//! use linkgate::serve::{CheckLayer, Gate, Generic, Limits, Platform};
//! use linkgate::verdict::Policy;
//! use tower_layer::Layer as _;
//! use tower_service::Service as _;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let extractor = Extractor::new(Options::default(), TopLevels::parse(TableTexts::shipped().suffixes));
//! let checker = Checker::new(extractor, Snapshot::new(Arc::new(Tables::shipped()?), vec![], Policy::default()));
//! let platform = Platform::preset("mastodon", &Generic::default()).ok_or("no such preset")?;
//! let gate = Gate { checker, platform: Arc::new(platform), body_max_bytes: 1 << 20 };
//!
//! let inner = tower::service_fn(async |_: Request<Full<Bytes>>| {
//!     Ok::<_, Infallible>(Response::new(Full::new(Bytes::from("published"))))
//! });
//! let mut service = CheckLayer::new(gate, &Limits::default()).layer(inner);
//! let post = Request::post("/api/v1/statuses").body(Full::from("status=hello"))?;
//! // Without a list nothing can be checked, so nothing is published.
//! assert_eq!(service.call(post).await?.status(), 503);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Whatever routes before the layer has to route as the service does: the layer looks at every request it gets.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use crate::telemetry::clock;
use crate::verdict::Action;

use super::answer::{self, Problem};
use super::gate::{Gate, Judgement};
use super::limits::Limits;
use super::refusal::Kept;
use super::request_id::RequestId;
use super::{body, work};

/// Puts a check before a service. Clones share everything.
#[derive(Clone)]
pub struct CheckLayer {
    gate: Arc<Gate>,
    limits: Arc<Limits>,
}

impl CheckLayer {
    /// A layer that judges by `gate`; of `limits` those of bodies count, and the gate's own for their size.
    pub fn new(gate: Gate, limits: &Limits) -> Self {
        let limits = Limits { body_max_bytes: gate.body_max_bytes, ..limits.clone() };
        Self { gate: Arc::new(gate), limits: Arc::new(limits) }
    }

    /// The request with its judgement, or what is answered instead.
    async fn judge<B>(&self, request: Request<B>) -> Result<Request<B>, Response<Bytes>>
    where
        B: Body<Data = Bytes> + From<Bytes> + Unpin,
        B::Error: Error + 'static,
    {
        let id = RequestId::next();
        let shape = &self.gate.platform.refusal;
        let problem = |problem: Problem| problem.answer(Some(id)).map(answer::Body::into_bytes);
        let (head, body) = request.into_parts();
        let whole = body::whole(body, &self.limits).await.map_err(problem)?;
        let (gate, bytes) = (Arc::clone(&self.gate), whole.clone());
        let judge = move || {
            let judged = gate.judge(&head, &bytes, clock::now());
            (head, judged)
        };
        let unchecked = || Kept::Unchecked.answer(shape, id);
        if !self.gate.checker.snapshot().has_entries(&[]) {
            return Err(unchecked());
        }
        let (mut head, judged) = work::judge(whole.len(), judge).await.map_err(|_| unchecked())?;
        let judgement: Judgement = judged.map_err(|refused| problem(refused.into()))?;
        match judgement.action {
            Action::Reject => Err(Kept::Rejected.answer(shape, id)),
            Action::Hold => Err(Kept::Held.answer(shape, id)),
            Action::Allow | Action::Flag => {
                head.extensions.insert(judgement);
                Ok(Request::from_parts(head, whole.into()))
            }
        }
    }
}

impl<S> Layer<S> for CheckLayer {
    type Service = CheckService<S>;

    fn layer(&self, inner: S) -> CheckService<S> {
        CheckService { inner, layer: self.clone() }
    }
}

/// A service behind a check.
#[derive(Clone)]
pub struct CheckService<S> {
    inner: S,
    layer: CheckLayer,
}

impl<S, B, R> Service<Request<B>> for CheckService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + From<Bytes> + Unpin + Send + 'static,
    B::Error: Error + 'static,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that was made ready is used; its copy is made ready for the next request.
        let copy = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, copy);
        let layer = self.layer.clone();
        Box::pin(async move {
            match layer.judge(request).await {
                Ok(request) => inner.call(request).await,
                Err(refusal) => Ok(refusal.map(R::from)),
            }
        })
    }
}
