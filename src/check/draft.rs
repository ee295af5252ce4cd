//! A report as far as lists can tell, and how it becomes whole: links whose destination is still asked are settled later.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::extract::Extraction;
use crate::fetch::Stop;
use crate::verdict::Status;

use super::publishers::PartialHash;
use super::report::{Flag, LinkReport, Redirect};
use super::{Lead, Report, Trail};

/// A report with what is still to be asked.
#[derive(Debug, Clone)]
pub struct Draft {
    /// As far as lists can tell.
    pub report: Report,
    /// What is to be asked.
    pub leads: Vec<Lead>,
    /// What is to be asked of publishers.
    pub partials: Vec<PartialHash>,
    /// Which links the whole report tells of.
    pub keep: Keep,
    /// What it was made from, to be judged again by other lists; nothing if nobody is to be asked.
    pub found: Option<Arc<Extraction<'static>>>,
}

/// Which links a report tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Every link.
    All,
    /// Those that are listed or undetermined.
    Findings,
}

impl Keep {
    pub(super) fn keeps(self, status: Status) -> bool {
        self == Self::All || status != Status::Unlisted
    }
}

impl Draft {
    /// Whether nobody is to be asked.
    pub fn is_whole(&self) -> bool {
        self.leads.is_empty() && self.partials.is_empty()
    }

    /// The report without asking anybody; nothing if it has nothing to tell.
    pub fn unasked(self) -> Option<Report> {
        let report = self.settled();
        let tells = report.reason.is_some() || !report.links.is_empty();
        tells.then_some(report)
    }

    /// Puts in what following one lead came to.
    pub fn put(&mut self, link: usize, trail: &Trail) {
        if let Some(link) = self.report.links.get_mut(link) {
            link.put(trail);
            self.report.action = self.report.action.max(link.action);
        }
    }

    /// The report as it is to be told.
    pub fn settled(mut self) -> Report {
        let keep = self.keep;
        self.report.links.retain(|link| keep.keeps(link.status));
        self.report
    }
}

impl LinkReport {
    /// The stricter of what lists say of the link itself and of where it leads.
    fn put(&mut self, trail: &Trail) {
        let Trail { verdict, matches, sources, chain } = trail;
        // Lists that name different places on the way do not agree.
        self.sources = self.sources.max(*sources);
        self.action = self.action.max(verdict.action);
        self.status = match (self.status, verdict.status) {
            (Status::Listed, _) | (_, Status::Listed) => Status::Listed,
            (Status::Undetermined, _) | (_, Status::Undetermined) => Status::Undetermined,
            _ => Status::Unlisted,
        };
        self.reason = self.reason.or(verdict.reason).filter(|_| self.status == Status::Undetermined);
        for one in matches {
            if !self.matches.contains(one) {
                self.matches.push(one.clone());
            }
        }
        if chain.is_unstable && !self.flags.contains(&Flag::Unstable) {
            self.flags.push(Flag::Unstable);
        }
        self.redirect = match self.redirect.take() {
            None => Some(chain.redirect.clone()),
            Some(before) => Some(before.and(&chain.redirect)),
        };
    }
}

impl Redirect {
    /// Both ways that one link leads, as one.
    fn and(mut self, other: &Self) -> Self {
        self.stop = self.stop.max(other.stop);
        self.hops += other.hops;
        self.passed = self.passed.iter().chain(&*other.passed).cloned().collect();
        self
    }

    pub(super) fn unasked(stop: Stop) -> Self {
        Self { stop, hops: 0, passed: Arc::default() }
    }
}
