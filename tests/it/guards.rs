//! `inspect guard`: what must never go live by itself, whole classes of it.

use serde_json::{Value, json};

use crate::{Home, shared};

/// What the command says of each case, in their order.
fn judged(cases: &[Value]) -> Vec<Value> {
    let input = cases.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let ran = Home::new().run_with(&["inspect", "guard"], input.as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let answers: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), cases.len());
    answers
}

fn check(table: &[(Value, &str, &str)]) {
    let cases: Vec<Value> = table
        .iter()
        .enumerate()
        .map(|(number, (case, ..))| {
            let mut case = case.clone();
            case["id"] = json!(number);
            case
        })
        .collect();
    for ((case, answer), (_, outcome, code)) in cases.iter().zip(judged(&cases)).zip(table) {
        let code = if code.is_empty() { Value::Null } else { json!(code) };
        assert_eq!(answer, json!({"id": case["id"], "outcome": outcome, "code": code}), "{case}");
    }
}

#[test]
fn the_cases_of_poisoned_lists_come_out_as_they_must() {
    let Some(folder) = shared("security") else { return };
    let text = std::fs::read_to_string(folder.join("list_poison.jsonl")).unwrap();
    let cases: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!cases.is_empty());
    for (case, answer) in cases.iter().zip(judged(&cases)) {
        assert_eq!(answer["outcome"], case["expect"], "{case} → {answer}");
        assert_eq!(answer["id"], case["id"]);
    }
}

#[test]
fn entries_that_take_everything_are_dropped_in_every_spelling() {
    let spellings = [
        "",
        " ",
        "\t",
        "\u{feff}",
        "\u{a0}",
        "\u{3000}",
        "/",
        "//",
        "///",
        "?",
        "#",
        "&",
        "\\",
        "*",
        "**",
        "*.*",
        "*.",
        ".",
        "..",
        ".*",
        "*/",
        "/*",
        "*/*",
        "*://*/*",
        "http://",
        "https:///",
        "http:",
        "://",
        "http://*",
        "http://*/",
        "http://./",
        "http://%2a/",
        "http://%20/",
        "https://*.com/",
        "/.*/",
        "^.*$",
        "||*^",
        "0/0",
        "0.0.0.0/0",
        "0.0.0.0/7",
        "::/0",
        "[::]/0",
        "2000::/3",
        "::ffff:0:0/96",
        "javascript:x",
        "mailto:a@listed.example",
        "a b",
        "# listed.example",
        "<html>",
        "-",
        "0",
        "// listed.example",
    ];
    let cases: Vec<Value> = spellings.iter().map(|entry| json!({"kind": "entry", "entry": entry})).collect();
    for (case, answer) in cases.iter().zip(judged(&cases)) {
        assert_eq!(answer["outcome"], "reject-entry", "{case}");
        assert!(answer["code"].is_string(), "{case}");
    }
}

#[test]
fn entries_that_hit_strangers_wait_and_pages_do_not() {
    let entry = |value: &str| json!({"kind": "entry", "entry": value});
    let scoped = |value: &str, scope: &str| json!({"kind": "entry", "entry": value, "entry_type": scope});
    let own = |value: &str| json!({"kind": "entry", "entry": value, "config": {"protect": ["https://Own.TEST/", "*.s.example"]}});
    check(&[
        (entry("com"), "quarantine", "public_suffix"),
        (entry("*.com"), "quarantine", "public_suffix"),
        (entry(".co.uk"), "quarantine", "public_suffix"),
        (entry("ＣＯ.UK."), "quarantine", "public_suffix"),
        (entry("xn--p1ai"), "quarantine", "public_suffix"),
        (entry("рф"), "quarantine", "public_suffix"),
        (entry("localhost"), "reject-entry", "no_link"),
        (entry("test"), "quarantine", "public_suffix"),
        (entry("github.io"), "quarantine", "public_suffix"),
        (entry("pages.dev"), "quarantine", "public_suffix"),
        (entry("0.0.0.0 blogspot.com"), "quarantine", "public_suffix"),
        (entry("https://s3.amazonaws.com/"), "quarantine", "public_suffix"),
        (entry("https://s3.amazonaws.com/bucket/a.jpg"), "accept", ""),
        (entry("someone.github.io"), "accept", ""),
        (entry("core.windows.net"), "quarantine", "public_suffix"),
        (entry("storage.googleapis.com"), "quarantine", "protected_host"),
        (entry("amazonaws.com"), "quarantine", "protected_host"),
        (entry("hxxps://google[.]com"), "quarantine", "protected_host"),
        (entry("https://google.com:443//#top"), "quarantine", "protected_host"),
        (entry("https://google.com/a/%2e%2e/"), "quarantine", "protected_host"),
        (entry("https://docs.google.com/document/d/listed"), "accept", ""),
        (entry("t.me"), "quarantine", "protected_host"),
        (entry("https://t.me/listed"), "accept", ""),
        (entry("iwf.org.uk"), "quarantine", "protected_host"),
        (own("own.test"), "quarantine", "own_host"),
        (own("OWN.test."), "quarantine", "own_host"),
        (own("https://cdn.own.test/"), "quarantine", "own_host"),
        (own("*.s.example"), "quarantine", "own_host"),
        (own("https://own.test/@someone/1"), "accept", ""),
        (own("own.test.listed.example"), "accept", ""),
        (scoped("google", "label"), "quarantine", "protected_host"),
        (scoped("photos", "label"), "quarantine", "common_label"),
        (scoped("info", "label"), "quarantine", "common_label"),
        (scoped("qzx", "label"), "quarantine", "short_label"),
        (scoped("listedlabel", "label"), "accept", ""),
        (scoped("listedlabel.*", "label"), "accept", ""),
        (entry("10.0.0.0/8"), "quarantine", "special_network"),
        (entry("http://127.1/"), "quarantine", "special_network"),
        (entry("http://[::ffff:10.0.0.1]/"), "quarantine", "special_network"),
        (entry("11.0.0.0/8"), "quarantine", "wide_network"),
        (entry("198.51.100.0/24"), "accept", ""),
        (entry("listed.example"), "accept", ""),
        (entry("listed.example # why"), "accept", ""),
    ]);
}

#[test]
fn updates_are_what_they_should_be_or_do_not_go_live() {
    let update = |fields: Value| {
        let mut case = fields;
        case["kind"] = json!("update");
        case
    };
    let counts = |base: u64, new: u64| update(json!({"base_count": base, "update_count": new}));
    let body = |body: &str| update(json!({"body": body}));
    let good = (0..200).map(|number| format!("https://listed{number}.example/a\n")).collect::<Vec<_>>().concat();
    check(&[
        (update(json!({})), "accept", ""),
        (update(json!({"unknown": {"field": 1}})), "accept", ""),
        (counts(6000, 7800), "accept", ""),
        (counts(6000, 7801), "quarantine", "grew"),
        (counts(6000, 4200), "accept", ""),
        (counts(6000, 4199), "quarantine", "shrank"),
        (counts(40, 10), "accept", ""),
        (counts(10, 0), "quarantine", "emptied"),
        (counts(0, 6000), "accept", ""),
        (counts(0, 0), "reject", "empty"),
        (update(json!({"replay": {"posts": 100_000, "newly_blocked": 100}})), "accept", ""),
        (update(json!({"replay": {"posts": 100_000, "newly_blocked": 101}})), "quarantine", "newly_matched"),
        (update(json!({"has_test_entry": true, "has_invalid_entry": true})), "reject", "invalid_entry_present"),
        (update(json!({"has_test_entry": false, "base_count": 1, "update_count": 0})), "reject", "test_entry_missing"),
        (update(json!({"bad_line_ratio": 0.01})), "accept", ""),
        (update(json!({"bad_line_ratio": 0.011})), "reject", "too_many_bad_lines"),
        (update(json!({"version": [7, 7]})), "accept", ""),
        (update(json!({"version": [9, 10]})), "accept", ""),
        (update(json!({"version": ["1.10", "1.9"]})), "reject", "version_backwards"),
        (update(json!({"version": ["2026-02-01", "2026-01-31"]})), "reject", "version_backwards"),
        (update(json!({"version": ["2026-01-31", "2026-02-01T00:00:00Z"]})), "accept", ""),
        (update(json!({"version": [7, null]})), "quarantine", "version_unclear"),
        (update(json!({"version": [null, 7]})), "accept", ""),
        (update(json!({"signature_of": "v2", "body_of": "v2"})), "accept", ""),
        (update(json!({"signature_of": null, "body_of": "v2"})), "reject", "signature_missing"),
        (update(json!({"signature": null})), "reject", "signature_missing"),
        (update(json!({"signature": "of another key"})), "reject", "signature_wrong"),
        (update(json!({"signed": false})), "reject", "signature_missing"),
        (update(json!({"body": "a.example\n", "sha256": "00"})), "reject", "signature_wrong"),
        (update(json!({"expires": "2020-01-01"})), "reject", "expired"),
        (update(json!({"expires": "2020-01-01", "now": "2019-12-31"})), "accept", ""),
        (update(json!({"body": "a.example\n", "content_length": 11})), "reject", "cut_off"),
        (body(""), "reject", "empty"),
        (body("\u{feff} \r\n"), "reject", "empty"),
        (body("# nothing\n"), "reject", "empty"),
        (update(json!({"body": "# nothing\n", "base_count": 6000})), "quarantine", "emptied"),
        (update(json!({"body": "a.example\n", "base_count": 6000})), "quarantine", "shrank"),
        (body("\u{feff}\n<!DOCTYPE html>\n<title>Log in</title>"), "reject", "html"),
        (body("<meta http-equiv=refresh content='0;url=https://portal.example/'>"), "reject", "html"),
        (body("<!-- served by a cache -->\n<p>Sorry</p>"), "reject", "html"),
        (body("<div>Too many requests</div>"), "reject", "html"),
        (body("{\"error\":\"unauthorized\"}"), "reject", "not_a_list"),
        (body("404 page not found\n"), "reject", "not_a_list"),
        (body("Forbidden\n"), "reject", "not_a_list"),
        (body("com\nnet\n"), "quarantine", "all_held"),
        (body("[]"), "reject", "empty"),
        (update(json!({"body": "{\"objects\":[]}", "base_count": 6000})), "quarantine", "emptied"),
        (body("{\"type\":\"bundle\",\"objects\":[{\"type\":\"indica"), "reject", "cut_off"),
        (body("/\n*\n"), "reject", "not_a_list"),
        (body(&format!("{good}/\n*\nco.uk\n")), "accept", ""),
        (body(&format!("{good}not a host\nnor this one\n")), "accept", ""),
        (body(&format!("{good}not a host\nnor this one\nnor that\n")), "reject", "too_many_bad_lines"),
        (body(&format!("{good}<html><body>\nGateway time-out\n</body></html>\n")), "reject", "too_many_bad_lines"),
        (body("\u{feff}# c\r\nhttps://a.example/x \r\n\r\nhttps://a.example/x\r\n"), "accept", ""),
        (body("value,scope\na.example,domain\n"), "accept", ""),
        (update(json!({"body": "||a.example^\n", "format": "adblock"})), "accept", ""),
    ]);
}

#[test]
fn lines_that_are_no_case_are_answered_as_such() {
    let input = concat!(
        "not json\n",
        r#"{"id":1}"#,
        "\n",
        r#"{"id":2,"kind":"entry"}"#,
        "\n",
        r#"{"id":3,"kind":"entry","entry":"a.example","entry_type":"nonsense"}"#,
        "\n",
        r#"{"id":4,"kind":"update","base_count":"many"}"#,
        "\n",
        r#"{"id":"last","kind":"entry","entry":"a.example"}"#,
        "\n",
    );
    let ran = Home::new().run_with(&["inspect", "guard"], input.as_bytes());
    let told: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told[0], json!({"id": null, "line": 1, "error": "not_json"}));
    for (at, line) in told.iter().enumerate().take(5).skip(1) {
        assert_eq!(*line, json!({"id": null, "line": at + 1, "error": "bad_field"}));
    }
    assert_eq!(told[5], json!({"id": "last", "outcome": "accept", "code": null}));
    assert_eq!(ran.code, 2);
}

#[test]
fn lists_given_by_hand_are_used_and_remarked_on() {
    let home = Home::new();
    let list = home.file("wide.txt", "wikipedia.org\nlisted.example\n10.0.0.0/8\n");
    let list = list.to_str().unwrap();
    let ran = home.run(&["check", "https://en.wikipedia.org/wiki/A", "--lists", list]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("2 entries hit more than a list should"), "{}", ran.stderr);
    let ran = home.run(&["lists", "status", "--explain", "--lists", list]);
    assert!(ran.stdout.contains("takes a whole host that many strangers use"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("wikipedia"), "{}", ran.stdout);
}

/// The manual names every code with its outcome.
#[test]
fn the_manual_has_every_code() {
    use linkgate::lists::guard::{Hold, Outcome, UpdateCode};
    let manual = std::fs::read_to_string(crate::root().join("src/docs/list-formats.md")).unwrap();
    let row = |code: &str| manual.lines().find(|line| line.starts_with(&format!("| `{code}` |"))).map(str::to_owned);
    for hold in Hold::ALL {
        assert!(row(hold.code()).is_some_and(|row| row.contains("| waits |")), "{}", hold.code());
    }
    for code in UpdateCode::ALL {
        let word = if code.outcome() == Outcome::Reject { "| thrown away |" } else { "| waits |" };
        assert!(row(code.code()).is_some_and(|row| row.contains(word)), "{}", code.code());
    }
}
