//! The one client: asks a host, once, within every limit, and gives back the little that matters of the answer.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use http::header::{ACCEPT, CONTENT_ENCODING, USER_AGENT};
use http::{HeaderValue, Method};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::canonical::RequestUrl;
use crate::telemetry::clock;
use crate::telemetry::metrics::{Fetches, Outcome};

use super::dial::{ClientError, Dialling};
use super::error::FetchError;
use super::guard::Guard;
use super::host::{Hosts, Sparing};
use super::lifetime::Lifetimes;
use super::onward;
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
/// The name server's answer included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

impl Client {
    pub(super) fn new(options: ClientOptions, figures: Fetches, dialled: &Dialled) -> Result<Self, ClientError> {
        let tls = tls::client(options.ca_file.as_deref(), None)?;
        let (builder, resolver) = Dialling {
            guard: &options.guard,
            resolvers: &options.resolvers,
            egress_proxy: options.egress_proxy.as_deref(),
            connect_timeout: CONNECT_TIMEOUT,
            dialled,
        }
        .client(tls)?;
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
        if self.options.egress_proxy.is_none() {
            self.options.guard.peer(response.remote_addr())?;
        }
        let status = response.status().as_u16();
        if status == 429 || status >= 500 {
            return Err(FetchError::Status(status));
        }
        let location = onward::location(status, response.headers())?;
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
