//! A Redis of its own for a test, on a free port of the loopback.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::Home;

/// A server that runs as long as this is held.
pub(crate) struct Redis {
    child: Child,
    address: SocketAddr,
    _home: Home,
}

const PATIENCE: Duration = Duration::from_secs(10);

impl Redis {
    /// Starts a server, which keeps everything in memory.
    pub(crate) fn start() -> Self {
        // Redis takes no port 0: another program may take the one that was free, then there is a next one.
        (0..20).find_map(|_| Self::start_on(free_port())).unwrap()
    }

    fn start_on(port: u16) -> Option<Self> {
        let home = Home::new();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string()]);
        command.arg("--dir").arg(home.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        // It goes on when nobody reads what it tells.
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        let is_up = told.any(|line| line.is_ok_and(|line| line.contains("Ready to accept connections")));
        let server = Self { child, address: (Ipv4Addr::LOCALHOST, port).into(), _home: home };
        is_up.then_some(server)
    }

    /// `redis://127.0.0.1:PORT/0`
    pub(crate) fn url(&self) -> String {
        format!("redis://{}/0", self.address)
    }

    /// What the server says to a command of words without blanks, to its last line at most.
    pub(crate) fn say(&self, command: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "{command}\r\nQUIT\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.strip_suffix("+OK\r\n").unwrap_or(&answer).to_owned()
    }

    /// Ends the server while programs still use it.
    pub(crate) fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

#[test]
fn each_test_has_a_server_of_its_own() {
    let (mut one, other) = (Redis::start(), Redis::start());
    assert_ne!(one.url(), other.url());
    assert_eq!(one.say("SET a b"), "+OK\r\n");
    assert_eq!(one.say("GET a"), "$1\r\nb\r\n");
    assert_eq!(other.say("GET a"), "$-1\r\n");
    one.stop();
    assert!(TcpStream::connect(one.address).is_err());
}
