//! Cases served by hyper: over sockets, byte by byte in memory, and without `Strict` in front.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::super::{Limits, Protocol, Strict, Violation, refusal};
use super::cases::{Case, Expected, cases};

/// A request as a service sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) body: u64,
    pub(super) end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Whole,
    Cut,
    Refused(Violation),
}

type Log = Arc<Mutex<Vec<Seen>>>;

async fn answer(request: Request<Incoming>, log: Log) -> Result<Response<Empty<Bytes>>, Infallible> {
    let mut seen = Seen {
        method: request.method().to_string(),
        target: request.uri().to_string(),
        body: 0,
        end: refusal(request.method(), request.uri().path()).map_or(End::Whole, End::Refused),
    };
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => seen.body += frame.data_ref().map_or(0, |data| data.len() as u64),
            Err(error) => {
                seen.end = Violation::of(&error).map_or(End::Cut, End::Refused);
                break;
            }
        }
    }
    // An answer that takes its time must survive the end of input.
    tokio::task::yield_now().await;
    let mut response = Response::new(Empty::new());
    if let End::Refused(violation) = seen.end {
        *response.status_mut() = violation.status();
        response.headers_mut().insert("reason", violation.code().parse().unwrap());
    }
    log.lock().unwrap().push(seen);
    Ok(response)
}

/// Serves a connection to its end; what the service saw.
pub(super) async fn serve(io: impl AsyncRead + AsyncWrite + Unpin + 'static) -> Vec<Seen> {
    let log = Log::default();
    let for_service = Arc::clone(&log);
    let service = service_fn(move |request| answer(request, Arc::clone(&for_service)));
    // How a connection ends is in the log.
    let _ = http1::Builder::new().half_close(true).serve_connection(TokioIo::new(io), service).await;
    log.lock().unwrap().clone()
}

/// Sends bytes through a pipe of some width and says what the service saw.
pub(super) async fn in_memory(bytes: &[u8], width: usize, front: Front) -> Vec<Seen> {
    let (client, server) = tokio::io::duplex(width);
    let (mut reading, mut writing) = tokio::io::split(client);
    let writing = async {
        // A server that refuses stops reading.
        let _ = writing.write_all(bytes).await;
        let _ = writing.shutdown().await;
    };
    let mut answers = Vec::new();
    let reading = reading.read_to_end(&mut answers);
    let server = async {
        match front {
            Front::Strict => serve(Strict::http1(server, Limits::default())).await,
            Front::Nothing => serve(server).await,
        }
    };
    tokio::join!(writing, reading, server).2
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Front {
    Strict,
    Nothing,
}

pub(super) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Sends bytes over a socket; the answers, and what the service saw.
async fn over_tcp(listener: &TcpListener, case: &Case) -> (Vec<u8>, Vec<Seen>) {
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    let client = async move {
        client.write_all(&case.bytes).await.unwrap();
        // Of a refused connection the server has to let go by itself.
        if case.expected == Expected::Requests {
            client.shutdown().await.unwrap();
        }
        let mut answers = Vec::new();
        client.read_to_end(&mut answers).await.unwrap();
        answers
    };
    let server = async {
        let (protocol, strict) = detect(server).await;
        assert_eq!(protocol, Protocol::Http1, "{case}");
        serve(strict).await
    };
    tokio::join!(client, server)
}

/// A connection whose first bytes tell what it speaks.
pub(super) async fn detect<IO: AsyncRead + AsyncWrite + Unpin>(mut io: IO) -> (Protocol, Strict<IO>) {
    let mut start = BytesMut::new();
    let protocol = Strict::detect(&mut io, &mut start).await.unwrap();
    let mut strict = Strict::begin(io, protocol, start, Limits::default());
    if protocol == Protocol::Http1 {
        strict.first_head().await.unwrap();
    }
    (protocol, strict)
}

fn expect(case: &Case, seen: &[Seen]) {
    let meant = case.requests.iter().map(|&(method, target, body)| (method.to_owned(), target.to_owned(), body));
    let mut meant: Vec<_> =
        meant.map(|(method, target, body)| Seen { method, target, body, end: End::Whole }).collect();
    if let Expected::Refused(code) = case.expected {
        let violation = Violation::ALL.iter().copied().find(|violation| violation.code() == code).unwrap();
        if case.in_body {
            meant.last_mut().unwrap().end = End::Refused(violation);
        } else {
            let (method, target) = ("LINKGATE-REFUSE".to_owned(), format!("/{code}"));
            meant.push(Seen { method, target, body: 0, end: End::Refused(violation) });
        }
    } else if case.is_cut {
        meant.last_mut().unwrap().end = End::Cut;
    }
    assert_eq!(seen, meant, "{case}");
}

#[test]
fn over_a_socket_the_service_sees_what_was_meant_and_nothing_refused() {
    runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        for case in cases() {
            let (answers, seen) = over_tcp(&listener, &case).await;
            expect(&case, &seen);
            let answers = String::from_utf8(answers).unwrap();
            assert_eq!(answers.matches("HTTP/1.").count(), seen.len(), "{case}: {answers}");
            if let Expected::Refused(code) = case.expected {
                assert!(answers.contains(&format!("reason: {code}\r\n")), "{case}: {answers}");
            }
        }
    });
}

#[test]
fn byte_by_byte_the_service_sees_the_same() {
    runtime().block_on(async {
        for case in cases().iter().filter(|case| case.bytes.len() <= 2048) {
            expect(case, &in_memory(&case.bytes, 1, Front::Strict).await);
        }
    });
}
