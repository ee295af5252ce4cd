//! The check API: JSON in, JSON out; what is wrong with a request is told as a problem (RFC 9457).

mod access;
mod check;
mod checks;
mod canaries;
mod curate;
mod explain;
mod json;
mod openapi;
mod role;
mod status;
mod stream;
mod threat;
mod threat_matches;
mod uris;

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::header::ALLOW;
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;

use crate::check::{Canary, Checker};
use crate::lists::{LastError, SourceState};
use crate::telemetry::metrics::{self, Metrics};
use crate::telemetry::trace::Span;

use super::Bell;
use super::answer::{self, Answer, Body, Problem, REQUEST_ID};
use super::deep::Deep;
use super::kept::{Kept, Unseen};
use super::key::{Keys, Scope};
use super::late::Late;
use super::limits::Limits;
use super::note::Refused;
use super::request_id::RequestId;

pub use access::Hosts;
pub(super) use check::label;
pub(super) use openapi::document;
pub(super) use role::Role;
pub use role::Watchers;

/// What the API answers from; reloading puts another in its place.
pub struct Api {
    /// For whoever needs no key.
    pub checker: Checker,
    /// Without any, only checks, health and figures are offered, and only to this machine.
    pub keys: Keys,
    /// Names under which a browser on this machine may not be led here by another.
    pub hosts: Hosts,
    /// Lists that have to be there.
    pub required: Vec<String>,
    /// When the files of lists were written, by the list, in seconds since the Unix epoch.
    pub written_at: BTreeMap<String, i64>,
    /// What is known of lists that are not in use because they, or others, cannot be read.
    pub unused: Vec<SourceState>,
    /// Lists of which versions are kept.
    pub kept: Kept,
    /// Why each list of the configuration does not answer as it should, by its name; nothing where it does.
    pub troubles: BTreeMap<String, Option<LastError>>,
    /// What proves that lists answer.
    pub canaries: Vec<Canary>,
    /// What doors say of them.
    pub unseen: Unseen,
    /// Follows links, if they are followed.
    pub deep: Option<Deep>,
    /// What is told of checks that were not finished in time, whether links are still followed or not.
    pub late: Option<Late>,
    /// Whether `GET /v1/uris:search` is offered.
    pub uris_search: bool,
}

/// The door.
#[derive(Clone)]
pub(super) struct ApiDoor {
    pub(super) role: Role,
    pub(super) api: Arc<ArcSwap<Api>>,
    pub(super) limits: Arc<Limits>,
    pub(super) metrics: Metrics,
    /// The description of all this, with the limits in force.
    pub(super) openapi: Bytes,
    /// Has the server take up what was decided.
    pub(super) bell: Bell,
}

/// A request as it was sent.
struct Sent<'s> {
    head: &'s Parts,
    body: Incoming,
    /// The step of a trace that answering it is.
    span: &'s Span,
}

/// Something the API does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    Check,
    Stream,
    Explain,
    Late,
    Lists,
    Refresh,
    RollBack,
    Approve,
    ThreatMatches,
    Uris,
    Health,
    Ready,
    Metrics,
    Document,
}

/// Every path with the one method it takes.
const TASKS: [(&str, Method, Task); 14] = [
    ("/v1/check", Method::POST, Task::Check),
    ("/v1/check/stream", Method::POST, Task::Stream),
    ("/v1/explain", Method::POST, Task::Explain),
    ("/v1/checks/{id}", Method::GET, Task::Late),
    ("/v1/lists", Method::GET, Task::Lists),
    ("/v1/lists/{name}/refresh", Method::POST, Task::Refresh),
    ("/v1/lists/{name}/rollback", Method::POST, Task::RollBack),
    ("/v1/lists/{name}/approve", Method::POST, Task::Approve),
    ("/v4/threatMatches:find", Method::POST, Task::ThreatMatches),
    ("/v1/uris:search", Method::GET, Task::Uris),
    ("/healthz", Method::GET, Task::Health),
    ("/readyz", Method::GET, Task::Ready),
    ("/metrics", Method::GET, Task::Metrics),
    ("/openapi.json", Method::GET, Task::Document),
];
const NOT_FOUND: Problem =
    Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing of that name; see /openapi.json");
const NOT_ALLOWED: Problem =
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "use the method that Allow names");
/// What any path takes.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, OPTIONS");

impl Task {
    /// What a key needs for it.
    fn scope(self) -> Scope {
        match self {
            Self::Explain => Scope::Explain,
            Self::Lists | Self::Refresh | Self::RollBack | Self::Approve => Scope::Admin,
            _ => Scope::Check,
        }
    }

    /// As figures name what it changes.
    fn outcome(self) -> &'static str {
        match self {
            Self::Refresh => "list_refresh",
            Self::RollBack => "list_rollback",
            Self::Approve => "list_approve",
            _ => "answered",
        }
    }

    /// Whether its clients send their key as `?key=`, and have errors told in `error` too.
    fn is_of_google(self) -> bool {
        matches!(self, Self::ThreatMatches | Self::Uris)
    }
}

impl ApiDoor {
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Answer {
        let id = RequestId::next();
        let (head, body) = request.into_parts();
        let task = self.task(&head);
        let mut span = match task {
            Ok(Task::Health | Task::Ready | Task::Metrics) => Span::none(),
            // Who asks here is no stranger: a trace that it is in goes on.
            _ => Span::request(self.role.name(), Some(&head.headers)),
        };
        let performed = match task {
            _ if head.method == Method::OPTIONS => self.options(head.uri.path()),
            Ok(task) => self.perform(task, Sent { head: &head, body, span: &span }).await,
            Err(problem) => Err(problem),
        };
        let mut answer = match performed {
            Ok(answer) => answer,
            Err(problem) => {
                span.word("outcome", problem.code);
                let (door, code, status) = (self.role.name(), problem.code, problem.status);
                self.count(code);
                Refused { door, id, code, status }.note(&self.metrics);
                problem.answer(Some(id))
            }
        };
        answer.headers_mut().insert(REQUEST_ID, id.header());
        span.number("status", answer.status().as_u16().into());
        answer
    }

    async fn perform(&self, task: Task, sent: Sent<'_>) -> Result<Answer, Problem> {
        let api = self.api.load_full();
        match task {
            Task::Health => Ok(status::health()),
            Task::Ready => canaries::ready(&api),
            Task::Document => Ok(answer::with(StatusCode::OK, answer::JSON, self.openapi.clone())),
            Task::Metrics => {
                self.role.admit_to_figures(&api, sent.head)?;
                self.metrics.ready.set(i64::from(api.is_ready()));
                Ok(status::metrics(sent.head, &self.metrics))
            }
            Task::Lists => Ok(status::lists(&api, &api.admit(sent.head, task)?)),
            Task::Refresh | Task::RollBack | Task::Approve => {
                let asker = api.admit(sent.head, task)?;
                let answer = curate::answer(self, &api, &asker, task, sent).await?;
                self.count(task.outcome());
                Ok(answer)
            }
            Task::Late => checks::answer(&api, &api.admit(sent.head, task)?, sent.head.uri.path()).await,
            Task::Uris if !api.uris_search => Err(uris::OFF.with_google_error()),
            Task::ThreatMatches | Task::Uris => {
                self.look_up(task, &api, sent).await.map_err(Problem::with_google_error)
            }
            Task::Check | Task::Stream | Task::Explain => self.look_up(task, &api, sent).await,
        }
    }

    /// What needs lists.
    async fn look_up(&self, task: Task, api: &Arc<Api>, sent: Sent<'_>) -> Result<Answer, Problem> {
        let asker = api.admit(sent.head, task)?;
        status::ready(api)?;
        match task {
            Task::Stream => stream::answer(self.clone(), asker, sent.head, sent.body),
            Task::Explain => explain::answer(self, api.deep.as_ref(), asker, sent).await,
            Task::ThreatMatches => threat_matches::answer(self, asker, sent).await,
            Task::Uris => uris::answer(self, asker, sent.head).await,
            _ => check::answer(self, Arc::clone(api), asker, sent).await,
        }
    }

    fn count(&self, outcome: &'static str) {
        let door = self.role.name();
        self.metrics.requests.get_or_create(&metrics::Request { door, outcome, platform: "" }).inc();
    }

    fn task(&self, head: &Parts) -> Result<Task, Problem> {
        let (_, method, task) = self.at(head.uri.path())?;
        let fits = head.method == *method || (head.method == Method::HEAD && *method == Method::GET);
        if fits { Ok(*task) } else { Err(NOT_ALLOWED.with(ALLOW, allowed(method))) }
    }

    fn at(&self, path: &str) -> Result<&'static (&'static str, Method, Task), Problem> {
        TASKS.iter().find(|(known, _, task)| is_at(known, path) && self.role.offers(*task)).ok_or(NOT_FOUND)
    }

    /// The methods of a path, or of all. No web page of elsewhere is let in by it.
    fn options(&self, path: &str) -> Result<Answer, Problem> {
        let methods = if path == "*" { METHODS } else { allowed(&self.at(path)?.1) };
        let mut answer = Answer::new(Body::Whole(None));
        *answer.status_mut() = StatusCode::NO_CONTENT;
        answer.headers_mut().insert(ALLOW, methods);
        Ok(answer)
    }
}

/// Whether a path is the known one, with anything but nothing in place of an id.
fn is_at(known: &str, path: &str) -> bool {
    let Some((before, rest)) = known.split_once('{') else { return known == path };
    let behind = rest.split_once('}').map_or("", |(_, behind)| behind);
    let id = path.strip_prefix(before).and_then(|rest| rest.strip_suffix(behind));
    id.is_some_and(|id| !id.is_empty() && !id.contains('/'))
}

fn allowed(method: &Method) -> HeaderValue {
    HeaderValue::from_static(if *method == Method::GET { "GET, HEAD, OPTIONS" } else { "POST, OPTIONS" })
}

/// The answer to a method that no path takes.
pub(super) fn not_allowed() -> Problem {
    NOT_ALLOWED.with(ALLOW, METHODS)
}
