//! `GET /v1/uris:search`: the look-up of Web Risk, off unless it is asked for, since it puts URLs into access logs.

use http::StatusCode;
use http::request::Parts;
use jiff::Timestamp;
use serde::Serialize;
use url::form_urlencoded;

use crate::check::Post;
use crate::serve::answer::{self, Answer, Problem};
use crate::serve::work;

use super::ApiDoor;
use super::access::Asker;
use super::check::Judging;
use super::threat::{CACHE_SECONDS, Threat};

pub(super) const OFF: Problem = Problem::new(
    StatusCode::NOT_FOUND,
    "uris_search_off",
    "this is off, since it puts URLs into access logs: use POST, or set [api] uris_search = true",
);
const NO_URI: Problem =
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no_uri", "send one parameter `uri`, percent-encoded");

#[derive(Serialize)]
struct Found {
    #[serde(skip_serializing_if = "Option::is_none")]
    threat: Option<Told>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    threat_types: [&'static str; 1],
    expire_time: String,
}

pub(super) async fn answer(door: &ApiDoor, asker: Asker, head: &Parts) -> Result<Answer, Problem> {
    let query = head.uri.query().unwrap_or_default().to_owned();
    let metrics = door.metrics.clone();
    let answered = work::judge(door.limits.check_wait(), query.len(), move || {
        let pairs = || form_urlencoded::parse(query.as_bytes());
        let mut uris = pairs().filter(|(name, _)| name == "uri").map(|(_, value)| value);
        let (Some(uri), None) = (uris.next(), uris.next()) else { return Err(NO_URI) };
        let words: Vec<_> = pairs().filter(|(name, _)| name == "threatTypes").map(|(_, value)| value).collect();
        let judging = Judging::new(&asker, &metrics);
        let report = judging.report(&Post { attached: &[&uri], ..Post::default() })?;
        let threat = Threat::of(&report, &judging.view.snapshot().policy);
        let told = threat.map(|threat| Told { threat_types: [threat.word(&words)], expire_time: expiry(judging.now) });
        Ok(answer::json(&Found { threat: told }))
    });
    let answered = answered.await?;
    door.metrics.api_answered.inc();
    answered
}

fn expiry(now: i64) -> String {
    Timestamp::from_second(now.saturating_add(CACHE_SECONDS)).unwrap_or(Timestamp::MAX).to_string()
}
