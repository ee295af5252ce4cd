//! `POST /v1/check`: one post, or a list of them.

use http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::check::{Asked, AskedJson, Named, Post, PostJson, Report, View};
use crate::extract::TextFormat;
use crate::serve::answer::{self, Answer, Problem};
use crate::telemetry::clock;
use crate::telemetry::metrics::{self, Metrics};
use crate::verdict::Action;

use super::access::Asker;
use super::{ApiDoor, Sent, json};

pub(super) const NO_POST: Problem = Problem::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "no_post",
    r#"send {"id","text","format"?,"links"?} with a text or links, or {"posts":[…]} of those, each field once"#,
);
const TOO_MANY_POSTS: Problem =
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_posts", "send fewer posts at once, or use /v1/check/stream");

#[derive(Serialize)]
struct Reports<'j> {
    reports: Vec<Named<Option<&'j RawValue>>>,
}

pub(super) async fn answer(door: &ApiDoor, asker: Asker, sent: Sent<'_>) -> Result<Answer, Problem> {
    let (metrics, posts_max) = (door.metrics.clone(), door.limits.posts_max);
    json::answer(door, sent, 1, move |text| {
        let judging = Judging::new(&asker, &metrics);
        let json: AskedJson<'_> = json::parse(text, NO_POST)?;
        match json.meant().ok_or(NO_POST)? {
            Asked::One(post) => Ok(answer::json(&judging.named(&post)?)),
            Asked::Many(posts) if posts.is_empty() => Err(NO_POST),
            Asked::Many(posts) if posts.len() > posts_max => Err(TOO_MANY_POSTS),
            Asked::Many(posts) => {
                let reports: Result<_, _> = posts.iter().map(|post| judging.named(post)).collect();
                Ok(answer::json(&Reports { reports: reports? }))
            }
        }
    })
    .await
}

/// Judges posts for somebody: against one snapshot, at one moment, within the budget, counted.
pub(super) struct Judging<'a> {
    asker: &'a Asker,
    pub(super) view: View<'a>,
    pub(super) now: i64,
    metrics: &'a Metrics,
}

impl<'a> Judging<'a> {
    pub(super) fn new(asker: &'a Asker, metrics: &'a Metrics) -> Self {
        Self { asker, view: asker.checker().view(), now: clock::now(), metrics }
    }

    /// The report of a post by the name that the sender gave it.
    pub(super) fn named<'j>(&self, post: &PostJson<'j>) -> Result<Named<Option<&'j RawValue>>, Problem> {
        let report = post.with_post(TextFormat::Plain, |whole| self.report(whole))?;
        Ok(Named { id: post.id, report })
    }

    pub(super) fn report(&self, post: &Post<'_>) -> Result<Report, Problem> {
        let (draft, looked_up) = self.view.draft(post, self.now);
        let report = draft.settled();
        self.count(&report, looked_up)?;
        Ok(report)
    }

    /// Counts a report, unless it goes beyond the budget.
    pub(super) fn count(&self, report: &Report, looked_up: u64) -> Result<(), Problem> {
        self.metrics.api_posts.count(label(report.action));
        self.asker.spend(report, looked_up, self.now)
    }
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
