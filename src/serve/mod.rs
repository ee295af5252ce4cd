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
mod author;
mod body;
mod budget;
mod closing;
mod connection;
mod curator;
mod deep;
mod door;
mod fail;
mod finish;
mod gate;
mod hall;
mod handover;
mod inspect;
mod kept;
mod key;
mod late;
mod limits;
mod listener;
mod middleware;
mod note;
mod places;
mod platform;
mod proxy;
mod refusal;
mod request_id;
mod server;
mod steady;
mod stream;
mod supervisor;
mod tls;
mod wire;
mod work;
mod worker;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::Notify;

use crate::telemetry::metrics::Metrics;

pub use api::{Api, Hosts, Watchers};
pub use author::AuthorBudget;
pub use budget::{Account, Budget, Ledger};
pub use curator::{CurateError, Curator, Decided, Decider, Decision};
pub use deep::Deep;
pub use fail::{FailPolicies, FailPolicy, Unchecked};
pub use gate::{FieldReport, Gate, Judgement};
pub use hall::Signals;
pub use kept::{Kept, KeptList, Unseen};
pub use key::{Key, Keys, Scope, digest};
pub use late::{Late, LateError, LateOptions};
pub use limits::Limits;
pub use listener::{InheritError, Inherited};
pub use middleware::{CheckLayer, CheckService};
pub use platform::{Generic, Platform, Refusal, Route, RouteError};
pub use proxy::{Proxy, Upstream, UpstreamError};
pub use tls::{ClientAuth, Tls, TlsError, TlsFiles};

use connection::Shared;
use listener::{AtLeast, Listener};

/// Everything that a reload can change.
pub struct Live {
    /// The check API.
    pub api: Api,
    /// The reverse proxy, where there is one.
    pub proxy: Option<Proxy>,
    /// Where there is one, every door speaks TLS.
    pub tls: Option<Tls>,
}

/// A server that is about to run.
pub struct Server {
    shared: Arc<Shared>,
    api: Arc<ArcSwap<Api>>,
    proxy: Option<Arc<ArcSwap<Proxy>>>,
    inherited: Inherited,
    api_role: api::Role,
    entrances: Vec<server::Entrance>,
    bell: Bell,
    before_handover: Box<dyn Fn() + Send + Sync>,
}

/// Begins to finish checks that were not finished in time, by what is in place at that moment.
fn finish_late(api: &Arc<ArcSwap<Api>>) {
    if let Some(late) = api.load().late.clone() {
        late.spawn(finish::Finisher::new(Arc::clone(api), late.clone()).run());
    }
}

/// Asks a server for a reload, as SIGHUP does. Clones ring the same.
#[derive(Debug, Clone, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// Asks. What is asked while a reload is under way makes one more behind it.
    pub fn ring(&self) {
        self.0.notify_one();
    }
}

impl Server {
    /// A server with these doors, none of them open.
    pub fn new(live: Live, limits: Limits, metrics: Metrics, inherited: Inherited) -> Self {
        note::begin(&metrics);
        let Live { api, proxy, tls } = live;
        let tls = Arc::new(ArcSwapOption::new(tls.map(Arc::new)));
        Self {
            shared: Arc::new(Shared { limits: Arc::new(limits), metrics, tls }),
            api: Arc::new(ArcSwap::from_pointee(api)),
            proxy: proxy.map(|proxy| Arc::new(ArcSwap::from_pointee(proxy))),
            inherited,
            api_role: api::Role::All,
            entrances: Vec::new(),
            bell: Bell::default(),
            before_handover: Box::new(|| ()),
        }
    }

    /// Opens the check API at sockets that were handed over for it, or else at an address; gives back where it is.
    ///
    /// # Errors
    /// If the address cannot be bound.
    pub fn open_api(&mut self, address: SocketAddr) -> io::Result<Vec<SocketAddr>> {
        let door = door::Door::Api(self.api_door(self.api_role));
        let given = std::mem::take(&mut self.inherited.api);
        self.open(given, address, door)
    }

    /// The same for figures and health, which have a door of their own from then on: the check API, if it is opened after
    /// that, has no figures any more.
    ///
    /// # Errors
    /// If the address cannot be bound.
    pub fn open_telemetry(&mut self, address: SocketAddr, watchers: Watchers) -> io::Result<Vec<SocketAddr>> {
        self.api_role = api::Role::WithoutFigures;
        let door = door::Door::Api(self.api_door(api::Role::Telemetry(watchers)));
        let given = std::mem::take(&mut self.inherited.telemetry);
        self.open(given, address, door)
    }

    fn api_door(&self, role: api::Role) -> api::ApiDoor {
        let (limits, metrics) = (Arc::clone(&self.shared.limits), self.shared.metrics.clone());
        let openapi = api::document(&limits);
        api::ApiDoor { role, api: Arc::clone(&self.api), limits, metrics, openapi, bell: self.bell.clone() }
    }

    /// The same for the proxy.
    ///
    /// # Errors
    /// If the address cannot be bound, or there is no proxy.
    pub fn open_proxy(&mut self, address: SocketAddr) -> io::Result<Vec<SocketAddr>> {
        let proxy = Arc::clone(self.proxy.as_ref().ok_or(io::ErrorKind::NotFound)?);
        let (limits, metrics) = (Arc::clone(&self.shared.limits), self.shared.metrics.clone());
        let authors = author::Authors::default();
        let door = door::Door::Proxy(proxy::ProxyDoor { proxy, limits, metrics, authors });
        let given = std::mem::take(&mut self.inherited.proxy);
        self.open(given, address, door)
    }

    fn open(&mut self, given: Vec<Listener>, address: SocketAddr, door: door::Door) -> io::Result<Vec<SocketAddr>> {
        let listeners = if given.is_empty() { vec![Listener::bind(address)?] } else { given };
        let addresses = listeners.iter().map(|listener| listener.socket.local_addr()).collect();
        let door = Arc::new(door);
        let entrance = |listener| server::Entrance { listener, door: Arc::clone(&door) };
        self.entrances.extend(listeners.into_iter().map(entrance));
        addresses
    }

    /// What asks this server for a reload.
    pub fn bell(&self) -> Bell {
        self.bell.clone()
    }

    /// Writes down what a successor shall find, before one is started.
    pub fn before_handover(&mut self, write: impl Fn() + Send + Sync + 'static) {
        self.before_handover = Box::new(write);
    }

    /// Serves until SIGTERM or SIGINT; then requests under way are answered. SIGHUP and the bell call `reload` and put
    /// what it gives in place; if it gives nothing, what there is stays. SIGUSR2 starts a successor, and ends this
    /// server once that one serves.
    ///
    /// # Errors
    /// If the operating system gives no threads or signals.
    pub fn run(
        self,
        threads: usize,
        signals: Signals,
        reload: impl Fn() -> Option<Live> + Send + Sync + 'static,
    ) -> io::Result<()> {
        let Self { shared, api, proxy, inherited, entrances, bell, before_handover, .. } = self;
        finish_late(&api);
        let asked = Arc::clone(&api);
        let before_handover = Arc::new(move || {
            before_handover();
            if asked.load().is_ready() { AtLeast::Ready } else { AtLeast::Serving }
        });
        let tls = Arc::clone(&shared.tls);
        let reload = move || {
            let Some(live) = reload() else { return };
            tls.store(live.tls.map(Arc::new));
            api.store(Arc::new(live.api));
            if let (Some(swap), Some(proxy)) = (&proxy, live.proxy) {
                swap.store(Arc::new(proxy));
            }
        };
        let (reload, predecessor) = (Arc::new(reload), inherited.predecessor);
        let bell = bell.0;
        let setup = server::Setup { entrances, shared, threads, reload, bell, before_handover, predecessor };
        server::run(setup, signals)
    }
}
