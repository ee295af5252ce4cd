//! Servers that are killed, or handed over, while posts wait: what a post was promised is told, under one id.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{SLOW, Stand, check, told, wait_for_rest};
use crate::outbox::{Receiver, answer, told as variable};
use crate::serve::wait_until;

/// Chains take longer than posts wait, and many are under way at once.
const CONFIG: &str = "[api]\ndeadline_ms = 50\n[fetch]\nhost_requests_max = 250\nsecond_look_share = 0.0\n";
const HOST_TAKES: Duration = Duration::from_millis(300);
const CLIENTS: usize = 3;
/// Within that the last server has told everything.
const REST: Duration = Duration::from_mins(1);

/// What a server says of a post, if its answer comes before the server is killed.
fn asked(api: SocketAddr, post: &str) -> Option<Value> {
    let mut stream = TcpStream::connect(api).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let length = post.len();
    let head = "POST /v1/check HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n";
    stream.write_all(format!("{head}Content-Length: {length}\r\n\r\n{post}").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
}

/// The id under which a post is told later that was not told in time.
fn promise(report: &Value) -> Option<String> {
    let id = report["check_id"].as_str();
    let is_told = told(report)[0] == "reject";
    assert!(is_told != id.is_some(), "it is told either now or later: {report}");
    id.map(str::to_owned)
}

/// The ids of each check over all deliveries, and their number.
fn ids(stand: &Stand) -> (BTreeMap<String, BTreeSet<String>>, usize) {
    let events = stand.events();
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (id, event) in &events {
        assert_eq!(event["data"]["report"]["action"], "reject", "{event}");
        assert_eq!(event["subject"], event["data"]["id"]);
        ids.entry(event["subject"].as_str().unwrap().to_owned()).or_default().insert(id.clone());
    }
    (ids, events.len())
}

#[test]
fn what_was_promised_is_told_however_often_the_server_is_killed() {
    let kills: u64 = variable("LINKGATE_TEST_KILLS").map_or(3, |text| text.parse().unwrap());
    let mut stand = Stand::new();
    // Some deliveries arrive, and the answer does not.
    stand.hooks = Receiver::start(|number| match number % 13 {
        3 => String::new(),
        7 => answer("500 Internal Server Error", ""),
        _ => answer("204 No Content", ""),
    });
    stand.web.slow("slow.test/*", HOST_TAKES, "listed.test/4");
    let (promised, number) = (Mutex::new(BTreeSet::new()), AtomicUsize::new(0));
    for round in 0..kills {
        let server = stand.serve(CONFIG);
        let until = Instant::now() + Duration::from_millis(100 + round * 7_919 % 900);
        std::thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    // Until nobody answers any more.
                    loop {
                        let number = number.fetch_add(1, Ordering::Relaxed);
                        let post = stand.post(&format!("slow.test/{number}"));
                        let Some(report) = asked(server.api, &post) else { break };
                        let is_new = promise(&report).is_none_or(|id| promised.lock().unwrap().insert(id));
                        assert!(is_new, "an id was given twice");
                    }
                });
            }
            std::thread::sleep(until - Instant::now());
            server.signal("KILL");
        });
    }
    let promised = promised.into_inner().unwrap();
    assert!(promised.len() as u64 >= kills, "{} in {kills} rounds", promised.len());
    let server = stand.serve(CONFIG);
    let began = Instant::now();
    let is_missing = |told: &BTreeMap<_, _>| promised.iter().any(|id| !told.contains_key(id));
    let left = || ["linkgate_followups_pending", "linkgate_events_pending"].map(|name| server.figure(name));
    // An event that was refused twice waits longer than others take.
    while began.elapsed() < REST && (is_missing(&ids(&stand).0) || left() != [Some(0.0); 2]) {
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(left(), [Some(0.0); 2], "checks to finish and events to tell");
    let (ids, deliveries) = ids(&stand);
    eprintln!(
        "{kills} kills: {} checks promised, {} told in {deliveries} deliveries, the last {:?} after the last start",
        promised.len(),
        ids.len(),
        began.elapsed()
    );
    let missing: Vec<_> = promised.iter().filter(|id| !ids.contains_key(*id)).collect();
    assert!(missing.is_empty(), "never told: {missing:?}");
    assert!(ids.values().all(|ids| ids.len() == 1), "told under two ids");
    let all: BTreeSet<&String> = ids.values().flatten().collect();
    assert_eq!(all.len(), ids.len(), "one id for two checks");
    assert_eq!(stand.web.counts(["listed.test"]), [0]);
}

#[test]
fn a_successor_finishes_what_was_promised_before() {
    let stand = Stand::new();
    stand.web.slow("slow.test/*", SLOW, "listed.test/4");
    let mut server = stand.serve("");
    let promised: BTreeSet<String> = (0..5)
        .map(|number| {
            let (report, _) = check(&server, &stand.post(&format!("slow.test/{number}")));
            report["check_id"].as_str().unwrap().to_owned()
        })
        .collect();
    server.hand_over();
    wait_until("events", || ids(&stand).0.len() == promised.len());
    wait_for_rest(&server);
    std::thread::sleep(SLOW);
    let (ids, deliveries) = ids(&stand);
    assert_eq!((ids.keys().cloned().collect::<BTreeSet<_>>(), deliveries), (promised.clone(), promised.len()));
    for id in &promised {
        assert!(crate::serve::get(server.api, &format!("/v1/checks/{id}")).body.contains("\"settled\""));
    }
}
