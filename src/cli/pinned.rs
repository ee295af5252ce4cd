//! TLS with our own doors: whoever has the very certificate of the configuration is them, whatever names stand in it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

use crate::serve::TlsFiles;

/// What is shown to doors that want to know their clients.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown<'f> {
    /// Certificate and intermediates, PEM.
    pub(super) cert_file: &'f Path,
    /// Its key, PEM.
    pub(super) key_file: &'f Path,
}

/// How to speak with doors; nothing if they speak no TLS.
pub(super) fn client(files: &TlsFiles, shown: Option<Shown<'_>>) -> anyhow::Result<Option<Arc<ClientConfig>>> {
    let Some(path) = &files.cert_file else { return Ok(None) };
    let certificate =
        CertificateDer::from_pem_file(path).ok().with_context(|| format!("tls.cert_file: {}", path.display()))?;
    let provider = Arc::new(ring::default_provider());
    let pinned = Pinned { certificate, algorithms: provider.signature_verification_algorithms };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(pinned));
    let config = match shown {
        None => builder.with_no_client_auth(),
        Some(shown) => {
            let (chain, key) = shown.read()?;
            let about = || format!("{} with {}", shown.cert_file.display(), shown.key_file.display());
            builder.with_client_auth_cert(chain, key).with_context(about)?
        }
    };
    Ok(Some(Arc::new(config)))
}

impl Shown<'_> {
    fn read(self) -> anyhow::Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let about = |path: &Path, what: &str| format!("the {what} for self-tests, {}", path.display());
        let (chain, key) = (self.cert_file, self.key_file);
        let read = CertificateDer::pem_file_iter(chain).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let read = read.ok().filter(|read| !read.is_empty());
        let read = read.with_context(|| format!("{} cannot be read", about(chain, "certificate")))?;
        let key_read = PrivateKeyDer::from_pem_file(key).ok();
        Ok((read, key_read.with_context(|| format!("{} cannot be read", about(key, "key")))?))
    }
}

/// Knows one certificate.
#[derive(Debug)]
struct Pinned {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *shown == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, shown, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, shown, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
