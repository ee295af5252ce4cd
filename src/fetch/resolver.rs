//! Names → addresses that may be dialled. Whatever the client dials by name comes from here, so nothing slips by.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::Name as DnsName;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::error::FetchError;
use super::guard::Guard;
use super::trial::Dialled;

/// How long one server may take to answer; a second attempt follows. Both together are shorter than a connection may take, so that
/// silence is told from a host that does not answer.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(1_200);
const ATTEMPTS: usize = 2;
/// Answers are kept at least as long as one place is asked: who was judged is who is dialled, by every request of it.
const KEPT_MIN: Duration = Duration::from_secs(10);
/// They are kept as long as they say, but no longer: whoever moves is found again.
const KEPT_MAX: Duration = Duration::from_mins(10);
/// Of the addresses of a name as many are tried.
const TRIED_MAX: usize = 4;

/// Resolves names and judges what comes back.
#[derive(Clone)]
pub(super) struct Resolver(Arc<Inner>);

struct Inner {
    resolver: TokioResolver,
    guard: Guard,
    /// The egress proxy: the one name that the operator vouches for.
    exempt: Option<String>,
    dialled: Dialled,
}

impl Resolver {
    /// Asks these servers, or those of the system if there are none.
    pub(super) fn new(
        servers: &[SocketAddr],
        guard: Guard,
        exempt: Option<String>,
        dialled: Dialled,
    ) -> Result<Self, NetError> {
        let mut builder = if servers.is_empty() {
            TokioResolver::builder_tokio()?
        } else {
            let config = ResolverConfig::from_name_servers(servers.iter().map(server).collect());
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let options = builder.options_mut();
        options.timeout = ANSWER_TIMEOUT;
        options.attempts = ATTEMPTS;
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        options.use_hosts_file = ResolveHosts::Never;
        options.positive_min_ttl = Some(KEPT_MIN);
        options.negative_min_ttl = Some(KEPT_MIN);
        options.positive_max_ttl = Some(KEPT_MAX);
        options.negative_max_ttl = Some(KEPT_MAX);
        options.case_randomization = false;
        Ok(Self(Arc::new(Inner { resolver: builder.build()?, guard, exempt, dialled })))
    }

    /// The addresses of a name, if all of them may be asked.
    pub(super) async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, FetchError> {
        let Inner { resolver, guard, exempt, .. } = &*self.0;
        // Label by label: names of the web have marks that names of hosts may not have, also in front. Such a name is in full,
        // so no domain of this machine is tried below it.
        let asked = DnsName::from_labels(name.split('.').map(str::as_bytes)).map_err(|_| FetchError::Unresolved)?;
        let found = resolver.lookup_ip(asked).await.map_err(|_| FetchError::Unresolved)?;
        let addresses: Vec<IpAddr> = found.iter().collect();
        if addresses.is_empty() {
            return Err(FetchError::Unresolved);
        }
        if exempt.as_deref() != Some(name) {
            guard.addresses(&addresses)?;
        }
        Ok(addresses)
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let mut addresses = resolver.addresses(name.as_str()).await?;
            addresses.truncate(TRIED_MAX);
            resolver.0.dialled.note(&addresses);
            // The client puts the port of the URL in.
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

fn server(address: &SocketAddr) -> NameServerConfig {
    let mut server = NameServerConfig::udp_and_tcp(address.ip());
    for connection in &mut server.connections {
        connection.port = address.port();
    }
    server
}
