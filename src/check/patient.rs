//! Links that are followed to their end, for threads that may wait: of the command line, of a rescan.

use std::time::Duration;

use tokio::time::Instant;

use crate::fetch::Second;

use super::{Checker, DeepChecker, Draft, Post, Report, Scratch};

/// A [`DeepChecker`] that waits. Not for threads of a runtime.
#[derive(Clone)]
pub struct PatientChecker {
    /// What follows.
    pub deep: DeepChecker,
    /// How long one post may wait.
    pub patience: Duration,
}

impl PatientChecker {
    /// The same as [`Checker::check`], with links followed; `checker` has to leave them to be asked
    /// ([`Snapshot::following`](super::Snapshot::following)).
    pub fn check(&self, checker: &Checker, post: &Post<'_>, now: i64) -> Report {
        let view = checker.view();
        self.finish(checker, view.draft(post, now).0, now)
    }

    /// The same as [`Checker::findings`], with links followed.
    pub fn findings(&self, checker: &Checker, post: &Post<'_>, now: i64, scratch: &mut Scratch) -> Option<Report> {
        let draft = checker.view().draft_findings(post, now, scratch)?;
        let report = self.finish(checker, draft, now);
        (report.reason.is_some() || !report.links.is_empty()).then_some(report)
    }

    /// Begins to follow the links of a post that is checked soon: then there is less to wait for.
    pub fn prepare(&self, checker: &Checker, post: &Post<'_>, now: i64, scratch: &mut Scratch) {
        let view = checker.view();
        if let Some(draft) = view.draft_findings(post, now, scratch).filter(|draft| !draft.is_whole()) {
            drop(self.deep.begin(view.snapshot(), draft, now, Second::IfOdd));
        }
    }

    fn finish(&self, checker: &Checker, draft: Draft, now: i64) -> Report {
        if draft.is_whole() {
            return draft.settled();
        }
        let begun = self.deep.begin(checker.view().snapshot(), draft, now, Second::IfOdd);
        self.deep.follower().block_on(begun.end(Instant::now() + self.patience)).report
    }
}
