//! Traces, as a collector gets them that is built on OpenTelemetry's own messages.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::Value;

use super::nginx::Nginx;
use super::{Serving, free_port, get, request, wait_until};
use crate::root;

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// A collector that runs as long as this is held.
struct Sink {
    child: Child,
    port: u16,
    spans: Arc<Mutex<Vec<Value>>>,
}

impl Sink {
    /// Unless the libraries that `tests/run` installs are missing.
    fn start() -> Option<Self> {
        let python = root().join("target/python/bin/python");
        if !python.exists() {
            eprintln!("left out: traces, since target/python is not there; run tests/run");
            return None;
        }
        let mut command = Command::new(python);
        command.args(["-I", "-B"]).arg(root().join("tests/trace_sink.py")).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.next().unwrap().parse().unwrap();
        let spans = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&spans);
        std::thread::spawn(move || {
            lines.for_each(|line| kept.lock().unwrap().push(serde_json::from_str(&line).unwrap()));
        });
        Some(Self { child, port, spans })
    }

    /// The spans it got, by name, once there are as many.
    fn got(&self, count: usize) -> BTreeMap<String, Value> {
        wait_until("spans", || self.spans.lock().unwrap().len() >= count);
        let spans = self.spans.lock().unwrap();
        assert_eq!(spans.len(), count, "{spans:?}");
        spans.iter().map(|span| (span["name"].as_str().unwrap().to_owned(), span.clone())).collect()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn config(upstream: impl std::fmt::Display, trusted: &str, port: u16, ratio: &str) -> String {
    format!(
        "[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://{upstream}\"\nplatform = \"mastodon\"\n\
         trusted_proxies = [{trusted}]\n\
         [telemetry]\notlp_endpoint = \"http://127.0.0.1:{port}\"\notlp_ratio = {ratio}\n"
    )
}

fn post(server: &Serving, flags: &str, body: &str) -> u16 {
    let parent = format!("00-{TRACE}-b7ad6b7169203331-{flags}");
    let fields = [FORM, ("traceparent", &*parent), ("tracestate", "a=b")];
    request(server.proxy(), "POST", "/api/v1/statuses", &fields, body.as_bytes()).status
}

#[test]
fn a_trace_of_a_front_that_is_trusted_goes_on_to_the_platform() {
    let (nginx, Some(sink)) = (Nginx::start(), Sink::start()) else { return };
    let server = Serving::start(&config(nginx.address, "\"127.0.0.1\"", sink.port, "0.0"));
    // What the front did not trace is not traced here either.
    assert_eq!(post(&server, "00", "status=hello"), 200);
    assert_eq!(post(&server, "01", "status=see+https://fine.example/secret"), 200);
    let spans = sink.got(3);
    let (asked, judge, upstream) = (&spans["request"], &spans["judge"], &spans["upstream"]);
    assert_eq!((&asked["parent"], &asked["path"]), (&"b7ad6b7169203331".into(), &"/v1/traces".into()));
    for (span, parent) in [(asked, &asked["parent"]), (judge, &asked["span"]), (upstream, &asked["span"])] {
        assert_eq!((&span["trace"], &span["parent"]), (&TRACE.into(), parent), "{span}");
        assert_eq!(span["resource"]["service.name"], "linkgate");
    }
    let attributes =
        serde_json::json!({"door": "proxy", "platform": "mastodon", "outcome": "forwarded", "status": 200});
    assert_eq!(asked["attributes"], attributes);
    assert_eq!((&judge["attributes"], &upstream["attributes"]), (&serde_json::json!({}), &serde_json::json!({})));
    let got = nginx.got_after(2);
    assert_eq!(got[0]["trace"].as_str().unwrap().rsplit('-').next(), Some("00"));
    assert_eq!(got[1]["trace"], format!("00-{TRACE}-{}-01", upstream["span"].as_str().unwrap()));
}

#[test]
fn strangers_begin_no_traces_and_nothing_of_a_post_is_in_one() {
    let Some(sink) = Sink::start() else { return };
    let gone = format!("127.0.0.1:{}", free_port());
    let server = Serving::start(&config(&gone, "", sink.port, "1.0"));
    assert_eq!(post(&server, "01", "status=see+https://listed.example/secret"), 422);
    let spans = sink.got(2);
    assert_ne!(spans["request"]["trace"], TRACE);
    assert_eq!(spans["request"]["attributes"]["outcome"], "reject");
    assert_eq!(post(&server, "00", "status=see+https://fine.example/secret"), 502);
    let spans = sink.got(5);
    assert_eq!((&spans["upstream"]["failed"], &spans["judge"]["failed"]), (&true.into(), &false.into()));
    let body = r#"{"text":"https://listed.example/secret"}"#;
    let fields = [("traceparent", &*format!("00-{TRACE}-b7ad6b7169203331-01"))];
    assert_eq!(request(server.api, "POST", "/v1/check", &fields, body.as_bytes()).status, 200);
    let spans = sink.got(7);
    assert_eq!((&spans["request"]["trace"], &spans["request"]["attributes"]["door"]), (&TRACE.into(), &"api".into()));
    get(server.api, "/healthz");
    let all = serde_json::to_string(&*sink.spans.lock().unwrap()).unwrap();
    for secret in ["example", "secret", "statuses", "127.0.0.1"] {
        assert!(!all.contains(secret), "{all}");
    }
}

#[test]
fn a_collector_that_is_gone_holds_up_nobody() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for port in [free_port(), silent.local_addr().unwrap().port()] {
        let mut server = Serving::start(&config("127.0.0.1:9", "", port, "1.0"));
        let memory = || server.figure("process_resident_memory_bytes").unwrap();
        for _ in 0..50 {
            assert_eq!(server.check(r#"{"text":"https://listed.example/"}"#).status, 200);
        }
        let (before, began) = (memory(), Instant::now());
        for _ in 0..5_000 {
            server.check(r#"{"text":"https://listed.example/"}"#);
        }
        let (grown, took) = (memory() - before, began.elapsed());
        // As many spans as may wait are a megabyte or two.
        assert!(grown < 16e6, "{grown} bytes more");
        assert!(took.as_secs() < 30, "{took:?}");
        let ending = Instant::now();
        server.signal("TERM");
        assert!(server.child.wait().unwrap().success());
        assert!(ending.elapsed().as_secs() < 10, "{:?}", ending.elapsed());
    }
}

#[test]
fn what_is_wrong_with_the_setting_is_said() {
    let home = crate::Home::new();
    for (setting, expected) in [
        ("otlp_endpoint = \"https://127.0.0.1:4318\"", "the collector is no address: http://HOST:PORT"),
        ("otlp_endpoint = \"http://127.0.0.1:4318\"\notlp_ratio = 1.5", "otlp_ratio is not between 0.0 and 1.0"),
    ] {
        let config = home.file("linkgate.toml", format!("[telemetry]\n{setting}\n"));
        let ran = home.run(&["--config", config.to_str().unwrap(), "serve", "--listen", "127.0.0.1:0"]);
        assert_eq!(ran.code, 2, "{setting}");
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    }
}
