//! A process that is killed again and again: what it has acknowledged is there, and each check is told under one id.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use linkgate::outbox::{CheckId, Courier, Event, EventId, Outcome, Webhook};
use linkgate::telemetry::clock;
use serde_json::{Value, json};

use super::{Receiver, answer, helper, open, told};

const DIR: &str = "LINKGATE_TEST_OUTBOX_DIR";
const URL: &str = "LINKGATE_TEST_OUTBOX_URL";
const WORKERS: usize = 8;

fn rounds() -> u64 {
    told("LINKGATE_TEST_KILLS").map_or(5, |text| text.parse().unwrap())
}

fn courier(dir: &Path, url: String) -> Courier {
    let secret = dir.join("secret");
    std::fs::write(&secret, "0123456789012345678901234567").unwrap();
    let timeout = Duration::from_secs(5);
    Courier::new(&Webhook { url, secret_file: Some(secret), ca_file: None, timeout }).unwrap()
}

/// Keeps and settles checks, and delivers their events, until it is killed.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it runs until it is killed: the test below starts it"]
async fn until_killed() {
    let (Some(dir), Some(url)) = (told(DIR), told(URL)) else { return };
    let dir = Path::new(&dir);
    let outbox = open(dir);
    let mut work = tokio::task::JoinSet::new();
    for _ in 0..WORKERS {
        let outbox = outbox.clone();
        work.spawn(async move {
            loop {
                let id = CheckId::random().unwrap();
                outbox.keep(id, "composer", id.to_string().as_bytes(), 0).await.unwrap();
                println!("\nKEPT {id}");
                // The rest waits for ever.
                if id.to_string().ends_with(['0', '4', '8', 'c', 'g', 'm', 'r', 'w']) {
                    let event = Event { data: json!({"action": "reject"}) };
                    outbox.settle(id, b"result", Some(event), clock::now()).await.unwrap();
                    println!("\nSETTLED {id}");
                }
            }
        });
    }
    linkgate::outbox::run(outbox, courier(dir, url), std::future::pending()).await;
}

/// What a helper has acknowledged before it was killed.
fn killed_after(time: Duration, dir: &Path, url: &str) -> Vec<(String, CheckId)> {
    let mut command = helper("outbox::kill::until_killed");
    let mut child = command.env(DIR, dir).env(URL, url).stdout(Stdio::piped()).spawn().unwrap();
    let (began, has_begun) = mpsc::channel();
    let out = BufReader::new(child.stdout.take().unwrap());
    let reader = std::thread::spawn(move || {
        let lines = out.lines().map_while(Result::ok);
        let told = lines.filter_map(|line| {
            let (what, id) = line.split_once(' ')?;
            let id = ["KEPT", "SETTLED"].contains(&what).then(|| id.parse().ok())??;
            let _ = began.send(());
            Some((what.to_owned(), id))
        });
        told.collect()
    });
    has_begun.recv_timeout(Duration::from_secs(20)).unwrap();
    std::thread::sleep(time);
    assert!(child.try_wait().unwrap().is_none(), "it has ended by itself");
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_and_is_told_under_one_id() {
    let dir = tempfile::tempdir().unwrap();
    // Some deliveries arrive, and the answer does not.
    let receiver = Receiver::start(|number| match number % 7 {
        3 => String::new(),
        5 => answer("500 Internal Server Error", ""),
        _ => answer("204 No Content", ""),
    });
    let (mut kept, mut settled) = (BTreeSet::new(), BTreeSet::new());
    let mut slowest = Duration::ZERO;
    for round in 0..rounds() {
        // A successor works while its predecessor still does.
        let times = [round * 7_919 % 400, round * 6_007 % 400];
        std::thread::scope(|scope| {
            let helper = |time| killed_after(Duration::from_millis(time), dir.path(), &receiver.url());
            let processes: Vec<_> =
                times[..=round as usize % 2].iter().map(|time| scope.spawn(move || helper(*time))).collect();
            for (what, id) in processes.into_iter().flat_map(|process| process.join().unwrap()) {
                let _ = if what == "KEPT" { kept.insert(id) } else { settled.insert(id) };
            }
        });
        let began = Instant::now();
        let outbox = open(dir.path());
        assert!(outbox.next_event_at().await.is_ok());
        slowest = slowest.max(began.elapsed());
        for id in &settled {
            assert_eq!(outbox.result(*id, "composer").await.unwrap(), Outcome::Done(b"result".into()), "{id}");
        }
        let waiting: BTreeMap<CheckId, Vec<u8>> = {
            let due = outbox.due(clock::now(), usize::MAX).await.unwrap();
            due.into_iter().map(|task| (task.id, task.task)).collect()
        };
        for id in kept.difference(&settled) {
            match waiting.get(id) {
                Some(task) => assert_eq!(*task, id.to_string().into_bytes()),
                // Settled, and killed before it could say so.
                None => assert_ne!(outbox.result(*id, "composer").await.unwrap(), Outcome::Unknown, "{id}"),
            }
        }
    }
    eprintln!(
        "{} kept, {} settled, {} deliveries, opened in {slowest:?}",
        kept.len(),
        settled.len(),
        receiver.got().len()
    );
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    deliver_the_rest(dir.path(), &receiver).await;

    let mut ids: BTreeMap<CheckId, BTreeSet<(String, Vec<u8>)>> = BTreeMap::new();
    for delivery in receiver.got() {
        let body: Value = serde_json::from_slice(&delivery.body).unwrap();
        let check = body["subject"].as_str().unwrap().parse().unwrap();
        ids.entry(check).or_default().insert((delivery.headers["webhook-id"].clone(), delivery.body));
    }
    for (check, told) in &ids {
        assert_eq!(told.len(), 1, "{check} was told under two ids, or in two ways");
        assert_eq!(told.first().unwrap().0, EventId::of(*check).to_string());
    }
    let missing: Vec<_> = settled.iter().filter(|id| !ids.contains_key(id)).collect();
    assert!(missing.is_empty(), "never told: {missing:?}");
}

async fn deliver_the_rest(dir: &Path, receiver: &Receiver) {
    let (outbox, courier) = (open(dir), courier(dir, receiver.url()));
    // Time goes by faster for it.
    let mut now = clock::now();
    while let Some(next) = outbox.next_event_at().await.unwrap() {
        now = now.max(next);
        courier.deliver_due(&outbox, now).await.unwrap();
    }
}
