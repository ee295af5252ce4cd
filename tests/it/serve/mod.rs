//! The doors, from outside: a real server process, a real nginx behind its proxy.

mod answers;
mod api;
mod asked;
mod bodies;
mod clients;
mod explain;
mod figures;
mod h2;
mod handover;
mod keys;
mod leaks;
mod limits;
mod load;
mod logs;
pub(crate) mod nginx;
mod prometheus;
mod platform;
mod proxy;
mod readme;
mod routes;
mod rulings;
mod self_test;
mod smuggled;
mod threats;
mod tls;
#[cfg(feature = "otel")]
mod traces;
mod tunnels;
mod watch;

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::Home;

/// A server that runs as long as this is held.
pub(crate) struct Serving {
    pub(crate) child: Child,
    /// The one that serves now, which may be a successor.
    pid: u32,
    pub(crate) api: SocketAddr,
    proxy: Option<SocketAddr>,
    figures: Option<SocketAddr>,
    log: Arc<Mutex<String>>,
    home: Home,
}

/// An answer, taken apart.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Doors, as they tell of themselves.
pub(crate) const API: &str = "check API on";
pub(crate) const PROXY: &str = "proxy on";
const FIGURES: &str = "figures and health on";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
const PATIENCE: Duration = Duration::from_secs(20);

impl Serving {
    /// Starts a server with that configuration on free ports.
    fn start(config: &str) -> Self {
        Self::start_with(config, &[])
    }

    fn start_with(config: &str, arguments: &[&str]) -> Self {
        let home = Home::new();
        let path = home.file("linkgate.toml", config);
        let all = [&["--config", path.to_str().unwrap(), "serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let command = home.command(&all);
        let doors =
            [(API, true), (PROXY, config.contains("[proxy]")), (FIGURES, config.contains("[telemetry]\nlisten"))];
        let doors: Vec<&str> = doors.into_iter().filter_map(|(door, is_there)| is_there.then_some(door)).collect();
        Self::spawn(home, command, &doors)
    }

    /// Runs a command that is a server in the end.
    pub(crate) fn spawn(home: Home, mut command: Command, doors: &[&str]) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut address = |name: &str| -> SocketAddr {
            let line = lines.find(|line| line.as_ref().unwrap().contains(name)).unwrap().unwrap();
            line.split("://").nth(1).unwrap().split([',', ' ']).next().unwrap().parse().unwrap()
        };
        let addresses: Vec<SocketAddr> = doors.iter().map(|door| address(door)).collect();
        let of = |name: &str| Some(addresses[doors.iter().position(|door| *door == name)?]);
        let (api, proxy, figures) = (of(API).unwrap(), of(PROXY), of(FIGURES));
        let log = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        Self { pid: child.id(), child, api, proxy, figures, log, home }
    }

    pub(crate) fn signal(&self, name: &str) {
        assert!(Command::new("kill").args(["-s", name, &self.pid.to_string()]).status().unwrap().success());
    }

    /// How often the log has that text.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.log.lock().unwrap().matches(text).count()
    }

    /// Everything that was logged.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the log has that text.
    pub(crate) fn wait_for(&self, text: &str) {
        wait_until(text, || self.log.lock().unwrap().contains(text));
    }

    pub(crate) fn check(&self, body: &str) -> Answer {
        post(self.api, "/v1/check", "application/json", body.as_bytes())
    }

    /// A figure by its name with its labels.
    pub(crate) fn figure(&self, name: &str) -> Option<f64> {
        let text = get(self.figures.unwrap_or(self.api), "/metrics").body;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        line.parse().ok()
    }

    pub(crate) fn proxy(&self) -> SocketAddr {
        self.proxy.unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if self.pid != self.child.id() {
            let _ = Command::new("kill").args(["-s", "KILL", &self.pid.to_string()]).stderr(Stdio::null()).status();
        }
    }
}

pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A port that nobody has just now.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn post(to: SocketAddr, path: &str, content_type: &str, body: &[u8]) -> Answer {
    request(to, "POST", path, &[("Content-Type", content_type)], body)
}

pub(crate) fn get(to: SocketAddr, path: &str) -> Answer {
    request(to, "GET", path, &[], b"")
}

/// One request on a connection of its own.
pub(crate) fn request(to: SocketAddr, method: &str, path: &str, fields: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    for (name, value) in fields {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    if !body.is_empty() || method == "POST" {
        write!(head, "Content-Length: {}\r\n", body.len()).unwrap();
    }
    raw(to, &[head.as_bytes(), b"\r\n", body].concat())
}

/// Sends bytes as they are and reads to the end.
fn raw(to: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // The server may answer, and close, before it has read everything.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

pub(crate) fn json(answer: &Answer) -> serde_json::Value {
    serde_json::from_str(&answer.body).unwrap()
}
