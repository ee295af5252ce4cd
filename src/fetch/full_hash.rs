//! Asks a publisher of prefixes for the whole hashes behind one: few know what a list names, and nobody is told a link.
//!
//! What it answers is kept as long as it says, also that there is nothing; whoever wants to know the same meanwhile waits for the
//! same answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::StatusCode;
use moka::Expiry;
use moka::future::Cache;
use tokio::sync::Semaphore;

use crate::canonical::RequestUrl;
use crate::telemetry::clock;

use super::dial::ClientError;
use super::download::refusal;
use super::download_error::DownloadError;
use super::full_hash_shape::{Answer, Shape};
use super::lifetime;
use super::reach::{Party, Reach, Way};
use super::token::Token;
use super::whole::{self, Limits};

/// Where whole hashes are asked for, and how.
#[derive(Debug, Clone)]
pub struct FullHashOptions {
    /// Who is asked.
    pub endpoint: RequestUrl,
    /// How questions and answers are written.
    pub shape: Shape,
    /// Shown to it.
    pub token: Option<Token>,
    /// How it is reached. A check waits for the answer: be brief.
    pub reach: Reach,
    /// However short it says that an answer holds.
    pub kept_min: Duration,
    /// However long it says that an answer holds.
    pub kept_max: Duration,
    /// Prefixes that are remembered.
    pub cached_max: u64,
    /// Questions at once; more are not asked.
    pub at_once_max: usize,
}

impl FullHashOptions {
    /// The usual ones.
    pub fn new(endpoint: RequestUrl, shape: Shape) -> Self {
        let reach = Reach {
            total_timeout: Duration::from_secs(3),
            connect_timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(2),
            ..Reach::default()
        };
        let (kept_min, kept_max) = (Duration::from_mins(1), Duration::from_hours(24));
        Self { endpoint, shape, token: None, reach, kept_min, kept_max, cached_max: 100_000, at_once_max: 64 }
    }
}

/// Why it is not known whether a hash is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FullHashError {
    /// It would tell too much, or too little.
    #[error("a prefix has {PREFIX_MIN_BYTES} to {PREFIX_MAX_BYTES} bytes")]
    Prefix,
    /// There is no answer.
    #[error("no answer about a prefix")]
    Asked(#[from] DownloadError),
    /// It asked for patience, which is not over.
    #[error("whoever knows the whole hashes is left alone for a while")]
    LeftAlone {
        /// For how long.
        left: Duration,
    },
    /// It is asked as much as it may be.
    #[error("too much is asked about prefixes at once")]
    Busy,
    /// There is one that cannot be read.
    #[error("an answer about a prefix is not of the shape that is set")]
    Malformed,
}

impl FullHashError {
    /// The name under which it is counted.
    pub fn code(self) -> &'static str {
        match self {
            Self::Prefix => "prefix",
            Self::Asked(error) => error.code(),
            Self::LeftAlone { .. } => "left_alone",
            Self::Busy => "busy",
            Self::Malformed => "malformed",
        }
    }
}

/// Shorter ones say nothing.
pub const PREFIX_MIN_BYTES: usize = 4;
/// A whole SHA-256.
pub const PREFIX_MAX_BYTES: usize = 32;
/// Of an answer, unpacked.
const ANSWER_MAX_BYTES: u64 = 1 << 20;
/// Nobody may hold us off for longer.
const HELD_OFF_MAX: Duration = Duration::from_hours(1);

/// Clones share what is known; it belongs to the runtime in which it was made.
#[derive(Clone)]
pub struct FullHashes {
    known: Cache<Vec<u8>, Arc<Answer>>,
    way: Way,
    options: Arc<FullHashOptions>,
    places: Arc<Semaphore>,
    /// Until then it wants to be left alone.
    held_off: Arc<Mutex<Option<Instant>>>,
}

struct AsTold {
    min: Duration,
    max: Duration,
}

impl Expiry<Vec<u8>, Arc<Answer>> for AsTold {
    fn expire_after_create(&self, _: &Vec<u8>, answer: &Arc<Answer>, _: Instant) -> Option<Duration> {
        Some(answer.kept.min(self.max).max(self.min))
    }
}

impl FullHashes {
    /// Reads the files of certificates.
    ///
    /// # Errors
    /// If one of them cannot be used, or a token would be sent in clear.
    pub fn new(options: FullHashOptions) -> Result<Self, ClientError> {
        if options.token.is_some() && !options.endpoint.is_encrypted() {
            return Err(ClientError::TokenInClear);
        }
        let way = Way::to(&options.endpoint, options.reach.clone())?;
        let expiry = AsTold { min: options.kept_min, max: options.kept_max };
        let known = Cache::builder().max_capacity(options.cached_max).expire_after(expiry).build();
        let places = Arc::new(Semaphore::new(options.at_once_max));
        Ok(Self { known, way, options: Arc::new(options), places, held_off: Arc::default() })
    }

    /// The whole hashes that begin with `prefix`.
    ///
    /// # Errors
    /// If that cannot be told. Errors are not kept, but shared among those who wait.
    pub async fn confirm(&self, prefix: &[u8]) -> Result<Vec<[u8; 32]>, FullHashError> {
        if !(PREFIX_MIN_BYTES..=PREFIX_MAX_BYTES).contains(&prefix.len()) {
            return Err(FullHashError::Prefix);
        }
        let answer = self.known.try_get_with_by_ref(prefix, async { self.ask(prefix).await.map(Arc::new) }).await;
        answer.map(|answer| answer.hashes.clone()).map_err(|error: Arc<FullHashError>| *error)
    }

    async fn ask(&self, prefix: &[u8]) -> Result<Answer, FullHashError> {
        if let Some(left) = self.held_off() {
            return Err(FullHashError::LeftAlone { left });
        }
        let place = self.places.try_acquire().map_err(|_| FullHashError::Busy)?;
        let asked = self.way.in_time(self.exchange(prefix)).await;
        drop(place);
        if let Err(DownloadError::RetryLater { retry_after, .. }) = asked {
            self.hold_off(retry_after.unwrap_or_default());
        }
        let (body, told) = asked?;
        let Some(body) = body else { return Ok(Answer { hashes: Vec::new(), kept: told, wait: Duration::ZERO }) };
        let answer = self.options.shape.read(&body, prefix, told).ok_or(FullHashError::Malformed)?;
        self.hold_off(answer.wait);
        Ok(answer)
    }

    /// The answer's body, `None` if it knows of nothing, and how long its head says that this holds.
    async fn exchange(&self, prefix: &[u8]) -> Result<(Option<Vec<u8>>, Duration), DownloadError> {
        let FullHashOptions { endpoint, shape, token, .. } = &*self.options;
        let (url, message) = shape.question(endpoint, prefix, token.as_ref());
        let response = self.way.send(&url, Party::Named, message).await?;
        let told = lifetime::fresh_for(response.headers(), clock::now()).unwrap_or_default();
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND if shape.may_be_absent() => return Ok((None, told)),
            status => return Err(refusal(status, response.headers())),
        }
        let limits = Limits {
            sent_max_bytes: ANSWER_MAX_BYTES,
            unpacked_max_bytes: ANSWER_MAX_BYTES,
            idle_timeout: self.way.reach().idle_timeout,
            rate_min_bytes_per_s: 0,
        };
        Ok((Some(whole::read(response, limits).await?), told))
    }

    fn held_off(&self) -> Option<Duration> {
        let until = *self.held_off.lock().unwrap_or_else(PoisonError::into_inner);
        until?.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    fn hold_off(&self, wait: Duration) {
        if !wait.is_zero() {
            let until = Instant::now() + wait.min(HELD_OFF_MAX);
            *self.held_off.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_holds_us_off_for_ever() {
        let endpoint = RequestUrl::read("https://hashes.example/").unwrap();
        let hashes = FullHashes::new(FullHashOptions::new(endpoint, Shape::Files)).unwrap();
        assert_eq!(hashes.held_off(), None);
        hashes.hold_off(HELD_OFF_MAX + Duration::from_secs(1));
        assert!(hashes.held_off().is_some_and(|left| left <= HELD_OFF_MAX && left > HELD_OFF_MAX / 2));
        let error = hashes.confirm(&[1; 4]).await.unwrap_err();
        assert!(matches!(error, FullHashError::LeftAlone { left } if left <= HELD_OFF_MAX), "{error:?}");
    }
}
