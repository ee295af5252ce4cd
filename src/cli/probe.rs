//! A request to a door of a server that runs here: one connection, one answer, a time limit.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::header::{HOST, HeaderValue};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

/// In TLS 1.3 a client is refused after it has shaken hands.
const CUT_OFF: &str = "no answer behind TLS, as if a certificate were wanted, or another one; see --client-cert-file";
const ASK_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_MAX_BYTES: usize = 1 << 20;

/// A door.
pub(super) struct Entrance {
    pub(super) address: SocketAddr,
    /// How its certificate is known, if it has one.
    pub(super) tls: Option<Arc<ClientConfig>>,
}

/// Asks doors, one after the other.
pub(super) struct Asker(Runtime);

impl Asker {
    pub(super) fn new() -> anyhow::Result<Self> {
        Ok(Self(Builder::new_current_thread().enable_all().build()?))
    }

    pub(super) fn ask(&self, entrance: &Entrance, request: Request<Bytes>) -> anyhow::Result<Response<Bytes>> {
        let asked = self.0.block_on(async { timeout(ASK_TIMEOUT, entrance.ask(request)).await });
        asked.context("no answer in time")?
    }
}

impl Entrance {
    async fn ask(&self, request: Request<Bytes>) -> anyhow::Result<Response<Bytes>> {
        let address = here(self.address);
        let tcp = TcpStream::connect(address).await.with_context(|| format!("nobody answers at {address}"))?;
        match &self.tls {
            None => exchange(tcp, address, request).await,
            Some(config) => {
                let name = ServerName::IpAddress(address.ip().into());
                let tls = TlsConnector::from(Arc::clone(config)).connect(name, tcp).await;
                exchange(tls.context("no TLS with the certificate of tls.cert_file")?, address, request)
                    .await
                    .context(CUT_OFF)
            }
        }
    }
}

/// A door that is open on all addresses is open on this machine.
fn here(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    address: SocketAddr,
    mut request: Request<Bytes>,
) -> anyhow::Result<Response<Bytes>> {
    request.headers_mut().insert(HOST, HeaderValue::from_str(&address.to_string())?);
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    drop(tokio::spawn(connection));
    let (head, body) = sender.send_request(request.map(Full::new)).await?.into_parts();
    let body = Limited::new(body, ANSWER_MAX_BYTES).collect().await;
    let body = body.map_err(|_| anyhow::anyhow!("its answer is too long, or was cut off"))?.to_bytes();
    Ok(Response::from_parts(head, body))
}
