//! Rescans that follow links: each is asked once, as fast as was said.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Stand;
use crate::{Ran, finish};

fn rescan(stand: &Stand, rate: &str, posts: &str) -> Ran {
    stand.files.file("posts.jsonl", posts);
    let (posts, out) = (stand.path("posts.jsonl"), stand.path("found.jsonl"));
    let arguments = ["rescan", &posts, "--out", &out, "--progress", "none", "--follow", "--follow-rate", rate];
    finish(stand.command("", &arguments), b"")
}

#[test]
fn a_link_in_a_thousand_posts_is_asked_once() {
    let stand = Stand::new();
    stand.web.chain(&["a.test/1", "b.test/2", "listed.test/4"]);
    let post = json!({"id": 1, "text": format!("see {}", stand.web.url("a.test/1"))});
    let ran = rescan(&stand, "50", &format!("{post}\n").repeat(1_000));
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let found = std::fs::read_to_string(stand.path("found.jsonl")).unwrap();
    assert_eq!(found.lines().count(), 1_000);
    assert!(found.lines().all(|line| line.contains("\"via\":\"redirect\"")), "{found:.400}");
    assert_eq!(stand.web.counts(["a.test", "b.test", "listed.test"]), [1, 1, 0]);
}

#[test]
fn hosts_are_asked_no_faster_than_was_said() {
    let stand = Stand::new();
    stand.web.slow("a.test/*", Duration::ZERO, "end.test/");
    let posts = (0..20).fold(String::new(), |mut posts, number| {
        let text = stand.web.url(&format!("a.test/{number}"));
        writeln!(posts, "{}", json!({"id": number, "text": text})).unwrap();
        posts
    });
    let began = Instant::now();
    let ran = rescan(&stand, "10", &posts);
    let took = began.elapsed();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(stand.web.counts(["a.test"]), [20]);
    assert!((Duration::from_millis(1_800)..Duration::from_secs(10)).contains(&took), "{took:?}");
}
