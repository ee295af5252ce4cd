//! Links that are followed while posts wait, and verdicts that come late: a real server in a scripted internet.

mod chains;
mod changes;
mod doors;
mod egress;
mod hashes;
mod kill;
mod large;
mod later;
mod many;
mod pages;
mod partly;
mod reload;
mod rescan;
#[cfg(feature = "redis")]
mod shared;
mod unopened;
mod web;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::Home;
use crate::outbox::{Receiver, answer};
use crate::serve::{API, Answer, PROXY, Serving, json as body, request, wait_until};
use web::Web;

/// An internet, a platform that takes events, and the files of a server.
struct Stand {
    web: Web,
    hooks: Receiver,
    files: Home,
}

/// All of them are asked, unless a list has something on them. The end of a chain, `end.test`, is not among them.
const SHORTENERS: &str = "a.test\nb.test\nc.test\nslow.test\nlisted.test\nother.test\npages.test page\n";
const LIST: &str = "listed.test\n";
/// More time than a chain needs even on a busy machine, and less than a slow host takes.
const PATIENT: &str = "[api]\ndeadline_ms = 1000\n";
/// Within that a post is answered: the deadline, and what a busy machine needs.
const ANSWERED: Duration = Duration::from_millis(400);
/// As long as a host takes that is too slow.
const SLOW: Duration = Duration::from_millis(1_500);

impl Stand {
    fn new() -> Self {
        let files = Home::new();
        files.file("shorteners.txt", SHORTENERS);
        files.file("list.txt", LIST);
        files.file("secret", "0123456789012345678901234567");
        Self { web: Web::start(), hooks: Receiver::start(|_| answer("204 No Content", "")), files }
    }

    fn path(&self, name: &str) -> String {
        self.files.path().join(name).to_str().unwrap().to_owned()
    }

    /// The configuration with these lines more.
    fn config(&self, more: &str) -> PathBuf {
        let [shorteners, list, secret] = ["shorteners.txt", "list.txt", "secret"].map(|name| self.path(name));
        let aliases = self.path("aliases.toml");
        let aliases =
            if std::fs::exists(&aliases).unwrap() { format!("aliases = {aliases:?}\n") } else { String::new() };
        let text = format!(
            "[tables]\nshorteners = {shorteners:?}\n{aliases}[webhook]\nurl = {:?}\nsecret_file = {secret:?}\n{more}\n\
             [[lists]]\nname = \"own\"\npath = {list:?}\n",
            self.hooks.url()
        );
        self.files.file("linkgate.toml", text)
    }

    /// The program in this internet.
    fn command(&self, more: &str, arguments: &[&str]) -> Command {
        let config = self.config(more);
        let mut command = self.files.command(&[&["--config", config.to_str().unwrap()], arguments].concat());
        command.env("LINKGATE_TEST_RESOLVER", self.web.dns.to_string()).env("LINKGATE_TEST_ALLOW_NET", "127.0.0.0/8");
        command
    }

    /// A server, which finds the state of those before.
    fn serve(&self, more: &str) -> Serving {
        self.serve_as(more, "state")
    }

    /// One with its own state.
    fn serve_as(&self, more: &str, state: &str) -> Serving {
        let mut command = self.command(more, &["serve", "--listen", "127.0.0.1:0"]);
        command.env("XDG_STATE_HOME", self.path(state));
        let doors = if more.contains("[proxy]") { &[API, PROXY][..] } else { &[API] };
        Serving::spawn(Home::new(), command, doors)
    }

    /// A post with a link to that place.
    fn post(&self, place: &str) -> String {
        json!({"id": place, "text": format!("see {} now", self.web.url(place))}).to_string()
    }

    /// Every event of a check so far with its `webhook-id`, deliveries of one event included.
    fn events(&self) -> Vec<(String, Value)> {
        self.told("linkgate.check.settled")
    }

    /// The same of changes of lists.
    fn changes(&self) -> Vec<(String, Value)> {
        self.told("linkgate.list.changed")
    }

    fn told(&self, kind: &str) -> Vec<(String, Value)> {
        let event = |got: crate::outbox::Delivery| {
            (got.headers["webhook-id"].clone(), serde_json::from_slice(&got.body).unwrap())
        };
        let all: Vec<(String, Value)> = self.hooks.got().into_iter().map(event).collect();
        all.into_iter().filter(|(_, event)| event["type"] == kind).collect()
    }

    /// The data of the first event, which there must be, and of no other.
    fn only_event(&self) -> Value {
        wait_until("an event", || !self.events().is_empty());
        std::thread::sleep(SLOW);
        let mut events = self.events();
        assert_eq!(events.len(), 1, "{events:?}");
        events.remove(0).1["data"].take()
    }
}

/// What a check came to, and how long it took.
fn check(server: &Serving, post: &str) -> (Value, Duration) {
    let began = Instant::now();
    let answer = server.check(post);
    let took = began.elapsed();
    assert_eq!(answer.status, 200, "{}", answer.body);
    (body(&answer), took)
}

/// Action, status, reason and the end of the chain of the first link.
fn told(report: &Value) -> [&str; 4] {
    let link = &report["links"][0];
    [&report["action"], &link["status"], &link["reason"], &link["redirect"]["stop"]]
        .map(|value| value.as_str().unwrap_or("-"))
}

/// Waits until nothing is to be finished or delivered any more.
fn wait_for_rest(server: &Serving) {
    wait_until("everything to be told", || {
        ["linkgate_followups_pending", "linkgate_events_pending"].iter().all(|name| server.figure(name) == Some(0.0))
    });
}

/// The lines of a key, which is its name.
fn key(name: &str, more: &str) -> String {
    let sha256 = data_encoding::HEXLOWER.encode(&Sha256::digest(name));
    format!("[[keys]]\nname = \"{name}\"\nsha256 = \"{sha256}\"\n{more}\n")
}

fn by(key: &str, server: &Serving, method: &str, path: &str, body: &str) -> Answer {
    let authorization = format!("Bearer {key}");
    let fields = [("Authorization", &*authorization), ("Content-Type", "application/json")];
    request(server.api, method, path, &fields, body.as_bytes())
}
