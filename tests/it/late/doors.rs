//! Posts that go through the proxy: marked, held or refused for where their links lead.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{SLOW, Stand, told, wait_for_rest};
use crate::outbox::{Receiver, answer};
use crate::serve::{Answer, FORM, Serving, post, wait_until};

/// A platform behind a proxy.
struct Guarded {
    stand: Stand,
    platform: Receiver,
    server: Serving,
}

impl Guarded {
    fn start(more: &str) -> Self {
        let stand = Stand::new();
        stand.web.chain(&["a.test/1", "b.test/2", "listed.test/4"]);
        stand.web.slow("slow.test/*", SLOW, "listed.test/4");
        let platform = Receiver::start(|_| answer("200 OK", ""));
        let proxy = "[proxy]\nlisten = \"127.0.0.1:0\"\nplatform = \"mastodon\"\ndeadline_ms = 1000\n";
        let server = stand.serve(&format!("{proxy}upstream = \"http://127.0.0.1:{}\"\n{more}", platform.port));
        Self { stand, platform, server }
    }

    fn publish(&self, place: &str) -> Answer {
        let url = self.stand.web.url(place);
        let link = utf8_percent_encode(&url, NON_ALPHANUMERIC);
        post(self.server.proxy(), "/api/v1/statuses", FORM, format!("status=see+{link}").as_bytes())
    }

    fn upload(&self, place: &str) -> Answer {
        let body = format!(
            "--X\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\nsee {}\r\n\
             --X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\
             {}\r\n--X--\r\n",
            self.stand.web.url(place),
            "x".repeat(200_000)
        );
        post(self.server.proxy(), "/api/v2/media", "multipart/form-data; boundary=X", body.as_bytes())
    }

    /// What the platform got of each request.
    fn passed(&self, field: &str) -> Vec<String> {
        self.platform.got().iter().map(|got| got.headers.get(field).cloned().unwrap_or_default()).collect()
    }
}

fn request_id(answer: &Answer) -> Value {
    answer.head.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap().into()
}

#[test]
fn what_is_found_in_time_is_refused() {
    let guarded = Guarded::start("");
    assert_eq!(guarded.publish("a.test/1").status, 422);
    assert_eq!(guarded.upload("a.test/1").status, 422);
    assert_eq!(guarded.publish("end.test/").status, 200);
    assert_eq!(guarded.upload("end.test/").status, 200);
    assert_eq!(guarded.passed("linkgate-checked"), ["", ""]);
    assert_eq!(guarded.stand.web.counts(["a.test", "listed.test"]), [1, 0]);
    assert_eq!(guarded.stand.events(), []);
}

#[test]
fn what_takes_longer_passes_with_a_mark_and_is_told_under_the_id_of_the_request() {
    let guarded = Guarded::start("");
    let answer = guarded.publish("slow.test/1");
    assert_eq!(answer.status, 200);
    assert_eq!(guarded.passed("linkgate-checked"), ["flag"]);
    assert_eq!(guarded.passed("x-request-id"), [request_id(&answer)]);
    let event = guarded.stand.only_event();
    assert_eq!((&event["subject"], &event["door"]), (&request_id(&answer), &"proxy".into()));
    assert_eq!(told(&event["report"]), ["reject", "listed", "-", "listed"]);
    assert_eq!(guarded.publish("slow.test/1").status, 422);
}

#[test]
fn what_takes_longer_is_held_where_the_policy_says_so() {
    let guarded = Guarded::start("[policy]\nredirect_unfinished = \"hold\"\n");
    let answers = [guarded.publish("slow.test/1"), guarded.upload("slow.test/2")];
    assert_eq!(answers.each_ref().map(|answer| answer.status), [422, 422]);
    assert_eq!(guarded.passed("linkgate-checked").len(), 0);
    wait_until("events", || guarded.stand.events().len() >= 2);
    wait_for_rest(&guarded.server);
    let events = guarded.stand.events();
    let subject = |answer: &Answer| {
        let of_it = |(_, event): &&(String, Value)| event["data"]["subject"] == request_id(answer);
        let data: Vec<&Value> = events.iter().filter(of_it).map(|(_, event)| &event["data"]).collect();
        assert_eq!(data.len(), 1, "{events:?}");
        (data[0]["action_was"].as_str().unwrap().to_owned(), told(&data[0]["report"])[0].to_owned())
    };
    for answer in &answers {
        assert_eq!(subject(answer), ("hold".into(), "reject".into()));
    }
}
