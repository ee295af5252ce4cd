//! Where judging runs: at once if it is short, beside the loop that serves everybody if it is long.

use std::sync::{Arc, LazyLock};
use std::thread::available_parallelism;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::telemetry::clock;

use super::fail::Failure;
use super::gate::{Gate, Judged};
use super::inspect::Refused;
use super::limits::Limits;

/// Longer bodies could keep others waiting for a millisecond.
const AT_ONCE_MAX_BYTES: usize = 32 << 10;

/// As many long checks run at once as there are cores; more would only make each of them later.
static PLACES: LazyLock<Arc<Semaphore>> =
    LazyLock::new(|| Arc::new(Semaphore::new(available_parallelism().map_or(1, usize::from))));

/// Runs `judge`, which reads `bytes`; a long one waits for its turn, at most `patience`.
pub(super) async fn judge<T: Send + 'static>(
    patience: Duration,
    bytes: usize,
    judge: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    if bytes <= AT_ONCE_MAX_BYTES {
        return Ok(judge());
    }
    let place = timeout(patience, Arc::clone(&PLACES).acquire_owned()).await.ok().and_then(Result::ok);
    let place = place.ok_or(Failure::Overload)?;
    let judged = tokio::task::spawn_blocking(move || {
        let judged = judge();
        drop(place);
        judged
    });
    judged.await.map_err(|_| Failure::Internal)
}

/// Judges a request by its head and its whole body; the head comes back whatever becomes of it.
pub(super) async fn judge_request(
    gate: &Arc<Gate>,
    head: Parts,
    whole: &Bytes,
    limits: &Limits,
) -> (Parts, Result<Result<Judged, Refused>, Failure>) {
    let head = Arc::new(head);
    let (gate, body, lent) = (Arc::clone(gate), whole.clone(), Arc::clone(&head));
    let judged = judge(limits.check_wait(), whole.len(), move || gate.judge(&lent, &body, clock::now())).await;
    (Arc::unwrap_or_clone(head), judged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn long_checks_wait_for_a_place_and_not_for_ever() {
        let places = PLACES.available_permits();
        let taken = Arc::clone(&PLACES).acquire_many_owned(u32::try_from(places).unwrap()).await.unwrap();
        for (bytes, expected) in [
            (AT_ONCE_MAX_BYTES, Ok(1)),
            (AT_ONCE_MAX_BYTES + 1, Err(Failure::Overload)),
            (usize::MAX, Err(Failure::Overload)),
        ] {
            assert_eq!(judge(Duration::from_millis(10), bytes, || 1).await, expected, "{bytes}");
        }
        drop(taken);
        assert_eq!(judge(Duration::from_secs(10), usize::MAX, || 1).await, Ok(1));
        let broken = judge(Duration::from_secs(10), usize::MAX, || panic!("a check that does not end")).await;
        assert_eq!(broken, Err::<(), _>(Failure::Internal));
        assert_eq!(PLACES.available_permits(), places);
    }
}
