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

use crate::verdict::Action;

use super::answer::{self, Problem};
use super::deep::{self, Deep, Who};
use super::fail::{FailPolicies, FailPolicy, Failure, Unchecked};
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
    on_failure: FailPolicies,
    deep: Option<Deep>,
}

impl CheckLayer {
    /// A layer that judges by `gate`; of `limits` those of bodies count, and the gate's own for their size. What cannot be
    /// checked is refused.
    pub fn new(gate: Gate, limits: &Limits) -> Self {
        let limits = Limits { body_max_bytes: gate.body_max_bytes, ..limits.clone() };
        Self { gate: Arc::new(gate), limits: Arc::new(limits), on_failure: FailPolicies::default(), deep: None }
    }

    /// The same, which also follows links; the gate's checker has to leave them to be asked
    /// ([`Snapshot::following`](crate::check::Snapshot::following)).
    #[must_use]
    pub fn following(self, deep: Deep) -> Self {
        Self { deep: Some(deep), ..self }
    }

    /// The same with other policies for what cannot be checked. What passes so has [`Unchecked`] among its extensions.
    #[must_use]
    pub fn on_failure(self, on_failure: impl Into<FailPolicies>) -> Self {
        Self { on_failure: on_failure.into(), ..self }
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
        let whole = body::whole(body, &self.limits, || {}).await.map_err(problem)?;
        let (mut head, judged) = if self.gate.checker.snapshot().has_entries(&[]) {
            work::judge_request(&self.gate, head, &whole, &self.limits).await
        } else {
            (head, Err(Failure::NoIndex))
        };
        match judged {
            Ok(judged) => {
                let judged = judged.map_err(|refused| problem(refused.into()))?;
                let judgement = deep::settle(judged, self.deep.as_ref(), &Who::layer(id)).await;
                if let Some(kept) = kept(&judgement) {
                    return Err(kept.answer(shape, id));
                }
                head.extensions.insert(judgement);
            }
            Err(failure) => match self.on_failure.of(failure) {
                FailPolicy::Open => drop(head.extensions.insert(Unchecked { reason: failure.code() })),
                FailPolicy::Hold => return Err(Kept::Held.answer(shape, id)),
                FailPolicy::Closed => return Err(Kept::Unchecked.answer(shape, id)),
            },
        }
        Ok(Request::from_parts(head, whole.into()))
    }
}

/// What keeps a request back, if anything does.
fn kept(judgement: &Judgement) -> Option<Kept> {
    match judgement.action {
        Action::Reject => Some(Kept::Rejected),
        Action::Hold => Some(Kept::Held),
        Action::Allow | Action::Flag => None,
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http_body_util::Full;

    use crate::canonical::{TableTexts, Tables};
    use crate::check::{Checker, Snapshot};
    use crate::extract::{Extractor, Options, TopLevels};
    use crate::serve::{Generic, Platform};
    use crate::verdict::Policy;

    use super::*;

    /// Without a list, so that nothing can be checked.
    fn layer() -> CheckLayer {
        let extractor = Extractor::new(Options::default(), TopLevels::parse(TableTexts::shipped().suffixes));
        let snapshot = Snapshot::new(Arc::new(Tables::shipped().unwrap()), vec![], Policy::default());
        let platform = Arc::new(Platform::preset("mastodon", &Generic::default()).unwrap());
        let gate = Gate { checker: Checker::new(extractor, snapshot), platform, body_max_bytes: 1 << 20 };
        CheckLayer::new(gate, &Limits::default())
    }

    #[tokio::test]
    async fn fail_policies_are_kept() {
        let hold_lists = FailPolicies { no_index: Some(FailPolicy::Hold), ..FailPolicy::Open.into() };
        let open_lists = FailPolicies { no_index: Some(FailPolicy::Open), ..FailPolicy::Closed.into() };
        for (policies, status) in [
            (FailPolicy::Closed.into(), 503),
            (FailPolicy::Hold.into(), 422),
            (FailPolicy::Open.into(), 200),
            (hold_lists, 422),
            (open_lists, 200),
        ] {
            let inner = tower::service_fn(async |request: Request<Full<Bytes>>| {
                assert_eq!(request.extensions().get(), Some(&Unchecked { reason: "no_index" }));
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
            });
            let post = Request::post("/api/v1/statuses").body(Full::from("status=hello")).unwrap();
            let answer = layer().on_failure(policies).layer(inner).call(post).await.unwrap();
            assert_eq!(answer.status(), status, "{policies:?}");
        }
    }
}
