//! What a platform answers, and when: no answer, and no part of one, reaches anybody but whoever asked.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use super::platform::{Conn, Platform, target};
use super::{Answer, PATIENCE, Serving, get, wait_until};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const STRAY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray";

pub(super) fn serving(platform: &Platform, preset: &str) -> Serving {
    Serving::start(&format!(
        "[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://{}\"\nplatform = \"{preset}\"\n",
        platform.address
    ))
}

/// Why, what stands in place of an answer, and what the client gets: a status and body, or 502, or something that is cut.
type Row = (&'static str, &'static str, &'static str);

const ANSWERS: [Row; 52] = [
    ("an answer", OK, "200 ok"),
    ("chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "200 ok"),
    (
        "chunked with trailers",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: b\r\n\r\n",
        "200 ok",
    ),
    ("an answer that ends with the connection", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok", "200 ok"),
    ("of HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nok", "200 ok"),
    ("without a reason", "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", "200 ok"),
    ("an error", "HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nok", "500 ok"),
    ("nothing", "HTTP/1.1 204 No Content\r\n\r\n", "204 "),
    ("nothing new", "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n", "304 "),
    ("a hundred before it", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 ok"),
    (
        "several hundreds before it",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n\
         HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "200 ok",
    ),
    ("a hundred alone", "HTTP/1.1 100 Continue\r\n\r\n", "502"),
    (
        "another protocol that nobody asked for",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "502",
    ),
    ("another protocol, unnamed", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "502"),
    (
        "two answers",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray",
        "200 ok",
    ),
    (
        "two chunked answers",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray",
        "200 ok",
    ),
    (
        "an answer behind nothing",
        "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray",
        "204 ",
    ),
    ("nothing, with a body", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nstray", "204 "),
    (
        "nothing, with chunks",
        "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nstray\r\n0\r\n\r\n",
        "204 ",
    ),
    ("nothing new, with a body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nstray", "304 "),
    ("more than its length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokstray", "200 ok"),
    (
        "bytes behind the last chunk",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nstray",
        "200 ok",
    ),
    ("a line end behind it", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\r\n", "200 ok"),
    ("no body where one was to be", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nstray", "200 "),
    ("less than its length", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", "cut"),
    ("cut within a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok", "cut"),
    ("no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", "cut"),
    ("cut within the head", "HTTP/1.1 200 OK\r\nContent-Len", "502"),
    ("nothing at all", "", "502"),
    ("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nstray", "502"),
    ("two equal lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", "502"),
    ("a list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", "502"),
    ("a length with a plus", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok", "502"),
    ("a length with a minus", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok", "502"),
    ("a length in words", "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok", "502"),
    (
        "a length and chunked",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "502",
    ),
    (
        "chunked twice",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "502",
    ),
    ("a chunk that is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n", "502"),
    ("a folded line", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 2\r\n\r\nok", "502"),
    ("a folded length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n 5\r\n\r\nstray", "502"),
    ("a blank before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok", "502"),
    ("NUL in a value", "HTTP/1.1 200 OK\r\nA: b\0c\r\nContent-Length: 2\r\n\r\nok", "502"),
    ("a CR in a value", "HTTP/1.1 200 OK\r\nA: b\rc\r\nContent-Length: 2\r\n\r\nok", "502"),
    ("no colon", "HTTP/1.1 200 OK\r\nA\r\nContent-Length: 2\r\n\r\nok", "502"),
    ("another version", "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "502"),
    ("another protocol", "ICY 200 OK\r\n\r\nok", "502"),
    ("no status", "HTTP/1.1 OK\r\n\r\nok", "502"),
    ("a status of two digits", "HTTP/1.1 20 OK\r\n\r\nok", "502"),
    ("a status of four digits", "HTTP/1.1 2000 OK\r\n\r\nok", "502"),
    ("a status below 100", "HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nok", "502"),
    ("the whole of HTTP/0.9", "ok", "502"),
    ("a request", "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "502"),
];

/// What an answer says in short, and whether its body is as long as it says.
fn told(answer: &Answer) -> String {
    let length = answer.head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let is_chunked = answer.head.contains("transfer-encoding: chunked");
    let body = if is_chunked { answer.body.strip_suffix("0\r\n\r\n") } else { Some(&*answer.body) };
    let is_whole = answer.status == 304 || length.is_none_or(|length| length.parse() == Ok(answer.body.len()));
    match (answer.status, body) {
        (502, _) => "502".to_owned(),
        (0, _) => "cut".to_owned(),
        (status, Some(body)) if is_whole => {
            let data = if is_chunked { body.lines().skip(1).step_by(2).collect() } else { body.to_owned() };
            format!("{status} {data}")
        }
        _ => "cut".to_owned(),
    }
}

/// Answers one request with those bytes and all others, whatever the connection, with their target.
fn once(conn: &mut Conn, bytes: &str) {
    while let Some(request) = conn.request() {
        match target(&request) {
            "/odd" if !bytes.is_empty() && !bytes.contains("stray") => {
                conn.send(bytes);
                return;
            }
            "/odd" if bytes.is_empty() => return,
            "/odd" => conn.send(bytes),
            target => conn.answer(target),
        }
    }
}

#[test]
fn odd_answers_reach_their_client_whole_or_as_an_error_and_nobody_else() {
    let mut wrong = Vec::new();
    for (why, bytes, expected) in ANSWERS {
        let platform = Platform::start(move |conn| once(conn, bytes));
        let server = serving(&platform, "mastodon");
        let first = get(server.proxy(), "/odd");
        let next: Vec<String> = ["/a", "/b", "/c"].map(|path| get(server.proxy(), path).body).into();
        if told(&first) != expected || next != ["/a", "/b", "/c"] {
            wrong.push(format!("{why}: {first:?}, then {next:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_body_of_an_answer_to_head_goes_nowhere() {
    let platform = Platform::start(|conn| {
        while let Some(request) = conn.request() {
            if request.starts_with("HEAD") { conn.send(STRAY) } else { conn.answer(target(&request)) }
        }
    });
    let server = serving(&platform, "mastodon");
    let head = super::request(server.proxy(), "HEAD", "/", &[], b"");
    assert_eq!((head.status, &*head.body), (200, ""));
    assert!(head.head.contains("content-length: 5"), "{}", head.head);
    assert_eq!(get(server.proxy(), "/a").body, "/a");
}

/// The kind of stray that comes when its connection rests.
#[test]
fn what_comes_without_a_request_reaches_nobody() {
    let (sent, strays) = mpsc::channel();
    let platform = Platform::start(move |conn| {
        while let Some(request) = conn.request() {
            conn.answer(target(&request));
            std::thread::sleep(std::time::Duration::from_millis(50));
            conn.send(STRAY);
            sent.send(()).unwrap();
        }
    });
    let server = serving(&platform, "mastodon");
    for path in ["/a", "/b", "/c", "/d"] {
        assert_eq!(get(server.proxy(), path).body, path);
        strays.recv_timeout(PATIENCE).unwrap();
    }
}

#[test]
fn a_platform_that_speaks_first_answers_nobody_else() {
    let said = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&said);
    let platform = Platform::start(move |conn| {
        conn.send(STRAY);
        if let Some(request) = conn.request() {
            conn.answer(target(&request));
        }
        counted.fetch_add(1, Ordering::Relaxed);
        while let Some(request) = conn.request() {
            conn.answer(target(&request));
        }
    });
    let server = serving(&platform, "mastodon");
    // Those who open a connection may be told what was said on it; it never serves another.
    for (number, path) in ["/a", "/b", "/c", "/d"].into_iter().enumerate() {
        let answer = get(server.proxy(), path);
        assert!(answer.status == 502 || answer.body == "stray", "{path}: {answer:?}");
        // What is said on a connection too much has to be there before somebody else asks.
        wait_until("all to be said", || said.load(Ordering::Relaxed) > number);
    }
    assert_eq!(platform.connections(), 4);
}

#[test]
fn clients_at_once_get_each_their_own_though_every_third_answer_is_doubled() {
    let platform = Platform::start(|conn| {
        let mut count = 0;
        while let Some(request) = conn.request() {
            count += 1;
            let target = target(&request);
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{target}", target.len());
            conn.send(if count % 3 == 0 { answer + STRAY } else { answer });
        }
    });
    let server = serving(&platform, "mastodon");
    let proxy = server.proxy();
    let clients: Vec<_> = (0..8)
        .map(|client| {
            std::thread::spawn(move || {
                for number in 0..60 {
                    let path = format!("/{client}/{number}");
                    assert_eq!(get(proxy, &path).body, path);
                }
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
}

/// Each connection is good for one answer, and ends when a second one is asked for.
#[test]
fn what_changes_nothing_is_sent_again_and_a_post_never() {
    let platform = Platform::start(|conn| {
        if let Some(request) = conn.request() {
            conn.answer(target(&request));
            conn.request();
        }
    });
    // Each worker keeps connections of its own.
    let server = Serving::start(&format!(
        "[serve]\nthreads = 1\n[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://{}\"\nplatform = \"mastodon\"\n",
        platform.address
    ));
    for path in ["/a", "/b"] {
        assert_eq!(get(server.proxy(), path).body, path);
    }
    assert_eq!(super::post(server.proxy(), "/c", "text/plain", b"once").status, 502);
    assert_eq!(platform.requests().iter().filter(|request| target(request) == "/c").count(), 1);
}

#[test]
fn the_answer_to_a_client_that_left_goes_nowhere() {
    let (arrived, arrivals) = mpsc::channel();
    let gone = Arc::new(AtomicBool::new(false));
    let is_gone = Arc::clone(&gone);
    let platform = Platform::start(move |conn| {
        while let Some(request) = conn.request() {
            if target(&request) == "/slow" {
                arrived.send(()).unwrap();
                wait_until("the client to leave", || is_gone.load(Ordering::SeqCst));
            }
            conn.answer(target(&request));
        }
    });
    let server = serving(&platform, "mastodon");
    let mut stream = TcpStream::connect(server.proxy()).unwrap();
    stream.write_all(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    arrivals.recv_timeout(PATIENCE).unwrap();
    drop(stream);
    gone.store(true, Ordering::SeqCst);
    for path in ["/a", "/b", "/c"] {
        assert_eq!(get(server.proxy(), path).body, path);
    }
}

#[test]
fn fields_of_the_platforms_connection_stay_on_it() {
    let platform = Platform::start(|conn| {
        conn.request();
        conn.send(
            "HTTP/1.1 200 OK\r\nConnection: keep-alive, x-own\r\nX-Own: 1\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\n\
             Proxy-Authenticate: Basic\r\nX-Kept: 1\r\nContent-Length: 2\r\n\r\nok",
        );
    });
    let server = serving(&platform, "mastodon");
    let answer = get(server.proxy(), "/");
    assert!(answer.head.contains("x-kept: 1"), "{}", answer.head);
    for name in ["x-own", "keep-alive", "upgrade", "proxy-authenticate"] {
        assert!(!answer.head.contains(&format!("\r\n{name}: ")), "{}", answer.head);
    }
}
