//! Bodies of requests, read whole: within their size, and not slower than a rate.

use std::error::Error;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout_at};

use super::answer::Problem;
use super::limits::Limits;
use super::wire::Violation;

use http::StatusCode;

const TOO_LARGE: Problem =
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "the body is larger than this door takes");
pub(super) const TOO_SLOW: Problem =
    Problem::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", "the body came too slowly");
const BROKEN: Problem =
    Problem::new(StatusCode::BAD_REQUEST, "body_broken", "the body ended too early or is framed wrongly");

/// Reads all of a body.
pub(super) async fn whole<B>(mut body: B, limits: &Limits) -> Result<Bytes, Problem>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Error + 'static,
{
    let max = limits.body_max_bytes;
    if body.size_hint().lower() > max as u64 {
        return Err(TOO_LARGE);
    }
    let began = Instant::now();
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    let mut length = 0;
    while !body.is_end_stream() {
        let frame = timeout_at(began + limits.body_time(length), body.frame()).await.map_err(|_| TOO_SLOW)?;
        let Some(frame) = frame else { break };
        // Trailers say nothing that a back end may act upon; they are not forwarded.
        let Ok(data) = frame.map_err(|error| broken(&error))?.into_data() else { continue };
        length += data.len();
        if length > max {
            return Err(TOO_LARGE);
        }
        // Most bodies come in one piece, which needs no copy.
        if length == data.len() {
            first = data;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&data);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// What is wrong with a body that ended in an error.
pub(super) fn broken(error: &(dyn Error + 'static)) -> Problem {
    Violation::of(error).map_or(BROKEN, Problem::from)
}
