//! Sends spans to a collector, from the thread that gathers them: nobody who serves requests waits for it.

use std::fmt;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, HeaderValue};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use opentelemetry_http::{HttpClient, HttpError};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::TraceError;

const SEND_TIMEOUT: Duration = Duration::from_secs(5);
/// Collectors answer with next to nothing.
const ANSWER_MAX_BYTES: usize = 64 << 10;

pub(super) struct Sender {
    authority: String,
    /// The gathering thread has none of its own.
    runtime: Runtime,
}

impl Sender {
    pub(super) fn to(endpoint: &str) -> Result<Self, TraceError> {
        let uri: Uri = endpoint.parse().map_err(|_| TraceError::Address)?;
        let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http") && uri.path() == "/");
        let authority = authority.filter(|authority| !authority.as_str().contains('@')).ok_or(TraceError::Address)?;
        let authority = format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(80));
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|_| TraceError::Exporter)?;
        Ok(Self { authority, runtime })
    }

    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let host = HeaderValue::from_str(&self.authority)?;
        request.headers_mut().insert(HOST, host);
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).parse()?;
        *request.uri_mut() = target;
        let stream = TcpStream::connect(&self.authority).await?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
        // It is driven by this runtime, which goes on only while something is sent.
        drop(tokio::spawn(connection));
        let (head, body) = sender.send_request(request.map(Full::new)).await?.into_parts();
        let body = Limited::new(body, ANSWER_MAX_BYTES).collect().await?.to_bytes();
        Ok(Response::from_parts(head, body))
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}

impl HttpClient for Sender {
    fn send_bytes<'s, 'f>(
        &'s self,
        request: Request<Bytes>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        let sent = self.runtime.block_on(async { timeout(SEND_TIMEOUT, self.send(request)).await });
        let late = || io::Error::from(io::ErrorKind::TimedOut);
        Box::pin(std::future::ready(sent.unwrap_or_else(|_| Err(late().into()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints() {
        for (endpoint, expected) in [
            ("http://127.0.0.1:4318", Some("127.0.0.1:4318")),
            ("http://collector.internal/", Some("collector.internal:80")),
            ("https://127.0.0.1:4318", None),
            ("http://user@127.0.0.1:4318", None),
            ("http://127.0.0.1:4318/v1/traces", None),
            ("127.0.0.1:4318", None),
            ("", None),
        ] {
            let sender = Sender::to(endpoint).ok();
            assert_eq!(sender.as_ref().map(|sender| &*sender.authority), expected, "{endpoint}");
        }
    }
}
