//! The check API: verdicts, problems, keys, streams.

use super::{Serving, get, json, post, raw, request};

const LISTED: &str = r#"{"id":7,"text":"see hxxps://listed[.]example/a"}"#;

#[test]
fn posts_are_judged() {
    let server = Serving::start("");
    let report = json(&server.check(LISTED));
    assert_eq!((&report["id"], &report["action"]), (&7.into(), &"reject".into()));
    assert_eq!(report["links"][0]["matches"][0]["entry"], "demo-domain");
    assert!(report["links"][0].get("raw").is_none(), "{report}");
    let several =
        json(&server.check(&format!(r#"{{"posts":[{LISTED},{{"id":"b","links":["https://fine.example/"]}}]}}"#)));
    assert_eq!(several["reports"][0]["action"], "reject");
    assert_eq!((&several["reports"][1]["id"], &several["reports"][1]["action"]), (&"b".into(), &"allow".into()));
    let html = json(&server.check(r#"{"text":"<a href='https://listed.exam&#112;le'>x</a>","format":"html"}"#));
    assert_eq!(html["action"], "reject");
}

#[test]
fn what_is_wrong_is_said() {
    let server = Serving::start("[serve.limits]\nposts_max = 2\nbody_max_bytes = 2000\n");
    let long = format!(r#"{{"text":"{}"}}"#, "x".repeat(2_000));
    for (body, status, code) in [
        ("{", 400, "not_json"),
        ("{}", 422, "no_post"),
        (r#"{"text":1}"#, 422, "no_post"),
        (r#"{"posts":[]}"#, 422, "no_post"),
        (r#"{"posts":[{"id":1}]}"#, 422, "no_post"),
        (r#"{"posts":[{"text":"a"}],"text":"b"}"#, 422, "no_post"),
        (r#"{"text":"a","text":"b"}"#, 422, "no_post"),
        (r#"{"posts":[{"text":"a"}],"posts":[]}"#, 422, "no_post"),
        (r#"{"text":null}"#, 422, "no_post"),
        (r#"{"text":"a","format":"rtf"}"#, 422, "no_post"),
        (r#"[1,"a",null,null]"#, 422, "no_post"),
        (r#"[1,"a",null,null,null]"#, 422, "no_post"),
        (r#"{"posts":[[1,"a",null,null]]}"#, 422, "no_post"),
        (r#"{"text":"a"}{"text":"b"}"#, 400, "not_json"),
        ("", 400, "not_json"),
        (r#"{"posts":[{"text":""},{"text":""},{"text":""}]}"#, 413, "too_many_posts"),
        (&long, 413, "body_too_large"),
    ] {
        let answer = server.check(body);
        let problem = json(&answer);
        assert_eq!((answer.status, problem["code"].as_str().unwrap()), (status, code), "{body}");
        assert!(answer.head.contains("application/problem+json"), "{}", answer.head);
        assert!(answer.head.contains(problem["request_id"].as_str().unwrap()), "{}", answer.head);
    }
    assert_eq!(json(&server.check(r#"{"posts":[{"text":""},{"text":""}]}"#))["reports"].as_array().unwrap().len(), 2);
    let wrong_type = post(server.api, "/v1/check", "image/png", LISTED.as_bytes());
    assert_eq!(wrong_type.status, 415);
    assert_eq!(post(server.api, "/v1/check", "application/json; charset=utf-16", LISTED.as_bytes()).status, 415);
    assert_eq!(get(server.api, "/v1/nothing").status, 404);
    let answer = get(server.api, "/v1/check");
    assert_eq!(answer.status, 405);
    assert!(answer.head.contains("allow: post, options\r\n"), "{}", answer.head);
}

#[test]
fn health_readiness_and_figures() {
    let server = Serving::start("");
    assert_eq!(get(server.api, "/healthz").body, "alive\n");
    assert_eq!(get(server.api, "/readyz").body, "ready\n");
    server.check(LISTED);
    let figures = get(server.api, "/metrics").body;
    assert!(figures.contains("linkgate_posts_total{door=\"api\",action=\"reject\"} 1\n"), "{figures}");
    assert!(!figures.contains("listed.example"), "{figures}");
    let without = Serving::start("[[lists]]\nname = \"gone\"\npath = \"/nonexistent/list.txt\"\n");
    for answer in [
        get(without.api, "/readyz"),
        without.check(LISTED),
        post(without.api, "/v1/check/stream", "application/x-ndjson", LISTED.as_bytes()),
    ] {
        assert_eq!((answer.status, json(&answer)["code"].clone()), (503, "no_index".into()));
    }
}

#[test]
fn web_pages_of_elsewhere_are_not_answered() {
    let server = Serving::start("[api]\nhosts = [\"gate.internal\"]\n");
    let ask = |host: &str, field: &str| {
        let length = LISTED.len();
        let head = format!(
            "POST /v1/check HTTP/1.1\r\nHost: {host}\r\n{field}Connection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        raw(server.api, format!("{head}{LISTED}").as_bytes()).status
    };
    assert_eq!(ask("127.0.0.1", ""), 200);
    assert_eq!(ask("gate.internal", ""), 200);
    assert_eq!(ask("rebound.example", ""), 421);
    assert_eq!(ask("localhost", "Origin: https://page.example\r\n"), 403);
    assert_eq!(ask("localhost", "Sec-Fetch-Site: cross-site\r\n"), 403);
    assert_eq!(ask("localhost", "Sec-Fetch-Site: none\r\n"), 200);
}

#[test]
fn keys_open_what_their_scopes_say() {
    let home = crate::Home::new();
    let made = home.run(&["keys", "new", "partner"]).stdout;
    let (key, lines) = made.split_once("\n\n").unwrap();
    assert!(key.starts_with("lg_") && key.len() > 40, "{key}");
    assert!(!lines.contains(key), "{lines}");
    let config = format!("{lines}requests_per_minute = 3\n");
    let server = Serving::start(&config);
    let ask = |value: &str| request(server.api, "POST", "/v1/check", &[("Authorization", value)], LISTED.as_bytes());
    assert_eq!(server.check(LISTED).status, 401);
    assert_eq!(json(&ask("Bearer lg_wrong"))["code"], "bad_key");
    assert_eq!(ask(key).status, 401);
    let bearer = format!("Bearer {key}");
    assert_eq!(json(&ask(&bearer))["action"], "reject");
    let lists = request(server.api, "GET", "/v1/lists", &[("Authorization", &*bearer)], b"");
    assert_eq!((lists.status, json(&lists)["code"].clone()), (403, "scope".into()));
    let spent = (0..4).map(|_| ask(&bearer)).find(|answer| answer.status != 200).unwrap();
    assert_eq!((spent.status, json(&spent)["code"].clone()), (429, "requests_per_minute".into()));
}

#[test]
fn a_key_is_answered_by_its_lists_and_within_its_budget_of_hits() {
    let lists = crate::Home::new();
    let (one, two) = (lists.file("one.txt", "one.test\nthree.test\nfour.test\n"), lists.file("two.txt", "two.test\n"));
    let sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"; // of `test`
    let server = Serving::start(&format!(
        "lists = [{{ name = \"one\", path = {one:?} }}, {{ name = \"two\", path = {two:?} }}]\n\
         [[keys]]\nname = \"a\"\nsha256 = \"{sha256}\"\nlists = [\"one\"]\nhits_per_day = 1\n"
    ));
    let ask = |text: &str| {
        let body = format!(r#"{{"text":"https://{text}/"}}"#);
        request(server.api, "POST", "/v1/check", &[("Authorization", "Bearer test")], body.as_bytes())
    };
    for (host, action) in [("two.test", "allow"), ("one.test", "reject"), ("one.test", "reject")] {
        assert_eq!(json(&ask(host))["action"], action, "{host}");
    }
    // Nothing tells the one beyond the budget from what comes after it.
    for host in ["three.test", "four.test", "one.test", "two.test"] {
        assert_eq!(json(&ask(host))["code"], "hits_per_day", "{host}");
    }
}

#[test]
fn streams_answer_line_by_line() {
    let server = Serving::start("");
    let posts =
        format!("{LISTED}\n\n{{\"id\":8,\"text\":\"\"}}\nbroken\n{{\"id\":9,\"text\":\"https://fine.example\"}}");
    let answer = post(server.api, "/v1/check/stream", "application/x-ndjson", posts.as_bytes());
    assert_eq!(answer.status, 200);
    let lines: Vec<serde_json::Value> = answer
        .body
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<String> =
        lines.iter().map(|line| format!("{}:{}{}", line["id"], line["action"], line["error"])).collect();
    assert_eq!(told, ["7:\"reject\"null", "8:\"allow\"null", "null:null\"not_json\"", "9:\"allow\"null"]);
    assert_eq!(lines[2]["line"], 4);
}

#[test]
fn only_this_machine_is_served_without_keys() {
    let home = crate::Home::new();
    let refused = home.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(refused.code, 64);
    assert!(refused.stderr.contains("linkgate keys new"), "{}", refused.stderr);
}

#[test]
fn a_reload_takes_new_lists_and_keeps_the_old_ones_if_they_cannot_be_read() {
    let lists = crate::Home::new();
    let path = lists.file("own.txt", "before.test\n");
    let server = Serving::start(&format!("[[lists]]\nname = \"own\"\npath = {path:?}\n"));
    let action = |host: &str| json(&server.check(&format!(r#"{{"text":"https://{host}/"}}"#)))["action"].clone();
    assert_eq!((action("before.test"), action("after.test")), ("reject".into(), "allow".into()));
    lists.file("own.txt", "after.test\n");
    server.signal("HUP");
    server.wait_for("reloaded");
    assert_eq!((action("before.test"), action("after.test")), ("allow".into(), "reject".into()));
    std::fs::remove_file(&path).unwrap();
    server.signal("HUP");
    server.wait_for("what answered before answers on");
    assert_eq!(action("after.test"), "reject");
    assert!(!server.log.lock().unwrap().contains("after.test"));
    assert!(server.home.path().exists());
}
