//! Bodies of requests, read whole: within their size, and not slower than a rate.

use std::error::Error;
use std::future::ready;

use bytes::{Bytes, BytesMut};
use http::HeaderValue;
use http::request::Parts;
use http_body::Body;
use http_body_util::BodyExt as _;
use tokio::time::{Instant, sleep_until};

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

/// Reads all of a body; `waits` is called if it has to be waited for.
pub(super) async fn whole<B>(mut body: B, limits: &Limits, waits: impl FnOnce()) -> Result<Bytes, Problem>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Error + 'static,
{
    let max = limits.body_max_bytes;
    if body.size_hint().lower() > max as u64 {
        return Err(TOO_LARGE);
    }
    let began = Instant::now();
    let mut all = BytesMut::new();
    let mut length = 0;
    let mut waits = Some(waits);
    while !body.is_end_stream() {
        let frame = tokio::select! {
            biased;
            frame = body.frame() => frame,
            () = ready(()), if waits.is_some() => {
                if let Some(waits) = waits.take() {
                    waits();
                }
                continue;
            }
            () = sleep_until(began + limits.body_time(length)) => return Err(TOO_SLOW),
        };
        let Some(frame) = frame else { break };
        // Trailers say nothing that a back end may act upon; they are not forwarded.
        let Ok(data) = frame.map_err(|error| broken(&error))?.into_data() else { continue };
        length += data.len();
        if length > max {
            return Err(TOO_LARGE);
        }
        // Most bodies come in one piece, which needs no copy. Others would hold a read buffer for each piece.
        if all.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        all.extend_from_slice(&data);
    }
    Ok(all.freeze())
}

/// Copies what a head holds of the buffer that it was read into: whoever sends a body slowly shall not keep that too.
pub(super) fn detach(head: &mut Parts) {
    for value in head.headers.values_mut() {
        if let Ok(mut copy) = HeaderValue::from_bytes(value.as_bytes()) {
            copy.set_sensitive(value.is_sensitive());
            *value = copy;
        }
    }
    if let Ok(copy) = head.uri.to_string().parse() {
        head.uri = copy;
    }
}

/// What is wrong with a body that ended in an error.
pub(super) fn broken(error: &(dyn Error + 'static)) -> Problem {
    Violation::of(error).map_or(BROKEN, Problem::from)
}
