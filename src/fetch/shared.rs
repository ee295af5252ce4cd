//! Hops that other servers know: in Redis or Valkey, sealed, under keyed digests. Without the feature `redis` there is none.
//!
//! It is a favour, never a condition: whatever is wrong with it, the host is asked instead.

/// Where hops are shared.
#[derive(Clone)]
pub struct SharedOptions {
    /// `redis://127.0.0.1:6379/0`, with user and password where the server wants them.
    pub url: String,
    /// The same on all servers.
    pub key: crate::index::StateKey,
}

/// Why hops cannot be shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SharedError {
    /// The URL is none of a Redis server.
    #[error("it is not written as redis://host:port/0")]
    Url,
    /// This program was built without it.
    #[error("this program was built without the feature `redis`")]
    NotBuilt,
}

#[cfg(feature = "redis")]
pub(super) use with_redis::Shared;
#[cfg(not(feature = "redis"))]
pub(super) use without::Shared;

#[cfg(feature = "redis")]
mod with_redis {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use redis::aio::{ConnectionManager, ConnectionManagerConfig};
    use tokio::sync::Mutex;
    use tokio::time::timeout;

    use crate::fetch::hop::Hop;
    use crate::index::StateKey;

    use super::{SharedError, SharedOptions};

    /// What takes longer is not worth waiting for.
    const ANSWER_TIMEOUT: Duration = Duration::from_millis(50);
    const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
    /// After a failure the server is not asked for so long.
    const PAUSE: Duration = Duration::from_secs(5);
    const PURPOSE: &str = "linkgate 2026 shared hops";
    /// No hop is longer; what is was not written by us.
    const VALUE_MAX_BYTES: usize = 1 << 20;

    /// Clones share the connection.
    #[derive(Clone, Default)]
    pub(in crate::fetch) struct Shared(Option<Arc<Server>>);

    struct Server {
        connection: ConnectionManager,
        key: StateKey,
        silent_until: Mutex<Option<Instant>>,
    }

    impl Shared {
        pub(in crate::fetch) fn new(options: Option<&SharedOptions>) -> Result<Self, SharedError> {
            let Some(SharedOptions { url, key }) = options else { return Ok(Self(None)) };
            let client = redis::Client::open(url.as_str()).map_err(|_| SharedError::Url)?;
            let config = ConnectionManagerConfig::new()
                .set_number_of_retries(1)
                .set_response_timeout(Some(ANSWER_TIMEOUT))
                .set_connection_timeout(Some(CONNECT_TIMEOUT));
            let connection = ConnectionManager::new_lazy_with_config(client, config).map_err(|_| SharedError::Url)?;
            Ok(Self(Some(Arc::new(Server { connection, key: key.clone(), silent_until: Mutex::new(None) }))))
        }

        /// The hop, if the server has it and answers at once.
        pub(in crate::fetch) async fn get(&self, key: &[u8; 32]) -> Option<Hop> {
            let server = self.0.as_ref()?;
            let sealed: Option<Vec<u8>> = server.ask(redis::cmd("GET").arg(name(key))).await?;
            let sealed = sealed.filter(|sealed| sealed.len() <= VALUE_MAX_BYTES)?;
            let plain = server.key.unseal(&purpose(key), &sealed).ok()?;
            serde_json::from_slice(&plain).ok()
        }

        /// Puts it there for others.
        pub(in crate::fetch) async fn put(&self, key: &[u8; 32], hop: &Hop) {
            let Some(server) = &self.0 else { return };
            let sealed = serde_json::to_vec(hop).ok().and_then(|plain| server.key.seal(&purpose(key), &plain).ok());
            let Some(sealed) = sealed.filter(|sealed| sealed.len() <= VALUE_MAX_BYTES) else { return };
            let kept_s = hop.kept_s.max(1);
            let _: Option<()> = server.ask(redis::cmd("SET").arg(name(key)).arg(sealed).arg("EX").arg(kept_s)).await;
        }
    }

    impl Server {
        async fn ask<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> Option<T> {
            if self.silent_until.lock().await.is_some_and(|until| Instant::now() < until) {
                return None;
            }
            let mut connection = self.connection.clone();
            if let Ok(Ok(value)) = timeout(ANSWER_TIMEOUT, command.query_async(&mut connection)).await {
                return Some(value);
            }
            *self.silent_until.lock().await = Some(Instant::now() + PAUSE);
            None
        }
    }

    fn name(key: &[u8; 32]) -> String {
        format!("linkgate:hop:2:{}", data_encoding::HEXLOWER.encode(key))
    }

    /// With the key in it, so that no value can stand in for another.
    fn purpose(key: &[u8; 32]) -> String {
        format!("{PURPOSE} {}", data_encoding::HEXLOWER.encode(key))
    }
}

#[cfg(not(feature = "redis"))]
mod without {
    use crate::fetch::hop::Hop;

    use super::{SharedError, SharedOptions};

    #[derive(Clone, Default)]
    pub(in crate::fetch) struct Shared;

    #[expect(clippy::unused_async, reason = "with the feature there is something to wait for")]
    impl Shared {
        pub(in crate::fetch) fn new(options: Option<&SharedOptions>) -> Result<Self, SharedError> {
            if options.is_some() { Err(SharedError::NotBuilt) } else { Ok(Self) }
        }

        pub(in crate::fetch) async fn get(&self, _: &[u8; 32]) -> Option<Hop> {
            None
        }

        pub(in crate::fetch) async fn put(&self, _: &[u8; 32], _: &Hop) {}
    }
}
