//! A platform in raw bytes: it keeps every byte that reaches it, and does what a test tells it to.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::wait_until;

/// What each connection brought, and whether it is over.
type Log = Arc<Mutex<Vec<(Vec<u8>, bool)>>>;

/// Listens as long as the test's process runs; its threads end with their connections.
pub(super) struct Platform {
    pub(super) address: SocketAddr,
    log: Log,
}

/// One connection from the proxy.
pub(super) struct Conn {
    pub(super) stream: TcpStream,
    pub(super) number: usize,
    at: usize,
    log: Log,
}

impl Platform {
    /// Serves each connection on a thread of its own.
    pub(super) fn start(serve: impl Fn(&mut Conn) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, log) = (listener.local_addr().unwrap(), Log::default());
        let (kept, serve) = (Arc::clone(&log), Arc::new(serve));
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                kept.lock().unwrap().push((Vec::new(), false));
                let mut conn = Conn { stream: stream.unwrap(), number, at: 0, log: Arc::clone(&kept) };
                let serve = Arc::clone(&serve);
                std::thread::spawn(move || {
                    serve(&mut conn);
                    conn.log.lock().unwrap()[conn.number].1 = true;
                });
            }
        });
        Self { address, log }
    }

    /// Answers one request on each connection, and keeps whatever else comes until it ends.
    pub(super) fn recorder() -> Self {
        Self::start(|conn| {
            if conn.request().is_some() {
                conn.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
            }
            while conn.read() {}
        })
    }

    /// Answers every request with its own target.
    pub(super) fn echo() -> Self {
        Self::start(|conn| {
            while let Some(request) = conn.request() {
                conn.answer(target(&request));
            }
        })
    }

    /// The requests on connections from the one of that number on, once all of them are over.
    pub(super) fn requests_from(&self, number: usize) -> Vec<String> {
        wait_until("the end of connections", || self.log.lock().unwrap().iter().all(|(_, is_over)| *is_over));
        self.log.lock().unwrap().iter().skip(number).flat_map(|(bytes, _)| understood(bytes)).collect()
    }

    /// The requests so far.
    pub(super) fn requests(&self) -> Vec<String> {
        self.log.lock().unwrap().iter().flat_map(|(bytes, _)| understood(bytes)).collect()
    }

    pub(super) fn connections(&self) -> usize {
        self.log.lock().unwrap().len()
    }
}

impl Conn {
    /// Reads once; whether there was anything.
    pub(super) fn read(&mut self) -> bool {
        let mut buffer = [0; 16 << 10];
        let read = self.stream.read(&mut buffer).unwrap_or(0);
        self.log.lock().unwrap()[self.number].0.extend_from_slice(&buffer[..read]);
        read > 0
    }

    fn rest(&self) -> Vec<u8> {
        self.log.lock().unwrap()[self.number].0[self.at..].to_vec()
    }

    /// The next request, whole; nothing if the connection ends first.
    pub(super) fn request(&mut self) -> Option<String> {
        loop {
            if let Some((request, bytes)) = first(&self.rest()) {
                self.at += bytes;
                return Some(request);
            }
            if !self.read() {
                return None;
            }
        }
    }

    pub(super) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref());
    }

    pub(super) fn answer(&mut self, body: &str) {
        self.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    }
}

/// The target of a request as [`understood`].
pub(super) fn target(request: &str) -> &str {
    request.lines().next().unwrap().split(' ').nth(1).unwrap()
}

/// The requests in these bytes. Whatever is no request, or could be read in two ways, fails the test.
pub(super) fn understood(mut bytes: &[u8]) -> Vec<String> {
    let mut requests = Vec::new();
    while !bytes.is_empty() {
        let Some((request, length)) = first(bytes) else {
            requests.push(format!("(cut) {}", bytes.escape_ascii()));
            break;
        };
        requests.push(request);
        bytes = &bytes[length..];
    }
    requests
}

/// The first request: method and target, its fields in order but those that the proxy itself adds, and its body; and its
/// length. Nothing if it is not whole.
fn first(bytes: &[u8]) -> Option<(String, usize)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head: String = bytes[..end].iter().map(|&byte| char::from(byte)).collect();
    let mut lines = head.split("\r\n");
    let request_line = lines.next().unwrap();
    let parts: Vec<&str> = request_line.split(' ').collect();
    let is_target =
        |target: &str| target == "*" || target.starts_with('/') && target.bytes().all(|b| b.is_ascii_graphic());
    assert!(parts.len() == 3 && parts[2] == "HTTP/1.1" && is_target(parts[1]), "{head:?}");
    assert!(!parts[0].is_empty() && parts[0].bytes().all(|b| b.is_ascii_uppercase() || b == b'-'), "{head:?}");
    let mut fields: Vec<(String, &str)> = lines
        .map(|line| {
            let (name, value) = line.split_once(": ").unwrap_or_else(|| (line.trim_end_matches(':'), ""));
            let is_token = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
            assert!(
                !name.is_empty() && is_token && !value.contains(|c: char| c.is_ascii_control() && c != '\t'),
                "{head:?}"
            );
            (name.to_ascii_lowercase(), value)
        })
        .collect();
    let all =
        |wanted: &str| fields.iter().filter(|(name, _)| name == wanted).map(|(_, value)| *value).collect::<Vec<_>>();
    assert_eq!(all("host").len(), 1, "{head:?}");
    let (lengths, codings) = (all("content-length"), all("transfer-encoding"));
    assert!(lengths.len() + codings.len() <= 1 && codings.iter().all(|coding| *coding == "chunked"), "{head:?}");
    let start = end + 4;
    let (body, bytes) = if let Some(length) = lengths.first() {
        let length: usize = length.parse().unwrap();
        (bytes.get(start..start + length)?.to_vec(), start + length)
    } else if codings.is_empty() {
        (Vec::new(), start)
    } else {
        let (body, length) = unchunked(&bytes[start..])?;
        (body, start + length)
    };
    fields.retain(|(name, _)| !name.starts_with("x-forwarded-") && name != "x-request-id");
    fields.sort();
    let mut request = format!("{} {}", parts[0], parts[1]);
    for (name, value) in fields {
        write!(request, "\n{name}: {value}").unwrap();
    }
    if !body.is_empty() {
        write!(request, "\n\n{}", String::from_utf8_lossy(&body)).unwrap();
    }
    Some((request, bytes))
}

/// A chunked body without trailers, and its length with the framing.
fn unchunked(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let line = bytes[at..].windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[at..at + line]).unwrap(), 16).unwrap();
        at += line + 2;
        let chunk = bytes.get(at..at + size + 2)?;
        assert!(chunk.ends_with(b"\r\n"), "a chunk, or trailers: {}", bytes.escape_ascii());
        body.extend_from_slice(&chunk[..size]);
        at += size + 2;
        if size == 0 {
            return Some((body, at));
        }
    }
}
