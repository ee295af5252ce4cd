//! TLS for all doors: the certificate that they show, and the one that clients may have to show.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use tokio_rustls::rustls::{self, InconsistentKeys, RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;
use webpki::{EndEntityCert, KeyUsage};

use crate::telemetry::metrics::{self, Metrics};

use super::closing::{Closing, Stage};
use super::limits::HEAD_TIMEOUT_MS;
use super::note::hit;
use super::stream::{H2, has_arrived};

/// Where keys and certificates are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each field is described in `config::DOCS`, which the help prints")]
pub struct TlsFiles {
    pub cert_file: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
    pub client_ca_file: Option<PathBuf>,
    pub client_auth: ClientAuth,
}

impl TlsFiles {
    /// Whether clients without a certificate are refused.
    pub fn wants_certificate(&self) -> bool {
        self.client_ca_file.is_some() && self.client_auth == ClientAuth::Required
    }
}

/// What becomes of clients without a certificate, where there is an authority for clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// They are refused.
    #[default]
    Required,
    /// They are served; a certificate of somebody else is still refused.
    Optional,
}

/// Why the files cannot be used. Each names the setting and the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file without which another is of no use.
    #[error("tls.{set} is set and tls.{missing} is not; set both")]
    Missing {
        /// What is set.
        set: &'static str,
        /// What is not.
        missing: &'static str,
    },
    /// It cannot be read.
    #[error("tls.{setting}: {path} cannot be read")]
    Unreadable {
        /// The setting.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What it should hold is not in it.
    #[error("tls.{setting}: {path} holds no {what} in PEM, which begins with `-----BEGIN`")]
    Empty {
        /// The setting.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// The key is of another certificate.
    #[error(
        "tls.key_file: {path} is not the key of the certificate in tls.cert_file; give the two that belong together"
    )]
    Mismatch {
        /// The file with the key.
        path: PathBuf,
    },
    /// Clients would refuse it.
    #[error("tls.cert_file: the certificate in {path} {when}; put a valid one there")]
    Outdated {
        /// The file.
        path: PathBuf,
        /// Too early or too late.
        when: &'static str,
    },
    /// Of a kind that is not supported.
    #[error("tls.{setting}: what {path} holds cannot be used")]
    Unusable {
        /// The setting.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// The authorities for clients cannot be used.
    #[error("tls.client_ca_file: {path} cannot be used")]
    ClientAuthority {
        /// The file.
        path: PathBuf,
        /// Why.
        source: VerifierBuilderError,
    },
}

/// What the doors say in a handshake. Clones are the same.
#[derive(Debug, Clone)]
pub struct Tls(Arc<ServerConfig>);

impl Tls {
    /// Reads the files; nothing if no certificate is named. `now` are seconds since the Unix epoch.
    ///
    /// # Errors
    /// If a file is missing or cannot be used, or the certificate is not valid now.
    pub fn load(files: &TlsFiles, now: i64) -> Result<Option<Self>, TlsError> {
        let TlsFiles { cert_file, key_file, client_ca_file, client_auth } = files;
        let (cert_file, key_file) = match (cert_file, key_file) {
            (Some(certificate), Some(key)) => (certificate, key),
            (Some(_), None) => return Err(TlsError::Missing { set: "cert_file", missing: "key_file" }),
            (None, Some(_)) => return Err(TlsError::Missing { set: "key_file", missing: "cert_file" }),
            (None, None) if client_ca_file.is_some() => {
                return Err(TlsError::Missing { set: "client_ca_file", missing: "cert_file" });
            }
            (None, None) => return Ok(None),
        };
        let certificates = certificates("cert_file", cert_file)?;
        check_validity(cert_file, &certificates, now)?;
        let provider = Arc::new(ring::default_provider());
        let unusable = |setting, path: &Path, source| TlsError::Unusable { setting, path: path.to_owned(), source };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|source| unusable("cert_file", cert_file, source))?;
        let builder = match client_ca_file {
            Some(path) => builder.with_client_cert_verifier(clients(path, *client_auth, provider)?),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_single_cert(certificates, key(key_file)?).map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                TlsError::Mismatch { path: key_file.clone() }
            }
            other => unusable("key_file", key_file, other),
        })?;
        config.alpn_protocols = vec![H2.to_vec(), b"http/1.1".to_vec()];
        Ok(Some(Self(Arc::new(config))))
    }

    /// Shakes hands; nothing if that fails, is not over at the deadline, or the server ends first.
    pub(super) async fn accept(
        &self,
        tcp: TcpStream,
        deadline: Instant,
        metrics: &Metrics,
        closing: &mut Closing,
    ) -> Option<Box<TlsStream<TcpStream>>> {
        let shaken = timeout_at(deadline, self.shake(tcp, closing)).await;
        let outcome = match &shaken {
            Ok(Ok(_)) => "done",
            Ok(Err(_)) => "failed",
            Err(_) => "late",
        };
        if outcome == "late" {
            hit(metrics, HEAD_TIMEOUT_MS);
        }
        metrics.tls_handshakes.get_or_create(&metrics::Outcome { outcome }).inc();
        tracing::trace!(outcome, "TLS handshake");
        shaken.ok()?.ok().map(Box::new)
    }

    async fn shake(&self, tcp: TcpStream, closing: &mut Closing) -> io::Result<TlsStream<TcpStream>> {
        let mut accept = TlsAcceptor::from(Arc::clone(&self.0)).accept(tcp);
        tokio::select! {
            shaken = &mut accept => return shaken,
            () = closing.reached(Stage::Ending) => {}
        }
        if accept.get_ref().is_some_and(has_arrived) {
            accept.await
        } else {
            Err(io::ErrorKind::ConnectionAborted.into())
        }
    }
}

fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Unreadable { setting, path: path.to_owned(), source })
}

fn certificates(setting: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let bytes = read(setting, path)?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    // What stands in the file is nobody's business, so why it is none is not told.
    let all = all.ok().filter(|all| !all.is_empty());
    all.ok_or_else(|| TlsError::Empty { setting, path: path.to_owned(), what: "certificate" })
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let bytes = read("key_file", path)?;
    let empty = |_| TlsError::Empty { setting: "key_file", path: path.to_owned(), what: "private key" };
    PrivateKeyDer::from_pem_slice(&bytes).map_err(empty)
}

/// Finds out whether the first certificate is valid now, which servers are not asked otherwise.
fn check_validity(path: &Path, certificates: &[CertificateDer<'_>], now: i64) -> Result<(), TlsError> {
    let now = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(now).unwrap_or(0)));
    let Some(certificate) = certificates.first().and_then(|der| EndEntityCert::try_from(der).ok()) else {
        // What is wrong with it is told by whoever uses it next.
        return Ok(());
    };
    // Without any authority this ends in an error always; the times are looked at first.
    let usage = KeyUsage::server_auth();
    let when = match certificate.verify_for_usage(&[], &[], &[], now, usage, None, None) {
        Err(webpki::Error::CertExpired { .. }) => "is past its end",
        Err(webpki::Error::CertNotValidYet { .. }) => "is not valid yet",
        _ => return Ok(()),
    };
    Err(TlsError::Outdated { path: path.to_owned(), when })
}

fn clients(
    path: &Path,
    client_auth: ClientAuth,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("client_ca_file", path)? {
        let unusable = |source| TlsError::Unusable { setting: "client_ca_file", path: path.to_owned(), source };
        roots.add(certificate).map_err(unusable)?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = if client_auth == ClientAuth::Optional { builder.allow_unauthenticated() } else { builder };
    builder.build().map_err(|source| TlsError::ClientAuthority { path: path.to_owned(), source })
}
