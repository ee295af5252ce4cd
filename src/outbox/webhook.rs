//! One delivery: a signed POST to the platform's webhook, and what its answer means.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use reqwest::redirect::Policy;
use reqwest::{Client, Request};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

use crate::fetch::retry_after;

use super::{DueEvent, Secret, SecretError};

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/cloudevents+json");
const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";
/// How long an idle connection to the webhook is kept.
const IDLE: Duration = Duration::from_mins(1);

/// Where events go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The operator's own, so it may be an internal one.
    pub url: String,
    /// File with the secret.
    pub secret_file: Option<PathBuf>,
    /// Authorities that are trusted besides those of the system, PEM.
    pub ca_file: Option<PathBuf>,
    /// How long a delivery may take.
    pub timeout: Duration,
}

/// Why a webhook cannot be used. Each names the setting.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// It is no address of a web server.
    #[error("webhook.url: not an address that begins with https:// or http://")]
    Url,
    /// Nothing to sign with.
    #[error("webhook.url is set and webhook.secret_file is not; set both")]
    NoSecret,
    /// A file cannot be read.
    #[error("webhook.{setting}: {path} cannot be read")]
    Unreadable {
        /// The setting.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds no secret.
    #[error("webhook.secret_file: {path} holds no secret, which is whsec_ and Base64, or 24 bytes and more")]
    Secret {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SecretError,
    },
    /// The file holds no authority.
    #[error("webhook.ca_file: {path} holds no certificate in PEM, which begins with `-----BEGIN`")]
    Authority {
        /// The file.
        path: PathBuf,
    },
    /// TLS cannot be spoken.
    #[error("the webhook's connections cannot be made")]
    Tls(#[from] rustls::Error),
    /// The client cannot be made.
    #[error("the webhook's client cannot be made")]
    Client(#[source] reqwest::Error),
}

/// What came of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// It has arrived.
    Taken,
    /// Nobody wants it any more.
    Gone,
    /// It is to be tried again; the other side may say when.
    Later { told: &'static str, after_s: Option<i64> },
    /// The same, with a status that says that the request is wrong.
    Refused(StatusCode),
}

/// Delivers events to one webhook. Clones share its connections, and belong to one runtime.
#[derive(Clone)]
pub struct Courier {
    client: Client,
    request: Arc<Request>,
    secret: Secret,
}

impl Courier {
    /// Reads the files.
    ///
    /// # Errors
    /// If a setting cannot be used.
    pub fn new(webhook: &Webhook) -> Result<Self, WebhookError> {
        let Webhook { url, secret_file, ca_file, timeout } = webhook;
        let secret_file = secret_file.as_ref().ok_or(WebhookError::NoSecret)?;
        let secret = Secret::parse(&read("secret_file", secret_file)?)
            .map_err(|source| WebhookError::Secret { path: secret_file.clone(), source })?;
        #[expect(
            clippy::disallowed_methods,
            reason = "it goes to the operator's own address, which may be an inner one"
        )]
        let client = Client::builder()
            .tls_backend_preconfigured(tls(ca_file.as_deref())?)
            .user_agent(concat!("linkgate/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            .no_gzip()
            .http1_only()
            .connect_timeout(*timeout)
            .timeout(*timeout)
            .pool_idle_timeout(IDLE)
            .build()
            .map_err(|error| WebhookError::Client(error.without_url()))?;
        let request = client.post(url).header(header::CONTENT_TYPE, CONTENT_TYPE).build();
        let request = request.map_err(|_| WebhookError::Url)?;
        if !["http", "https"].contains(&request.url().scheme()) {
            return Err(WebhookError::Url);
        }
        Ok(Self { client, request: Arc::new(request), secret })
    }

    /// One attempt. Nothing of an answer but its head is read.
    pub(super) async fn post(&self, event: &DueEvent, now: i64) -> Answer {
        let Some(request) = self.signed(event, now) else { return Answer::Later { told: "no request", after_s: None } };
        match self.client.execute(request).await {
            Ok(response) => answer(response.status(), response.headers(), now),
            // The error would tell the address.
            Err(error) if error.is_timeout() => Answer::Later { told: "timeout", after_s: None },
            Err(error) if error.is_connect() => Answer::Later { told: "no connection", after_s: None },
            Err(_) => Answer::Later { told: "no answer", after_s: None },
        }
    }

    fn signed(&self, event: &DueEvent, now: i64) -> Option<Request> {
        let mut request = self.request.try_clone()?;
        let headers = request.headers_mut();
        headers.insert(ID, HeaderValue::try_from(event.id.to_string()).ok()?);
        headers.insert(TIMESTAMP, HeaderValue::from(now));
        headers.insert(SIGNATURE, HeaderValue::try_from(self.secret.sign(event.id, now, &event.body)).ok()?);
        *request.body_mut() = Some(event.body.clone().into());
        Some(request)
    }
}

fn answer(status: StatusCode, headers: &HeaderMap, now: i64) -> Answer {
    match status {
        status if status.is_success() => Answer::Taken,
        StatusCode::GONE => Answer::Gone,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            let told = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
            Answer::Later { told: "busy", after_s: told.and_then(|told| retry_after(told, now)) }
        }
        status if status.is_server_error() => Answer::Later { told: "server error", after_s: None },
        other => Answer::Refused(other),
    }
}

fn tls(ca_file: Option<&Path>) -> Result<ClientConfig, WebhookError> {
    let mut roots = RootCertStore::empty();
    // A machine may have none, where everything is internal; what cannot be read of them is missed in the handshake.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let bytes = read("ca_file", path)?;
        let authorities: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
        let (added, _) = roots.add_parsable_certificates(authorities.unwrap_or_default());
        if added == 0 {
            return Err(WebhookError::Authority { path: path.to_owned() });
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    Ok(builder.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth())
}

fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, WebhookError> {
    fs::read(path).map_err(|source| WebhookError::Unreadable { setting, path: path.to_owned(), source })
}
