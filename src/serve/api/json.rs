//! Bodies in JSON: read whole, unpacked, judged where that keeps nobody waiting.

use std::time::Instant;

use http::StatusCode;
use http::request::Parts;
use serde::Deserialize;

use crate::check::Object;
use crate::serve::answer::Problem;
use crate::serve::inspect::{Coding, ContentType};
use crate::serve::limits::Limits;
use crate::serve::{body, work};

use super::{ApiDoor, Sent};

pub(super) const NOT_JSON: Problem =
    Problem::new(StatusCode::BAD_REQUEST, "not_json", "the body is not one JSON object in UTF-8");
const MEDIA_TYPE: Problem =
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", "send Content-Type: application/json");

/// A decision is no longer than this.
const SHORT_MAX_BYTES: usize = 16 << 10;
const BOM: char = '\u{feff}';

/// Judges a request by the text of its body, each byte of which is as much work as `weight` bytes of a post.
pub(super) async fn judge<T: Send + 'static>(
    door: &ApiDoor,
    sent: Sent<'_>,
    weight: usize,
    judge: impl FnOnce(&str) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let Sent { head, body, span } = sent;
    may_be_json(head)?;
    let coding = Coding::of(&head.headers)?;
    let max_bytes = door.limits.body_max_bytes;
    let body = body::whole(body, &door.limits, || {}).await?;
    let (began, judging) = (Instant::now(), span.child("judge"));
    // How much a packed body holds is not known yet.
    let length = if coding == Coding::Identity { body.len() } else { max_bytes };
    let judged = work::judge(door.limits.check_wait(), length * weight, move || {
        let plain = coding.decoded(&body, max_bytes)?;
        let text = std::str::from_utf8(&plain).map_err(|_| NOT_JSON)?;
        judge(&crate::check::without_halves(text.trim_start_matches(BOM)))
    });
    let judged = judged.await?;
    judging.end();
    door.metrics.processing.observe(began.elapsed().as_secs_f64());
    door.metrics.api_answered.inc();
    judged
}

/// The text of a request that is short, or of none.
pub(super) async fn short(limits: &Limits, Sent { head, body, .. }: Sent<'_>) -> Result<String, Problem> {
    may_be_json(head)?;
    let coding = Coding::of(&head.headers)?;
    let limits = Limits { body_max_bytes: limits.body_max_bytes.min(SHORT_MAX_BYTES), ..limits.clone() };
    let body = body::whole(body, &limits, || {}).await?;
    let plain = coding.decoded(&body, limits.body_max_bytes)?;
    let text = std::str::from_utf8(&plain).map_err(|_| NOT_JSON)?;
    Ok(text.trim_start_matches(BOM).to_owned())
}

fn may_be_json(head: &Parts) -> Result<(), Problem> {
    match ContentType::of(&head.headers)? {
        ContentType::Json => Ok(()),
        // Curl's default, sent by people who try things out.
        ContentType::Unknown | ContentType::Form | ContentType::Text if !head.headers.contains_key("origin") => Ok(()),
        _ => Err(MEDIA_TYPE),
    }
}

/// Reads an object; tells broken JSON from JSON of another form, which is the problem `other`.
pub(super) fn parse<'j, T: Deserialize<'j>>(text: &'j str, other: Problem) -> Result<T, Problem> {
    serde_json::from_str(text).map(|Object(value)| value).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => other,
        _ => NOT_JSON,
    })
}
