//! What was checked lately decides what comes in by itself, and nobody can tell from what is kept what that was.

use std::fmt::Write as _;
use std::process::Command;

use super::{Stand, list};
use crate::serve::nginx::Nginx;
use crate::serve::{API, FORM, PROXY, Serving, get, post, wait_until};
use crate::{Home, finish, shared};

const BY: [&str; 4] = ["--author", "ann", "--reason", "a test"];

/// Checks so many links to a host.
fn check_links(server: &Serving, host: &str, count: usize) {
    let all: Vec<usize> = (0..count).collect();
    for some in all.chunks(250) {
        let mut posts = String::new();
        for number in some {
            let comma = if posts.is_empty() { "" } else { "," };
            write!(posts, r#"{comma}{{"text":"see https://{host}/page/{number}?q=1 or README.md"}}"#).unwrap();
        }
        assert_eq!(server.check(&format!(r#"{{"posts":[{posts}]}}"#)).status, 200);
    }
}

fn file(stand: &Stand) -> std::path::PathBuf {
    stand.files.path().join("state/linkgate/sample")
}

#[test]
fn a_version_that_would_match_much_of_what_was_checked_waits() {
    let stand = Stand::new();
    stand.publish("partner.csv", &list("one", 10), 1_000);
    stand.config("");
    let server = stand.serve();
    wait_until("the first version", || get(server.api, "/readyz").status == 200);
    check_links(&server, "popular.example", 300);
    check_links(&server, "rare.example", 2);
    check_links(&server, "other.example", 900);
    // It names few of them, and goes live.
    stand.publish("partner.csv", &(list("one", 10) + "rare.example,domain\n"), 2_000);
    wait_until("the second version", || stand.state()["number"] == 2);
    // It names many.
    let poisoned = list("one", 10) + "rare.example,domain\npopular.example,domain\n";
    stand.publish("partner.csv", &poisoned, 3_000);
    wait_until("what waits", || stand.state()["pending"]["code"] == "newly_matched");
    assert!(server.check(r#"{"text":"https://popular.example/"}"#).body.contains("allow"));
    server.signal("TERM");
    // One more link was checked since.
    let told = "  301 of 1203 links checked lately would newly match\n";
    wait_until("the sample", || stand.run(&["lists", "preview", "partner"]).stdout.contains(told));
    let ran = stand.run(&["lists", "preview", "partner"]);
    assert!(ran.stdout.starts_with("version 3, 12 entries: newly_matched\n"), "{}", ran.stdout);
    assert!(!ran.stdout.contains(".example") && ran.stderr.is_empty(), "{} {}", ran.stdout, ran.stderr);
    // The command that downloads holds what comes against it as well.
    stand.publish("partner.csv", &(poisoned + "more.example,domain\n"), 4_000);
    let ran = stand.run(&["lists", "fetch"]);
    assert!(ran.stdout.contains("version 4, 13 entries waits for approval (newly_matched)"), "{}", ran.stdout);
    assert_eq!(stand.run(&["check", "https://popular.example/"]).code, 0);
    let ran = stand.run(&[&["lists", "approve", "partner"][..], &BY].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(stand.run(&["check", "https://popular.example/"]).code, 1);
}

#[test]
fn a_list_in_a_file_is_held_against_what_was_checked_a_moment_ago() {
    let stand = Stand::new();
    let path = stand.files.file("partner.csv", list("one", 10));
    let config = format!("[[lists]]\nname = \"partner\"\npath = {path:?}\n[serve]\nwatch_ms = 100\n");
    stand.files.file("linkgate.toml", config);
    let server = stand.serve();
    check_links(&server, "popular.example", 300);
    check_links(&server, "other.example", 900);
    stand.files.file("partner.csv", list("one", 10) + "popular.example,domain\n");
    wait_until("what waits", || server.figure("linkgate_list_pending{list=\"partner\"}") == Some(1.0));
    assert!(server.check(r#"{"text":"https://popular.example/"}"#).body.contains("allow"));
}

#[test]
fn a_first_version_is_held_against_it_and_nothing_is_kept_where_that_is_not_wanted() {
    let stand = Stand::new();
    stand.publish("partner.csv", &list("one", 10), 1_000);
    stand.config("");
    let server = stand.serve();
    wait_until("the first version", || get(server.api, "/readyz").status == 200);
    check_links(&server, "popular.example", 1_000);
    server.signal("TERM");
    wait_until("the sample", || file(&stand).exists());
    let config = stand.config("");
    let renamed = std::fs::read_to_string(&config).unwrap().replace("\"partner\"", "\"another\"");
    stand.publish("partner.csv", "popular.example\n", 2_000);
    std::fs::write(&config, &renamed).unwrap();
    let ran = stand.run(&["lists", "fetch"]);
    assert!(ran.stdout.contains("another: version 1, 1 entry waits for approval (newly_matched)"), "{}", ran.stdout);
    let ran = stand.run(&["lists", "preview", "another"]);
    assert!(ran.stdout.contains("  1000 of 1000 links checked lately would newly match\n"), "{}", ran.stdout);
    // Without a sample it goes live, as it does with another key: what was sealed under the former one is dropped.
    std::fs::write(&config, renamed.clone() + "[guards]\nsample_links = 0\n").unwrap();
    assert!(!stand.run(&["lists", "preview", "another"]).stdout.contains("lately"));
    std::fs::write(&config, renamed.clone() + "[guards]\nsample_links = 100_001\n").unwrap();
    let ran = stand.run(&["lists", "preview", "another"]);
    assert!(ran.code == 2 && ran.stderr.contains("guards.sample_links is above 100000"), "{}", ran.stderr);
    let other = stand.files.file("other.key", "0".repeat(64) + "\n");
    let key = format!("[state]\nkey_file = '{}'\n", other.display());
    for entry in std::fs::read_dir(stand.files.path().join("state/linkgate")).unwrap() {
        let path = entry.unwrap().path();
        // Of what was made under the former key the sample alone is there.
        if path != file(&stand) {
            drop(std::fs::remove_file(&path).or_else(|_| std::fs::remove_dir_all(&path)));
        }
    }
    std::fs::write(&config, renamed + &key).unwrap();
    let ran = stand.run(&["lists", "fetch"]);
    assert!(ran.stdout.contains("another: version 1, 1 entry answers now"), "{} {}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("state/linkgate/sample was made under another key"), "{}", ran.stderr);
}

/// Two servers write it one after the other while the doors are handed over, and reloads go on with the same sample.
#[test]
fn it_outlives_reloads_and_hand_overs() {
    let stand = Stand::new();
    let nginx = Nginx::start();
    stand.publish("partner.csv", &list("one", 10), 1_000);
    stand.config(&format!(
        "[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://{}\"\nplatform = \"mastodon\"\n",
        nginx.address
    ));
    let config = stand.files.path().join("linkgate.toml");
    let arguments = ["--config", config.to_str().unwrap(), "serve", "--listen", "127.0.0.1:0"];
    let mut server = Serving::spawn(Home::new(), stand.files.command(&arguments), &[API, PROXY]);
    wait_until("the first version", || get(server.api, "/readyz").status == 200);
    for number in 0..10 {
        let status = format!("status=https://popular.example/{number}");
        assert!(post(server.proxy(), "/api/v1/statuses", FORM, status.as_bytes()).status < 500);
    }
    check_links(&server, "popular.example", 1_000);
    server.signal("HUP");
    wait_until("a reload", || server.count("\"reloaded\"") > 0);
    check_links(&server, "popular.example", 20);
    server.hand_over();
    stand.publish("partner.csv", &(list("one", 10) + "popular.example,domain\n"), 2_000);
    wait_until("what waits", || stand.state()["pending"]["code"] == "newly_matched");
    check_links(&server, "popular.example", 30);
    server.signal("TERM");
    wait_until("the sample", || {
        stand.run(&["lists", "preview", "partner"]).stdout.contains("1060 of 1060 links checked lately")
    });
}

#[test]
fn nothing_of_a_link_stands_in_what_is_kept() {
    const CANARIES: usize = 1_200;
    let canary = |number: usize| format!("https://canary-{number:04x}.example/path/{number}?q={number}");
    let stand = Stand::new();
    stand.publish("partner.csv", &list("one", 10), 1_000);
    stand.config("[telemetry]\nlog = \"trace\"\n");
    let server = stand.serve();
    wait_until("the first version", || get(server.api, "/readyz").status == 200);
    for first in (0..CANARIES).step_by(100) {
        let links: Vec<String> = (first..first + 100).map(|number| format!("{:?}", canary(number))).collect();
        assert_eq!(server.check(&format!(r#"{{"links":[{}]}}"#, links.join(","))).status, 200);
    }
    let seen = Home::new();
    seen.file("figures", get(server.api, "/metrics").body);
    server.signal("TERM");
    wait_until("the sample", || file(&stand).exists());
    seen.file("log", server.log());
    let kept = std::fs::read(file(&stand)).unwrap();
    assert!(kept.len() > CANARIES * 100, "{}", kept.len());
    assert!(!kept.windows(7).any(|window| window == b"canary-"));
    let Some(scan) = shared("security/leakscan.py") else { return };
    let elsewhere = Home::new();
    let text: Vec<String> = (0..CANARIES).map(|number| canary(number) + "\n").collect();
    let canaries = elsewhere.file("canaries.txt", text.concat());
    let mut command = Command::new("python3");
    command.arg(scan).arg("--canaries").arg(canaries).arg(seen.path()).arg(stand.files.path().join("state"));
    assert_eq!(finish(command, b"").stdout, "leaks 0\n");
}
