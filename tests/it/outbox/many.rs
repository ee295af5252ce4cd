//! Many at once: they share commits.

use std::time::{Duration, Instant};

use linkgate::outbox::CheckId;

use super::open;

const CHECKS: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_checks_are_kept_in_few_commits() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = open(dir.path());
    let began = Instant::now();
    let one = CheckId::random().unwrap();
    outbox.keep(one, "", b"task", 0).await.unwrap();
    let single = began.elapsed();
    let began = Instant::now();
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..CHECKS {
        let outbox = outbox.clone();
        waiting.spawn(async move { outbox.keep(CheckId::random().unwrap(), "composer", &[7; 500], 0).await });
    }
    while let Some(kept) = waiting.join_next().await {
        kept.unwrap().unwrap();
    }
    let took = began.elapsed();
    eprintln!("one check: {single:?}, {CHECKS} at once: {took:?}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert_eq!(outbox.due(0, CHECKS + 2).await.unwrap().len(), CHECKS + 1);
}
