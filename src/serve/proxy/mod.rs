//! The reverse proxy in front of a posting API: what is published passes through it, and is read before it is sent on.
//!
//! Every request that carries anything is inspected; a body is buffered, judged, and exactly those bytes are forwarded.

mod forward;
mod framing;
mod link;
mod outgoing;
mod refusal;
mod upload;
mod upstream;
mod websocket;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Request};
use hyper::body::Incoming;

use crate::telemetry::clock;
use crate::telemetry::metrics::{self, Metrics};
use crate::telemetry::trace::Span;
use crate::verdict::Action;

use super::answer::{Answer, Problem, REQUEST_ID};
use super::api::label;
use super::author::{AuthorBudget, Authors};
use super::connection::Peer;
use super::deep::{self, Deep, Who};
use super::fail::{FailPolicies, Failure};
use super::gate::{Gate, Judged, Judgement};
use super::limits::{Limits, REFUSALS_PER_DAY};
use super::platform::Treatment;
use super::request_id::RequestId;
use super::{FailPolicy, body, note, work};

use outgoing::Outgoing;

pub(super) use link::{Answered, close_stale};

pub use upstream::{Upstream, UpstreamError};

/// No body is on its way for longer.
const STREAMING_MAX: Duration = Duration::from_hours(1);

/// What the proxy works by; reloading puts another in its place.
pub struct Proxy {
    /// Judges requests.
    pub gate: Arc<Gate>,
    /// The platform.
    pub upstream: Upstream,
    /// What becomes of posts that cannot be checked.
    pub on_failure: FailPolicies,
    /// How often an author may be refused.
    pub author_budget: AuthorBudget,
    /// Follows links, if they are followed.
    pub deep: Option<Deep>,
    /// Lists that have to be there.
    pub required: Vec<String>,
    /// Addresses whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<std::net::IpAddr>,
}

/// The door.
pub(super) struct ProxyDoor {
    pub(super) proxy: Arc<ArcSwap<Proxy>>,
    pub(super) limits: Arc<Limits>,
    pub(super) metrics: Metrics,
    pub(super) authors: Authors,
}

/// A request on its way through.
struct Passage<'p> {
    door: &'p ProxyDoor,
    proxy: Arc<Proxy>,
    peer: Peer,
    id: RequestId,
    span: Span,
}

/// What became of a request that was not forwarded.
enum Stopped {
    /// Something is wrong with it.
    Wrong(Problem),
    /// It is not to be published.
    Kept(Action),
    /// It could not be checked.
    Unchecked(Failure),
    /// The platform did not answer.
    Upstream(UpstreamError),
}

impl From<Problem> for Stopped {
    fn from(problem: Problem) -> Self {
        Self::Wrong(problem)
    }
}

impl From<super::inspect::Refused> for Stopped {
    fn from(refused: super::inspect::Refused) -> Self {
        Self::Wrong(refused.into())
    }
}

impl From<UpstreamError> for Stopped {
    fn from(error: UpstreamError) -> Self {
        Self::Upstream(error)
    }
}

impl ProxyDoor {
    pub(super) async fn answer(&self, request: Request<Incoming>, peer: Peer) -> Answer {
        let id = RequestId::next();
        let proxy = self.proxy.load_full();
        let is_trusted = proxy.trusted_proxies.contains(&peer.address);
        let span = Span::request("proxy", Some(request.headers()).filter(|_| is_trusted));
        let mut passage = Passage { door: self, proxy, peer, id, span };
        let platform = passage.proxy.gate.platform.name;
        let (outcome, mut answer) = match passage.pass(request).await {
            Ok(answer) => ("forwarded", answer),
            Err(stopped) => (stopped.outcome(), passage.refuse(stopped)),
        };
        self.metrics.requests.get_or_create(&metrics::Request { door: "proxy", outcome, platform }).inc();
        passage.span.word("platform", platform);
        passage.span.word("outcome", outcome);
        passage.span.number("status", answer.status().as_u16().into());
        if let http::header::Entry::Vacant(vacant) = answer.headers_mut().entry(REQUEST_ID) {
            vacant.insert(id.header());
        }
        answer
    }
}

impl Passage<'_> {
    async fn pass(&self, request: Request<Incoming>) -> Result<Answer, Stopped> {
        let (mut head, body) = request.into_parts();
        framing::check(&head)?;
        match self.proxy.gate.platform.treatment(&head.method, head.uri.path()) {
            Some(Treatment::Upgrade) if framing::wants_websocket(&head) => {
                // Rare and large: boxed, so that no idle connection has room for it.
                return Box::pin(websocket::open(self, Request::from_parts(head, body))).await;
            }
            Some(Treatment::Refuse) => return Err(Stopped::Kept(Action::Reject)),
            Some(Treatment::Pass) => {
                let mark = self.judge_head(&head).await?;
                let time = self.streaming_time(framing::length(&head)?);
                return Box::pin(self.send(head, Outgoing::Through { body, time }, mark)).await;
            }
            Some(Treatment::Upload) => {
                if let Some(upload) = upload::Upload::of(&head)? {
                    let mark = self.judge_head(&head).await?;
                    return Box::pin(upload.pass(self, head, body, mark)).await;
                }
            }
            Some(Treatment::Upgrade | Treatment::Form) | None => {}
        }
        let whole = body::whole(body, &self.door.limits, || body::detach(&mut head)).await?;
        let (head, mark) = self.judge(head, &whole).await?;
        // Large too, and most slow clients have not come this far.
        Box::pin(self.send(head, Outgoing::whole(whole), mark)).await
    }

    /// Judges a request; what is to be told to the platform about it, if it may pass.
    async fn judge(&self, head: Parts, whole: &Bytes) -> Result<(Parts, Option<Mark>), Stopped> {
        if whole.is_empty() && matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            self.proxy.gate.begin(0).head(&head)?;
            return Ok((head, None));
        }
        if let Some(failure) = self.proxy.failure() {
            return self.unchecked(failure).map(|mark| (head, Some(mark)));
        }
        let (began, judging) = (std::time::Instant::now(), self.span.child("judge"));
        let (head, judged) = work::judge_request(&self.proxy.gate, head, whole, &self.door.limits).await;
        judging.end();
        self.door.metrics.processing.observe(began.elapsed().as_secs_f64());
        let mark = match judged {
            Ok(judged) => self.act(&head.headers, &self.settled(judged?).await)?,
            Err(failure) => Some(self.unchecked(failure)?),
        };
        Ok((head, mark))
    }

    /// Judges what a request says before its body, where that passes or comes later.
    async fn judge_head(&self, head: &Parts) -> Result<Option<Mark>, Stopped> {
        let judged = {
            let mut judging = self.proxy.gate.begin(clock::now());
            judging.head(head)?;
            judging.end()?
        };
        self.act(&head.headers, &self.settled(judged).await)
    }

    /// What is known once links were followed as long as there is time.
    async fn settled(&self, judged: Judged) -> Judgement {
        deep::settle(judged, self.proxy.deep.as_ref(), &Who::proxy(self.id)).await
    }

    /// How long a body that is not read whole may take on its way.
    fn streaming_time(&self, length: Option<u64>) -> Duration {
        let by_length = |length| self.door.limits.body_time(usize::try_from(length).unwrap_or(usize::MAX));
        length.map_or(STREAMING_MAX, by_length).min(STREAMING_MAX)
    }

    /// What follows from a judgement.
    fn act(&self, headers: &HeaderMap, judgement: &Judgement) -> Result<Option<Mark>, Stopped> {
        let action = self.action(headers, judgement);
        self.door.metrics.proxy_posts.count(label(action));
        note::ruled(&self.door.metrics, judgement.fields.iter().map(|field| &field.report));
        note::judged("proxy", self.id, action, judgement);
        match action {
            Action::Allow => Ok(None),
            Action::Flag => Ok(Some(Mark::Flagged)),
            Action::Hold | Action::Reject => Err(Stopped::Kept(action)),
        }
    }

    /// The action of a judgement, or the same for every link, if its author has been refused too often.
    fn action(&self, headers: &HeaderMap, judgement: &Judgement) -> Action {
        let (authors, budget) = (&self.door.authors, self.proxy.author_budget);
        if judgement.links == 0 || (judgement.action < Action::Hold && !authors.any_spent()) {
            return judgement.action;
        }
        let author = authors.author(headers, forward::client(headers, self));
        if authors.is_spent(author, budget) {
            return Action::Hold;
        }
        if judgement.action >= Action::Hold && authors.spend(author, judgement, budget) {
            note::hit(&self.door.metrics, REFUSALS_PER_DAY);
            tracing::warn!(request_id = %self.id, "an author is over the budget of refusals: what has a link is held");
        }
        judgement.action
    }

    /// What the fail policy says of a post that cannot be checked.
    fn unchecked(&self, failure: Failure) -> Result<Mark, Stopped> {
        match self.proxy.on_failure.of(failure) {
            FailPolicy::Open => {
                note::unchecked(&self.door.metrics, "proxy", self.id, failure.code());
                Ok(Mark::Unchecked(failure))
            }
            FailPolicy::Closed => Err(Stopped::Unchecked(failure)),
            FailPolicy::Hold => {
                note::met(&self.door.metrics, failure.code());
                Err(Stopped::Kept(Action::Hold))
            }
        }
    }

    async fn send(&self, head: Parts, body: Outgoing, mark: Option<Mark>) -> Result<Answer, Stopped> {
        let mut request = forward::request(self, head, body, mark);
        let mut asking = self.span.child("upstream");
        asking.tell(request.headers_mut());
        let answer = self.proxy.upstream.send(request, &self.door.metrics).await;
        let answer = answer.inspect_err(|_| asking.failed())?;
        Ok(forward::answer(answer)?)
    }
}

/// What the platform is told about a request in `Linkgate-Checked`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// Publish, and tell a moderator.
    Flagged,
    /// Nobody looked at it.
    Unchecked(Failure),
}

impl Proxy {
    fn failure(&self) -> Option<Failure> {
        let view = self.gate.checker.view();
        let has_entries = view.snapshot().has_entries(&self.required);
        (!has_entries).then_some(Failure::NoIndex)
    }
}
