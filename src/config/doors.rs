//! The settings of the doors: `[serve]`, `[tls]`, `[api]`, `[proxy]`, `[[keys]]`, `[telemetry]`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};
use tracing::level_filters::LevelFilter;

use crate::lists::moment_or_day;
use crate::serve::{FailPolicy, Limits, Scope};
use crate::verdict::Policy;

/// What all doors share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each field is described in `DOCS`, which the help prints")]
pub struct Serve {
    pub listen: SocketAddr,
    pub threads: usize,
    pub watch_ms: u64,
    pub self_test_s: u64,
    pub self_test_cert_file: Option<PathBuf>,
    pub self_test_key_file: Option<PathBuf>,
    pub self_test_api_key_file: Option<PathBuf>,
    pub limits: Limits,
}

impl Default for Serve {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 8080),
            threads: 0,
            watch_ms: 2_000,
            self_test_s: 3_600,
            self_test_cert_file: None,
            self_test_key_file: None,
            self_test_api_key_file: None,
            limits: Limits::default(),
        }
    }
}

/// The check API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each field is described in `DOCS`, which the help prints")]
pub struct ApiSetting {
    pub hosts: Vec<String>,
    pub uris_search: bool,
    pub deadline_ms: u64,
}

impl Default for ApiSetting {
    fn default() -> Self {
        Self { hosts: Vec::new(), uris_search: false, deadline_ms: 200 }
    }
}

/// The reverse proxy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each field is described in `DOCS`, which the help prints")]
pub struct ProxySetting {
    pub listen: Option<SocketAddr>,
    pub upstream: Option<String>,
    pub platform: String,
    pub on_system_failure: FailPolicy,
    pub on_failure: OnFailure,
    pub refusals_per_day: usize,
    pub network_refusals_per_day: usize,
    pub html: Vec<String>,
    pub markdown: Vec<String>,
    pub links: Vec<String>,
    pub pass: Vec<String>,
    pub uploads: Vec<String>,
    pub upgrades: Vec<String>,
    pub forms: Vec<String>,
    pub pass_imports: bool,
    pub trusted_proxies: Vec<IpAddr>,
    pub deadline_ms: u64,
    pub upstream_timeout_ms: u64,
    pub upstream_idle_ms: u64,
    pub upstream_connections_max: usize,
    pub refusal: RefusalSetting,
}

impl Default for ProxySetting {
    fn default() -> Self {
        Self {
            listen: None,
            upstream: None,
            platform: "generic".into(),
            on_system_failure: FailPolicy::Closed,
            on_failure: OnFailure::default(),
            refusals_per_day: 20,
            network_refusals_per_day: 200,
            html: Vec::new(),
            markdown: Vec::new(),
            links: Vec::new(),
            pass: Vec::new(),
            uploads: Vec::new(),
            upgrades: Vec::new(),
            forms: Vec::new(),
            pass_imports: false,
            trusted_proxies: Vec::new(),
            deadline_ms: 200,
            upstream_timeout_ms: 60_000,
            upstream_idle_ms: 4_000,
            upstream_connections_max: 1_000,
            refusal: RefusalSetting::default(),
        }
    }
}

/// Fail policies of single kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each field is described in `DOCS`, which the help prints")]
pub struct OnFailure {
    pub no_index: Option<FailPolicy>,
    pub overload: Option<FailPolicy>,
    pub internal: Option<FailPolicy>,
}

/// How the generic platform refuses.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each field is described in `DOCS`, which the help prints")]
pub struct RefusalSetting {
    pub status: Option<u16>,
    pub content_type: Option<String>,
    pub template: Option<String>,
}

/// A key of the check API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySetting {
    /// Whose it is.
    pub name: String,
    /// SHA-256 of the key, 64 hex digits.
    pub sha256: String,
    /// What it may be used for.
    #[serde(default = "check_only")]
    pub scopes: Vec<Scope>,
    /// Whose budgets it spends from, together with that tenant's other keys; its own name if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "moment_or_day")]
    pub expires: Option<jiff::Timestamp>,
    /// The lists that answer it; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lists: Option<Vec<String>>,
    /// Values of `[policy]` that are others for it.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub policy: Table,
    /// Requests in a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<NonZeroU32>,
    /// Links looked up in a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links_per_day: Option<u64>,
    /// Distinct entries hit in a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hits_per_day: Option<usize>,
}

impl KeySetting {
    /// Whose budgets it spends from.
    pub fn tenant(&self) -> &str {
        self.tenant.as_deref().unwrap_or(&self.name)
    }

    /// The policy for whoever holds it.
    ///
    /// # Errors
    /// If a value of its own is none of a policy.
    pub fn policy_over(&self, policy: &Policy) -> Result<Policy, toml::de::Error> {
        let mut table = Table::try_from(policy).unwrap_or_default();
        put_over(&mut table, &self.policy);
        table.try_into()
    }
}

/// Puts values over others, table by table.
fn put_over(table: &mut Table, values: &Table) {
    for (name, value) in values {
        match (table.get_mut(name), value) {
            (Some(Value::Table(inner)), Value::Table(values)) => put_over(inner, values),
            _ => drop(table.insert(name.clone(), value.clone())),
        }
    }
}

fn check_only() -> Vec<Scope> {
    vec![Scope::Check]
}

/// What the server tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each field is described in `DOCS`, which the help prints")]
pub struct Telemetry {
    pub log: LogLevel,
    pub listen: Option<SocketAddr>,
    pub allow_remote: bool,
    pub otlp_endpoint: Option<String>,
    pub otlp_ratio: f64,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { log: LogLevel::Info, listen: None, allow_remote: false, otlp_endpoint: None, otlp_ratio: 0.01 }
    }
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the usual levels")]
pub enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl LogLevel {
    /// What is logged.
    pub fn filter(self) -> LevelFilter {
        match self {
            Self::Off => LevelFilter::OFF,
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }
}

/// Every key of the doors with what it means.
pub(super) const DOCS: &[(&str, &str)] = &[
    ("serve.listen", "Address and port of the check API. Anything but loopback needs [[keys]]."),
    ("serve.threads", "Threads that serve connections; 0 means one for each core."),
    (
        "serve.watch_ms",
        "How often configuration, lists, tables and certificates are looked at; a change is loaded once it has stood \
         that long. 0 turns it off: SIGHUP reloads.",
    ),
    (
        "serve.self_test_s",
        "How often the canaries of lists are looked for, at the doors too, and told as figures, in seconds; 0 turns it off.",
    ),
    ("serve.self_test_cert_file", "Certificate that self-tests show to doors that want one, PEM."),
    ("serve.self_test_key_file", "The key of that certificate, PEM."),
    ("serve.self_test_api_key_file", "File with a key of the check API for self-tests, where it has keys."),
    ("serve.limits.connections_max", "Open connections of all doors together; more are closed at once."),
    ("serve.limits.streams_max", "Requests at once in one HTTP/2 connection."),
    ("serve.limits.head_max_bytes", "Size of a request without its body."),
    ("serve.limits.head_timeout_ms", "How long a request's head may take, and how long a connection may be idle."),
    ("serve.limits.body_max_bytes", "Size of a body that is read, packed and unpacked; at most 64 MiB."),
    ("serve.limits.body_grace_ms", "How long a body may take beyond what its rate allows."),
    ("serve.limits.body_min_bytes_per_s", "The rate at which a body must arrive."),
    ("serve.limits.write_timeout_ms", "How long a client may take nothing of an answer."),
    ("serve.limits.posts_max", "Posts in one request to /v1/check."),
    ("serve.limits.threat_entries_max", "URLs in one request to /v4/threatMatches:find."),
    ("serve.limits.explain_url_max_chars", "Length of a URL that /v1/explain takes."),
    ("serve.limits.check_wait_ms", "How long a long body may wait to be checked before it counts as overload."),
    (
        "serve.limits.idle_grace_ms",
        "How long idle connections may still bring a request when the server is told to end.",
    ),
    ("serve.limits.grace_ms", "How long requests under way may take after that."),
    ("serve.limits.successor_timeout_ms", "How long a successor, started by SIGUSR2, may take until it serves."),
    ("tls.cert_file", "Certificate and intermediates, PEM. If it is set, every door speaks TLS and nothing else."),
    ("tls.key_file", "The key of the certificate, PEM."),
    ("tls.client_ca_file", "Authorities, PEM: clients must show a certificate that one of them has signed."),
    ("tls.client_auth", "Whether clients without a certificate are refused: required, or optional."),
    ("api.hosts", "Names that Host may have where there are no keys, besides localhost."),
    ("api.uris_search", "Whether /v1/uris:search is offered: it puts URLs into access logs."),
    (
        "api.deadline_ms",
        "How long the redirects of a post may be followed before it is answered; what takes longer is told later.",
    ),
    ("proxy.listen", "Address and port of the reverse proxy; off if unset."),
    ("proxy.upstream", "The platform behind the proxy: http://127.0.0.1:3000"),
    ("proxy.platform", "How its API looks: mastodon, atproto or generic."),
    (
        "proxy.on_system_failure",
        "If posts cannot be checked: closed refuses them, open lets them through marked, hold keeps them back.",
    ),
    (
        "proxy.refusals_per_day",
        "Distinct entries for which one token may be refused; after that all of its posts with a link are held. 0: no end.",
    ),
    ("proxy.network_refusals_per_day", "The same for all tokens of one network: /24 of IPv4, /48 of IPv6. 0: no end."),
    ("proxy.html", "Fields of HTML: JSON pointers with * for list elements, or names of form fields."),
    ("proxy.markdown", "Fields of Markdown."),
    ("proxy.links", "Fields that are one link as a whole."),
    ("proxy.pass", "Requests whose body passes unread: \"POST /files/**\"."),
    ("proxy.uploads", "Multipart uploads of any size: texts are read, files pass."),
    ("proxy.upgrades", "Requests that may become a WebSocket."),
    (
        "proxy.forms",
        "Requests whose form may name another method in _method, which is refused elsewhere; they are read all the same.",
    ),
    ("proxy.pass_imports", "AT Protocol: let whole repositories be imported although nobody reads them."),
    ("proxy.trusted_proxies", "Addresses whose X-Forwarded-For is believed."),
    ("proxy.deadline_ms", "The same, before the post is sent on or not."),
    ("proxy.upstream_timeout_ms", "How long the platform may take to begin its answer."),
    (
        "proxy.upstream_idle_ms",
        "How long an idle connection to the platform is kept; less than the platform keeps it itself, as Node's 5 s.",
    ),
    ("proxy.upstream_connections_max", "Connections to the platform."),
    (
        "proxy.on_failure.no_index",
        "The same where a list is missing or none has an entry; by on_system_failure if unset.",
    ),
    ("proxy.on_failure.overload", "The same where long posts wait longer than serve.limits.check_wait_ms."),
    ("proxy.on_failure.internal", "The same where a check did not end."),
    ("proxy.refusal.status", "Status of a refusal, 400 to 499, if the platform is generic."),
    ("proxy.refusal.content_type", "Content-Type of a refusal."),
    ("proxy.refusal.template", "Body of a refusal; {message} and {id} are filled in."),
    ("telemetry.log", "What is logged: off, error, warn, info, debug or trace."),
    (
        "telemetry.listen",
        "Address and port of /metrics, /healthz and /readyz without a key; then /metrics is nowhere else.",
    ),
    ("telemetry.allow_remote", "Let other machines reach that address; without it only loopback is taken."),
    ("telemetry.otlp_endpoint", "Collector that gets traces by OTLP over HTTP: http://127.0.0.1:4318"),
    ("telemetry.otlp_ratio", "The part of requests that are traced, 0.0 to 1.0; trusted fronts decide for theirs."),
];
