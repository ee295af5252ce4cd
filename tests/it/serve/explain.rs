//! `POST /v1/explain`: the steps of a URL, with links for whoever may see them alone.

use super::keys::{SHA256, bearer, key};
use super::{Answer, Serving, json};

fn start(scopes: &str) -> Serving {
    Serving::start(&key("a", SHA256, &format!("scopes = [{scopes}]")))
}

fn ask(server: &Serving, body: &str) -> Answer {
    bearer(server, "POST", "/v1/explain", body)
}

#[test]
fn whoever_may_see_links_gets_what_the_command_gives() {
    let server = start(r#""explain", "reveal""#);
    for url in ["https://www.listed.example/a?utm_source=x", "hxxps://listed[.]example", "no link", "http://[::1]/"] {
        let mut told = json(&ask(&server, &serde_json::json!({ "url": url }).to_string()));
        assert_eq!(told.as_object_mut().unwrap().remove("redacted"), Some(false.into()));
        let ran = server.home.run(&["explain", "--json", url]);
        let expected: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(told["urls"], expected["urls"], "{url}");
        assert_eq!((&told["read_as"], &told["outcome"]), (&expected["read_as"], &expected["outcome"]), "{url}");
        assert_eq!(told["report"]["action"], expected["report"]["action"], "{url}");
    }
}

#[test]
fn others_get_no_link_in_any_part() {
    let server = start(r#""explain""#);
    let url = "https://secret-host.example/secret-path?u=https://listed.example/hidden&secret=1";
    let answer = ask(&server, &serde_json::json!({ "url": url }).to_string());
    for part in ["secret", "hidden", "listed.example", "sha256", "md5"] {
        assert!(!answer.body.contains(part), "{part}: {}", answer.body);
    }
    let told = json(&answer);
    assert_eq!((&told["redacted"], &told["input"]), (&true.into(), &"s…t.example/…".into()));
    assert_eq!((&told["urls"][1]["via"], &told["urls"][1]["link"]), (&"nested".into(), &"l…d.example/…".into()));
    assert_eq!((&told["urls"][1]["expressions"], &told["urls"][1]["labels"]), (&3.into(), &1.into()));
    assert_eq!(told["report"]["action"], "reject");
    assert!(!server.log.lock().unwrap().contains("secret"));
}

#[test]
fn it_is_bounded_and_takes_the_scope() {
    let server = start(r#""explain""#);
    let long = |chars: usize| format!(r#"{{"url":"http://a.test/{}"}}"#, "é".repeat(chars - 14));
    for (body, status, code) in [
        ("{}", 422, "no_url"),
        (r#"{"url":7}"#, 422, "no_url"),
        (r#"["https://listed.example/"]"#, 422, "no_url"),
        (r#"{"url":"a","url":"b"}"#, 422, "no_url"),
        ("{", 400, "not_json"),
        (&*long(8_193), 413, "url_too_long"),
    ] {
        let answer = ask(&server, body);
        assert_eq!((answer.status, json(&answer)["code"].as_str().unwrap()), (status, code), "{body}");
    }
    assert_eq!(ask(&server, &long(8_192)).status, 200);
    // As many forms as parts, each as long as what stands before it.
    let parts = format!(r#"{{"url":"http://www.a.test{}"}}"#, "/a".repeat(4_000));
    let answer = bearer(&start(r#""explain", "reveal""#), "POST", "/v1/explain", &parts);
    assert!(answer.status == 200 && answer.body.len() < 2 << 20, "{}", answer.body.len());
    let without = start(r#""check""#);
    assert_eq!(json(&ask(&without, r#"{"url":"https://listed.example/"}"#))["code"], "scope");
    let keyless = Serving::start("");
    let answer = super::post(keyless.api, "/v1/explain", "application/json", br#"{"url":"https://listed.example/"}"#);
    assert_eq!(json(&answer)["code"], "keys_only");
}
