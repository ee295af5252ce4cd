//! The doors: check API, tower middleware, and a reverse proxy in front of a posting API.
//!
//! ```text
//! connection ─► door ─┬─ api ──────────────► Checker ─► report
//!                     └─ proxy ─► inspect ─► Gate ────► forwarded as it came, or refused
//! ```
//!
//! It follows no redirect, stores no post, and says to authors that something was not published, never what was found.

mod answer;
mod api;
mod body;
mod connection;
mod door;
mod fail;
mod gate;
mod inspect;
mod key;
mod limits;
mod middleware;
mod note;
mod platform;
mod proxy;
mod refusal;
mod request_id;
mod server;
mod steady;
mod wire;
mod work;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::telemetry::metrics::Metrics;

pub use api::{Api, Hosts, Watchers};
pub use fail::FailPolicy;
pub use gate::{FieldReport, Gate, Judgement};
pub use key::{Budget, Keys, Scope, Tenant, digest};
pub use limits::Limits;
pub use middleware::{CheckLayer, CheckService};
pub use platform::{Generic, Platform, Refusal, Route, RouteError};
pub use proxy::{Proxy, Upstream, UpstreamError};

/// Everything that a reload can change.
pub struct Live {
    /// The check API.
    pub api: Api,
    /// The reverse proxy, where there is one.
    pub proxy: Option<Proxy>,
}

/// A server that is about to run.
pub struct Server {
    limits: Arc<Limits>,
    metrics: Metrics,
    api: Arc<ArcSwap<Api>>,
    proxy: Option<Arc<ArcSwap<Proxy>>>,
    api_role: api::Role,
    entrances: Vec<server::Entrance>,
}

impl Server {
    /// A server with these doors, none of them open.
    pub fn new(live: Live, limits: Limits, metrics: Metrics) -> Self {
        let swap = |proxy| Arc::new(ArcSwap::from_pointee(proxy));
        note::begin(&metrics);
        Self {
            limits: Arc::new(limits),
            metrics,
            api: Arc::new(ArcSwap::from_pointee(live.api)),
            proxy: live.proxy.map(swap),
            api_role: api::Role::All,
            entrances: Vec::new(),
        }
    }

    /// Opens the check API at an address; gives back the one it got.
    ///
    /// # Errors
    /// If the address cannot be bound.
    pub fn open_api(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        self.open(address, door::Door::Api(self.api_door(self.api_role)))
    }

    /// Opens figures and health at an address of their own; gives back the one it got. The check API, if it is opened
    /// after that, has no figures any more.
    ///
    /// # Errors
    /// If the address cannot be bound.
    pub fn open_telemetry(&mut self, address: SocketAddr, watchers: Watchers) -> io::Result<SocketAddr> {
        self.api_role = api::Role::WithoutFigures;
        self.open(address, door::Door::Api(self.api_door(api::Role::Telemetry(watchers))))
    }

    fn api_door(&self, role: api::Role) -> api::ApiDoor {
        let (api, limits, metrics) = (Arc::clone(&self.api), Arc::clone(&self.limits), self.metrics.clone());
        api::ApiDoor { role, api, limits, metrics }
    }

    /// Opens the proxy at an address; gives back the one it got.
    ///
    /// # Errors
    /// If the address cannot be bound, or there is no proxy.
    pub fn open_proxy(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        let proxy = Arc::clone(self.proxy.as_ref().ok_or(io::ErrorKind::NotFound)?);
        let (limits, metrics) = (Arc::clone(&self.limits), self.metrics.clone());
        self.open(address, door::Door::Proxy(proxy::ProxyDoor { proxy, limits, metrics }))
    }

    fn open(&mut self, address: SocketAddr, door: door::Door) -> io::Result<SocketAddr> {
        let listener: TcpListener = server::bind(address)?;
        let address = listener.local_addr()?;
        self.entrances.push(server::Entrance { listener, door });
        Ok(address)
    }

    /// Serves until SIGTERM or SIGINT; then requests under way are answered. SIGHUP calls `reload` and puts what it
    /// gives in place; if it gives nothing, what there is stays.
    ///
    /// # Errors
    /// If the operating system gives no threads or signals.
    pub fn run(self, threads: usize, reload: impl Fn() -> Option<Live> + Send + Sync + 'static) -> io::Result<()> {
        let Self { limits, metrics, api, proxy, entrances, .. } = self;
        let reload = move || {
            let Some(live) = reload() else { return };
            api.store(Arc::new(live.api));
            if let (Some(swap), Some(proxy)) = (&proxy, live.proxy) {
                swap.store(Arc::new(proxy));
            }
        };
        server::run(entrances, &limits, &metrics, threads, Arc::new(reload))
    }
}
