//! What is not asked although it might be: beyond a limit, or since a list says something that may not be told.

use std::time::Duration;

use serde_json::{Value, json};

use super::{PATIENT, SLOW, Stand, by, check, key, told};
use crate::serve::{Answer, Serving, wait_until};

const FAILED: [&str; 4] = ["flag", "undetermined", "redirect_unfinished", "network"];
const ARRIVED: [&str; 4] = ["allow", "unlisted", "-", "arrived"];

#[test]
fn of_many_urls_in_one_link_those_not_asked_are_told() {
    let stand = Stand::new();
    let server = stand.serve(PATIENT);
    let text = |count: usize| {
        let inside: Vec<_> =
            (0..count).map(|number| format!("u{number}={}", stand.web.url(&format!("a.test/{number}")))).collect();
        json!({"text": format!("https://end.test/?{}", inside.join("&"))}).to_string()
    };
    // Nobody answers at the port that a URL inside another one is asked at.
    for (count, reason) in [(8, "redirect_unfinished"), (9, "limit")] {
        let (report, _) = check(&server, &text(count));
        let action = if reason == "limit" { "reject" } else { "flag" };
        assert_eq!(told(&report), [action, "undetermined", reason, "network"], "{count}");
    }
}

/// A server with a list that its only key is not answered by.
fn with_hidden_list(stand: &Stand, hidden: &str) -> Serving {
    stand.files.file("hidden.csv", format!("value,scope\n{hidden}"));
    let lists = format!("[[lists]]\nname = \"hidden\"\npath = {:?}\n", stand.path("hidden.csv"));
    stand.serve(&format!("{PATIENT}{lists}{}", key("one", "scopes = [\"check\"]\nlists = [\"own\"]")))
}

fn ask(server: &Serving, body: &str) -> Value {
    let answer: Answer = by("one", server, "POST", "/v1/check", body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    super::body(&answer)
}

/// What a hidden list has is not asked, and told like a host that is down, by the answer and by what comes later.
#[test]
fn nobody_learns_what_a_list_has_that_does_not_answer_him() {
    let stand = Stand::new();
    stand.web.chain(&["a.test/hidden", "b.test/hidden"]);
    stand.web.chain(&["a.test/down", "c.test:1/"]);
    stand.web.chain(&["a.test/arrives", "end.test/hidden"]);
    let server = with_hidden_list(&stand, "b.test,domain\nc.test,url\nend.test,domain\n");
    let mut ids = Vec::new();
    for place in ["b.test/hidden", "a.test/hidden"] {
        let report = ask(&server, &stand.post(place));
        assert_eq!(told(&report), FAILED, "{place}");
        ids.push(report["check_id"].as_str().unwrap_or_else(|| panic!("{report}")).to_owned());
    }
    // A place that is asked in no case says nothing.
    assert_eq!(told(&ask(&server, &stand.post("end.test/hidden")))[..2], ARRIVED[..2]);
    assert_eq!(told(&ask(&server, &stand.post("a.test/arrives"))), ARRIVED);
    for id in ids {
        let outcome = by("one", &server, "GET", &format!("/v1/checks/{id}"), "");
        assert_eq!((outcome.status, super::body(&outcome)["state"].clone()), (200, "pending".into()));
    }
    assert_eq!(stand.web.counts(["b.test", "end.test"]), [0, 0]);
}

#[test]
fn an_entry_that_has_ended_says_as_little_behind_a_redirect_as_without_one() {
    let stand = Stand::new();
    stand.web.chain(&["a.test/1", "end.test/"]);
    stand.files.file("odd.csv", "value,scope,valid_until\nend.test,domain,2020-01-01\n");
    let server = stand.serve(&format!("{PATIENT}[[lists]]\nname = \"odd\"\npath = {:?}\n", stand.path("odd.csv")));
    for place in ["a.test/1", "end.test/"] {
        assert_eq!(told(&check(&server, &stand.post(place)).0)[..2], ["allow", "unlisted"], "{place}");
    }
}

/// Whoever posts two hundred links to a host that is slow delays his own post.
#[test]
fn many_links_of_one_post_leave_room_for_those_of_others() {
    let stand = Stand::new();
    stand.web.slow("slow.test/*", SLOW, "end.test/");
    stand.web.chain(&["a.test/1", "listed.test/4"]);
    let server = stand.serve("[fetch]\nchains_max = 40\nrequests_max = 40\n[api]\ndeadline_ms = 1000\n");
    let links: Vec<_> = (0..200).map(|number| stand.web.url(&format!("slow.test/{number}"))).collect();
    let many = json!({"text": links.join(" ")}).to_string();
    std::thread::scope(|scope| {
        scope.spawn(|| check(&server, &many));
        wait_until("requests", || stand.web.counts(["slow.test"])[0] > 10);
        let (report, took) = check(&server, &stand.post("a.test/1"));
        assert_eq!(told(&report)[0], "reject");
        assert!(took < Duration::from_millis(800), "{took:?}");
    });
}
