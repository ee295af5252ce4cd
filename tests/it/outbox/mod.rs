//! The outbox with real processes, disks and webhooks.

pub(crate) mod disk;
mod kill;
mod many;
pub(crate) mod webhook;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use linkgate::index::StateKey;
use linkgate::outbox::{CheckId, Event, Limits, Outbox};
use linkgate::telemetry::metrics::Metrics;
use serde_json::json;

/// A request that came to a webhook.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    /// The line and the fields, the names of which are small.
    line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// A platform that takes events, and answers by a rule.
pub(crate) struct Receiver {
    pub(crate) port: u16,
    got: Arc<Mutex<Vec<Delivery>>>,
}

impl Receiver {
    /// `answer` gives the bytes for a delivery, the first of which has the number 0.
    pub(crate) fn start(answer: impl Fn(usize) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (got, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let kept = Arc::clone(&got);
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                std::thread::spawn(move || converse(connection, &kept, &*answer));
            }
        });
        Self { port, got }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hooks?from=linkgate", self.port)
    }

    pub(crate) fn got(&self) -> Vec<Delivery> {
        self.got.lock().unwrap().clone()
    }
}

/// Reads requests and answers them as long as the connection stands.
fn converse(connection: impl Read + Write, kept: &Mutex<Vec<Delivery>>, answer: &dyn Fn(usize) -> String) {
    let mut connection = BufReader::new(connection);
    while let Some(delivery) = delivery(&mut connection) {
        let number = {
            let mut kept = kept.lock().unwrap();
            kept.push(delivery);
            kept.len() - 1
        };
        let bytes = answer(number);
        // Without an answer, the connection is all that ends; and whoever asked may have been killed.
        if bytes.is_empty() || connection.get_mut().write_all(bytes.as_bytes()).is_err() {
            return;
        }
        let _ = connection.get_mut().flush();
    }
}

fn delivery(from: &mut impl BufRead) -> Option<Delivery> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        from.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let fields = lines.iter().skip(1).map(|line| line.split_once(": ").unwrap());
    let headers: BTreeMap<String, String> =
        fields.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    from.read_exact(&mut body).ok()?;
    Some(Delivery { line: lines.swap_remove(0), headers, body })
}

pub(crate) fn answer(status: &str, fields: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{fields}Content-Length: 0\r\n\r\n")
}

fn open(dir: &Path) -> Outbox {
    Outbox::open(dir, &StateKey::new([7; 32]), Limits::default(), &Metrics::default()).unwrap()
}

/// Settles a new check whose event is due at `now`.
async fn settled(outbox: &Outbox, now: i64) -> CheckId {
    let id = CheckId::random().unwrap();
    outbox.keep(id, "", b"task", now).await.unwrap();
    let event = Event { data: json!({"action": "reject"}) };
    assert!(outbox.settle(id, b"result", Some(event), now).await.unwrap());
    id
}

/// This program again, with one test that is ignored otherwise.
fn helper(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--ignored", "--nocapture"]);
    command
}

/// What a helper was told.
pub(crate) fn told(name: &str) -> Option<String> {
    std::env::vars().find(|(known, _)| known == name).map(|(_, value)| value)
}
