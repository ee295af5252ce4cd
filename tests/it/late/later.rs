//! Verdicts that come late: under what id, to whom, and once.

use std::time::Duration;

use serde_json::{Value, json};

use super::web::FOR_EVER;
use super::{ANSWERED, PATIENT, SLOW, Stand, body, by, check, key, told, wait_for_rest};
use crate::serve::{get, wait_until};

const UNFINISHED: [&str; 4] = ["flag", "undetermined", "redirect_unfinished", "deadline"];
/// Everything that can be looked at again is, soon.
const SECOND_LOOKS: &str = "[fetch]\nsecond_look_share = 1.0\nsecond_look_after_ms = 1000\n[api]\ndeadline_ms = 1000\n";

#[test]
fn a_slow_host_is_waited_for_no_longer_than_the_deadline() {
    let stand = Stand::new();
    stand.web.slow("slow.test/*", SLOW, "end.test/");
    let server = stand.serve("");
    // The machine may be busy at one moment.
    let times: Vec<Duration> = (0..5)
        .map(|number| {
            let (report, took) = check(&server, &stand.post(&format!("slow.test/{number}")));
            assert_eq!(told(&report), UNFINISHED);
            took
        })
        .collect();
    assert!(times.iter().all(|took| *took >= Duration::from_millis(190)), "{times:?}");
    assert!(times.iter().filter(|took| **took <= ANSWERED).count() >= 3, "{times:?}");
}

#[test]
fn what_comes_late_is_told_once_and_to_whoever_asked() {
    let stand = Stand::new();
    stand.web.slow("slow.test/1", SLOW, "listed.test/4");
    let server = stand.serve(&(key("one", "") + &key("two", "")));
    let asked = body(&by("one", &server, "POST", "/v1/check", &stand.post("slow.test/1")));
    assert_eq!(told(&asked), UNFINISHED);
    let id = asked["check_id"].as_str().unwrap();
    let path = format!("/v1/checks/{id}");
    let pending = by("one", &server, "GET", &path, "");
    assert_eq!((pending.status, body(&pending)), (200, json!({"id": id, "state": "pending"})));
    let strangers = |path: &str| {
        assert_eq!(by("two", &server, "GET", path, "").status, 404);
        assert_eq!(by("one", &server, "GET", "/v1/checks/00000000000000000000000000", "").status, 404);
        assert_eq!(by("one", &server, "GET", "/v1/checks/nonsense", "").status, 404);
        assert_eq!(get(server.api, path).status, 401);
    };
    strangers(&path);
    let event = stand.only_event();
    assert_eq!((&event["id"], &event["state"], &event["door"]), (&json!(id), &json!("settled"), &json!("api")));
    assert_eq!((&event["subject"], &event["action_was"]), (&json!("slow.test/1"), &json!("flag")));
    assert_eq!(told(&event["report"]), ["reject", "listed", "-", "listed"]);
    assert_eq!(body(&by("one", &server, "GET", &path, "")), event);
    strangers(&path);
    assert_eq!(stand.web.counts(["slow.test", "listed.test"]), [1, 0]);
    assert!(!event.to_string().contains("listed.test"), "{event}");
}

/// Late or in time: nobody reads a list out through `/v1/checks/{id}` either.
#[test]
fn what_comes_late_spends_the_budget_of_hits() {
    let stand = Stand::new();
    stand.files.file("list.txt", "listed.test\nother.test\n");
    for (from, to) in [("slow.test/1", "listed.test/4"), ("slow.test/2", "other.test/5"), ("slow.test/3", "end.test/")]
    {
        stand.web.slow(from, SLOW, to);
    }
    let server = stand.serve(&key("one", "hits_per_day = 1"));
    let paths = ["slow.test/1", "slow.test/2", "slow.test/3"].map(|place| {
        let asked = body(&by("one", &server, "POST", "/v1/check", &stand.post(place)));
        format!("/v1/checks/{}", asked["check_id"].as_str().unwrap())
    });
    // The platform is told of everything.
    wait_until("events", || stand.events().len() == 3);
    let got = |path: &str| {
        let answer = by("one", &server, "GET", path, "");
        (answer.status, body(&answer)["code"].as_str().unwrap_or("-").to_owned())
    };
    let (told, spent) = ((200, "-".to_owned()), (429, "hits_per_day".to_owned()));
    assert_eq!([got(&paths[2]), got(&paths[0]), got(&paths[0])], [told.clone(), told.clone(), told]);
    assert_eq!([got(&paths[1]), got(&paths[0]), got(&paths[2])], [spent.clone(), spent.clone(), spent]);
    assert_eq!(by("one", &server, "POST", "/v1/check", &stand.post("end.test/")).status, 429);
}

#[test]
fn that_nothing_was_found_is_told_too() {
    let stand = Stand::new();
    stand.web.slow("slow.test/1", SLOW, "end.test/4");
    let server = stand.serve("");
    let (report, _) = check(&server, &stand.post("slow.test/1"));
    assert_eq!(told(&report), UNFINISHED);
    let event = stand.only_event();
    assert_eq!(told(&event["report"]), ["allow", "unlisted", "-", "arrived"]);
    let settled = body(&get(server.api, &format!("/v1/checks/{}", report["check_id"].as_str().unwrap())));
    assert_eq!(settled, event);
}

#[test]
fn a_host_that_does_not_answer_is_asked_again_and_given_up_some_time() {
    let (stand, short) = (Stand::new(), "[fetch]\nrequest_timeout_ms = 1000\n");
    stand.web.slow("slow.test/1", FOR_EVER, "listed.test/4");
    let server = stand.serve(short);
    let (report, _) = check(&server, &stand.post("slow.test/1"));
    assert_eq!(told(&report), UNFINISHED);
    wait_until("a second attempt", || stand.web.counts(["slow.test"]) == [2]);
    stand.web.chain(&["slow.test/1", "listed.test/4"]);
    let event = stand.only_event();
    assert_eq!(event["id"], report["check_id"]);
    assert_eq!(told(&event["report"]), ["reject", "listed", "-", "listed"]);
    assert_eq!(stand.web.counts(["slow.test", "listed.test"]), [3, 0]);

    let stand = Stand::new();
    stand.web.slow("slow.test/1", FOR_EVER, "listed.test/4");
    let server = stand.serve(&format!("{short}attempts_max = 1\n"));
    let (report, _) = check(&server, &stand.post("slow.test/1"));
    let path = format!("/v1/checks/{}", report["check_id"].as_str().unwrap());
    wait_until("the end of it", || body(&get(server.api, &path))["state"] == "settled");
    let settled = body(&get(server.api, &path));
    assert_eq!(told(&settled["report"]), ["flag", "undetermined", "redirect_unfinished", "network"]);
    assert_eq!(stand.events(), [], "nothing new is told");
}

fn flags(report: &Value) -> Vec<&str> {
    report["links"][0]["flags"].as_array().unwrap().iter().map(|flag| flag.as_str().unwrap()).collect()
}

#[test]
fn a_host_that_sends_browsers_elsewhere_is_seen_through_later() {
    let stand = Stand::new();
    stand.web.hides("a.test/1", Some("end.test/"), "listed.test/4");
    let server = stand.serve(SECOND_LOOKS);
    let (report, _) = check(&server, &stand.post("a.test/1"));
    assert_eq!(told(&report), ["allow", "unlisted", "-", "arrived"]);
    assert_eq!((&report["check_id"], flags(&report)), (&Value::Null, vec!["odd_port"]));
    let event = stand.only_event();
    assert_eq!(event["action_was"], "allow");
    assert_eq!(told(&event["report"]), ["reject", "listed", "-", "listed"]);
    assert_eq!(flags(&event["report"]), ["odd_port", "unstable"]);
    // From then on it is known.
    assert_eq!(told(&check(&server, &stand.post("a.test/1")).0)[0], "reject");
    let agents: Vec<bool> = stand.web.asked("a.test").iter().map(|one| one.agent.starts_with("Mozilla")).collect();
    assert_eq!(agents, [false, false, true]);
    assert_eq!(stand.web.counts(["listed.test", "end.test"]), [0, 0]);
}

#[test]
fn a_host_that_leads_programs_nowhere_is_seen_through_at_once() {
    let stand = Stand::new();
    stand.web.hides("a.test/1", None, "listed.test/4");
    let server = stand.serve(PATIENT);
    let (report, _) = check(&server, &stand.post("a.test/1"));
    assert_eq!(told(&report), ["reject", "listed", "-", "listed"]);
    assert_eq!(flags(&report), ["odd_port", "unstable"]);
    assert_eq!(stand.web.counts(["listed.test"]), [0]);
}

#[test]
fn a_second_look_that_sees_the_same_is_not_told() {
    let stand = Stand::new();
    stand.web.chain(&["a.test/1", "end.test/"]);
    stand.web.chain(&["b.test/1", "listed.test/4"]);
    let server = stand.serve(SECOND_LOOKS);
    assert_eq!(told(&check(&server, &stand.post("a.test/1")).0)[0], "allow");
    assert_eq!(told(&check(&server, &stand.post("b.test/1")).0)[0], "reject");
    wait_until("second looks", || stand.web.counts(["a.test", "b.test"]) == [3, 3]);
    wait_for_rest(&server);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(stand.events(), []);
}
