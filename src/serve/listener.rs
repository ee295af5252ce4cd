//! The sockets at which the doors stand: bound here, or handed over by a service manager or a predecessor.
//!
//! They come as `systemd` hands them over: `LISTEN_FDS` sockets from descriptor 3 on, with their names in
//! `LISTEN_FDNAMES`: `api`, `proxy` or `telemetry`; without such names the first is for the API, the second for the proxy.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;

use listenfd::ListenFd;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

/// Connections that wait to be accepted.
const BACKLOG: i32 = 4_096;
/// What the name of a socket begins with that a predecessor had bound itself.
const OWN: &str = "own-";
/// What a successor has to be, or else its predecessor goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AtLeast {
    /// It serves.
    Serving,
    /// It is ready, as its predecessor is.
    Ready,
}

impl AtLeast {
    /// The name of the socket on which a predecessor waits for word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Serving => "ready",
            Self::Ready => "as-ready",
        }
    }
}

/// Who has a socket besides us, and with it the connections that wait there when we go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// Nobody.
    Us,
    /// A service manager, who gives it to the next.
    Manager,
}

/// A socket that listens.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) socket: TcpListener,
    pub(super) owner: Owner,
}

/// Which door a socket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    Api,
    Proxy,
    Telemetry,
    Word(AtLeast),
}

/// Sockets that were handed to this process when it began.
#[derive(Debug, Default)]
pub struct Inherited {
    pub(super) api: Vec<Listener>,
    pub(super) proxy: Vec<Listener>,
    pub(super) telemetry: Vec<Listener>,
    /// Where a predecessor waits to hear that we serve.
    pub(super) predecessor: Option<UnixDatagram>,
    /// Whether that one is ready.
    predecessor_is_ready: bool,
}

/// A descriptor that was handed over and is not what it should be.
#[derive(Debug, thiserror::Error)]
#[error("number {number} of the sockets in LISTEN_FDS {problem}")]
pub struct InheritError {
    number: usize,
    problem: &'static str,
}

impl Inherited {
    /// Takes what was handed over, once. `names` are those of `LISTEN_FDNAMES`.
    ///
    /// # Errors
    /// If something else than listening sockets was.
    pub fn take(names: &str) -> Result<Self, InheritError> {
        let names: Vec<&str> = names.split(':').collect();
        let is_named = names.iter().any(|name| meaning(name).is_some());
        let mut given = ListenFd::from_env();
        let mut inherited = Self::default();
        for index in 0..given.len() {
            let by_name = || names.get(index).and_then(|name| meaning(name));
            let by_place = || [For::Api, For::Proxy].get(index).map(|&door| (door, Owner::Manager));
            let problem = |problem| InheritError { number: index + 1, problem };
            let (door, owner) = if is_named { by_name() } else { by_place() }
                .ok_or(problem("is for no door; name it api, proxy or telemetry by FileDescriptorName="))?;
            let doors = match door {
                For::Api => &mut inherited.api,
                For::Proxy => &mut inherited.proxy,
                For::Telemetry => &mut inherited.telemetry,
                For::Word(at_least) => {
                    inherited.predecessor_is_ready = at_least == AtLeast::Ready;
                    let word = given.take_unix_datagram(index);
                    inherited.predecessor = word.map_err(|_| problem("is no datagram socket"))?;
                    continue;
                }
            };
            let socket = given.take_tcp_listener(index).ok().flatten().filter(listens);
            let socket = socket.ok_or(problem("is no TCP socket that listens"))?;
            doors.push(Listener { socket, owner });
        }
        Ok(inherited)
    }

    /// Where the check API is to answer.
    pub fn api(&self) -> impl Iterator<Item = SocketAddr> {
        self.api.iter().filter_map(|listener| listener.socket.local_addr().ok())
    }

    /// Whether a predecessor is ready, and goes on unless we are.
    pub fn predecessor_is_ready(&self) -> bool {
        self.predecessor_is_ready
    }

    /// Whether there is a socket for the proxy.
    pub fn has_proxy(&self) -> bool {
        !self.proxy.is_empty()
    }
}

/// What a socket of that name is for, and who has it too.
fn meaning(name: &str) -> Option<(For, Owner)> {
    let (door, owner) = name.strip_prefix(OWN).map_or((name, Owner::Manager), |door| (door, Owner::Us));
    match door {
        "api" => Some((For::Api, owner)),
        "proxy" => Some((For::Proxy, owner)),
        "telemetry" => Some((For::Telemetry, owner)),
        _ => {
            let word = [AtLeast::Serving, AtLeast::Ready].into_iter().find(|word| word.name() == door);
            word.map(|word| (For::Word(word), owner))
        }
    }
}

fn listens(socket: &TcpListener) -> bool {
    SockRef::from(socket).is_listener().unwrap_or(false) && socket.set_nonblocking(true).is_ok()
}

impl Listener {
    /// Binds a socket.
    ///
    /// # Errors
    /// If the address is in use or not of this machine.
    pub(super) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket: socket.into(), owner: Owner::Us })
    }

    /// The same socket once more, to hand it over.
    pub(super) fn again(&self) -> io::Result<Self> {
        Ok(Self { socket: self.socket.try_clone()?, owner: self.owner })
    }

    /// The name under which a successor gets it.
    pub(super) fn name(&self, door: &str) -> String {
        if self.owner == Owner::Us { format!("{OWN}{door}") } else { door.to_owned() }
    }

    /// Lets no more connections begin, while those that have begun still arrive; closing alone would reset them.
    ///
    /// Clients get no answer to a SYN, try again a second later, and meet whoever is there then.
    #[cfg(target_os = "linux")]
    pub(super) fn close_to_new(&self) {
        use socket2::SockFilter;
        /// As the kernel filters packets: drop those with SYN in byte 13 of their TCP header.
        const NO_SYN: [SockFilter; 4] = [
            SockFilter::new(0x30, 0, 0, 13),
            SockFilter::new(0x45, 0, 1, 0x02),
            SockFilter::new(0x06, 0, 0, 0),
            SockFilter::new(0x06, 0, 0, u32::MAX),
        ];
        if self.owner == Owner::Us {
            // Without it, what arrives in the very last moment is reset.
            let _ = SockRef::from(&self.socket).attach_filter(&NO_SYN);
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn close_to_new(&self) {}
}

/// Connections that the kernel has accepted already.
pub(super) fn waiting(socket: &TcpListener) -> impl Iterator<Item = (TcpStream, SocketAddr)> {
    std::iter::from_fn(|| socket.accept().ok()).filter(|(stream, _)| stream.set_nonblocking(true).is_ok())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::time::Duration;

    use super::*;

    #[test]
    fn names_of_sockets() {
        for (name, expected) in [
            ("api", Some((For::Api, Owner::Manager))),
            ("proxy", Some((For::Proxy, Owner::Manager))),
            ("own-api", Some((For::Api, Owner::Us))),
            ("own-proxy", Some((For::Proxy, Owner::Us))),
            ("ready", Some((For::Word(AtLeast::Serving), Owner::Manager))),
            ("as-ready", Some((For::Word(AtLeast::Ready), Owner::Manager))),
            ("linkgate.socket", None),
            ("API", None),
            ("own-", None),
            ("", None),
        ] {
            assert_eq!(meaning(name), expected, "{name}");
        }
    }

    #[test]
    fn what_has_begun_still_arrives_and_nothing_else() {
        let listener = Listener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = listener.socket.local_addr().unwrap();
        let mut early = TcpStream::connect(address).unwrap();
        listener.close_to_new();
        early.write_all(b"x").unwrap();
        let late = TcpStream::connect_timeout(&address, Duration::from_millis(200));
        assert_eq!(late.unwrap_err().kind(), io::ErrorKind::TimedOut);
        let (mut accepted, _) = waiting(&listener.socket).next().unwrap();
        let mut byte = [0];
        accepted.read_exact(&mut byte).unwrap();
        assert_eq!((&byte, waiting(&listener.socket).count()), (b"x", 0));
    }
}
