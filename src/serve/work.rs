//! Where judging runs: at once if it is short, beside the loop that serves everybody if it is long.

use http::StatusCode;

use super::answer::Problem;

/// Longer bodies could keep others waiting for a millisecond.
const AT_ONCE_MAX_BYTES: usize = 32 << 10;
const FAILED: Problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the check did not end");

/// Runs `judge`, which reads `bytes`.
pub(super) async fn judge<T: Send + 'static>(
    bytes: usize,
    judge: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    if bytes <= AT_ONCE_MAX_BYTES {
        return Ok(judge());
    }
    tokio::task::spawn_blocking(judge).await.map_err(|_| FAILED)
}
