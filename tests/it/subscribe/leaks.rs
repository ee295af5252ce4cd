//! Nothing of a list stands in what is kept, logged, counted, answered or recorded, neither as it is nor as a digest without key.

use std::process::Command;

use super::Stand;
use crate::serve::{get, wait_until};
use crate::{Home, shared};

const CANARIES: usize = 1_000;

fn canary(number: usize) -> String {
    format!("canary-{number:04x}.example")
}

#[test]
fn nothing_of_a_list_is_seen_again() {
    let stand = Stand::new();
    let text: String = (0..CANARIES).map(|number| canary(number) + "\n").collect();
    stand.publish("partner.csv", &text, 1_000);
    let more = "canary = \"https://canary-0001.example/\"\n[telemetry]\nlog = \"trace\"\n";
    stand.config(more);
    let server = stand.serve();
    wait_until("the list", || get(server.api, "/readyz").status == 200);
    for number in 0..20 {
        assert!(server.check(&format!(r#"{{"text":"https://{}/"}}"#, canary(number))).body.contains("reject"));
    }
    // A bad line, an entry that waits, a jump, and a way back.
    stand.publish("partner.csv", &(text.clone() + "canary 0002.example/ no\nwikipedia.org\n"), 2_000);
    wait_until("the second version", || stand.state()["number"] == 2);
    stand.publish("partner.csv", &canary(1), 3_000);
    wait_until("what waits", || stand.state()["pending"]["code"] == "shrank");
    let by = ["--author", "ann", "--reason", "a test"];
    let ran = stand.run(&[&["lists", "rollback", "partner"][..], &by].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let seen = Home::new();
    for (name, arguments) in [
        ("status", &["lists", "status"][..]),
        ("status.json", &["lists", "status", "--json"]),
        ("diff", &["lists", "diff", "partner", "1", "2"]),
        ("verify", &["audit", "verify"]),
    ] {
        let ran = stand.run(arguments);
        seen.file(name, ran.stdout + &ran.stderr);
    }
    seen.file("figures", get(server.api, "/metrics").body);
    seen.file("ready", get(server.api, "/readyz").body);
    seen.file("log", server.log());
    let kept = stand.files.path().join("state");
    let text: Vec<String> = (0..CANARIES).map(|number| format!("https://{}/\n", canary(number))).collect();
    let canaries = seen.file("canaries.txt", text.concat());
    for path in files(&kept).into_iter().chain(files(seen.path())).filter(|path| *path != canaries) {
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"canary-"), "{}", path.display());
    }
    // The same in every coding that a leak could have.
    let Some(scan) = shared("security/leakscan.py") else { return };
    let elsewhere = Home::new();
    let list = elsewhere.file("canaries.txt", std::fs::read(&canaries).unwrap());
    std::fs::remove_file(canaries).unwrap();
    let ran =
        Command::new("python3").arg(scan).arg("--canaries").arg(list).arg(seen.path()).arg(kept).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "leaks 0\n");
}

fn files(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
