//! Bodies in JSON: read whole, unpacked, judged where that keeps nobody waiting.

use std::time::Instant;

use http::StatusCode;
use serde::Deserialize;

use crate::check::Object;
use crate::serve::answer::Problem;
use crate::serve::inspect::{Coding, ContentType};
use crate::serve::{body, work};

use super::{ApiDoor, Sent};

pub(super) const NOT_JSON: Problem =
    Problem::new(StatusCode::BAD_REQUEST, "not_json", "the body is not one JSON object in UTF-8");
const MEDIA_TYPE: Problem =
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", "send Content-Type: application/json");

const BOM: char = '\u{feff}';

/// Judges a request by the text of its body, each byte of which is as much work as `weight` bytes of a post.
pub(super) async fn judge<T: Send + 'static>(
    door: &ApiDoor,
    sent: Sent<'_>,
    weight: usize,
    judge: impl FnOnce(&str) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let Sent { head, body, span } = sent;
    match ContentType::of(&head.headers)? {
        ContentType::Json => {}
        // Curl's default, sent by people who try things out.
        ContentType::Unknown | ContentType::Form | ContentType::Text if !head.headers.contains_key("origin") => {}
        _ => return Err(MEDIA_TYPE),
    }
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

/// Reads an object; tells broken JSON from JSON of another form, which is the problem `other`.
pub(super) fn parse<'j, T: Deserialize<'j>>(text: &'j str, other: Problem) -> Result<T, Problem> {
    serde_json::from_str(text).map(|Object(value)| value).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => other,
        _ => NOT_JSON,
    })
}
