//! Updates that are killed at any moment: never a torn list, never an empty one, and nothing on the record is lost.

use std::time::{Duration, Instant};

use super::{Stand, list};
use crate::outbox::told as variable;
use crate::serve::{get, json, wait_until};

#[test]
fn whenever_it_is_killed_a_whole_version_answers() {
    let kills: u64 = variable("LINKGATE_TEST_KILLS").map_or(3, |text| text.parse().unwrap());
    let stand = Stand::new();
    stand.config("");
    stand.publish("partner.csv", &list("v0", 2_000), 1_000);
    assert_eq!(stand.run(&["lists", "fetch"]).code, 0);
    let by = ["--author", "ann", "--reason", "a test"];
    let mut acknowledged = 0;
    for round in 1..=kills {
        // Of another size each time: versions of one second and size look the same to nginx.
        let name = "v".repeat(1 + usize::try_from(round % 9).unwrap()) + &round.to_string();
        stand.publish("partner.csv", &list(&name, 2_000), 1_000 + round);
        let config = stand.files.path().join("linkgate.toml");
        let arguments: &[&str] = if round % 3 == 0 {
            &["lists", "rollback", "partner", by[0], by[1], by[2], by[3]]
        } else {
            &["lists", "fetch"]
        };
        let all = [&["--config", config.to_str().unwrap()], arguments].concat();
        let mut child = stand.files.command(&all).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(round * 7_919 % 250));
        drop(child.kill());
        let ended = child.wait().unwrap();
        acknowledged += u64::from(ended.success() && round % 3 == 0);
        let began = Instant::now();
        let state = stand.state();
        assert_eq!(state["entries"]["domain"], 2_000, "round {round}: {state}");
        let number = state["number"].as_u64().unwrap();
        assert!(number >= 1, "round {round}: {state}");
        let ran = stand.run(&["check", "https://nobody.example/"]);
        assert_eq!(ran.code, 0, "round {round}: {}", ran.stderr);
        assert!(began.elapsed() < Duration::from_secs(5), "round {round}: {:?}", began.elapsed());
    }
    // The next one goes through, and what was left behind goes.
    stand.publish("partner.csv", &list("the-last-version-of-all", 2_000), 9_000);
    let ran = stand.run(&["lists", "fetch"]);
    assert!(ran.code == 0 && ran.stdout.contains("answers now"), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(stand.run(&["check", "https://the-last-version-of-all-7.example/"]).code, 1);
    let dir = std::fs::read_dir(stand.files.path().join("state/linkgate/lists/partner")).unwrap();
    let left: Vec<_> = dir.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!left.iter().any(|name| name.starts_with(".linkgate-")), "{left:?}");
    let verified = stand.run(&["audit", "verify"]);
    let record = std::fs::read_to_string(stand.files.path().join("state/linkgate/audit.jsonl")).unwrap_or_default();
    let rollbacks = record.matches("\"did\":\"list_rollback\"").count() as u64;
    assert!(rollbacks >= acknowledged, "{rollbacks} of {acknowledged} on the record");
    eprintln!(
        "{kills} kills: {acknowledged} rollbacks acknowledged, {rollbacks} on the record; {}",
        verified.stdout.trim()
    );
    assert!(verified.code == 0 || verified.stderr.contains("never finished"), "{}", verified.stderr);
}

/// While versions arrive, are swapped in and recorded. What is ready answers, and what answers is never empty.
#[test]
fn a_server_that_is_killed_starts_on_the_last_good_list() {
    let kills: u64 = variable("LINKGATE_TEST_KILLS").map_or(3, |text| text.parse().unwrap());
    let stand = Stand::new();
    stand.config("");
    stand.publish("partner.csv", &(list("v0", 2_000) + "anchor.example,domain\n"), 1_000);
    assert_eq!(stand.run(&["lists", "fetch"]).code, 0);
    let mut slowest = Duration::ZERO;
    for round in 1..=kills {
        let began = Instant::now();
        let mut server = stand.serve();
        slowest = slowest.max(began.elapsed());
        assert_eq!(get(server.api, "/readyz").status, 200, "round {round}");
        let answer = json(&server.check(r#"{"text":"https://anchor.example/"}"#));
        assert_eq!(answer["action"], "reject", "round {round}: {answer}");
        // Of another size each time: versions of one second and size look the same to nginx.
        let name = "v".repeat(1 + usize::try_from(round % 9).unwrap()) + &round.to_string();
        stand.publish("partner.csv", &(list(&name, 2_000) + "anchor.example,domain\n"), 1_000 + round);
        std::thread::sleep(Duration::from_millis(round * 7_919 % 2_000));
        server.child.kill().unwrap();
        server.child.wait().unwrap();
    }
    let server = stand.serve();
    stand.publish("partner.csv", &(list("the-last-version-of-all", 2_000) + "anchor.example,domain\n"), 9_000);
    let last = r#"{"text":"https://the-last-version-of-all-7.example/"}"#;
    wait_until("the last version", || json(&server.check(last))["action"] == "reject");
    let verified = stand.run(&["audit", "verify"]);
    assert!(verified.code == 0 || verified.stderr.contains("never finished"), "{}", verified.stderr);
    eprintln!("{kills} kills of a server: the slowest start took {slowest:?}; {}", verified.stdout.trim());
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
}
