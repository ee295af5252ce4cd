//! How a server that the operator names is reached: bounded in time, judged by address, known by certificate.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderMap;
use http::header::{HeaderValue, USER_AGENT};
use ipnet::IpNet;
use tokio::time::timeout;

use crate::canonical::RequestUrl;

use super::dial::{ClientError, Dialling};
use super::download_error::DownloadError;
use super::guard::Guard;
use super::tls::{self, Identity};
use super::trial::Dialled;

/// How a server of the operator's choice is reached.
#[derive(Debug, Clone)]
pub struct Reach {
    /// Name servers; those of the system if there are none.
    pub resolvers: Vec<SocketAddr>,
    /// Inner networks with servers of the operator; all other addresses must be public.
    pub allow_nets: Vec<IpNet>,
    /// Everything goes through it, if there is one: `http://egress.example:3128`.
    pub egress_proxy: Option<String>,
    /// Authorities that are trusted besides those of the system, PEM.
    pub ca_file: Option<PathBuf>,
    /// What the server is shown if it asks who we are.
    pub identity: Option<Identity>,
    /// What servers are told of who asks.
    pub user_agent: String,
    /// From the first name that is looked up to the last byte read.
    pub total_timeout: Duration,
    /// For a name, a connection and its encryption.
    pub connect_timeout: Duration,
    /// For the next byte.
    pub idle_timeout: Duration,
}

impl Default for Reach {
    fn default() -> Self {
        Self {
            resolvers: Vec::new(),
            allow_nets: Vec::new(),
            egress_proxy: None,
            ca_file: None,
            identity: None,
            user_agent: concat!("linkgate/", env!("CARGO_PKG_VERSION")).to_owned(),
            total_timeout: Duration::from_mins(10),
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(30),
        }
    }
}

/// Whom a request goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Party {
    /// The server that the operator named: it may see our secrets.
    Named,
    /// One that it sent us to.
    Other,
}

/// What is sent.
pub(super) struct Message {
    pub(super) fields: HeaderMap,
    /// A body makes it a POST.
    pub(super) body: Option<Vec<u8>>,
}

/// A way to one server. Clones share it; it belongs to the runtime in which it was made.
#[derive(Clone)]
pub(super) struct Way {
    named: reqwest::Client,
    /// Shows no certificate.
    other: reqwest::Client,
    guard: Guard,
    dialled: Dialled,
    reach: Reach,
}

impl Way {
    /// The way to the server that `url` names; its port is asked besides the usual ones.
    pub(super) fn to(url: &RequestUrl, reach: Reach) -> Result<Self, ClientError> {
        let guard = Guard::new(vec![443, 80, url.port()]).with_own(reach.allow_nets.clone());
        let dialled = Dialled::default();
        let client = |identity| {
            let tls = tls::client(reach.ca_file.as_deref(), identity)?;
            let dialling = Dialling {
                guard: &guard,
                resolvers: &reach.resolvers,
                egress_proxy: reach.egress_proxy.as_deref(),
                connect_timeout: reach.connect_timeout,
                dialled: &dialled,
            };
            let (builder, _) = dialling.client(tls)?;
            // Bodies are unpacked by whoever counts their bytes.
            builder.no_gzip().build().map_err(ClientError::Client)
        };
        let other = client(None)?;
        let named = if reach.identity.is_some() { client(reach.identity.as_ref())? } else { other.clone() };
        Ok(Self { named, other, guard, dialled, reach })
    }

    pub(super) fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Sends once, and waits for the head of the answer.
    pub(super) async fn send(
        &self,
        url: &RequestUrl,
        party: Party,
        message: Message,
    ) -> Result<reqwest::Response, DownloadError> {
        self.guard.url(url)?;
        self.dialled.note(url.address().as_slice());
        let client = if party == Party::Named { &self.named } else { &self.other };
        let agent = HeaderValue::from_str(&self.reach.user_agent).unwrap_or(HeaderValue::from_static("linkgate"));
        let request = match message.body {
            Some(body) => client.post(url.expose_asked()).body(body),
            None => client.get(url.expose_asked()),
        };
        let sent = request.headers(message.fields).header(USER_AGENT, agent).send();
        let patience = self.reach.connect_timeout + self.reach.idle_timeout;
        let answered = timeout(patience, sent).await.map_err(|_| DownloadError::Stalled)?;
        let response = answered.map_err(|error| DownloadError::of(&error))?;
        if self.reach.egress_proxy.is_none() {
            self.guard.peer(response.remote_addr())?;
        }
        Ok(response)
    }

    /// What a piece of work comes to in the time that there is.
    pub(super) async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, DownloadError>>,
    ) -> Result<T, DownloadError> {
        timeout(self.reach.total_timeout, work).await.unwrap_or(Err(DownloadError::Timeout))
    }
}
