//! Follows redirect chains on a thread of its own, so that no door ever waits for what a stranger's host does.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::canonical::RequestUrl;
use crate::extract::Extractor;
use crate::telemetry::metrics::{Counted, Fetches, Stop as StopLabel};

use super::asked::Asked;
use super::cache::Hops;
use super::chain::{Chain, Limits, Place, Walk};
use super::client::{Client, ClientOptions};
use super::dial::ClientError;
use super::error::FetchError;
use super::hop::{Asker, Look};
use super::shared::{Shared, SharedError, SharedOptions};
use super::trial::Dialled;

/// What chains are followed by.
#[derive(Clone)]
pub struct FollowerOptions {
    /// What hosts are asked with.
    pub client: ClientOptions,
    /// Which hosts are asked.
    pub asked: Asked,
    /// Finds links on pages.
    pub extractor: Arc<Extractor>,
    /// Requests for one chain.
    pub hops_max: usize,
    /// How long one chain is followed.
    pub chain_timeout: Duration,
    /// Chains at once; more are not begun.
    pub chains_max: usize,
    /// Hops that are remembered.
    pub cached_hops_max: u64,
    /// Under which hops are remembered.
    pub key: [u8; 32],
    /// Where hops are shared with other servers.
    pub shared: Option<SharedOptions>,
}

/// Why no chain can be followed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FollowerError {
    /// There is no client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Hops cannot be shared.
    #[error("hops cannot be shared")]
    Shared(#[from] SharedError),
}

/// Whether hosts are looked at a second time, as somebody else, although nothing is odd about their answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Second {
    /// Only where the first answer is odd.
    IfOdd,
    /// In any case, and what is remembered does not count.
    Always,
}

/// Looks up where a chain leads, before that is asked.
pub trait Visitor: Send + 'static {
    /// What is known of the place that `link` names. Whoever asks may stop waiting: then nothing is known of it.
    fn visit(&mut self, link: &str) -> impl Future<Output = Place> + Send;

    /// Whether a place may still be asked, now: lists may have changed since it was looked up.
    fn may_ask(&mut self, url: &RequestUrl) -> bool;
}

/// Clones share everything; the last one ends what is under way.
#[derive(Clone)]
pub struct Follower(Arc<Inner>);

struct Inner {
    hops: Hops,
    options: FollowerOptions,
    figures: Fetches,
    handle: Handle,
    runtime: Option<Runtime>,
    #[cfg(feature = "test-hooks")]
    dialled: Dialled,
}

impl Follower {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the client cannot be set up.
    pub fn start(options: FollowerOptions, figures: Fetches) -> Result<Self, FollowerError> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("linkgate-fetch").enable_all().build();
        let runtime = runtime.map_err(ClientError::Thread)?;
        let handle = runtime.handle().clone();
        let dialled = Dialled::default();
        let inside = handle.enter();
        let client = Client::new(options.client.clone(), figures.clone(), &dialled)?;
        let shared = Shared::new(options.shared.as_ref())?;
        drop(inside);
        let asker = Asker { client, extractor: Arc::clone(&options.extractor) };
        let hops = Hops::new(asker, shared, options.key, options.cached_hops_max, figures.clone());
        Ok(Self(Arc::new(Inner {
            hops,
            options,
            figures,
            handle,
            runtime: Some(runtime),
            #[cfg(feature = "test-hooks")]
            dialled,
        })))
    }

    /// Which hosts are asked.
    pub fn asked(&self) -> &Asked {
        &self.0.options.asked
    }

    /// Follows a lead that was looked up and is not listed. It goes on if nobody waits for it any more.
    pub fn follow<V: Visitor>(&self, lead: RequestUrl, second: Second, visitor: V) -> JoinHandle<(Chain, V)> {
        let inner = Arc::clone(&self.0);
        let under_way = Counted::one(inner.figures.under_way.clone());
        let is_full = inner.figures.under_way.get() > i64::try_from(inner.options.chains_max).unwrap_or(i64::MAX);
        self.0.handle.spawn(async move {
            if is_full {
                return (Chain::none(FetchError::Busy), visitor);
            }
            let look = if second == Second::Always { Look::Twice } else { Look::First };
            let until = Instant::now() + inner.options.chain_timeout;
            let limits = Limits { hops_max: inner.options.hops_max, until, look };
            let (chain, visitor) = Walk::new(&inner.hops, &inner.options.asked, limits, visitor).from(lead).await;
            inner.figures.chains.get_or_create(&StopLabel { stop: chain.stop.code() }).inc();
            drop(under_way);
            (chain, visitor)
        })
    }

    /// Runs something where chains are followed.
    pub fn spawn<T: Send + 'static>(&self, job: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.0.handle.spawn(job)
    }

    /// Makes something that asks others where chains are followed.
    pub fn make<T>(&self, make: impl FnOnce() -> T) -> T {
        let _inside = self.0.handle.enter();
        make()
    }

    /// Waits for something, where no other runtime does.
    pub fn block_on<T>(&self, job: impl Future<Output = T>) -> T {
        self.0.handle.block_on(job)
    }

    /// The addresses that were dialled.
    #[cfg(feature = "test-hooks")]
    pub fn dialled(&self) -> &Dialled {
        &self.0.dialled
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Whoever drops it may be in the middle of something that must not wait.
            runtime.shutdown_background();
        }
    }
}
