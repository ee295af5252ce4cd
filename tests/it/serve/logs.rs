//! What the log tells whoever is woken at night: JSON lines with ids, codes and counts, and no more of them than help.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::{Serving, get, json, post, wait_until};

impl Serving {
    /// The lines of the log that have that message.
    fn lines(&self, message: &str) -> Vec<serde_json::Value> {
        let log = self.log.lock().unwrap().clone();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        lines.filter(|line| line["message"] == message).collect()
    }

    fn wait_for_lines(&self, message: &str) -> Vec<serde_json::Value> {
        wait_until(message, || !self.lines(message).is_empty());
        self.lines(message)
    }
}

#[test]
fn a_start_a_reload_and_an_end_are_told_with_what_is_in_use() {
    let lists = crate::Home::new();
    let list = lists.file("own.txt", "one.test\ntwo.test\n");
    let mut server = Serving::start(&format!("[[lists]]\nname = \"own\"\npath = {list:?}\n"));
    server.wait_for_lines("started");
    server.signal("HUP");
    let reloaded = server.wait_for_lines("reloaded");
    assert_eq!(reloaded[0]["generation"], 1);
    let in_use = server.lines("list in use");
    // The first was told before the log was read from; the reload tells it again.
    let own = in_use.last().unwrap();
    assert_eq!((&own["list"], &own["entries"], &own["level"]), (&"own".into(), &2.into(), &"INFO".into()));
    assert!(own["age_s"].as_i64().unwrap() < 60, "{own}");
    // What is wrong with a list keeps nothing else from being taken up.
    lists.file("own.txt", "");
    server.signal("HUP");
    let refused = server.wait_for_lines("list not updated");
    assert_eq!((&refused[0]["list"], &refused[0]["code"]), (&"own".into(), &"empty".into()));
    server.home.file("linkgate.toml", "nonsense");
    server.signal("HUP");
    assert_eq!(server.wait_for_lines("not reloaded")[0]["generation"], 1);
    assert_eq!(server.figure("linkgate_last_reload_successful"), Some(0.0));
    server.signal("TERM");
    assert!(server.child.wait().unwrap().success());
    let (begun, ended) = (server.wait_for_lines("draining"), server.wait_for_lines("drained"));
    assert_eq!((&begun[0]["grace_ms"], &ended[0]["cut_off"]), (&20_000.into(), &0.into()));
}

#[test]
fn a_refusal_is_one_line_by_which_its_request_is_found() {
    let server = Serving::start("[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://127.0.0.1:9\"\n");
    let refused = json(&server.check("{"));
    let line = &server.wait_for_lines("refused")[0];
    assert_eq!(line["request_id"], refused["request_id"]);
    assert_eq!((&line["door"], &line["code"], &line["status"]), (&"api".into(), &"not_json".into(), &400.into()));
    let kept = json(&post(server.proxy(), "/", "text/plain", b"https://listed.example/"));
    let line = &server.wait_for_lines("judged")[0];
    assert_eq!(line["request_id"], kept["request_id"]);
    assert_eq!((&line["door"], &line["code"], &line["fields"]), (&"proxy".into(), &"reject".into(), &1.into()));
    assert_eq!(get(server.proxy(), "/").status, 502);
    wait_until("the platform", || server.lines("refused").iter().any(|line| line["code"] == "upstream_unreachable"));
    let down = server.lines("refused").pop().unwrap();
    assert_eq!((&down["door"], &down["level"], &down["status"]), (&"proxy".into(), &"WARN".into(), &502.into()));
}

#[test]
fn a_flood_of_bad_requests_does_not_fill_the_disk() {
    let mut server = Serving::start("");
    let bad = "POST /v1/check HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n{";
    let last = "GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut stream = TcpStream::connect(server.api).unwrap();
    let mut sending = stream.try_clone().unwrap();
    let sent = std::thread::spawn(move || sending.write_all((bad.repeat(10_000) + last).as_bytes()));
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    sent.join().unwrap().unwrap();
    assert_eq!(answers.matches("not_json").count(), 10_000);
    server.signal("TERM");
    assert!(server.child.wait().unwrap().success());
    server.wait_for("drained");
    let lines = server.lines("refused");
    // Windows of ten seconds: a machine that is busy may need some.
    let windows = server.lines("more of the same").len();
    let written = lines.iter().filter(|line| line["code"] == "not_json").count();
    assert!((20..=20 * (windows + 1)).contains(&written), "{written} lines");
    assert_eq!(lines.iter().filter(|line| line["code"] == "not_found").count(), 1);
    let spared: u64 = server.lines("more of the same").iter().map(|line| line["lines"].as_u64().unwrap()).sum();
    assert_eq!(spared + written as u64, 10_000);
}
