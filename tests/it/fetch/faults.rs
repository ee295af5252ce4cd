//! Hosts that misbehave in every way: each chain ends, in time, by a name, with little memory, and the listed host hears nothing.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::World;
use crate::shared;

const LISTED: &str = "1.0.0.1";
const RSS_MAX_BYTES: u64 = 100 << 20;
/// Where each request and each chain ends, in these tests.
const SETTINGS: &str = "request_timeout_ms = 700\nchain_timeout_ms = 2000\nhost_failures_max = 1000\n";
const CHAIN: Duration = Duration::from_secs(2);

/// What the faulty server can do, by its own account.
fn modes(server: &str) -> Vec<String> {
    let listed = Command::new("python3").args(["-B", server, "--port", "1", "--list"]).output().unwrap();
    let text = String::from_utf8(listed.stdout).unwrap();
    let (_, modes) = text.lines().next().unwrap().split_once("modes: ").unwrap();
    modes.split(' ').map(str::to_owned).collect()
}

/// The faulty server on every address of the internet, which by itself listens on one.
fn faulty(server: &str) -> World {
    let everywhere = "import runpy, socket, sys\n\
        bind = socket.socket.bind\n\
        socket.socket.bind = lambda self, place: bind(self, ('0.0.0.0', place[1]))\n\
        sys.argv = sys.argv[1:]\n\
        runpy.run_path(sys.argv[0], run_name='__main__')";
    let also =
        json!([["python3", "-B", "-c", everywhere, server, "--port", "80", "--seconds", "120", "--max-mb", "200"]]);
    let world = World::new().with("also", also).with("http", json!([])).with("seconds", json!(110));
    world.host("faulty.test", "8.8.8.8").host("good.test", "1.1.1.1").host("listed.test", LISTED).settings(SETTINGS)
}

/// The link of a mode.
fn link(mode: &str) -> String {
    format!("http://faulty.test/f/{mode}/x")
}

#[test]
fn every_fault_ends_by_a_name_and_in_time() {
    let Some(server) = shared("security/fault_upstream.py") else { return };
    let server = server.to_str().unwrap();
    let modes = modes(server);
    let lines: Vec<String> = modes.iter().map(|mode| json!({ "id": mode, "url": link(mode) }).to_string()).collect();
    // One after the other: as whoever reads no pages, and as whoever reads them.
    for table in ["other.test", "faulty.test", "faulty.test page"] {
        let world = faulty(server);
        let path = world.path().join("shorteners.txt");
        std::fs::write(&path, table).unwrap();
        let tables = format!("[tables]\nshorteners = '{}'\n", path.display());
        let visit = world.settings(&(SETTINGS.to_owned() + &tables)).run(&["inspect", "fetch"], &lines.join("\n"));
        let told: BTreeMap<String, Value> =
            visit.lines().into_iter().map(|line| (line["id"].as_str().unwrap().to_owned(), line)).collect();
        assert_eq!(told.len(), modes.len(), "{}", visit.ran.stderr);
        for mode in &modes {
            let reason = told[mode]["reason"].as_str().unwrap();
            assert!(REASONS.contains(&reason), "{table}: {}", told[mode]);
            if let Some((_, expected)) = EXPECTED.iter().find(|(name, _)| name == mode) {
                assert!(expected.contains(&reason), "{table}: {}", told[mode]);
            }
        }
        assert!(!visit.dialled().iter().any(|(ip, _)| ip.to_string() == LISTED || ip.is_loopback()), "{table}");
        assert!(
            !visit.dialled().iter().any(|(ip, port)| *port == 22 || ip.to_string() == "169.254.169.254"),
            "{table}"
        );
        assert!(!visit.requests().iter().any(|request| request.contains("listed.test")), "{table}");
        let (rss, seconds) = visit.cost();
        eprintln!("{table}: {} faults in {seconds:.1} s with {} MiB at most", modes.len(), rss >> 20);
        assert!(rss < RSS_MAX_BYTES, "{table}: {rss}");
        assert!(seconds < CHAIN.as_secs_f64() * modes.len() as f64, "{table}: {seconds}");
    }
}

/// Some of them the way that users see them.
#[test]
fn checks_end_as_well() {
    let Some(server) = shared("security/fault_upstream.py") else { return };
    for (mode, stop, code) in [
        ("ok", "arrived", 0),
        ("redir_loop", "loop", 1),
        ("redir_metadata", "refused_address", 1),
        ("redir_loopback", "refused_address", 1),
        ("redir_chain30", "hops", 1),
        ("redir_file", "not_http", 0),
        ("cloak_ua", "listed", 1),
        ("cloak_method", "listed", 1),
        ("hang_headers", "network", 1),
        ("endless_body", "hops", 1),
    ] {
        let world = faulty(server.to_str().unwrap());
        let path = world.path().join("shorteners.txt");
        std::fs::write(&path, "faulty.test page").unwrap();
        let world =
            world.settings(&format!("{SETTINGS}follow = \"all\"\n[tables]\nshorteners = '{}'\n", path.display()));
        let visit = world.run(&["check", "--follow", "--json", &link(mode)], "");
        let report: Value = serde_json::from_str(&visit.ran.stdout).unwrap();
        assert_eq!(report["reports"][0]["links"][0]["redirect"]["stop"], stop, "{mode}: {report}");
        assert_eq!(visit.ran.code, code, "{mode}: {report}");
        assert!(!visit.dialled().iter().any(|(ip, _)| ip.to_string() == LISTED), "{mode}");
        let (rss, seconds) = visit.cost();
        assert!(rss < RSS_MAX_BYTES && seconds < CHAIN.as_secs_f64() + 1.5, "{mode}: {rss} bytes, {seconds} s");
    }
}

/// All that a chain can end by.
const REASONS: &[&str] = &[
    "arrived",
    "not_http",
    "unstable",
    "loop",
    "hops",
    "deadline",
    "listed",
    "unresolved",
    "timeout",
    "connect",
    "garbled",
    "status",
    "port",
    "name",
    "loopback",
    "link_local",
];

/// By what a fault must end.
const EXPECTED: &[(&str, &[&str])] = &[
    ("ok", &["arrived"]),
    ("keepalive_close", &["arrived"]),
    ("hang_headers", &["timeout", "deadline"]),
    ("reset_headers", &["garbled", "connect"]),
    ("garbage", &["garbled"]),
    ("ssh_banner", &["garbled"]),
    ("endless_headers", &["garbled", "timeout"]),
    ("huge_header", &["garbled"]),
    ("many_headers", &["garbled"]),
    ("cl_neg", &["garbled"]),
    ("s500", &["status"]),
    ("s429", &["status"]),
    ("redir_loop", &["loop"]),
    ("redir_self", &["loop"]),
    ("redir_metadata", &["link_local"]),
    ("redir_loopback", &["loopback"]),
    ("redir_scheme_rel", &["loopback"]),
    ("redir_backslash", &["loopback"]),
    ("redir_userinfo", &["loopback"]),
    ("redir_two", &["garbled"]),
    ("redir_port22", &["port"]),
    ("redir_file", &["not_http"]),
    ("redir_chain30", &["hops"]),
    ("redir_none", &["arrived"]),
    ("refresh_header", &["link_local"]),
];
