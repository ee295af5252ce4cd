//! Whom the client trusts: the authorities of the system, and those of a file; and what it shows of itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

use super::dial::ClientError;

/// What a client shows of itself to servers that ask: PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its certificate, and those between it and its authority.
    pub certificate_file: PathBuf,
    /// The key of that.
    pub key_file: PathBuf,
}

/// Why a file of certificates cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthoritiesError {
    /// It cannot be read, or is no PEM.
    #[error("it is no PEM file")]
    Pem(#[from] pem::Error),
    /// A certificate in it is none of an authority, or does not go with its key.
    #[error("a certificate in it cannot be used")]
    Certificate(#[from] rustls::Error),
}

/// What connections are made with. Where the system has no authorities, none is trusted.
pub(super) fn client(ca_file: Option<&Path>, identity: Option<&Identity>) -> Result<ClientConfig, ClientError> {
    let of_authorities =
        |source| ClientError::Authorities { path: ca_file.unwrap_or(Path::new("")).to_owned(), source };
    let roots = roots(ca_file).map_err(of_authorities)?;
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| of_authorities(error.into()))?;
    let builder = builder.with_root_certificates(roots);
    let Some(identity) = identity else { return Ok(builder.with_no_client_auth()) };
    let of_identity = |source| ClientError::Identity { path: identity.certificate_file.clone(), source };
    let (chain, key) = read(identity).map_err(|error| of_identity(error.into()))?;
    builder.with_client_auth_cert(chain, key).map_err(|error| of_identity(error.into()))
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, AuthoritiesError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        for certificate in CertificateDer::pem_file_iter(path)? {
            roots.add(certificate?)?;
        }
    }
    Ok(roots)
}

fn read(identity: &Identity) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), pem::Error> {
    let chain = CertificateDer::pem_file_iter(&identity.certificate_file)?.collect::<Result<_, _>>()?;
    Ok((chain, PrivateKeyDer::from_pem_file(&identity.key_file)?))
}
