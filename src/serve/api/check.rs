//! `POST /v1/check`: one post, or a list of them.

use std::time::Instant;

use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::check::{Named, PostJson, View};
use crate::extract::TextFormat;
use crate::serve::answer::{self, Answer, Problem};
use crate::serve::inspect::{ContentType, Refused};
use crate::serve::{body, work};
use crate::telemetry::clock;
use crate::telemetry::metrics::{self, Metrics};
use crate::telemetry::trace::Span;
use crate::verdict::Action;

use super::ApiDoor;
use super::access::Asker;

const NOT_JSON: Problem = Problem::new(StatusCode::BAD_REQUEST, "not_json", "the body is not one JSON object in UTF-8");
const NO_POST: Problem = Problem::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "no_post",
    r#"send {"id","text","format"?,"links"?} with a text or links, or {"posts":[…]} of those"#,
);
const TOO_MANY_POSTS: Problem =
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_posts", "send fewer posts at once, or use /v1/check/stream");
const MEDIA_TYPE: Problem =
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", "send Content-Type: application/json");

/// What is sent: a post by itself, or several.
#[derive(Deserialize)]
struct Asked<'j> {
    #[serde(borrow)]
    posts: Option<Vec<PostJson<'j>>>,
}

#[derive(Serialize)]
struct Reports<'j> {
    reports: Vec<Named<Option<&'j RawValue>>>,
}

pub(super) async fn answer(
    door: &ApiDoor,
    asker: &Asker,
    head: &Parts,
    body: Incoming,
    span: &Span,
) -> Result<Answer, Problem> {
    match ContentType::of(&head.headers)? {
        ContentType::Json => {}
        // Curl's default, sent by people who try things out.
        ContentType::Unknown | ContentType::Form | ContentType::Text if !head.headers.contains_key("origin") => {}
        _ => return Err(MEDIA_TYPE),
    }
    if head.headers.contains_key(http::header::CONTENT_ENCODING) {
        return Err(Refused::Coding.into());
    }
    let body = body::whole(body, &door.limits).await?;
    let (began, judging) = (Instant::now(), span.child("judge"));
    let (asker, metrics, posts_max) = (asker.clone(), door.metrics.clone(), door.limits.posts_max);
    let answer = work::judge(body.len(), move || reports(&asker, &body, posts_max, &metrics)).await?;
    judging.end();
    door.metrics.processing.observe(began.elapsed().as_secs_f64());
    door.metrics.api_answered.inc();
    answer
}

fn reports(asker: &Asker, body: &Bytes, posts_max: usize, metrics: &Metrics) -> Result<Answer, Problem> {
    let view = asker.checker().view();
    let now = clock::now();
    let text = std::str::from_utf8(body).map_err(|_| NOT_JSON)?;
    let text = crate::check::without_halves(text);
    let one: PostJson<'_> = parse(&text)?;
    if one.is_post() {
        return Ok(answer::json(&report(asker, &view, &one, now, metrics)));
    }
    let Asked { posts: Some(posts) } = parse(&text)? else { return Err(NO_POST) };
    match posts.len() {
        0 => Err(NO_POST),
        many if many > posts_max => Err(TOO_MANY_POSTS),
        _ if !posts.iter().all(PostJson::is_post) => Err(NO_POST),
        _ => {
            let reports = posts.iter().map(|post| report(asker, &view, post, now, metrics)).collect();
            Ok(answer::json(&Reports { reports }))
        }
    }
}

/// Checks one post and counts it.
pub(super) fn report<'j>(
    asker: &Asker,
    view: &View<'_>,
    post: &PostJson<'j>,
    now: i64,
    metrics: &Metrics,
) -> Named<Option<&'j RawValue>> {
    let report = post.with_post(TextFormat::Plain, |whole| view.check(whole, now));
    asker.spend(&report, now);
    metrics.api_posts.count(label(report.action));
    Named { id: post.id, report }
}

/// The label of an action.
pub(in crate::serve) fn label(action: Action) -> metrics::Action {
    match action {
        Action::Allow => metrics::Action::allow,
        Action::Flag => metrics::Action::flag,
        Action::Hold => metrics::Action::hold,
        Action::Reject => metrics::Action::reject,
    }
}

/// Tells broken JSON from JSON of another form.
pub(super) fn parse<'j, T: Deserialize<'j>>(text: &'j str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => NO_POST,
        _ => NOT_JSON,
    })
}
