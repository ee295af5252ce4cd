//! `GET /v1/checks/{id}`: what came of a check that was not finished in time, for whoever made it.

use bytes::Bytes;
use http::StatusCode;

use crate::serve::answer::{self, Answer, Problem};
use crate::telemetry::clock;

use super::Api;
use super::access::Asker;

const NO_CHECK: Problem =
    Problem::new(StatusCode::NOT_FOUND, "no_check", "there is no check of that id, it is not yours, or it is long ago");
const NOT_NOW: Problem =
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "outbox", "what is told later cannot be read now; try again");

pub(super) async fn answer(api: &Api, asker: &Asker, path: &str) -> Result<Answer, Problem> {
    let late = api.late.as_ref().ok_or(NO_CHECK)?;
    let id = path.rsplit('/').next().unwrap_or_default();
    let told = late.told(id, &asker.owner()).await.map_err(|_| NOT_NOW)?.ok_or(NO_CHECK)?;
    if let Some(report) = &told.report {
        // Its links were counted when they were looked up; what they hit counts as if it had been told in time.
        asker.spend(report, 0, clock::now())?;
    }
    Ok(answer::with(StatusCode::OK, answer::JSON, Bytes::from(told.json)))
}
