//! The check API: JSON in, JSON out; what is wrong with a request is told as a problem (RFC 9457).

mod access;
mod check;
mod role;
mod status;
mod stream;

use std::sync::Arc;

use arc_swap::ArcSwap;
use http::header::ALLOW;
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;

use crate::check::Checker;
use crate::telemetry::metrics::{self, Metrics};
use crate::telemetry::trace::Span;

use super::answer::{Answer, Problem, REQUEST_ID};
use super::key::{Keys, Scope};
use super::limits::Limits;
use super::note::Refused;
use super::request_id::RequestId;

pub use access::Hosts;
pub(super) use check::label;
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
}

/// The door.
#[derive(Clone)]
pub(super) struct ApiDoor {
    pub(super) role: Role,
    pub(super) api: Arc<ArcSwap<Api>>,
    pub(super) limits: Arc<Limits>,
    pub(super) metrics: Metrics,
}

/// Something the API does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    Check,
    Stream,
    Lists,
    Health,
    Ready,
    Metrics,
}

/// Every path with the one method it takes.
const TASKS: [(&str, Method, Task); 6] = [
    ("/v1/check", Method::POST, Task::Check),
    ("/v1/check/stream", Method::POST, Task::Stream),
    ("/v1/lists", Method::GET, Task::Lists),
    ("/healthz", Method::GET, Task::Health),
    ("/readyz", Method::GET, Task::Ready),
    ("/metrics", Method::GET, Task::Metrics),
];
const NOT_FOUND: Problem =
    Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing of that name; see /openapi.json");
const NOT_ALLOWED: Problem =
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "use the method that Allow names");

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
            Ok(task) => self.perform(task, &head, body, &span).await,
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

    async fn perform(&self, task: Task, head: &Parts, body: Incoming, span: &Span) -> Result<Answer, Problem> {
        let api = self.api.load_full();
        match task {
            Task::Health => return Ok(status::health()),
            Task::Ready => return Ok(status::ready(&api)),
            Task::Metrics => {
                self.role.admit_to_figures(&api, head)?;
                self.metrics.ready.set(i64::from(api.is_ready()));
                return Ok(status::metrics(head, &self.metrics));
            }
            Task::Lists => {
                api.admit(head, Scope::Admin)?;
                return Ok(status::lists(&api));
            }
            Task::Check | Task::Stream => {}
        }
        let asker = api.admit(head, Scope::Check)?;
        if task == Task::Stream {
            return Ok(stream::answer(self.clone(), asker, body));
        }
        check::answer(self, &asker, head, body, span).await
    }

    fn count(&self, outcome: &'static str) {
        let door = self.role.name();
        self.metrics.requests.get_or_create(&metrics::Request { door, outcome, platform: "" }).inc();
    }

    fn task(&self, head: &Parts) -> Result<Task, Problem> {
        let offered = |path: &str, task| path == head.uri.path() && self.role.offers(task);
        let (_, method, task) = TASKS.iter().find(|(path, _, task)| offered(path, *task)).ok_or(NOT_FOUND)?;
        let fits = head.method == *method || (head.method == Method::HEAD && *method == Method::GET);
        let allow = || HeaderValue::from_str(method.as_str()).unwrap_or(HeaderValue::from_static("GET"));
        if fits { Ok(*task) } else { Err(NOT_ALLOWED.with(ALLOW, allow())) }
    }
}
