//! A rescan that is killed again and again ends with the bytes of one that was not.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::posts;
use crate::Home;

fn rounds() -> u64 {
    let asked = std::env::vars().find(|(name, _)| name == "LINKGATE_TEST_KILLS");
    asked.map_or(12, |(_, text)| text.parse().unwrap())
}

fn command(home: &Home, input: &Path, more: &[&str]) -> Command {
    let (out, state) = (home.path().join("out.jsonl"), home.path().join("state.json"));
    let paths = ["--out", out.to_str().unwrap(), "--checkpoint", state.to_str().unwrap()];
    let mut command = home.command(&[&["rescan", input.to_str().unwrap()], &paths[..], more].concat());
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// What stands in the output, and what the checkpoint counts.
fn result(home: &Home) -> (Vec<u8>, Value) {
    let state: Value = super::json(&home.path().join("state.json"));
    (std::fs::read(home.path().join("out.jsonl")).unwrap(), state["tally"].clone())
}

#[test]
fn the_output_is_that_of_a_run_that_was_not_killed() {
    let (home, other) = (Home::new(), Home::new());
    let text = posts(60_000);
    let folder = home.path().join("in");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("a.jsonl"), &text).unwrap();
    std::fs::write(folder.join("b.jsonl.zst"), zstd::encode_all(text.as_bytes(), 1).unwrap()).unwrap();
    std::fs::write(folder.join("c.csv"), "id,text\n1,listed.example\n2\n3,listed.example\n".repeat(2_000)).unwrap();
    let rows = "7,quiet\r\n8,\"listed.example\r\n\"\r\n".repeat(20_000);
    std::fs::write(folder.join("d.csv"), format!("id,text\r\n{rows}")).unwrap();
    // Entries get ids that follow from the key, so both have the same one.
    let key = home.file("key", "00".repeat(32));
    let more = ["--key-file", key.to_str().unwrap(), "--allow-bad", "100000", "--threads", "2"];
    assert_eq!(command(&other, &folder, &more).status().unwrap().code(), Some(1));
    let mut delay = Duration::from_millis(30);
    for round in 0..rounds() {
        let mut child = command(&home, &folder, &more).spawn().unwrap();
        std::thread::sleep(delay);
        let _ = child.kill();
        child.wait().unwrap();
        delay = Duration::from_millis(30 + (round * 7_919) % 400);
    }
    assert_eq!(command(&home, &folder, &more).status().unwrap().code(), Some(1));
    let ((killed, counted), (whole, expected)) = (result(&home), result(&other));
    assert_eq!(counted, expected);
    assert!(killed == whole, "{} bytes instead of {}", killed.len(), whole.len());
}

#[test]
fn a_rescan_that_is_done_stays_done() {
    let home = Home::new();
    let input = home.file("posts.jsonl", posts(100));
    let first = command(&home, &input, &[]).output().unwrap();
    let before = result(&home);
    let began = Instant::now();
    let again = command(&home, &input, &[]).output().unwrap();
    assert_eq!((first.status.code(), again.status.code()), (Some(1), Some(1)));
    assert_eq!(result(&home), before);
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn what_changed_in_between_is_refused_with_a_remedy() {
    let home = Home::new();
    let input = home.file("posts.jsonl", posts(100));
    let refused = |more: &[&str], words: &str| {
        let ran = command(&home, &input, more).output().unwrap();
        let told = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(2), "{told}");
        assert!(told.contains(words), "{told}");
    };
    assert_eq!(command(&home, &input, &[]).status().unwrap().code(), Some(1));
    let list = home.file("other.txt", "other.example\n");
    let list = list.to_str().unwrap();
    refused(&["--lists", list], "the lists changed");
    refused(&["--all"], "what is asked for");
    assert_eq!(command(&home, &input, &["--lists", list, "--other-lists"]).status().unwrap().code(), Some(1));
    std::fs::write(&input, posts(101)).unwrap();
    refused(&["--lists", list], "the inputs changed");
    home.file("out.jsonl", "");
    refused(&[], "the inputs changed");
    assert_eq!(command(&home, &input, &["--restart"]).status().unwrap().code(), Some(1));
    assert_eq!(result(&home).1["posts"], json!(101));
    home.file("out.jsonl", "");
    refused(&[], "the output is not the one");
    home.file("state.json", "{}");
    refused(&[], "no checkpoint");
}
