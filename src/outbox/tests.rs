//! The outbox as whoever uses it sees it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::index::StateKey;
use crate::telemetry::metrics::{Exposition, Metrics};

const NOW: i64 = 1_800_000_000;
const DAY_S: i64 = 24 * 3_600;

fn key() -> StateKey {
    StateKey::new([7; 32])
}

fn open_with(dir: &Path, limits: Limits) -> Outbox {
    Outbox::open(dir, &key(), limits, &Metrics::default()).unwrap()
}

fn open(dir: &Path) -> Outbox {
    open_with(dir, Limits::default())
}

fn event() -> Event {
    Event { data: json!({"action": "reject"}) }
}

/// Ids of what is due.
async fn due(outbox: &Outbox, now: i64) -> Vec<CheckId> {
    outbox.due(now, 100).await.unwrap().iter().map(|task| task.id).collect()
}

async fn events(outbox: &Outbox, now: i64) -> Vec<EventId> {
    outbox.events_due(now, 100).await.unwrap().iter().map(|event| event.id).collect()
}

/// The thread that has the file ends by itself, and may still have it.
fn reopened(outbox: Outbox, dir: &Path) -> Outbox {
    drop(outbox);
    open(dir)
}

#[tokio::test]
async fn a_check_goes_from_kept_to_settled_across_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = open(dir.path());
    let id = CheckId::random().unwrap();
    assert_eq!(outbox.result(id, "composer").await.unwrap(), Outcome::Unknown);
    outbox.keep(id, "composer", b"a task", NOW).await.unwrap();
    outbox.keep(id, "other", b"another", NOW).await.unwrap();

    let outbox = reopened(outbox, dir.path());
    assert_eq!(outbox.result(id, "composer").await.unwrap(), Outcome::Pending);
    assert_eq!(outbox.result(id, "").await.unwrap(), Outcome::Unknown);
    assert_eq!(due(&outbox, NOW - 1).await, []);
    let tasks = outbox.due(NOW, 10).await.unwrap();
    let [task] = &*tasks else { panic!("{} tasks", tasks.len()) };
    assert_eq!((&*task.owner, &*task.task, task.attempts), ("composer", &b"a task"[..], 0));
    outbox.postpone(id, NOW + 5).await.unwrap();
    assert_eq!(due(&outbox, NOW + 4).await, []);
    assert_eq!(outbox.due(NOW + 5, 10).await.unwrap()[0].attempts, 1);
    assert_eq!(outbox.due(NOW + 5, 0).await.unwrap().len(), 0);

    assert!(outbox.settle(id, b"rejected", Some(event()), NOW + 6).await.unwrap());
    let outbox = reopened(outbox, dir.path());
    assert!(!outbox.settle(id, b"allowed", Some(event()), NOW + 7).await.unwrap(), "it is settled");
    assert!(!outbox.settle(CheckId::random().unwrap(), b"", Some(event()), NOW).await.unwrap(), "nobody has it");
    assert_eq!(outbox.result(id, "composer").await.unwrap(), Outcome::Done(b"rejected".into()));
    assert_eq!(outbox.result(id, "other").await.unwrap(), Outcome::Unknown);
    assert_eq!(due(&outbox, i64::MAX).await, []);
    outbox.keep(id, "composer", b"again", NOW).await.unwrap();
    outbox.postpone(id, NOW).await.unwrap();
    assert_eq!(due(&outbox, i64::MAX).await, [], "what is settled stays settled");
    assert_eq!(events(&outbox, NOW + 6).await, [EventId::of(id)]);
}

#[tokio::test]
async fn turns_come_in_their_order() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = open(dir.path());
    let mut ids = Vec::new();
    for at in [3, 1, 2] {
        let id = CheckId::random().unwrap();
        outbox.keep(id, "", b"", NOW + at).await.unwrap();
        ids.push(id);
    }
    assert_eq!(due(&outbox, NOW + 3).await, [ids[1], ids[2], ids[0]]);
    assert_eq!(due(&outbox, NOW + 2).await, [ids[1], ids[2]]);
    assert_eq!(outbox.due(NOW + 3, 2).await.unwrap().len(), 2);
    let besides = outbox.due_besides(NOW + 3, 2, [ids[1], ids[2]].into()).await.unwrap();
    assert_eq!(besides.iter().map(|task| task.id).collect::<Vec<_>>(), [ids[0]], "who is under way holds nobody up");
    outbox.postpone(ids[1], NOW + 9).await.unwrap();
    assert_eq!(due(&outbox, NOW + 9).await, [ids[2], ids[0], ids[1]]);
}

#[tokio::test]
async fn an_event_waits_until_something_is_told_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = Metrics::default();
    let outbox = Outbox::open(dir.path(), &key(), Limits::default(), &metrics).unwrap();
    let mut ids = Vec::new();
    for _ in 0..4 {
        let id = CheckId::random().unwrap();
        outbox.keep(id, "", b"", NOW).await.unwrap();
        assert!(outbox.settle(id, b"", Some(event()), NOW).await.unwrap());
        ids.push(EventId::of(id));
    }
    let without = CheckId::random().unwrap();
    outbox.keep(without, "", b"", NOW).await.unwrap();
    outbox.settle(without, b"", None, NOW).await.unwrap();
    assert_eq!(outbox.next_event_at().await.unwrap(), Some(NOW));
    let body: Value = serde_json::from_slice(&outbox.events_due(NOW, 1).await.unwrap()[0].body).unwrap();
    assert_eq!(body["data"], json!({"action": "reject"}));

    outbox.delivered(ids[0]).await.unwrap();
    outbox.delivered(ids[0]).await.unwrap();
    outbox.give_up(ids[1]).await.unwrap();
    outbox.failed(ids[2], NOW + 10).await.unwrap();
    outbox.failed(ids[3], NOW + 3 * DAY_S).await.unwrap();
    assert_eq!(outbox.next_event_at().await.unwrap(), Some(NOW + 10));
    assert_eq!(outbox.events_due(NOW + 10, 9).await.unwrap()[0].attempts, 1);
    outbox.failed(ids[3], NOW + 3 * DAY_S + 1).await.unwrap();
    outbox.failed(ids[3], NOW + 3 * DAY_S + 1).await.unwrap();
    assert_eq!(events(&outbox, i64::MAX).await, [ids[2]]);
    outbox.expire(NOW + 3 * DAY_S + 9).await.unwrap();
    assert_eq!(events(&outbox, i64::MAX).await, [ids[2]]);
    outbox.expire(NOW + 3 * DAY_S + 10).await.unwrap();
    assert_eq!(events(&outbox, i64::MAX).await, []);
    let figures = metrics.text(Exposition::Prometheus);
    for (outcome, count) in [("delivered", 1), ("given_up", 1), ("retried", 2), ("expired", 2)] {
        let line = format!("linkgate_events_total{{outcome=\"{outcome}\"}} {count}\n");
        assert!(figures.contains(&line), "{line}{figures}");
    }
}

#[tokio::test]
async fn results_go_after_their_time() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = open_with(dir.path(), Limits { results_max: 1_500, ..Limits::default() });
    let mut ids = Vec::new();
    for _ in 0..5 {
        let id = CheckId::random().unwrap();
        outbox.keep(id, "", b"", NOW).await.unwrap();
        outbox.settle(id, b"done", None, NOW).await.unwrap();
        ids.push(id);
    }
    outbox.expire(NOW + 7 * DAY_S - 1).await.unwrap();
    assert_eq!(outbox.result(ids[0], "").await.unwrap(), Outcome::Done(b"done".into()));
    outbox.expire(NOW + 7 * DAY_S).await.unwrap();
    for id in ids {
        assert_eq!(outbox.result(id, "").await.unwrap(), Outcome::Unknown);
    }
}

#[tokio::test]
async fn limits_hold_one_past_them() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits {
        tasks_max: 2,
        waiting_max_bytes: 5_000,
        task_max_bytes: 3_000,
        events_max: 1,
        results_max: 2,
        record_max_bytes: 1_000,
        ..Limits::default()
    };
    let metrics = Metrics::default();
    let outbox = Outbox::open(dir.path(), &key(), limits, &metrics).unwrap();
    let ids: Vec<CheckId> = (0..5).map(|_| CheckId::random().unwrap()).collect();
    outbox.keep(ids[0], "", &[0; 3_000], NOW).await.unwrap();
    let error = outbox.keep(ids[1], "", &[0; 3_001], NOW).await.unwrap_err();
    assert!(matches!(error, OutboxError::TooLarge { limit: "task_max_bytes", bytes: 3_001, most: 3_000 }), "{error}");
    let error = outbox.keep(ids[1], "", &[0; 2_000], NOW).await.unwrap_err();
    assert!(matches!(error, OutboxError::Full { limit: "waiting_max_bytes", most: 5_000 }), "{error}");
    outbox.postpone(ids[0], NOW).await.unwrap();
    outbox.keep(ids[1], "", &[0; 1_500], NOW).await.unwrap();
    outbox.settle(ids[1], b"", None, NOW).await.unwrap();
    let (ids, settled) = ([ids[0], ids[2], ids[3]], ids[1]);
    outbox.expire(i64::MAX).await.unwrap();
    assert_eq!(outbox.result(settled, "").await.unwrap(), Outcome::Unknown);
    outbox.keep(ids[1], "", b"", NOW).await.unwrap();
    let error = outbox.keep(ids[2], "", b"", NOW).await.unwrap_err();
    assert!(matches!(error, OutboxError::Full { limit: "tasks_max", most: 2 }), "{error}");
    let figures = metrics.text(Exposition::Prometheus);
    assert!(figures.contains("linkgate_followups_pending 2\n"), "{figures}");

    let error = outbox.settle(ids[0], &[0; 1_001], None, NOW).await.unwrap_err();
    assert!(matches!(error, OutboxError::TooLarge { .. }), "{error}");
    let long = Event { data: json!("x".repeat(1_000)) };
    let error = outbox.settle(ids[0], b"", Some(long), NOW).await.unwrap_err();
    assert!(matches!(error, OutboxError::TooLarge { .. }), "{error}");
    outbox.settle(ids[0], b"", Some(event()), NOW).await.unwrap();
    let error = outbox.settle(ids[1], b"", Some(event()), NOW + 1).await.unwrap_err();
    assert!(matches!(error, OutboxError::Full { limit: "events_max", most: 1 }), "{error}");
    assert_eq!(outbox.result(ids[1], "").await.unwrap(), Outcome::Pending, "nothing of it has happened");
    outbox.delivered(EventId::of(ids[0])).await.unwrap();
    outbox.settle(ids[1], b"", Some(event()), NOW + 1).await.unwrap();

    outbox.keep(ids[2], "", b"", NOW).await.unwrap();
    outbox.settle(ids[2], b"", None, NOW + 2).await.unwrap();
    assert_eq!(outbox.result(ids[0], "").await.unwrap(), Outcome::Unknown, "the oldest goes first");
    assert_eq!(outbox.result(ids[1], "").await.unwrap(), Outcome::Done(Vec::new()));
    let figures = metrics.text(Exposition::Prometheus);
    assert!(figures.contains("linkgate_followups_pending 0\n"), "{figures}");
    assert!(figures.contains("linkgate_events_pending 1\n"), "{figures}");
    for (limit, count) in
        [("tasks_max", 1), ("events_max", 1), ("record_max_bytes", 2), ("task_max_bytes", 1), ("waiting_max_bytes", 1)]
    {
        let line = format!("linkgate_limit_hits_total{{limit=\"{limit}\"}} {count}\n");
        assert!(figures.contains(&line), "{line}{figures}");
    }
}

fn change(number: u64) -> ListChange {
    ListChange { list: "partner".into(), number, at: NOW - 9, data: json!({"number": number}) }
}

#[tokio::test]
async fn a_change_of_a_list_is_told_once_under_one_id() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = open(dir.path());
    outbox.announce(&change(1), NOW).await.unwrap();
    outbox.announce(&ListChange { data: json!(null), ..change(1) }, NOW + 1).await.unwrap();
    outbox.announce(&change(2), NOW + 1).await.unwrap();
    let waiting = events(&outbox, NOW + 1).await;
    assert_eq!(waiting.len(), 2);
    let body: Value = serde_json::from_slice(&outbox.events_due(NOW, 1).await.unwrap()[0].body).unwrap();
    let told = (&body["id"], &body["subject"], &body["data"]);
    assert_eq!(told, (&json!(waiting[0].to_string()), &json!("partner"), &json!({"number": 1})));
    outbox.delivered(waiting[0]).await.unwrap();
    // Whoever was killed before it could be noted tells it again, under the same id.
    let outbox = reopened(outbox, dir.path());
    outbox.announce(&change(1), NOW + 2).await.unwrap();
    assert_eq!(events(&outbox, NOW + 2).await, [waiting[1], waiting[0]]);
}

#[tokio::test]
async fn no_more_changes_are_told_than_events_may_wait() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = open_with(dir.path(), Limits { events_max: 1, record_max_bytes: 1_000, ..Limits::default() });
    let long = ListChange { data: json!("x".repeat(1_000)), ..change(1) };
    let error = outbox.announce(&long, NOW).await.unwrap_err();
    assert!(matches!(error, OutboxError::TooLarge { limit: "record_max_bytes", most: 1_000, .. }), "{error}");
    outbox.announce(&change(1), NOW).await.unwrap();
    let error = outbox.announce(&change(2), NOW).await.unwrap_err();
    assert!(matches!(error, OutboxError::Full { limit: "events_max", most: 1 }), "{error}");
    outbox.announce(&change(1), NOW).await.unwrap();
    let waiting = events(&outbox, NOW).await;
    outbox.delivered(waiting[0]).await.unwrap();
    outbox.announce(&change(2), NOW).await.unwrap();
}

#[tokio::test]
async fn the_file_tells_nothing_and_belongs_to_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.redb");
    let outbox = open(dir.path());
    let secrets = ["https://listed.example/task", "composer-of-somebody", "result-of-it", "data-of-the-event"];
    let id = CheckId::random().unwrap();
    outbox.keep(id, secrets[1], secrets[0].as_bytes(), NOW).await.unwrap();
    let other = CheckId::random().unwrap();
    outbox.keep(other, secrets[1], secrets[0].as_bytes(), NOW).await.unwrap();
    outbox.settle(other, secrets[2].as_bytes(), Some(Event { data: json!(secrets[3]) }), NOW).await.unwrap();
    let bytes = fs::read(&path).unwrap();
    for secret in secrets.iter().chain(&["linkgate.check.settled"]) {
        let is_there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!is_there, "{secret}");
    }
    assert!(bytes.windows(16).any(|window| window == id.0.to_le_bytes()), "the bytes are read where they stand");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn another_key_is_told_from_damage() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.redb");
    let id = CheckId::random().unwrap();
    let open_by = |key: [u8; 32]| Outbox::open(dir.path(), &StateKey::new(key), Limits::default(), &Metrics::default());
    let outbox = open_by([7; 32]).unwrap();
    outbox.keep(id, "", b"task", NOW).await.unwrap();
    let error = open_by([8; 32]).err().unwrap();
    assert!(matches!(error, OutboxError::OtherKey { .. }), "{error}");
    assert!(error.to_string().contains("--key-file"), "{error}");
    assert_eq!(due(&outbox, NOW).await, [id], "to look with another key changes nothing");
    drop(outbox);
    // The thread that had the file has to end before it can be altered.
    std::thread::sleep(std::time::Duration::from_millis(200));

    let whole = fs::read(&path).unwrap();
    let damages: [(&str, Vec<u8>); 4] = [
        ("no outbox", b"listed.example\n".repeat(100)),
        ("short", b"redb".to_vec()),
        ("cut", whole[..whole.len() / 2].to_vec()),
        ("overwritten", [&whole[..4_096], &vec![0xA5; whole.len() - 4_096]].concat()),
    ];
    for (name, bytes) in damages {
        fs::write(&path, bytes).unwrap();
        let error = open_by([7; 32]).err().unwrap();
        assert!(matches!(error, OutboxError::Damaged { .. }), "{name}: {error:?}");
        assert!(error.to_string().contains("move it away"), "{error}");
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(due(&open_by([7; 32]).unwrap(), NOW).await, [id]);
}

/// Whatever byte changed: no panic, no hang, and nothing else than what was kept.
#[tokio::test]
async fn a_changed_byte_is_found_or_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.redb");
    let id = CheckId::random().unwrap();
    open(dir.path()).keep(id, "", b"task", NOW).await.unwrap();
    std::thread::sleep(std::time::Duration::from_millis(200));
    let whole = fs::read(&path).unwrap();
    let mut found = 0;
    for at in (0..whole.len()).step_by(whole.len() / 60) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        fs::write(&path, bytes).unwrap();
        match Outbox::open(dir.path(), &key(), Limits::default(), &Metrics::default()) {
            Err(_) => found += 1,
            Ok(outbox) => match outbox.due(NOW, 10).await {
                Err(_) => found += 1,
                Ok(tasks) => {
                    assert!(tasks.iter().all(|task| task.id == id && task.task == b"task"), "byte {at}");
                }
            },
        }
    }
    assert!(found > 0);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_keeps_nobody_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = open(dir.path());
    let (bad, good) = (CheckId::random().unwrap(), CheckId::random().unwrap());
    // Sealed under another id, as if somebody had swapped rows.
    let sealed = outbox.tasks.seal(good.0, "", b"task").unwrap();
    let record = shelf::Kept { id: bad.0, turn: NOW - 1, since: NOW, attempts: 0, sealed };
    let put = move |books: &mut books::Books<'_>| Ok((books.tasks.put(&record)?, books::Changes::Some));
    outbox.group.run(0, put).await.unwrap();
    outbox.keep(good, "", b"task", NOW).await.unwrap();
    assert_eq!(outbox.due(NOW, 1).await.unwrap().len(), 0);
    assert_eq!(due(&outbox, NOW).await, [good]);
}

#[tokio::test]
async fn without_a_directory_there_is_no_outbox() {
    let dir = tempfile::tempdir().unwrap();
    let error = Outbox::open(&dir.path().join("none"), &key(), Limits::default(), &Metrics::default()).err().unwrap();
    assert!(matches!(error, OutboxError::Open { .. }), "{error:?}");
    assert!(std::error::Error::source(&error).is_some());
}
