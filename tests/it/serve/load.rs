//! Clients that never rest: on connections of their own and on kept ones, and an account of every request.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

use super::{PATIENCE, wait_until};

/// How a client uses connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// A new one for each request.
    New,
    /// One for many requests, each right behind the answer before.
    Busy,
    /// The same with time between.
    Idle,
}

/// What clients have met so far.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) answered: AtomicU64,
    /// Kept connections that were closed while nothing was asked.
    pub(super) closed: AtomicU64,
    /// Requests that were sent whole, or connections that were wanted, without a complete answer.
    pub(super) lost: Mutex<Vec<String>>,
    /// From then on nobody need be there.
    is_ending: AtomicBool,
    is_over: AtomicBool,
}

/// Clients at work.
pub(super) struct Load {
    pub(super) account: Arc<Account>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    /// Begins; each of the requests is sent in every manner.
    pub(super) fn start(requests: &[(SocketAddr, String)]) -> Self {
        let account = Arc::<Account>::default();
        let client = |(to, request): &(SocketAddr, String), manner: Manner| {
            let (account, to, request) = (Arc::clone(&account), *to, request.clone());
            spawn(move || account.ask_on(to, &request, manner))
        };
        let manners = [Manner::New, Manner::New, Manner::Busy, Manner::Busy, Manner::Idle];
        let clients = requests.iter().flat_map(|request| manners.map(|manner| client(request, manner))).collect();
        Self { account, clients }
    }

    /// Waits until that many more requests were answered.
    pub(super) fn wait_for(&self, more: u64) {
        let enough = self.account.answered.load(Ordering::Relaxed) + more;
        wait_until("answers", || {
            self.account.answered.load(Ordering::Relaxed) >= enough || !self.account.lost.lock().unwrap().is_empty()
        });
    }

    /// Says that the server is about to end, so that it may be gone.
    pub(super) fn expect_the_end(&self) {
        self.account.is_ending.store(true, Ordering::SeqCst);
    }

    /// Lets clients finish, and gives their account. Whoever meets nobody at the end has finished too.
    pub(super) fn end(self) -> Arc<Account> {
        self.account.is_over.store(true, Ordering::SeqCst);
        self.clients.into_iter().for_each(|client| client.join().unwrap());
        self.account
    }
}

impl Account {
    fn ask_on(&self, to: SocketAddr, request: &str, manner: Manner) {
        while !self.is_over.load(Ordering::SeqCst) {
            match TcpStream::connect_timeout(&to, PATIENCE) {
                Ok(stream) => self.use_up(stream, request, manner),
                Err(_) if self.is_ending.load(Ordering::SeqCst) => return,
                Err(error) => {
                    self.lost.lock().unwrap().push(format!("{manner:?}: no connection: {error}"));
                    return;
                }
            }
        }
    }

    /// Asks on one connection as long as it may be used.
    fn use_up(&self, mut stream: TcpStream, request: &str, manner: Manner) {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        for number in 0_u64.. {
            if self.is_over.load(Ordering::SeqCst) {
                return;
            }
            if is_closed(&stream) {
                self.closed.fetch_add(1, Ordering::Relaxed);
                return;
            }
            match exchange(&mut stream, request) {
                Ok(answer) if !answer.starts_with("HTTP/1.1 200 ") => {
                    return self.lost.lock().unwrap().push(format!("{manner:?} {number}: {answer}"));
                }
                Ok(answer) => {
                    self.answered.fetch_add(1, Ordering::Relaxed);
                    if manner == Manner::New || answer.to_ascii_lowercase().contains("\r\nconnection: close\r\n") {
                        return;
                    }
                }
                Err(error) => return self.lost.lock().unwrap().push(format!("{manner:?} {number}: {error}")),
            }
            if manner == Manner::Idle {
                sleep(Duration::from_millis(number * 37 % 400));
            }
        }
    }
}

/// Whether the server has closed it, before anything is sent.
fn is_closed(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let peeked = stream.peek(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    !matches!(peeked, Err(error) if error.kind() == ErrorKind::WouldBlock)
}

/// Sends a request whole, and reads its answer to the end; gives back the head.
fn exchange(stream: &mut TcpStream, request: &str) -> Result<String, String> {
    stream.write_all(request.as_bytes()).map_err(|error| format!("cannot be sent: {error}"))?;
    let (mut answer, mut part) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&answer[..end + 2]).into_owned();
            let lower = head.to_ascii_lowercase();
            let length = lower.split("\r\ncontent-length: ").nth(1).and_then(|rest| rest.lines().next());
            let length: usize = length.and_then(|text| text.parse().ok()).ok_or("no length")?;
            if answer.len() >= end + 4 + length {
                return Ok(head);
            }
        }
        match stream.read(&mut part) {
            Ok(0) => return Err(format!("closed after {} bytes of the answer", answer.len())),
            Ok(length) => answer.extend_from_slice(&part[..length]),
            Err(error) => return Err(format!("{error} after {} bytes of the answer", answer.len())),
        }
    }
}
