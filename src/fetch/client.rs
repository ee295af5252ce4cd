//! The one client: asks a host, once, within every limit, and gives back the little that matters of the answer.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use http::header::{ACCEPT, CONTENT_ENCODING, LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use reqwest::redirect::Policy;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::canonical::RequestUrl;
use crate::telemetry::clock;
use crate::telemetry::metrics::{Fetches, Outcome};

use super::error::FetchError;
use super::guard::Guard;
use super::host::{Hosts, Sparing};
use super::lifetime::Lifetimes;
use super::page;
use super::resolver::Resolver;
use super::tls;
use super::trial::Dialled;

/// What the client works by.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Who may be asked.
    pub guard: Guard,
    /// Name servers; those of the system if there are none.
    pub resolvers: Vec<SocketAddr>,
    /// Everything goes through it, if there is one: `http://egress.example:3128`.
    pub egress_proxy: Option<String>,
    /// Authorities that are trusted besides those of the system, PEM.
    pub ca_file: Option<PathBuf>,
    /// What hosts see first.
    pub user_agent: String,
    /// From the first byte sent to the last byte read.
    pub request_timeout: Duration,
    /// Size of a page, unpacked.
    pub page_max_bytes: usize,
    /// Requests at once.
    pub requests_max: usize,
    /// Requests in a second, to all hosts together.
    pub requests_per_s: Option<NonZeroU32>,
    /// Requests at once to one host.
    pub host_requests_max: usize,
    /// Failures in a row after which a host is left alone.
    pub host_failures_max: u32,
    /// How long it is left alone the first time.
    pub host_pause: Duration,
    /// How long answers are kept.
    pub lifetimes: Lifetimes,
}

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

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// The head alone.
    Head,
    /// The head, by a request that usually has a body, which is not read.
    Get,
    /// The page.
    Page,
}

/// Whom the host sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agent {
    /// Ourselves.
    Own,
    /// A browser, as far as the name goes: for hosts that show programs another way.
    Browser,
}

/// What matters of an answer.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Where it says to go on, as written.
    pub(super) location: Option<String>,
    /// The page, if it was asked for.
    pub(super) page: Option<Page>,
    /// How long it may be kept.
    pub(super) lifetime: Duration,
}

/// A page as far as it was read.
pub(super) struct Page {
    pub(super) text: String,
    /// It is longer than is read.
    pub(super) is_cut: bool,
}

/// Clones share everything.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    resolver: Resolver,
    hosts: Hosts,
    places: Arc<Semaphore>,
    pace: Option<Arc<DefaultDirectRateLimiter>>,
    options: Arc<ClientOptions>,
    figures: Fetches,
    dialled: Dialled,
}

const BROWSER: HeaderValue =
    HeaderValue::from_static("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0");
const PAGES: HeaderValue = HeaderValue::from_static("text/html, application/xhtml+xml;q=0.9, */*;q=0.1");
/// Not in the registry of fields, but known to every browser.
const REFRESH: HeaderName = HeaderName::from_static("refresh");
/// Fields of an answer.
const FIELDS_MAX: usize = 100;
/// The name server's answer included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

impl Client {
    pub(super) fn new(options: ClientOptions, figures: Fetches, dialled: &Dialled) -> Result<Self, ClientError> {
        let proxy = options.egress_proxy.as_deref().map(egress).transpose()?;
        let exempt = proxy.as_ref().map(|(_, host)| host.clone());
        let resolver = Resolver::new(&options.resolvers, options.guard.clone(), exempt, dialled.clone());
        let resolver = resolver.map_err(|_| ClientError::Resolvers)?;
        let tls = tls::client(options.ca_file.as_deref())
            .map_err(|source| ClientError::Authorities { path: options.ca_file.clone().unwrap_or_default(), source })?;
        #[expect(clippy::disallowed_methods, reason = "this is the one client")]
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            .retry(reqwest::retry::never())
            .http1_only()
            .http1_max_headers(FIELDS_MAX)
            .tls_backend_preconfigured(tls)
            .dns_resolver(resolver.clone())
            .connect_timeout(CONNECT_TIMEOUT)
            // One request, one connection, one judged address; and none that its host is about to close.
            .pool_max_idle_per_host(0);
        if let Some((proxy, _)) = proxy {
            builder = builder.proxy(proxy);
        }
        let sparing = Sparing {
            at_once_max: options.host_requests_max,
            failures_max: options.host_failures_max,
            pause: options.host_pause,
        };
        Ok(Self {
            http: builder.build().map_err(ClientError::Client)?,
            resolver,
            hosts: Hosts::new(sparing),
            places: Arc::new(Semaphore::new(options.requests_max.max(1))),
            pace: options.requests_per_s.map(|rate| Arc::new(RateLimiter::direct(one_at_a_time(rate)))),
            options: Arc::new(options),
            figures,
            dialled: dialled.clone(),
        })
    }

    /// Asks once.
    pub(super) async fn ask(&self, url: &RequestUrl, ask: Ask, agent: Agent) -> Result<Answer, FetchError> {
        let outcome = self.ask_within_limits(url, ask, agent).await;
        self.count(&outcome);
        outcome
    }

    async fn ask_within_limits(&self, url: &RequestUrl, ask: Ask, agent: Agent) -> Result<Answer, FetchError> {
        let guard = &self.options.guard;
        guard.url(url)?;
        let leave = self.hosts.enter(url.host()).await?;
        let place = self.places.acquire().await.map_err(|_| FetchError::Busy)?;
        if let Some(pace) = &self.pace {
            pace.until_ready().await;
        }
        let exchange = async {
            if !guard.is_usual_port(url.port()) {
                self.is_of_tests(url).await?;
            }
            self.exchange(url, ask, agent).await
        };
        let outcome = timeout(self.options.request_timeout, exchange).await.unwrap_or(Err(FetchError::Timeout));
        drop(place);
        leave.tell(&outcome);
        outcome
    }

    /// An odd port is asked only where every address is one of tests.
    async fn is_of_tests(&self, url: &RequestUrl) -> Result<(), FetchError> {
        let addresses = match url.address() {
            Some(address) => vec![address],
            None => self.resolver.addresses(url.host()).await?,
        };
        let guard = &self.options.guard;
        let all = addresses.into_iter().all(|address| guard.is_of_tests(address));
        if all { Ok(()) } else { Err(super::guard::Refused::Port.into()) }
    }

    async fn exchange(&self, url: &RequestUrl, ask: Ask, agent: Agent) -> Result<Answer, FetchError> {
        if let Some(address) = url.address() {
            self.dialled.note(&[address]);
        }
        let method = if ask == Ask::Head { Method::HEAD } else { Method::GET };
        let own = || HeaderValue::from_str(&self.options.user_agent);
        let agent = match agent {
            Agent::Browser => BROWSER,
            Agent::Own => own().unwrap_or(HeaderValue::from_static("linkgate")),
        };
        let request = self.http.request(method, url.expose_asked()).header(USER_AGENT, agent).header(ACCEPT, PAGES);
        let response = request.send().await.map_err(|error| FetchError::of(&error))?;
        let peer = response.remote_addr().filter(|_| self.options.egress_proxy.is_none());
        if let Some(peer) = peer {
            self.options.guard.address(peer.ip().to_canonical())?;
        }
        let status = response.status().as_u16();
        if status == 429 || status >= 500 {
            return Err(FetchError::Status(status));
        }
        let location = location(status, response.headers())?;
        let lifetime = self.options.lifetimes.of(status, response.headers(), clock::now());
        let page = if ask == Ask::Page && location.is_none() { Some(self.page(response).await?) } else { None };
        Ok(Answer { status, location, page, lifetime })
    }

    async fn page(&self, mut response: reqwest::Response) -> Result<Page, FetchError> {
        if response.headers().contains_key(CONTENT_ENCODING) {
            // What the client unpacks loses this field: this is packed in another way, or twice.
            return Err(FetchError::Garbled);
        }
        let charset = page::charset(response.headers());
        let (mut read, mut is_cut) = (Vec::new(), false);
        while !is_cut && let Some(chunk) = response.chunk().await.map_err(|error| FetchError::of(&error))? {
            let room = self.options.page_max_bytes - read.len();
            is_cut = chunk.len() > room;
            read.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        }
        let (text, ..) = charset.decode(&read);
        Ok(Page { text: text.into_owned(), is_cut })
    }

    fn count<T>(&self, outcome: &Result<T, FetchError>) {
        let code = outcome.as_ref().err().map_or("answered", |error| error.code());
        self.figures.requests.get_or_create(&Outcome { outcome: code }).inc();
        if let Err(FetchError::Refused(refused)) = outcome {
            self.figures.refused.get_or_create(&crate::telemetry::metrics::Reason { reason: refused.code() }).inc();
        }
    }
}

/// Spread over the second: hosts are not asked in bursts.
fn one_at_a_time(rate: NonZeroU32) -> Quota {
    Quota::per_second(rate).allow_burst(NonZeroU32::MIN)
}

/// Where an answer says to go on. Two that differ lead nowhere, as in browsers.
fn location(status: u16, headers: &HeaderMap) -> Result<Option<String>, FetchError> {
    let text = |value: &HeaderValue| written(value.as_bytes());
    if matches!(status, 301 | 302 | 303 | 307 | 308) {
        let mut all = headers.get_all(LOCATION).iter();
        let first = all.next();
        if all.any(|other| Some(other) != first) {
            return Err(FetchError::Garbled);
        }
        if let Some(first) = first {
            return Ok(Some(text(first)));
        }
    }
    Ok(headers.get(REFRESH).and_then(|value| refreshed(&text(value)).map(str::to_owned)))
}

/// Bytes that are no UTF-8 escaped one by one, as browsers ask for them.
fn written(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes
            .iter()
            .map(|&byte| if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect(),
    }
}

/// The URL in `5; url=https://a.example/`, as the HTML standard reads it ("shared declarative refresh steps").
pub(super) fn refreshed(value: &str) -> Option<&str> {
    let rest = value.trim_start().trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let rest = rest.trim_start().trim_start_matches([';', ',']).trim_start();
    let is_named = rest.get(..3).is_some_and(|name| name.eq_ignore_ascii_case("url"));
    let named = if is_named { rest.get(3..).and_then(|rest| rest.trim_start().strip_prefix('=')) } else { None };
    let url = named.map_or(rest, str::trim_start);
    let unquoted = match url.chars().next() {
        Some(quote @ ('"' | '\'')) => url.get(1..).and_then(|rest| rest.split(quote).next()),
        _ => Some(url),
    };
    unquoted.map(str::trim).filter(|url| !url.is_empty())
}

fn egress(text: &str) -> Result<(reqwest::Proxy, String), ClientError> {
    let url = RequestUrl::read(text).map_err(|_| ClientError::EgressProxy)?;
    let proxy = reqwest::Proxy::all(text).map_err(|_| ClientError::EgressProxy)?;
    Ok((proxy, url.host().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refresh_is_read_as_browsers_do() {
        for (value, expected) in [
            ("0; url=https://a.example/", Some("https://a.example/")),
            ("5;URL='/b'; x", Some("/b")),
            ("3, https://a.example/", Some("https://a.example/")),
            ("0.5;url = \"c\"", Some("c")),
            ("0;url", Some("url")),
            ("5", None),
            ("0; url=", None),
        ] {
            assert_eq!(refreshed(value), expected, "{value}");
        }
    }
}
