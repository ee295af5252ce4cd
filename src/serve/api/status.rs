//! How the server is: alive, ready, its figures, its lists.

use http::header::{ACCEPT, VARY};
use http::request::Parts;
use http::{HeaderValue, StatusCode};

use crate::lists::SourceState;
use crate::serve::answer::{self, Answer, Problem};
use crate::serve::fail::Failure;
use crate::telemetry::clock;
use crate::telemetry::metrics::{Exposition, Metrics};

use super::Api;
use super::access::Asker;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

pub(super) fn health() -> Answer {
    answer::with(StatusCode::OK, TEXT, "alive\n".to_owned())
}

pub(super) fn ready(api: &Api) -> Result<Answer, Problem> {
    if api.is_ready() {
        Ok(answer::with(StatusCode::OK, TEXT, "ready\n".to_owned()))
    } else {
        Err(Failure::NoIndex.into())
    }
}

pub(super) fn metrics(head: &Parts, metrics: &Metrics) -> Answer {
    let accepts: Vec<&str> = head.headers.get_all(ACCEPT).iter().filter_map(|field| field.to_str().ok()).collect();
    let exposition = Exposition::wanted_by(&accepts.join(","));
    let mut answer =
        answer::with(StatusCode::OK, HeaderValue::from_static(exposition.content_type()), metrics.text(exposition));
    answer.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    answer
}

/// The lists that somebody may see.
pub(super) fn lists(api: &Api, asker: &Asker) -> Answer {
    let snapshot = asker.checker().snapshot();
    let now = clock::now();
    let mut kept = api.kept.states(now);
    // What is kept and cannot be used answers nothing.
    let is_used = |name: &str| snapshot.lists().any(|list| list.name == name);
    for list in kept.iter_mut().filter(|list| !is_used(&list.name)) {
        list.state = "missing";
    }
    let is_kept = |name: &str| kept.iter().any(|list| list.name == name);
    let in_use = snapshot.lists().filter(|list| !is_kept(&list.name)).map(|list| SourceState {
        version: list.version.clone(),
        entries: list.entries.clone(),
        age_s: api.written_at.get(&list.name).map(|written| u64::try_from(now - written).unwrap_or(0)),
        state: "live",
        ..SourceState::missing(&list.name)
    });
    let unused = api.unused.iter().filter(|list| !is_kept(&list.name)).cloned();
    let others = unused.chain(kept.iter().cloned()).filter(|list| snapshot.shows(&list.name));
    answer::json(&in_use.chain(others).collect::<Vec<_>>())
}

impl Api {
    /// Whether every list that has to be there is there, and any of them has an entry.
    pub(super) fn is_ready(&self) -> bool {
        self.checker.view().snapshot().has_entries(&self.required) && self.kept.are_fresh(clock::now())
    }
}
