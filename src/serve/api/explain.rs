//! `POST /v1/explain`: every step of one URL, with links for whoever may see them, without for others.

use std::borrow::Cow;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::serve::answer::{self, Answer, Problem};
use crate::serve::key::Scope;

use super::access::Asker;
use super::check::Judging;
use super::{ApiDoor, Sent, json};

const NO_URL: Problem =
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no_url", r#"send {"url"} with the URL as a text, once"#);
const URL_TOO_LONG: Problem =
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "url_too_long", "longer URLs are only checked, not explained");

/// What is told of a URL is far longer than the URL.
const WEIGHT: usize = 64;

#[derive(Deserialize)]
struct Asked<'j> {
    #[serde(borrow)]
    url: Cow<'j, str>,
}

#[derive(Serialize)]
struct Told<S> {
    redacted: bool,
    #[serde(flatten)]
    steps: S,
}

pub(super) async fn answer(door: &ApiDoor, asker: Asker, sent: Sent<'_>) -> Result<Answer, Problem> {
    let (metrics, max) = (door.metrics.clone(), door.limits.explain_url_max_chars);
    json::answer(door, sent, WEIGHT, move |text| {
        let Asked { url } = json::parse(text, NO_URL)?;
        if url.chars().count() > max {
            return Err(URL_TOO_LONG);
        }
        let judging = Judging::new(&asker, &metrics);
        let steps = asker.checker().explain(&url, judging.now);
        judging.count(&steps.report, 1)?;
        Ok(if asker.may(Scope::Reveal) {
            answer::json(&Told { redacted: false, steps })
        } else {
            let suffixes = judging.view.snapshot().tables.suffixes();
            answer::json(&Told { redacted: true, steps: steps.redacted(suffixes) })
        })
    })
    .await
}
