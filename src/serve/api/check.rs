//! `POST /v1/check`: one post, or a list of them.

use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::check::{Asked, AskedJson, Draft, Named, Post, PostJson, Report, Snapshot, View};
use crate::extract::TextFormat;
use crate::serve::answer::{self, Answer, Problem};
use crate::serve::deep::{Deep, Finishing, Who};
use crate::serve::note;
use crate::telemetry::clock;
use crate::telemetry::metrics::{self, Metrics};
use crate::verdict::Action;

use super::access::Asker;
use super::{Api, ApiDoor, Sent, json};

pub(super) const NO_POST: Problem = Problem::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "no_post",
    r#"send {"id","text","format"?,"links"?} with a text or links, or {"posts":[…]} of those, each field once"#,
);
const TOO_MANY_POSTS: Problem =
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_posts", "send fewer posts at once, or use /v1/check/stream");

#[derive(Serialize)]
struct Reports<I> {
    reports: Vec<Named<I>>,
}

/// What a request came to.
enum Judged {
    /// Everything is told.
    Whole(Answer),
    /// Links are to be asked first.
    Asking(Asking, Many),
}

/// Whether one post was sent, or a list of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Many {
    One,
    List,
}

pub(super) async fn answer(door: &ApiDoor, api: Arc<Api>, asker: Asker, sent: Sent<'_>) -> Result<Answer, Problem> {
    let (metrics, posts_max, asks, lent) =
        (door.metrics.clone(), door.limits.posts_max, asker.clone(), Arc::clone(&api));
    let judged = json::judge(door, sent, 1, move |text| {
        let judging = Judging::new(&asks, &metrics).recalling(lent.deep.as_ref());
        let json: AskedJson<'_> = json::parse(text, NO_POST)?;
        match json.meant().ok_or(NO_POST)? {
            Asked::One(post) => judging.judged(&[post], Many::One),
            Asked::Many(posts) if posts.is_empty() => Err(NO_POST),
            Asked::Many(posts) if posts.len() > posts_max => Err(TOO_MANY_POSTS),
            Asked::Many(posts) => judging.judged(&posts, Many::List),
        }
    });
    let (asking, many) = match judged.await? {
        Judged::Whole(answer) => return Ok(answer),
        Judged::Asking(asking, many) => (asking, many),
    };
    // Large, and rare.
    let reports = Box::pin(asking.begin(api.deep.as_ref()).end(api.deep.as_ref(), &asker, &door.metrics)).await?;
    match (many, reports.as_slice()) {
        (Many::One, [report]) => Ok(answer::json(report)),
        _ => Ok(answer::json(&Reports { reports })),
    }
}

/// Posts of one asker whose links are to be asked, in order.
pub(super) struct Asking {
    snapshot: Arc<Snapshot>,
    now: i64,
    posts: Vec<(Option<Box<RawValue>>, Draft, u64)>,
}

/// Posts whose links are asked.
pub(super) struct Begun {
    now: i64,
    posts: Vec<(Option<Box<RawValue>>, Finishing, u64)>,
}

impl Asking {
    /// Begins to ask, for all posts at once.
    pub(super) fn begin(self, deep: Option<&Deep>) -> Begun {
        let Self { snapshot, now, posts } = self;
        let begin = |draft: Draft| match deep {
            Some(deep) => deep.finishing(&snapshot, draft, now),
            None => Finishing::Whole(draft.settled()),
        };
        let posts = posts.into_iter().map(|(id, draft, looked_up)| (id, begin(draft), looked_up)).collect();
        Begun { now, posts }
    }
}

impl Begun {
    /// The reports, each counted.
    pub(super) async fn end(
        self,
        deep: Option<&Deep>,
        asker: &Asker,
        metrics: &Metrics,
    ) -> Result<Vec<Named<Option<Box<RawValue>>>>, Problem> {
        let mut reports = Vec::with_capacity(self.posts.len());
        for (id, finishing, looked_up) in self.posts {
            // A text without its quotes: as people know it.
            let subject = id.as_ref().map(|id| serde_json::from_str(id.get()).unwrap_or_else(|_| id.get().to_owned()));
            let subject = subject.unwrap_or_default();
            let report = finishing.end(deep, &Who { door: "api", owner: asker.owner(), subject }).await;
            count(&report, (looked_up, self.now), asker, metrics)?;
            reports.push(Named { id, report });
        }
        Ok(reports)
    }
}

/// Judges posts for somebody: against one snapshot, at one moment, within the budget, counted.
pub(super) struct Judging<'a> {
    asker: &'a Asker,
    pub(super) view: View<'a>,
    pub(super) now: i64,
    metrics: &'a Metrics,
    deep: Option<&'a Deep>,
}

impl<'a> Judging<'a> {
    pub(super) fn new(asker: &'a Asker, metrics: &'a Metrics) -> Self {
        Self { asker, view: asker.checker().view(), now: clock::now(), metrics, deep: None }
    }

    /// The same, which knows where links lead that were followed before.
    pub(super) fn recalling(self, deep: Option<&'a Deep>) -> Self {
        Self { deep, ..self }
    }

    /// All posts, if lists can tell everything of them; else with what is still to be asked.
    fn judged(&self, posts: &[PostJson<'_>], many: Many) -> Result<Judged, Problem> {
        let drafts: Vec<(Draft, u64)> = posts.iter().map(|post| self.draft(post)).collect();
        if drafts.iter().any(|(draft, _)| !draft.is_whole()) {
            let ids = posts.iter().map(|post| post.id.map(ToOwned::to_owned));
            let posts = ids.zip(drafts).map(|(id, (draft, looked_up))| (id, draft, looked_up)).collect();
            return Ok(Judged::Asking(
                Asking { snapshot: Arc::clone(self.view.snapshot()), now: self.now, posts },
                many,
            ));
        }
        let mut reports = Vec::with_capacity(drafts.len());
        for (post, (draft, looked_up)) in posts.iter().zip(drafts) {
            let report = draft.settled();
            self.count(&report, looked_up)?;
            reports.push(Named { id: post.id, report });
        }
        Ok(Judged::Whole(match (many, reports.as_slice()) {
            (Many::One, [report]) => answer::json(report),
            _ => answer::json(&Reports { reports }),
        }))
    }

    /// The report of a post as far as lists can tell.
    pub(super) fn draft(&self, post: &PostJson<'_>) -> (Draft, u64) {
        let (mut draft, looked_up) = post.with_post(TextFormat::Plain, |whole| self.view.draft(whole, self.now));
        if let Some(deep) = self.deep.filter(|_| !draft.leads.is_empty()) {
            deep.checker.recall(self.view.snapshot(), &mut draft, self.now);
        }
        (draft, looked_up)
    }

    /// The same, to be finished beside the loop that judges.
    pub(super) fn asking(&self, id: Option<&RawValue>, draft: Draft, looked_up: u64) -> Asking {
        let posts = vec![(id.map(ToOwned::to_owned), draft, looked_up)];
        Asking { snapshot: Arc::clone(self.view.snapshot()), now: self.now, posts }
    }

    pub(super) fn report(&self, post: &Post<'_>) -> Result<Report, Problem> {
        let (draft, looked_up) = self.view.draft(post, self.now);
        let report = draft.settled();
        self.count(&report, looked_up)?;
        Ok(report)
    }

    /// Counts a report, unless it goes beyond the budget.
    pub(super) fn count(&self, report: &Report, looked_up: u64) -> Result<(), Problem> {
        count(report, (looked_up, self.now), self.asker, self.metrics)
    }
}

fn count(report: &Report, (looked_up, now): (u64, i64), asker: &Asker, metrics: &Metrics) -> Result<(), Problem> {
    metrics.api_posts.count(label(report.action));
    note::ruled(metrics, std::iter::once(report));
    asker.spend(report, looked_up, now)
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
