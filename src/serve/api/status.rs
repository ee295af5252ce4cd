//! How the server is: alive, ready, its figures, its lists.

use std::collections::BTreeMap;

use http::header::{ACCEPT, VARY};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::index::List;
use crate::serve::answer::{self, Answer, Problem};
use crate::telemetry::metrics::{Exposition, Metrics};

use super::Api;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const NOT_READY: Problem = Problem::new(
    StatusCode::SERVICE_UNAVAILABLE,
    "no_index",
    "a list that is required is missing, or none has an entry",
);

pub(super) fn health() -> Answer {
    answer::with(StatusCode::OK, TEXT, "alive\n".to_owned())
}

pub(super) fn ready(api: &Api) -> Answer {
    if api.is_ready() { answer::with(StatusCode::OK, TEXT, "ready\n".to_owned()) } else { NOT_READY.into() }
}

pub(super) fn metrics(head: &Parts, metrics: &Metrics) -> Answer {
    let accepts: Vec<&str> = head.headers.get_all(ACCEPT).iter().filter_map(|field| field.to_str().ok()).collect();
    let exposition = Exposition::wanted_by(&accepts.join(","));
    let mut answer =
        answer::with(StatusCode::OK, HeaderValue::from_static(exposition.content_type()), metrics.text(exposition));
    answer.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    answer
}

/// A list as `GET /v1/lists` tells of it.
#[derive(Serialize)]
struct Told {
    name: String,
    version: String,
    entries: BTreeMap<String, u64>,
    state: &'static str,
}

pub(super) fn lists(api: &Api) -> Answer {
    let view = api.checker.view();
    let lists = view.snapshot().indexes.iter().flat_map(|index| index.lists());
    answer::json(&lists.map(told).collect::<Vec<_>>())
}

fn told(list: &List) -> Told {
    Told { name: list.name.clone(), version: list.version.clone(), entries: list.entries.clone(), state: "live" }
}

impl Api {
    /// Whether every list that has to be there is there, and any of them has an entry.
    pub(super) fn is_ready(&self) -> bool {
        self.checker.view().snapshot().has_entries(&self.required)
    }
}
