//! What every client of this module is built on: judged addresses, trusted authorities, and nothing that is not asked for.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::ClientBuilder;
use reqwest::redirect::Policy;
use tokio_rustls::rustls::ClientConfig;

use crate::canonical::RequestUrl;

use super::guard::Guard;
use super::resolver::Resolver;
use super::tls;
use super::trial::Dialled;

/// Why there can be no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The system's name servers are not known.
    #[error("no name servers are known; give some by [fetch] resolvers")]
    Resolvers,
    /// The file of authorities cannot be used.
    #[error("the file of trusted authorities {path} cannot be used")]
    Authorities {
        /// The file.
        path: PathBuf,
        /// Why.
        source: tls::AuthoritiesError,
    },
    /// The certificate to be shown, or its key, cannot be used.
    #[error("the client certificate {path} cannot be used with its key")]
    Identity {
        /// The certificate's file.
        path: PathBuf,
        /// Why.
        source: tls::AuthoritiesError,
    },
    /// A secret would be sent in clear.
    #[error("a token is only sent to an address that begins with https://")]
    TokenInClear,
    /// The egress proxy is no URL of a proxy.
    #[error("the egress proxy is not written as http://host:port")]
    EgressProxy,
    /// The operating system gives no thread.
    #[error("a thread for requests cannot be started")]
    Thread(#[source] std::io::Error),
    /// The client cannot be set up.
    #[error("the client cannot be set up")]
    Client(#[source] reqwest::Error),
}

/// How hosts are dialled.
pub(super) struct Dialling<'d> {
    pub(super) guard: &'d Guard,
    pub(super) resolvers: &'d [SocketAddr],
    pub(super) egress_proxy: Option<&'d str>,
    pub(super) connect_timeout: Duration,
    pub(super) dialled: &'d Dialled,
}

/// Fields of an answer.
const FIELDS_MAX: usize = 100;

impl Dialling<'_> {
    /// A client that dials this way, to be finished, and what it resolves names with.
    pub(super) fn client(self, tls: ClientConfig) -> Result<(ClientBuilder, Resolver), ClientError> {
        let proxy = self.egress_proxy.map(egress).transpose()?;
        let exempt = proxy.as_ref().map(|(_, host)| host.clone());
        let resolver = Resolver::new(self.resolvers, self.guard.clone(), exempt, self.dialled.clone());
        let resolver = resolver.map_err(|_| ClientError::Resolvers)?;
        #[expect(clippy::disallowed_methods, reason = "this is the one place that builds clients")]
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            .retry(reqwest::retry::never())
            .http1_only()
            .http1_max_headers(FIELDS_MAX)
            .tls_backend_preconfigured(tls)
            .dns_resolver(resolver.clone())
            .connect_timeout(self.connect_timeout)
            // One request, one connection, one judged address; and none that its host is about to close.
            .pool_max_idle_per_host(0);
        if let Some((proxy, _)) = proxy {
            builder = builder.proxy(proxy);
        }
        Ok((builder, resolver))
    }
}

fn egress(text: &str) -> Result<(reqwest::Proxy, String), ClientError> {
    let url = RequestUrl::read(text).map_err(|_| ClientError::EgressProxy)?;
    let proxy = reqwest::Proxy::all(text).map_err(|_| ClientError::EgressProxy)?;
    Ok((proxy, url.host().to_owned()))
}
