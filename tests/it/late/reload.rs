//! Reloads while links are followed: what is told late is told by what is in place then.

use serde_json::{Value, json};

use super::web::FOR_EVER;
use super::{SLOW, Stand, body, check, told, wait_for_rest};
use crate::outbox::{Receiver, answer};
use crate::serve::{Serving, get, wait_until};

/// Whatever has been written to the files of a server holds from here on.
pub(super) fn reload(server: &Serving) {
    let before = server.count("\"reloaded\"");
    server.signal("HUP");
    wait_until("a reload", || server.count("\"reloaded\"") > before);
}

/// What is known of a check that was not finished in time.
fn late(server: &Serving, report: &Value) -> Value {
    let answer = get(server.api, &format!("/v1/checks/{}", report["check_id"].as_str().unwrap()));
    assert_eq!(answer.status, 200, "{}", answer.body);
    body(&answer)
}

/// A post with a link that is followed and another.
fn with_both(stand: &Stand, followed: &str, other: &str) -> String {
    json!({"text": format!("{} {}", stand.web.url(followed), stand.web.url(other))}).to_string()
}

#[test]
fn the_links_themselves_are_judged_by_the_lists_of_that_moment() {
    let stand = Stand::new();
    stand.web.slow("slow.test/1", SLOW, "end.test/");
    stand.web.slow("a.test/1", SLOW, "end.test/");
    let server = stand.serve("[api]\ndeadline_ms = 0\n");
    // One is listed meanwhile by itself, the other has a neighbour that is listed no more.
    let (listed, _) = check(&server, &stand.post("slow.test/1"));
    let (unlisted, _) = check(&server, &with_both(&stand, "a.test/1", "listed.test/4"));
    assert_eq!([told(&listed)[0], told(&unlisted)[0]], ["flag", "reject"]);
    stand.files.file("list.txt", "slow.test\n");
    reload(&server);
    wait_for_rest(&server);
    let (listed, unlisted) = (late(&server, &listed), late(&server, &unlisted));
    assert_eq!(told(&listed["report"])[..2], ["reject", "listed"], "{listed}");
    assert_eq!(told(&unlisted["report"]), ["allow", "unlisted", "-", "arrived"], "{unlisted}");
    assert_eq!(
        (&unlisted["report"]["links"][1]["status"], &unlisted["action_was"]),
        (&json!("unlisted"), &json!("reject"))
    );
    let ids: Vec<Value> = stand.events().iter().map(|(_, event)| event["data"]["id"].clone()).collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
}

#[test]
fn links_are_followed_from_the_reload_that_wants_it() {
    let stand = Stand::new();
    stand.web.slow("slow.test/1", SLOW, "listed.test/4");
    let server = stand.serve("[fetch]\nfollow = \"none\"\n");
    let (report, _) = check(&server, &stand.post("slow.test/1"));
    assert_eq!((told(&report)[0], &report["check_id"]), ("allow", &Value::Null));
    stand.config("");
    reload(&server);
    let (report, _) = check(&server, &stand.post("slow.test/1"));
    assert_eq!(told(&report)[0], "flag");
    let event = stand.only_event();
    assert_eq!((&event["id"], told(&event["report"])[0]), (&report["check_id"], "reject"));
}

#[test]
fn what_waits_is_settled_when_links_are_followed_no_more() {
    let stand = Stand::new();
    stand.web.slow("slow.test/1", FOR_EVER, "listed.test/4");
    let more = "[fetch]\nrequest_timeout_ms = 1000\n";
    let server = stand.serve(more);
    let (report, _) = check(&server, &stand.post("slow.test/1"));
    assert_eq!(late(&server, &report)["state"], "pending");
    stand.config("[fetch]\nfollow = \"none\"\n");
    reload(&server);
    late(&server, &report);
    wait_for_rest(&server);
    let settled = late(&server, &report);
    assert_eq!((&settled["state"], told(&settled["report"])[0]), (&json!("settled"), "allow"));
    // So it is by a server that finds it.
    stand.config(more);
    reload(&server);
    let (report, _) = check(&server, &stand.post("slow.test/1"));
    drop(server);
    let server = stand.serve("[fetch]\nfollow = \"none\"\n");
    wait_until("the end of it", || late(&server, &report)["state"] == "settled");
}

#[test]
fn attempts_are_as_many_as_the_settings_in_place_say() {
    let stand = Stand::new();
    stand.web.slow("slow.test/1", FOR_EVER, "listed.test/4");
    let more = "[fetch]\nrequest_timeout_ms = 1000\n";
    let server = stand.serve(more);
    let (report, _) = check(&server, &stand.post("slow.test/1"));
    stand.config(&format!("{more}attempts_max = 1\n"));
    reload(&server);
    wait_until("the end of it", || late(&server, &report)["state"] == "settled");
    assert_eq!(told(&late(&server, &report)["report"])[3], "network");
}

#[test]
fn second_looks_are_as_the_settings_in_place_say() {
    let stand = Stand::new();
    stand.web.hides("a.test/1", Some("end.test/"), "listed.test/4");
    let looks =
        |share: &str| format!("[fetch]\nsecond_look_share = {share}\nsecond_look_after_ms = 1000\n{}", super::PATIENT);
    let server = stand.serve(&looks("0.0"));
    check(&server, &stand.post("a.test/1"));
    stand.config(&looks("1.0"));
    reload(&server);
    check(&server, &stand.post("a.test/1"));
    assert_eq!(stand.only_event()["report"]["action"], "reject");
}

#[test]
fn events_go_where_the_settings_in_place_say() {
    let mut stand = Stand::new();
    stand.web.slow("slow.test/*", SLOW, "listed.test/4");
    stand.hooks = Receiver::start(|_| answer("503 Service Unavailable", "Retry-After: 1\r\n"));
    let server = stand.serve("");
    check(&server, &stand.post("slow.test/1"));
    wait_until("an attempt", || !stand.events().is_empty());
    // A reload that changes nothing of it lets deliveries be.
    reload(&server);
    let second = Receiver::start(|_| answer("204 No Content", ""));
    stand.hooks = second;
    stand.config("");
    reload(&server);
    wait_until("the event", || stand.events().len() == 1);
    wait_for_rest(&server);
    assert_eq!(stand.events().len(), 1);
    stand.files.file("secret", "another-secret-of-the-platform");
    reload(&server);
    check(&server, &stand.post("slow.test/2"));
    wait_until("the next event", || stand.events().len() == 2);
}
