//! Hops that are known: asked once however many want to know at the same moment, kept as long as their hosts say.
//!
//! They are kept under keyed digests. Errors are shared among those who wait, and not kept.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache;

use crate::canonical::RequestUrl;
use crate::telemetry::metrics::{Fetches, Outcome};

use super::error::FetchError;
use super::hop::{Asker, Hop, Look};
use super::shared::Shared;
use super::shorteners::Kind;

/// Under what a hop is kept.
type Key = [u8; 32];

/// Second looks of posts that came together are one; those of later posts are others.
const TWICE_KEPT: Duration = Duration::from_mins(1);

/// Clones share it.
#[derive(Clone)]
pub(super) struct Hops {
    known: Cache<Key, Arc<Hop>>,
    /// Hops that were looked at twice, for as long as many may want the same.
    twice: Cache<Key, Arc<Hop>>,
    shared: Shared,
    asker: Asker,
    key: [u8; 32],
    figures: Fetches,
}

struct ByItsOwn;

impl Expiry<Key, Arc<Hop>> for ByItsOwn {
    fn expire_after_create(&self, _: &Key, hop: &Arc<Hop>, _: Instant) -> Option<Duration> {
        Some(hop.lifetime())
    }
}

impl Hops {
    /// Keeps up to `hops_max`, under digests with `key`.
    pub(super) fn new(asker: Asker, shared: Shared, key: [u8; 32], hops_max: u64, figures: Fetches) -> Self {
        let known = Cache::builder().max_capacity(hops_max).expire_after(ByItsOwn).build();
        let twice = Cache::builder().max_capacity(hops_max).time_to_live(TWICE_KEPT).build();
        Self { known, twice, shared, asker, key, figures }
    }

    /// Where `url` leads.
    pub(super) async fn hop(&self, url: &RequestUrl, kind: Option<Kind>, look: Look) -> Result<Arc<Hop>, FetchError> {
        let key = self.digest(url);
        if look == Look::Twice {
            return self.twice(key, url, kind).await;
        }
        if let Some(hop) = self.known.get(&key).await {
            self.count("memory");
            return Ok(hop);
        }
        let asked = self.known.try_get_with(key, async {
            if let Some(hop) = self.shared.get(&key).await {
                self.count("shared");
                return Ok(Arc::new(hop));
            }
            self.count("asked");
            let hop = self.asker.hop(url, kind, look).await?;
            self.shared.put(&key, &hop).await;
            Ok(Arc::new(hop))
        });
        asked.await.map_err(|error: Arc<FetchError>| *error)
    }

    /// What two looks show, whatever is remembered of one.
    async fn twice(&self, key: Key, url: &RequestUrl, kind: Option<Kind>) -> Result<Arc<Hop>, FetchError> {
        let asked = self.twice.try_get_with(key, async {
            let hop = Arc::new(self.asker.hop(url, kind, Look::Twice).await?);
            self.known.insert(key, Arc::clone(&hop)).await;
            self.shared.put(&key, &hop).await;
            Ok(hop)
        });
        asked.await.map_err(|error: Arc<FetchError>| *error)
    }

    fn digest(&self, url: &RequestUrl) -> Key {
        *blake3::keyed_hash(&self.key, url.expose_asked().as_bytes()).as_bytes()
    }

    fn count(&self, outcome: &'static str) {
        self.figures.hops.get_or_create(&Outcome { outcome }).inc();
    }
}
