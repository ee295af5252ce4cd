//! `GET /readyz`: whether posts can be checked, and the canary of every required list is seen, at every door that can be asked.

use http::StatusCode;

use crate::serve::answer::{Answer, Problem};
use crate::telemetry::clock;

use super::{Api, status};

const UNSEEN: Problem = Problem::new(
    StatusCode::SERVICE_UNAVAILABLE,
    "canary_unseen",
    "a required list does not match its canary; `linkgate self-test` says which",
);

/// Checks go on all the same: what other entries say is no less true.
pub(super) fn ready(api: &Api) -> Result<Answer, Problem> {
    let answer = status::ready(api)?;
    let now = clock::now();
    let mut required = api.canaries.iter().filter(|canary| canary.is_required);
    let is_unseen = api.unseen.is_told() || required.any(|canary| canary.sight(&api.checker, now).seen == Some(false));
    if is_unseen { Err(UNSEEN) } else { Ok(answer) }
}
