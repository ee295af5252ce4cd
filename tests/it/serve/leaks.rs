//! Nothing that is listed, and nothing that was sent, stands in answers, figures or logs, however much is logged.

use std::fmt::Write as _;
use std::process::Command;

use super::nginx::Nginx;
use super::{Answer, Serving, get, post, raw, request};
use crate::shared;

const CANARIES: usize = 1_000;

fn canary(number: usize) -> String {
    format!("https://canary-{number:04x}.example/path/{number}?y=1")
}

/// Everything that can be asked with a canary in it, right and wrong.
fn ask(server: &Serving, number: usize) -> Vec<Answer> {
    let (api, proxy, canary) = (server.api, server.proxy(), canary(number));
    let form = "application/x-www-form-urlencoded";
    let json = "application/json";
    let one = |to, path: &str, content_type: &str, body: String| post(to, path, content_type, body.as_bytes());
    match number % 10 {
        0 => vec![one(api, "/v1/check", json, format!(r#"{{"id":{number},"text":"see {canary}"}}"#))],
        1 => vec![one(api, "/v1/check", json, format!(r#"{{"posts":[{{"text":"","links":["{canary}"]}}]}}"#))],
        2 => vec![one(api, "/v1/check", json, format!(r#"{{"text":"{canary}"#))],
        3 => vec![one(
            api,
            "/v1/check/stream",
            json,
            format!("{{\"text\":\"{canary}\"}}\n{canary}\n{{\"a\":\"{canary}\"}}\n"),
        )],
        4 => vec![one(proxy, "/api/v1/statuses", form, format!("status={canary}"))],
        5 => vec![one(proxy, "/api/v1/statuses", json, format!(r#"{{"status":"{canary}","{canary}"}}"#))],
        6 => vec![
            get(api, &format!("/v1/check?{canary}")),
            request(proxy, "POST", &format!("/a//b?{canary}"), &[("Content-Type", form)], b"a=b"),
        ],
        7 => vec![
            raw(api, format!("GET /{canary} HTTP/1.1\r\nHost: {canary}\r\nX: {canary}\r\n\r\n").as_bytes()),
            raw(proxy, format!("GET {canary} HTTP/1.1\nHost: {canary}\n\n").as_bytes()),
        ],
        8 => vec![request(api, "POST", "/v1/check", &[("Content-Type", &*canary)], canary.as_bytes())],
        _ => vec![one(
            proxy,
            "/api/v2/media",
            "multipart/form-data; boundary=X",
            format!("--X\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n{canary}\r\n--X--\r\n"),
        )],
    }
}

#[test]
fn no_canary_is_seen_again() {
    let (nginx, told) = (Nginx::start(), crate::Home::new());
    let canaries: String = (0..CANARIES).map(|number| canary(number) + "\n").collect();
    let list = told.file("canaries.txt", &canaries);
    let config = format!(
        "[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://{}\"\nplatform = \"mastodon\"\n[telemetry]\nlog = \"trace\"\n",
        nginx.address
    );
    let mut server = Serving::start_with(&config, &["--lists", list.to_str().unwrap()]);
    let mut answers = String::new();
    for number in 0..CANARIES {
        for answer in ask(&server, number) {
            assert_ne!(answer.status, 0, "{number}");
            write!(answers, "{}\n\n{}\n", answer.head, answer.body).unwrap();
        }
    }
    let refused = server.figure("linkgate_posts_total{door=\"proxy\",action=\"reject\"}");
    assert!(refused >= Some(200.0), "{refused:?}");
    let figures = get(server.api, "/metrics").body;
    server.signal("TERM");
    assert!(server.child.wait().unwrap().success());
    server.wait_for("drained");
    let log = server.log.lock().unwrap().clone();
    let seen = crate::Home::new();
    for (name, text) in [("answers", answers), ("figures", figures), ("log", log)] {
        assert!(!text.contains("canary-"), "{name}");
        seen.file(name, text);
    }
    // The same in every coding that a leak could have.
    let Some(scan) = shared("security/leakscan.py") else { return };
    let command = Command::new("python3").arg(scan).arg("--canaries").arg(&list).arg(seen.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&command.stdout), "leaks 0\n");
}
