//! Chains that are told while the post waits: what is asked, what is not, and by which lists it is judged.

use std::sync::Barrier;
use std::time::Duration;

use data_encoding::HEXLOWER;
use linkgate::telemetry::clock;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{PATIENT, SLOW, Stand, by, check, key, told};
use crate::outbox::told as variable;
use crate::serve::{Serving, post};

#[test]
fn a_listed_place_behind_three_hops_is_found_and_never_asked() {
    let stand = Stand::new();
    stand.web.chain(&["a.test/1", "b.test/2", "c.test/3", "listed.test/4"]);
    let server = stand.serve(PATIENT);
    let (report, _) = check(&server, &stand.post("a.test/1"));
    assert_eq!(told(&report), ["reject", "listed", "-", "listed"]);
    let link = &report["links"][0];
    assert_eq!((&link["redirect"]["hops"], &link["matches"][0]["via"]), (&json!(3), &json!("redirect")));
    assert_eq!(stand.web.counts(["a.test", "b.test", "c.test", "listed.test"]), [1, 1, 1, 0]);
    assert!(stand.web.asked("a.test").iter().all(|asked| asked.agent.starts_with("linkgate/")));
    for secret in ["b.test", "c.test", "listed.test"] {
        assert!(!report.to_string().contains(secret), "{report}");
    }
    assert_eq!(report["check_id"], Value::Null);
}

/// As many as a platform has when something is shared widely.
#[test]
fn a_link_that_all_post_at_once_is_asked_once() {
    const CLIENTS: usize = 100;
    let posts: usize = variable("LINKGATE_TEST_POSTS").map_or(3_000, |text| text.parse().unwrap());
    let stand = Stand::new();
    stand.web.slow("a.test/1", Duration::from_millis(50), "b.test/2");
    stand.web.chain(&["b.test/2", "c.test/3", "listed.test/4"]);
    let server =
        stand.serve("[fetch]\nsecond_look_share = 1.0\nsecond_look_after_ms = 1000\n[api]\ndeadline_ms = 5000\n");
    let (body, start) = (stand.post("a.test/1"), Barrier::new(CLIENTS));
    let text = format!("[{}]", vec![&*body; posts.div_ceil(CLIENTS)].join(","));
    let text = format!(r#"{{"posts":{text}}}"#);
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                start.wait();
                let (answer, _) = check(&server, &text);
                let reports = answer["reports"].as_array().unwrap();
                assert_eq!(reports.len(), posts.div_ceil(CLIENTS));
                assert!(reports.iter().all(|report| told(report)[0] == "reject"), "{answer}");
            });
        }
    });
    // All posts are looked at again, and so together too: once in our name, once in that of a browser.
    super::wait_for_rest(&server);
    assert_eq!(stand.web.counts(["a.test", "b.test", "c.test", "listed.test"]), [3, 3, 3, 0]);
    assert_eq!(stand.events(), [], "what was told already is not told again");
}

#[test]
fn without_time_everything_is_told_later() {
    let stand = Stand::new();
    stand.web.slow("a.test/1", SLOW, "listed.test/4");
    let server = stand.serve("[api]\ndeadline_ms = 0\n");
    let (report, _) = check(&server, &stand.post("a.test/1"));
    assert_eq!(told(&report), ["flag", "undetermined", "redirect_unfinished", "deadline"]);
    let event = stand.only_event();
    assert_eq!(event["id"], report["check_id"]);
    assert_eq!(told(&event["report"]), ["reject", "listed", "-", "listed"]);
    // What is known needs no time.
    assert_eq!(told(&check(&server, &stand.post("a.test/1")).0), ["reject", "listed", "-", "listed"]);
    assert_eq!(stand.web.counts(["a.test", "listed.test"]), [1, 0]);
}

#[test]
fn a_stream_keeps_its_order() {
    let stand = Stand::new();
    stand.web.chain(&["a.test/1", "listed.test/4"]);
    stand.web.slow("slow.test/1", SLOW, "listed.test/4");
    let server = stand.serve(PATIENT);
    let places = ["slow.test/1", "end.test/1", "a.test/1", "listed.test/x", "slow.test/1", "a.test/1", "end.test/2"];
    let lines: String = places.iter().map(|place| stand.post(place) + "\n").collect();
    let answer = post(server.api, "/v1/check/stream", "application/x-ndjson", lines.as_bytes());
    let reports: Vec<Value> = answer.body.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let reports: Vec<&Value> = reports.iter().filter(|report| report.is_object()).collect();
    let actions: Vec<_> = reports.iter().map(|report| (report["id"].as_str().unwrap(), told(report)[0])).collect();
    let expected = ["flag", "allow", "reject", "reject", "flag", "reject", "allow"];
    assert_eq!(actions, places.into_iter().zip(expected).collect::<Vec<_>>());
}

#[test]
fn explain_tells_how_a_chain_went_and_not_where() {
    let stand = Stand::new();
    stand.web.chain(&["a.test/1", "b.test/2", "c.test/3", "listed.test/4"]);
    let server = stand.serve(&(PATIENT.to_owned() + &key("one", "scopes = [\"check\", \"explain\"]")));
    let body = json!({"url": stand.web.url("a.test/1")}).to_string();
    let answer = by("one", &server, "POST", "/v1/explain", &body);
    let link = &super::body(&answer)["report"]["links"][0];
    assert_eq!(link["redirect"], json!({"stop": "listed", "hops": 3}));
    assert_eq!(link["action"], "reject");
    for secret in ["b.test", "c.test", "listed.test"] {
        assert!(!answer.body.contains(secret), "{}", answer.body);
    }
}

/// A list with every kind of entry that ends a chain, and one that does not.
fn odd_lists(stand: &Stand) -> String {
    let soon = jiff::Timestamp::from_second(clock::now() + 86_400).unwrap();
    let part = HEXLOWER.encode(&Sha256::digest(b"part.test/")[..8]);
    let odd = format!(
        "value,scope,valid_from,valid_until,disputed\ndisputed.test,domain,,,true\nexpired.test,domain,,2020-01-01,\n\
         future.test,domain,2999-01-01,,\n{part},sha256,,,\noverruled.test,domain,,,\nexcused.test,domain,,,\n\
         excused.test,allow_host,,,\nexcepted.test,allow_host,,,\n"
    );
    let [odd, seen] = [("odd.csv", &*odd), ("seen.txt", "reported.test\n")].map(|(name, text)| {
        stand.files.file(name, text);
        stand.path(name)
    });
    format!(
        "[[lists]]\nname = \"odd\"\npath = {odd:?}\n[[lists]]\nname = \"seen\"\npath = {seen:?}\nmode = \"report\"\n\
         [[overrides]]\nvalue = \"overruled.test\"\nscope = \"domain\"\naction = \"allow\"\nreason = \"a test\"\n\
         author = \"a test\"\napprover = \"another\"\nexpires = \"{soon}\"\n"
    )
}

#[test]
fn any_entry_ends_a_chain() {
    let stand = Stand::new();
    let lists = odd_lists(&stand);
    // Nothing may be told of these: they look like hosts that do not answer.
    let open = ["flag", "undetermined", "redirect_unfinished", "network"];
    let cases = [
        ("reported.test", ["allow", "listed", "-", "listed"]),
        ("disputed.test", ["allow", "listed", "-", "listed"]),
        ("expired.test", open),
        ("future.test", open),
        ("part.test", ["flag", "undetermined", "prefix_unconfirmed", "listed"]),
        ("overruled.test", ["allow", "listed", "-", "listed"]),
        ("excused.test", open),
    ];
    let hosts = cases.map(|(host, _)| format!("{host}\n")).concat();
    stand.files.file("shorteners.txt", format!("{}{hosts}excepted.test\n", super::SHORTENERS));
    let server = stand.serve(&(PATIENT.to_owned() + &lists));
    for (host, expected) in cases {
        stand.web.chain(&[&format!("a.test/{host}"), &format!("{host}/")]);
        // A link to it is not asked either.
        check(&server, &stand.post(&format!("{host}/")));
        let (report, _) = check(&server, &stand.post(&format!("a.test/{host}")));
        assert_eq!(told(&report), expected, "{host}");
        assert_eq!(stand.web.counts([host]), [0], "{host}");
    }
    assert_eq!(stand.web.counts(["a.test"]), [cases.len()]);
    // What is never listed may be asked.
    stand.web.chain(&["a.test/excepted", "excepted.test/", "end.test/"]);
    let (report, _) = check(&server, &stand.post("a.test/excepted"));
    assert_eq!(told(&report), ["allow", "unlisted", "-", "arrived"]);
    assert_eq!(stand.web.counts(["excepted.test", "end.test"]), [1, 0]);
}

fn reload(stand: &Stand, server: &Serving, list: &str) {
    stand.files.file("list.txt", list);
    super::reload::reload(server);
}

#[test]
fn what_is_remembered_is_judged_by_the_lists_in_place() {
    let stand = Stand::new();
    stand.web.chain(&["a.test/1", "b.test/2", "end.test/3"]);
    let server = stand.serve(PATIENT);
    let told = || {
        let (report, _) = check(&server, &stand.post("a.test/1"));
        [0, 3].map(|at| told(&report)[at].to_owned())
    };
    assert_eq!(told(), ["allow", "arrived"]);
    reload(&stand, &server, "listed.test\nend.test\n");
    assert_eq!(told(), ["reject", "listed"]);
    reload(&stand, &server, "listed.test\nb.test\n");
    assert_eq!(told(), ["reject", "listed"]);
    reload(&stand, &server, super::LIST);
    assert_eq!(told(), ["allow", "arrived"]);
    assert_eq!(stand.web.counts(["a.test", "b.test", "end.test"]), [1, 1, 0]);
}

#[test]
fn what_is_listed_meanwhile_is_asked_no_more() {
    let stand = Stand::new();
    stand.web.slow("a.test/1", SLOW, "b.test/2");
    stand.web.chain(&["b.test/2", "end.test/3"]);
    let server = stand.serve("[api]\ndeadline_ms = 0\n");
    let (report, _) = check(&server, &stand.post("a.test/1"));
    assert_eq!(told(&report)[0], "flag");
    // The first host has not answered yet: what it answers is on the list by then.
    reload(&stand, &server, "listed.test\nb.test\n");
    let event = stand.only_event();
    assert_eq!((&event["id"], told(&event["report"])[0]), (&report["check_id"], "reject"));
    assert_eq!(stand.web.counts(["a.test", "b.test"]), [1, 0]);
}

#[test]
fn no_reading_of_a_link_hides_another_and_fragments_count() {
    let stand = Stand::new();
    stand.web.chain(&["a.test/bad", "listed.test/4"]);
    stand.web.chain(&["b.test/1", "end.test/#https://listed.test/x"]);
    let server = stand.serve(PATIENT);
    for (text, expected) in [
        (format!("{}を見て", stand.web.url("a.test/bad")), "reject"),
        (format!("{},x", stand.web.url("a.test/bad")), "reject"),
        (stand.web.url("b.test/1"), "reject"),
        (stand.web.url("a.test/fine"), "allow"),
    ] {
        let (report, _) = check(&server, &json!({ "text": text }).to_string());
        assert_eq!(told(&report)[0], expected, "{report}");
    }
    assert_eq!(stand.web.counts(["listed.test", "end.test"]), [0, 0]);
}
