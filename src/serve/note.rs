//! What is noted of a request that was not answered as asked: the limit that it met, and a line in the log.

use http::StatusCode;

use crate::check::{OVERRIDES, Report};
use crate::telemetry::log;
use crate::telemetry::metrics::{Limit, Metrics, Unchecked};
use crate::verdict::Action;

use super::fail::Failure;
use super::gate::Judgement;
use super::limits;
use super::request_id::RequestId;

/// Tells at nothing what alarms look at, so that the first time is seen as a rise.
pub(super) fn begin(metrics: &Metrics) {
    for limit in limits::counted() {
        drop(metrics.limits.get_or_create(&Limit { limit }));
    }
    for reason in Failure::ALL.map(Failure::code) {
        drop(metrics.unchecked.get_or_create(&Unchecked { door: "proxy", reason }));
    }
}

/// A request that a door refused.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refused {
    pub(super) door: &'static str,
    pub(super) id: RequestId,
    pub(super) code: &'static str,
    pub(super) status: StatusCode,
}

impl Refused {
    /// Counts the limit behind it, and logs it unless many went before.
    pub(super) fn note(self, metrics: &Metrics) {
        let Self { door, id, code, status } = self;
        met(metrics, code);
        if log::admits(code, log::Kind::Fault) {
            let status = status.as_u16();
            if status < 500 {
                tracing::info!(request_id = %id, door, code, status, "refused");
            } else {
                tracing::warn!(request_id = %id, door, code, status, "refused");
            }
        }
    }
}

/// Counts the limit that a code tells of, if it tells of one.
pub(super) fn met(metrics: &Metrics, code: &str) {
    if let Some(limit) = limits::behind(code) {
        hit(metrics, limit);
    }
}

/// Counts that a limit was met.
pub(super) fn hit(metrics: &Metrics, limit: &'static str) {
    metrics.limits.get_or_create(&Limit { limit }).inc();
}

/// Counts the overrides that decided about a post, each once.
pub(super) fn ruled<'r>(metrics: &Metrics, reports: impl Iterator<Item = &'r Report>) {
    let matches = reports.flat_map(|report| &report.links).flat_map(|link| &link.matches);
    let mut seen: Vec<&str> = Vec::new();
    for one in matches.filter(|one| one.list == OVERRIDES) {
        if !seen.contains(&&*one.entry) {
            seen.push(&one.entry);
            metrics.rulings.count(&one.entry);
        }
    }
}

/// Logs what becomes of a post, unless it is published like any other.
pub(super) fn judged(door: &'static str, id: RequestId, action: Action, judgement: &Judgement) {
    let Judgement { generation, links, ref fields, .. } = *judgement;
    let code = match action {
        Action::Allow => return,
        Action::Flag => "flag",
        Action::Hold => "hold",
        Action::Reject => "reject",
    };
    if log::admits(code, log::Kind::Verdict) {
        tracing::info!(request_id = %id, door, code, generation, links, fields = fields.len(), "judged");
    }
}

/// Counts and logs a post that passed although nobody looked at it: every one, whatever number they are, since each has
/// to be looked at later.
pub(super) fn unchecked(metrics: &Metrics, door: &'static str, id: RequestId, reason: &'static str) {
    met(metrics, reason);
    metrics.unchecked.get_or_create(&Unchecked { door, reason }).inc();
    tracing::warn!(request_id = %id, door, code = reason, "passed unchecked");
}
