//! Links of a post that are followed before it is answered, as long as there is time; what takes longer is told later.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::check::{Begun, DeepChecker, Draft, Report, Snapshot};
use crate::fetch::Second;

use super::gate::{Asking, Judged, Judgement};
use super::late::Late;
use super::request_id::RequestId;

/// Follows links for one door. Clones share everything.
#[derive(Clone)]
pub struct Deep {
    /// What follows.
    pub checker: DeepChecker,
    /// How long a post may wait for it.
    pub budget: Duration,
    /// What becomes of links that take longer; without it nothing is told later.
    pub late: Option<Late>,
}

/// Who asked.
#[derive(Debug, Clone)]
pub(super) struct Who {
    pub(super) door: &'static str,
    /// Only the same may ask for the late verdict.
    pub(super) owner: String,
    /// By what name the asker knows the post.
    pub(super) subject: String,
}

impl Who {
    pub(super) fn proxy(id: RequestId) -> Self {
        Self { door: "proxy", owner: PROXY.into(), subject: id.to_string() }
    }

    pub(super) fn layer(id: RequestId) -> Self {
        Self { door: "layer", owner: LAYER.into(), subject: id.to_string() }
    }
}

/// Owners that are no keys: no key can ask for what is theirs.
const PROXY: &str = "(proxy)";
const LAYER: &str = "(layer)";

impl Deep {
    /// Begins to make a draft whole.
    pub(super) fn finishing(&self, snapshot: &Arc<Snapshot>, mut draft: Draft, now: i64) -> Finishing {
        self.checker.recall(snapshot, &mut draft, now);
        if draft.is_whole() {
            return Finishing::Whole(draft.settled());
        }
        let begun = self.checker.begin(snapshot, draft, now, Second::IfOdd);
        Finishing::Begun(Box::new(begun), Instant::now() + self.budget)
    }

    /// Waits for what was begun; keeps what is to be told later.
    async fn end(&self, begun: Begun, until: Instant, who: &Who) -> Report {
        let Some(late) = &self.late else { return begun.end(until).await.report };
        let again = if late.picks() { begun.again() } else { None };
        let mut finished = begun.end(until).await;
        finished.report.check_id = late.keep(&finished, again, who, until).await.map(Into::into);
        finished.report
    }
}

/// A report that is made whole.
pub(super) enum Finishing {
    Whole(Report),
    /// And how long it may take.
    Begun(Box<Begun>, Instant),
}

impl Finishing {
    /// The whole report.
    pub(super) async fn end(self, deep: Option<&Deep>, who: &Who) -> Report {
        match (self, deep) {
            (Self::Whole(report), _) => report,
            (Self::Begun(begun, until), Some(deep)) => deep.end(*begun, until, who).await,
            (Self::Begun(begun, until), None) => begun.end(until).await.report,
        }
    }
}

/// The judgement, with links followed if there are such and they are.
pub(super) async fn settle(judged: Judged, deep: Option<&Deep>, who: &Who) -> Judgement {
    let Judged { mut judgement, asking } = judged;
    match (asking, deep) {
        (None, _) => {}
        // Large, and rare.
        (Some(asking), Some(deep)) => judgement.put(Box::pin(settle_fields(*asking, deep, who)).await),
        (Some(asking), None) => {
            let unasked = |(field, draft): (usize, Draft)| (field, draft.settled());
            judgement.put(asking.fields.into_iter().map(unasked));
        }
    }
    judgement
}

/// All fields are followed at the same time.
async fn settle_fields(asking: Asking, deep: &Deep, who: &Who) -> Vec<(usize, Report)> {
    let Asking { snapshot, now, fields } = asking;
    let ask = |(field, draft)| (field, deep.finishing(&snapshot, draft, now));
    let begun: Vec<_> = fields.into_iter().map(ask).collect();
    let mut reports = Vec::with_capacity(begun.len());
    for (field, finishing) in begun {
        reports.push((field, finishing.end(Some(deep), who).await));
    }
    reports
}
