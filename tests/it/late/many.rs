//! Hosts that never answer: whoever posts other links does not notice.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use super::web::FOR_EVER;
use super::{Stand, check, told};
use crate::serve::{Serving, wait_until};

const CHAINS: usize = 200;
const POSTS: usize = 2_000;
const IN_A_MILLISECOND: &str = "linkgate_processing_seconds_bucket{le=\"0.001\"}";
const ALL: &str = "linkgate_processing_seconds_count";
const UNDER_WAY: &str = "linkgate_redirect_chains_under_way";

/// The part of ordinary posts that were judged within a millisecond.
fn judged_at_once(server: &Serving) -> f64 {
    let body = r#"{"id":1,"text":"see https://end.test/ now"}"#;
    let mut request = "POST /v1/check HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".to_owned();
    write!(request, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut out = TcpStream::connect(server.api).unwrap();
    out.set_nodelay(true).unwrap();
    let mut answers = BufReader::new(out.try_clone().unwrap());
    let figures = || [IN_A_MILLISECOND, ALL].map(|name| server.figure(name).unwrap());
    let before = figures();
    for _ in 0..POSTS {
        out.write_all(request.as_bytes()).unwrap();
        let mut length = 0;
        loop {
            let mut line = String::new();
            answers.read_line(&mut line).unwrap();
            if let Some(told) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                length = told.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut answer = vec![0; length];
        answers.read_exact(&mut answer).unwrap();
        assert!(answer.windows(8).any(|word| word == b"unlisted"), "{}", String::from_utf8_lossy(&answer));
    }
    let after = figures();
    assert!(after[1] - before[1] >= POSTS as f64);
    (after[0] - before[0]) / (after[1] - before[1])
}

#[test]
fn chains_that_hang_slow_no_other_post_down() {
    let stand = Stand::new();
    let hosts: Vec<String> = (0..20).map(|host| format!("h{host}.test\n")).collect();
    stand.files.file("shorteners.txt", hosts.concat());
    for host in 0..20 {
        stand.web.slow(&format!("h{host}.test/*"), FOR_EVER, "end.test/");
    }
    let server = stand.serve("[fetch]\nrequest_timeout_ms = 50000\nchain_timeout_ms = 50000\n");
    let began = Instant::now();
    std::thread::scope(|scope| {
        for number in 0..CHAINS {
            let (server, post) = (&server, stand.post(&format!("h{}.test/{number}", number % 20)));
            scope.spawn(move || assert_eq!(told(&check(server, &post).0)[3], "deadline"));
        }
    });
    wait_until("chains under way", || server.figure(UNDER_WAY).unwrap() >= CHAINS as f64);
    // The machine may have other things to do for a while.
    let mut shares = Vec::new();
    while shares.len() < 5 && shares.last().is_none_or(|share| *share < 0.99) {
        shares.push(judged_at_once(&server));
    }
    assert!(server.figure(UNDER_WAY).unwrap() >= CHAINS as f64, "{:?}", began.elapsed());
    assert!(shares.last().is_some_and(|share| *share >= 0.99), "{shares:?}");
}

/// More than are taken up with one look, each of a host that never answers.
#[test]
fn chains_that_hang_keep_no_other_from_being_told() {
    const HANGING: usize = 600;
    let stand = Stand::new();
    stand.files.file("shorteners.txt", "h.test\nslow.test\n");
    stand.web.slow("h.test/*", FOR_EVER, "end.test/");
    stand.web.slow("slow.test/1", super::SLOW, "listed.test/4");
    let server = stand.serve("[api]\ndeadline_ms = 0\n[fetch]\nrequest_timeout_ms = 50000\nchain_timeout_ms = 50000\n");
    let posts: Vec<String> = (0..HANGING).map(|number| stand.post(&format!("h.test/{number}"))).collect();
    for posts in posts.chunks(100) {
        check(&server, &format!(r#"{{"posts":[{}]}}"#, posts.join(",")));
    }
    let (report, _) = check(&server, &stand.post("slow.test/1"));
    let event = stand.only_event();
    assert_eq!(event["id"], report["check_id"]);
    assert!(server.figure("linkgate_followups_pending").unwrap() >= HANGING as f64, "they are still followed");
}
