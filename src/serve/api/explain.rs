//! `POST /v1/explain`: every step of one URL, with links for whoever may see them, without for others.

use std::borrow::Cow;
use std::sync::Arc;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::check::Post;
use crate::serve::answer::{self, Answer, Problem};
use crate::serve::deep::{Deep, Who};
use crate::serve::key::Scope;
use crate::telemetry::clock;

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

pub(super) async fn answer(
    door: &ApiDoor,
    deep: Option<&Deep>,
    asker: Asker,
    sent: Sent<'_>,
) -> Result<Answer, Problem> {
    let (max, asks, follows) = (door.limits.explain_url_max_chars, asker.clone(), deep.is_some());
    let explained = json::judge(door, sent, WEIGHT, move |text| {
        let Asked { url } = json::parse(text, NO_URL)?;
        if url.chars().count() > max {
            return Err(URL_TOO_LONG);
        }
        let (now, view) = (clock::now(), asks.checker().view());
        let steps = asks.checker().explain(&url, now);
        let post = Post { attached: &[&url], ..Post::default() };
        let draft = follows.then(|| view.draft(&post, now).0);
        Ok((steps, draft, Arc::clone(view.snapshot()), now))
    });
    let (mut steps, draft, snapshot, now) = explained.await?;
    if let (Some(draft), Some(deep)) = (draft, deep) {
        let who = Who { door: "api", owner: asker.owner(), subject: String::new() };
        steps.report = Box::pin(deep.finishing(&snapshot, draft, now).end(Some(deep), &who)).await;
    }
    Judging::new(&asker, &door.metrics).count(&steps.report, 1)?;
    Ok(if asker.may(Scope::Reveal) {
        answer::json(&Told { redacted: false, steps })
    } else {
        answer::json(&Told { redacted: true, steps: steps.redacted(snapshot.tables.suffixes()) })
    })
}
