//! What holders of `admin` keys do to lists through the API: asked for now, approved, gone back from, and on the record.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Stand, list};
use crate::serve::{Answer, Serving, get, request, wait_until};

/// Names of keys and the texts that are keys, each with its settings.
const KEYS: [(&str, &str); 4] = [
    ("first", "scopes = [\"check\", \"admin\"]"),
    ("second", "scopes = [\"admin\"]"),
    ("checks", "scopes = [\"check\"]"),
    ("elsewhere", "scopes = [\"admin\"]\nlists = [\"own\"]"),
];

/// The configuration with keys and a list of its own, whose source is asked only when somebody wants it.
fn configure(stand: &Stand, more: &str) {
    let path = stand.config(more);
    let own = stand.files.file("own.txt", "own-thing.test\n");
    let mut text = std::fs::read_to_string(&path).unwrap().replace("poll_s = 1\n", "poll_s = 86400\n");
    write!(text, "[[lists]]\nname = \"own\"\npath = \"{}\"\n", own.display()).unwrap();
    for (name, settings) in KEYS {
        let digest = data_encoding::HEXLOWER.encode(&linkgate::serve::digest(name.as_bytes()));
        write!(text, "[[keys]]\nname = \"{name}\"\nsha256 = \"{digest}\"\n{settings}\n").unwrap();
    }
    std::fs::write(path, text).unwrap();
}

fn send(server: &Serving, key: &str, path: &str, body: &str) -> Answer {
    let authorization = format!("Bearer {key}");
    let fields = [("Authorization", &*authorization), ("Content-Type", "application/json")];
    request(server.api, "POST", &format!("/v1/lists/{path}"), &fields, body.as_bytes())
}

/// Status, and outcome or code.
fn told(answer: &Answer) -> String {
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    let word = body["outcome"].as_str().or(body["code"].as_str()).unwrap_or("?");
    format!("{} {word}", answer.status)
}

fn action(server: &Serving, host: &str) -> String {
    let fields = [("Authorization", "Bearer first")];
    let body = json!({ "text": format!("https://{host}/") }).to_string();
    let answer = request(server.api, "POST", "/v1/check", &fields, body.as_bytes());
    serde_json::from_str::<Value>(&answer.body).unwrap()["action"].as_str().unwrap_or("none").to_owned()
}

const APPROVAL: &str = r#"{"version":2,"author":"ann","reason":"the publisher confirmed it"}"#;

/// While version 2 waits for two people. One of them has approved it behind this.
fn what_cannot_be_is_refused(server: &Serving) {
    for (key, path, body, expected) in [
        ("first", "partner/approve", r#"{"version":2}"#, "400 no_reason"),
        ("first", "partner/approve", r#"{"version":2,"reason":" "}"#, "400 no_reason"),
        ("first", "partner/approve", "x", "400 not_json"),
        ("first", "partner/approve", r#"{"reason":"a"}"#, "422 no_decision"),
        ("first", "partner/approve", r#"{"version":2,"entry":"e","reason":"a"}"#, "422 no_decision"),
        ("first", "partner/approve", r#"{"version":"2","reason":"a"}"#, "422 no_decision"),
        ("first", "partner/approve", r#"{"version":9,"reason":"a"}"#, "409 nothing_pending"),
        ("first", "partner/approve", r#"{"version":1,"reason":"a"}"#, "409 nothing_pending"),
        ("first", "partner/approve", r#"{"entry":"e","reason":"a"}"#, "409 nothing_pending"),
        ("first", "partner/rollback", r#"{"reason":"a"}"#, "404 no_version"),
        ("first", "partner/rollback", r#"{"to":2,"reason":"a"}"#, "404 no_version"),
        ("first", "partner/refresh", "[1]", "422 no_decision"),
        ("first", "nobody/approve", APPROVAL, "404 no_list"),
        ("first", "own/refresh", "", "200 unchanged"),
        ("first", "partner/forget", "", "404 not_found"),
        ("elsewhere", "partner/approve", APPROVAL, "404 no_list"),
        ("elsewhere", "partner/refresh", "", "404 no_list"),
        ("checks", "partner/approve", APPROVAL, "403 scope"),
        ("stranger", "partner/approve", APPROVAL, "401 bad_key"),
        ("first", "partner/approve", APPROVAL, "200 one_more"),
        ("first", "partner/approve", &APPROVAL.replace("ann", "ben"), "409 same_person"),
    ] {
        assert_eq!(told(&send(server, key, path, body)), expected, "{key} {path} {body}");
    }
    let get = request(server.api, "GET", "/v1/lists/partner/approve", &[("Authorization", "Bearer first")], b"");
    assert_eq!((get.status, get.head.contains("allow: post, options")), (405, true));
}

#[test]
fn lists_are_seen_to_through_the_api() {
    let stand = Stand::new();
    stand.publish("partner.csv", &list("one", 200), 1_000);
    configure(&stand, "approvers = 2\n");
    let server = stand.serve();
    wait_until("the first version", || action(&server, "one-3.example") == "reject");
    assert_eq!(told(&send(&server, "first", "partner/refresh", "")), "200 unchanged");
    stand.publish("partner.csv", &list("one", 2_000), 2_000);
    let answer = send(&server, "first", "partner/refresh", "{}");
    let state: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(
        (told(&answer).as_str(), &state["state"], &state["number"], &state["pending"]["number"]),
        ("200 waits", &json!("quarantined"), &json!(1), &json!(2)),
        "{state}"
    );

    what_cannot_be_is_refused(&server);
    assert_eq!(action(&server, "one-1000.example"), "allow");

    // Whatever key she has, and by whatever door she comes, Ann is one person.
    assert_eq!(told(&send(&server, "second", "partner/approve", APPROVAL)), "409 same_person");
    let by_command = ["lists", "approve", "partner", "--author", " Ann", "--reason", "a test"];
    assert_eq!(stand.run(&by_command).code, 2);
    assert_eq!(told(&send(&server, "second", "partner/approve", &APPROVAL.replace("ann", "cleo"))), "200 live");
    wait_until("what was approved", || action(&server, "one-1000.example") == "reject");
    let answer = send(&server, "second", "partner/rollback", r#"{"reason":"it hit our own help pages"}"#);
    let state: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((told(&answer).as_str(), &state["number"]), ("200 live", &json!(1)), "{state}");
    wait_until("the version before", || action(&server, "one-1000.example") == "allow");
    // Whoever is asked again says the same, and it is not taken.
    assert_eq!(told(&send(&server, "first", "partner/refresh", "")), "200 unchanged");
    assert_eq!(told(&send(&server, "first", "partner/rollback", r#"{"to":2,"reason":"it was right"}"#)), "200 live");
    wait_until("forward again", || action(&server, "one-1000.example") == "reject");
    std::fs::write(stand.mirror.file("partner.csv"), "<html>please log in</html>").unwrap();
    let answer = send(&server, "first", "partner/refresh", "");
    assert!(told(&answer) == "200 failed" && answer.body.contains("signature_wrong"), "{answer:?}");

    // A list in a file is looked at.
    stand.files.file("own.txt", "own-thing.test\nown-new.test\n");
    assert_eq!(told(&send(&server, "first", "own/refresh", "")), "200 live");
    wait_until("what was added", || action(&server, "own-new.test") == "reject");

    let ran = stand.run(&["audit", "verify"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let record = std::fs::read_to_string(stand.files.path().join("state/linkgate/audit.jsonl")).unwrap();
    let deeds: Vec<String> = record
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| format!("{}: {}", line["who"].as_str().unwrap(), line["did"].as_str().unwrap()))
        .collect();
    assert_eq!(
        deeds,
        [
            "(updater): list_update",
            "(updater): list_update",
            "key first for ann: list_approve",
            "key first for ben: list_approve",
            "key first for ben: list_approve_failed",
            "key second for ann: list_approve",
            "key second for ann: list_approve_failed",
            " Ann: list_approve",
            " Ann: list_approve_failed",
            "key second for cleo: list_approve",
            "key second: list_rollback",
            "key first: list_rollback",
            "(updater): list_update",
        ]
    );
    assert!(!record.contains(".example") && !server.log().contains(".example"), "{record}");
    let figure = |outcome: &str| {
        let text = request(server.api, "GET", "/metrics", &[], b"").body;
        let name = format!("linkgate_requests_total{{door=\"api\",outcome=\"{outcome}\",platform=\"\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&*name)?.parse::<u32>().ok())
    };
    assert_eq!([figure("list_approve"), figure("list_rollback"), figure("list_refresh")], [2, 2, 6].map(Some));
}

#[test]
fn an_entry_is_let_in_and_texts_have_limits() {
    let stand = Stand::new();
    stand.publish("partner.csv", &(list("one", 3) + "wikipedia.org,domain\n"), 1_000);
    configure(&stand, "");
    let server = stand.serve();
    wait_until("the first version", || action(&server, "one-1.example") == "reject");
    let book = std::fs::read(stand.files.path().join("state/linkgate/lists/partner/book.json")).unwrap();
    let book: Value = serde_json::from_slice(&book).unwrap();
    let entry = book["versions"]["1"]["held"][0]["entry"].as_str().unwrap();
    let approval = |author: usize, reason: usize| {
        json!({ "entry": entry, "author": "a".repeat(author), "reason": "r".repeat(reason) }).to_string()
    };
    for (body, expected) in [
        (approval(201, 1), "422 text_too_long"),
        (approval(1, 1_001), "422 text_too_long"),
        (approval(1, 17 << 10), "413 body_too_large"),
        (approval(200, 1_000), "200 live"),
    ] {
        assert_eq!(told(&send(&server, "first", "partner/approve", &body)), expected, "{}", body.len());
    }
    wait_until("what was let in", || action(&server, "wikipedia.org") == "reject");
    assert_eq!(stand.run(&["audit", "verify"]).code, 0);
}

#[test]
fn without_keys_nobody_sees_to_lists() {
    let stand = Stand::new();
    stand.publish("partner.csv", &list("one", 10), 1_000);
    stand.config("");
    let server = stand.serve();
    wait_until("the first version", || get(server.api, "/readyz").status == 200);
    for what in ["refresh", "rollback", "approve"] {
        let answer = request(server.api, "POST", &format!("/v1/lists/partner/{what}"), &[], b"{}");
        assert_eq!(told(&answer), "403 keys_only");
    }
}
