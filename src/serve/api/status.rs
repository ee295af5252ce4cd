//! How the server is: alive, ready, its figures, its lists.

use http::header::{ACCEPT, VARY};
use http::request::Parts;
use http::{HeaderValue, StatusCode};

use crate::index::List;
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
    for state in &mut kept {
        let used = snapshot.lists().find(|list| list.name == state.name);
        let last_error = state.last_error.take().or_else(|| api.troubles.get(&state.name).cloned().flatten());
        *state = match used {
            // What is kept and cannot be used answers nothing.
            None => SourceState { state: "missing", last_error, ..state.clone() },
            Some(list) if list.version == state.version => SourceState { last_error, ..state.clone() },
            // Another one answers than is kept, or what is kept cannot be read.
            Some(list) => {
                let is_stale = !api.kept.is_fresh(&state.name, now, &api.written_at);
                let (pending, word) = (state.pending.take(), if is_stale { "stale" } else { "live" });
                SourceState { state: word, last_error, pending, ..api.in_use(list, now) }
            }
        }
    }
    let is_kept = |name: &str| kept.iter().any(|list| list.name == name);
    let in_use = snapshot.lists().filter(|list| !is_kept(&list.name)).map(|list| api.in_use(list, now));
    let unused = api.unused.iter().filter(|list| !is_kept(&list.name)).cloned();
    let others = unused.chain(kept.iter().cloned()).filter(|list| snapshot.shows(&list.name));
    answer::json(&in_use.chain(others).collect::<Vec<_>>())
}

impl Api {
    /// Whether every list that has to be there is there, and any of them has an entry.
    pub fn is_ready(&self) -> bool {
        let is_fresh = || self.kept.are_fresh(clock::now(), &self.written_at);
        self.checker.view().snapshot().has_entries(&self.required) && is_fresh()
    }

    /// A list that answers, of which nothing else is known.
    fn in_use(&self, list: &List, now: i64) -> SourceState {
        SourceState {
            version: list.version.clone(),
            entries: list.entries.clone(),
            age_s: self.written_at.get(&list.name).map(|written| u64::try_from(now - written).unwrap_or(0)),
            state: "live",
            ..SourceState::missing(&list.name)
        }
    }
}
