//! Keys: tenants, ends, policies, lists and budgets, within requests and through reloads.

use super::{Answer, Serving, get, json, request};

/// Of `test` and of `other`.
pub(super) const SHA256: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const OTHER: &str = "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa";

/// The lines of a key.
pub(super) fn key(name: &str, sha256: &str, more: &str) -> String {
    format!("[[keys]]\nname = \"{name}\"\nsha256 = \"{sha256}\"\n{more}\n")
}

/// A request with the first key.
pub(super) fn bearer(server: &Serving, method: &str, path: &str, body: &str) -> Answer {
    by("test", server, method, path, body)
}

fn by(key: &str, server: &Serving, method: &str, path: &str, body: &str) -> Answer {
    let authorization = format!("Bearer {key}");
    request(server.api, method, path, &[("Authorization", &*authorization)], body.as_bytes())
}

fn lists(home: &crate::Home) -> String {
    let (one, two) = (home.file("one.txt", "one.test\nthree.test\nfour.test\n"), home.file("two.txt", "two.test\n"));
    format!(
        "lists = [{{ name = \"one\", path = \"{}\" }}, {{ name = \"two\", path = \"{}\" }}]\n",
        one.display(),
        two.display()
    )
}

fn post(host: &str) -> String {
    format!(r#"{{"id":"{host}","text":"https://{host}/"}}"#)
}

/// What is done about a post, or the code of a problem.
fn told(answer: &Answer) -> String {
    let json = json(answer);
    json["action"].as_str().or(json["code"].as_str()).unwrap().to_owned()
}

fn lines(answer: &Answer) -> Vec<String> {
    let lines = answer.body.lines().filter(|line| line.starts_with('{'));
    let json = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    json.map(|line| line["action"].as_str().or(line["error"].as_str()).unwrap().to_owned()).collect()
}

#[test]
fn keys_of_a_tenant_share_its_budget_and_others_do_not() {
    let home = crate::Home::new();
    let shared = "tenant = \"t\"\nhits_per_day = 1";
    let third = "2689367b205c16ce32ed4200942b8b8b1e262dfc70d9bc9fbc77c49699a4f1df"; // of `ok`
    let config = lists(&home) + &key("a", SHA256, shared) + &key("b", OTHER, "tenant = \"t\"") + &key("c", third, "");
    let server = Serving::start(&config);
    let check = |key: &str, host: &str| told(&by(key, &server, "POST", "/v1/check", &post(host)));
    assert_eq!(check("test", "one.test"), "reject");
    assert_eq!(check("other", "one.test"), "reject");
    assert_eq!(check("other", "two.test"), "hits_per_day");
    assert_eq!(check("test", "fine.test"), "hits_per_day");
    assert_eq!(check("ok", "two.test"), "reject");
}

#[test]
fn budgets_hold_within_batches_streams_and_every_look_up() {
    let home = crate::Home::new();
    let start =
        |budget: &str| Serving::start(&(lists(&home) + "[api]\nuris_search = true\n" + &key("a", SHA256, budget)));
    let posts = ["fine.test", "one.test", "two.test", "three.test"].map(post);

    let server = start("hits_per_day = 2");
    assert_eq!(
        told(&bearer(&server, "POST", "/v1/check", &format!("{{\"posts\":[{}]}}", posts.join(",")))),
        "hits_per_day"
    );
    let server = start("hits_per_day = 2");
    let answer = bearer(&server, "POST", "/v1/check/stream", &(posts.join("\n") + "\n" + &post("fine.test")));
    assert_eq!(lines(&answer), ["allow", "reject", "reject", "hits_per_day"]);
    assert_eq!(told(&bearer(&server, "POST", "/v1/check", &post("fine.test"))), "hits_per_day");

    let server = start("links_per_day = 3");
    let answer = bearer(&server, "POST", "/v1/check/stream", &posts.join("\n"));
    assert_eq!(lines(&answer), ["allow", "reject", "reject", "links_per_day"]);
    let server = start("links_per_day = 1");
    for (body, expected) in [
        (r#"{"text":"nothing here"}"#, "allow"),
        (r#"{"text":"https://fine.test/"}"#, "allow"),
        (r#"{"text":"nothing here"}"#, "allow"),
        (r#"{"text":"https://fine.test/"}"#, "links_per_day"),
        (r#"{"text":"nothing here"}"#, "links_per_day"),
    ] {
        assert_eq!(told(&bearer(&server, "POST", "/v1/check", body)), expected, "{body}");
    }
    // What is looked up without being told counts too.
    let weak = start("links_per_day = 1");
    let names = r#"{"text":"I said ok.so and fine.by now, well.then"}"#;
    let first = told(&bearer(&weak, "POST", "/v1/check", names));
    assert_eq!(first, "links_per_day");

    let server = start("hits_per_day = 1\nscopes = [\"check\", \"explain\"]");
    assert_eq!(told(&bearer(&server, "POST", "/v1/check", &post("one.test"))), "reject");
    assert_eq!(told(&bearer(&server, "POST", "/v1/explain", r#"{"url":"https://two.test/"}"#)), "hits_per_day");
    let server = start("links_per_day = 1");
    let find = r#"{"threatInfo":{"threatEntries":[{"url":"https://one.test/"},{"url":"https://two.test/"}]}}"#;
    assert_eq!(told(&bearer(&server, "POST", "/v4/threatMatches:find", find)), "links_per_day");
    let server = start("hits_per_day = 0");
    assert_eq!(told(&bearer(&server, "GET", "/v1/uris:search?uri=https%3A%2F%2Fone.test", "")), "hits_per_day");
}

#[test]
fn a_stream_is_slowed_down_to_its_rate() {
    let config = "[serve.limits]\nposts_max = 1\n".to_owned() + &key("a", SHA256, "requests_per_minute = 60");
    let server = Serving::start(&config);
    let began = std::time::Instant::now();
    let answer = bearer(&server, "POST", "/v1/check/stream", &(post("fine.test") + "\n").repeat(62));
    assert_eq!(lines(&answer).len(), 62);
    // Sixty at once, and one more in each second.
    assert!(began.elapsed().as_millis() >= 1_500, "{:?}", began.elapsed());
}

#[test]
fn a_key_has_its_own_policy_and_an_end() {
    let home = crate::Home::new();
    let policy = "policy = { not_canonical = \"reject\", category = { csam = \"hold\" } }";
    let third = "2689367b205c16ce32ed4200942b8b8b1e262dfc70d9bc9fbc77c49699a4f1df";
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let yesterday = today.yesterday().unwrap();
    let config = lists(&home)
        + "[policy]\nmin_confidence = 10\n"
        + &key("a", SHA256, &format!("{policy}\nexpires = \"{today}\""))
        + &key("b", OTHER, "")
        + &key("c", third, &format!("expires = \"{yesterday}\""));
    let server = Serving::start(&config);
    let attached = r#"{"links":["no link"]}"#;
    for (key, body, expected) in [
        ("test", &*post("one.test"), "hold"),
        ("other", &post("one.test"), "reject"),
        ("test", attached, "reject"),
        ("other", attached, "flag"),
        ("ok", attached, "key_expired"),
    ] {
        assert_eq!(told(&by(key, &server, "POST", "/v1/check", body)), expected, "{key} {body}");
    }
    let expired = by("ok", &server, "POST", "/v1/check", attached);
    assert_eq!(expired.status, 401);
    assert!(expired.head.contains("www-authenticate: bearer"), "{}", expired.head);
}

#[test]
fn lists_are_told_to_whoever_may_see_them() {
    let home = crate::Home::new();
    let config = lists(&home)
        + &key("a", SHA256, "scopes = [\"admin\"]\nlists = [\"two\"]")
        + &key("b", OTHER, "scopes = [\"admin\"]");
    let server = Serving::start(&config);
    let names = |key: &str| -> Vec<String> {
        let told = json(&by(key, &server, "GET", "/v1/lists", ""));
        told.as_array().unwrap().iter().map(|list| list["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((names("test"), names("other")), (vec!["two".to_owned()], vec!["one".to_owned(), "two".to_owned()]));
    let told = json(&bearer(&server, "GET", "/v1/lists", ""));
    let path = server.home.path().join("linkgate.toml");
    let ran = server.home.run(&["--config", path.to_str().unwrap(), "lists", "status", "--json"]);
    let expected: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    for field in ["name", "version", "entries", "state"] {
        assert_eq!(told[0][field], expected[1][field], "{field}");
    }
    assert!(told[0]["age_s"].as_u64().unwrap() <= expected[1]["age_s"].as_u64().unwrap(), "{told} {expected}");

    std::fs::remove_file(home.path().join("two.txt")).unwrap();
    let without = Serving::start(&config);
    let told = json(&bearer(&without, "GET", "/v1/lists", ""));
    let expected = serde_json::json!([{"name": "two", "version": "", "entries": {}, "age_s": null, "state": "missing",
        "last_error": {"code": told[0]["last_error"]["code"]}}]);
    assert_eq!(told, expected);
    assert!(told[0]["last_error"]["code"].is_string());
    let all = json(&by("other", &without, "GET", "/v1/lists", ""));
    assert_eq!((&all[0]["name"], &all[0]["state"]), (&"one".into(), &"live".into()));
    assert_eq!(get(without.api, "/readyz").status, 503);
}

#[test]
fn a_reload_changes_budgets_and_not_what_is_spent() {
    let home = crate::Home::new();
    let config = |budget: &str| lists(&home) + &key("a", SHA256, budget);
    let server = Serving::start(&config("hits_per_day = 1"));
    let check = |host: &str| told(&bearer(&server, "POST", "/v1/check", &post(host)));
    let reload = |text: &str| {
        server.home.file("linkgate.toml", text);
        server.log.lock().unwrap().clear();
        server.signal("HUP");
        server.wait_for("reloaded");
    };
    assert_eq!((check("one.test"), check("two.test")), ("reject".into(), "hits_per_day".into()));
    reload(&config("hits_per_day = 1"));
    assert_eq!(check("one.test"), "hits_per_day");
    reload(&config("hits_per_day = 2"));
    assert_eq!((check("one.test"), check("three.test")), ("reject".into(), "hits_per_day".into()));
    reload(&config(""));
    assert_eq!(check("three.test"), "reject");
}

#[test]
fn keys_that_cannot_be_meant_are_refused_at_once() {
    let home = crate::Home::new();
    let lists = lists(&home);
    for (keys, expected) in [
        (key("a", "abc", ""), "`sha256` is not 64 hex digits"),
        (key("a", SHA256, "lists = [\"thre\"]"), "there is no list \"thre\"; there are: one, two"),
        (key("a", SHA256, "") + &key("b", SHA256, ""), "another key has the same `sha256`"),
        (
            key("a", SHA256, "tenant = \"t\"\nhits_per_day = 1") + &key("b", OTHER, "tenant = \"t\"\nhits_per_day = 2"),
            "the keys of tenant \"t\" share one budget, and give more than one `hits_per_day`",
        ),
        (
            key("a", SHA256, "policy = { csam = \"hold\" }"),
            "unknown key `keys[1].policy.csam`; did you mean `keys[1].policy.category.csam`?",
        ),
        (key("a", SHA256, "policy = { limit = \"drop\" }"), "`keys[1].policy.limit` has a value that cannot be used"),
        (key("a", SHA256, "policy = { min_confidence = 101 }"), "has a policy with `min_confidence` above 100"),
        (key("a", SHA256, "policy = 7"), "`keys[1].policy` has a value that cannot be used"),
        (
            key("a", SHA256, "expires = \"soon\""),
            "`keys[1].expires` has a value that cannot be used; expected \"2027-01-31\"",
        ),
        (key("a", SHA256, "tennant = \"t\""), "unknown key `keys[1].tennant`; did you mean `keys[1].tenant`?"),
    ] {
        let path = home.file("linkgate.toml", lists.clone() + &keys);
        for command in [&["config", "check"][..], &["serve", "--listen", "127.0.0.1:0"]] {
            let all = [&["--config", path.to_str().unwrap()], command].concat();
            let ran = home.run(&all);
            assert!(ran.code != 0 && ran.stderr.contains(expected), "{keys}: {}", ran.stderr);
        }
    }
}

#[test]
fn new_keys_come_with_the_lines_that_let_them_in() {
    let home = crate::Home::new();
    let list = home.file("one.txt", "one.test\n");
    let arguments = ["keys", "new", "a", "--scope", "check", "--scope", "admin", "--tenant", "t", "--lists", "one"];
    let made = home.run(&[&arguments[..], &["--expires", "2999-01-31"]].concat()).stdout;
    let (key, lines) = made.split_once("\n\n").unwrap();
    for line in ["scopes = [\"check\", \"admin\"]", "tenant = \"t\"", "lists = [\"one\"]", "expires = \"2999-01-31\""] {
        assert!(lines.contains(line), "{lines}");
    }
    let config = format!("lists = [{{ name = \"one\", path = {list:?} }}]\n{lines}");
    let server = Serving::start(&config);
    assert_eq!(told(&by(key, &server, "POST", "/v1/check", &post("one.test"))), "reject");
    for (day, expected) in [("soon", "wants 2027-01-31"), ("2020-01-31", "over already")] {
        let ran = home.run(&["keys", "new", "a", "--expires", day]);
        assert!(ran.code == 64 && ran.stderr.contains(expected), "{}", ran.stderr);
    }
}
