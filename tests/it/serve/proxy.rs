//! The proxy: what is forwarded, how it is marked, what clients are told, what happens when something is down.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::nginx::Nginx;
use super::{FORM, Serving, free_port, get, json, post, request};

fn config(upstream: impl std::fmt::Display, platform: &str, more: &str) -> String {
    format!("[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://{upstream}\"\nplatform = \"{platform}\"\n{more}")
}

#[test]
fn what_passes_is_forwarded_as_it_came_with_who_asked() {
    let nginx = Nginx::start();
    let server = Serving::start(&config(nginx.address, "mastodon", ""));
    let fields = [
        ("Content-Type", FORM),
        ("X-Forwarded-For", "192.0.2.1"),
        ("Linkgate-Checked", "yes"),
        ("Idempotency-Key", "abc"),
        ("Connection", "keep-alive, idempotency-key"),
    ];
    let answer =
        request(server.proxy(), "POST", "/api/v1/statuses?x=%20y", &fields, b"status=hello+https://fine.example");
    assert_eq!((answer.status, &*answer.body), (200, "{\"id\":\"1\"}"));
    let got = &nginx.got_after(1)[0];
    assert_eq!(got["body"], "status=hello+https://fine.example");
    assert_eq!(got["target"], "/api/v1/statuses?x=%20y");
    assert_eq!((&got["host"], &got["for"], &got["proto"]), (&"localhost".into(), &"127.0.0.1".into(), &"http".into()));
    assert_eq!(got["checked"], "");
    assert!(answer.head.contains(&format!("x-request-id: {}", got["id"].as_str().unwrap())), "{}", answer.head);
    // A second request goes over the same connection.
    assert_eq!(get(server.proxy(), "/api/v1/timelines/home?q=https://listed.example").status, 200);
    assert_eq!(nginx.got_after(2)[1]["method"], "GET");
}

#[test]
fn refusals_have_the_shape_of_the_platform() {
    for (platform, status, content_type, field) in [
        ("mastodon", 422, "application/json", "error"),
        ("atproto", 400, "application/json", "message"),
        ("generic", 422, "application/problem+json", "title"),
    ] {
        let server = Serving::start(&config("127.0.0.1:9", platform, ""));
        let body = br#"{"record":{"text":"x","facets":[{"features":[{"uri":"https://listed.example/a"}]}]}}"#;
        let answer = post(server.proxy(), "/xrpc/com.atproto.repo.createRecord", "application/json", body);
        assert_eq!(answer.status, status, "{platform}");
        assert!(answer.head.contains(content_type), "{}", answer.head);
        let told = json(&answer)[field].as_str().unwrap().to_owned();
        assert!(told.starts_with("This was not published"), "{told}");
        for secret in ["listed", "demo", "csam"] {
            assert!(!answer.body.contains(secret), "{}", answer.body);
        }
    }
}

#[test]
fn generic_platforms_say_where_links_stand_and_how_they_refuse() {
    let more = "links = [\"/card/*\"]\nhtml = [\"content\"]\n[proxy.refusal]\nstatus = 409\ncontent_type = \"text/plain\"\n\
                template = \"no: {message} {id}\"\n";
    let server = Serving::start(&config("127.0.0.1:9", "generic", more));
    let card = post(server.proxy(), "/post", "application/json", br#"{"card":["listed.example"]}"#);
    assert_eq!(card.status, 409);
    assert!(card.body.starts_with("no: This was not published"), "{}", card.body);
    let html = post(server.proxy(), "/post", FORM, b"content=%3Ca+href%3D%22//listed%26%2346;example%22%3Ex");
    assert_eq!(html.status, 409);
}

#[test]
fn flagged_posts_pass_with_a_mark_and_held_ones_do_not() {
    let nginx = Nginx::start();
    let more = "[policy.category]\ncsam = \"flag\"\nmalware = \"hold\"\n";
    let server = Serving::start(&config(nginx.address, "mastodon", more));
    assert_eq!(post(server.proxy(), "/a", FORM, b"status=https://listed.example/").status, 200);
    assert_eq!(nginx.got_after(1)[0]["checked"], "flag");
}

#[test]
fn uploads_pass_unread_and_their_texts_do_not() {
    let nginx = Nginx::start();
    let more = "[serve.limits]\nbody_max_bytes = 50000\n";
    let server = Serving::start(&config(nginx.address, "mastodon", more));
    let picture = "--listed.example--\0".repeat(20_000);
    let upload = |description: &str| {
        format!(
            "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n{picture}\r\n\
             --X\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n{description}\r\n--X--\r\n"
        )
    };
    let send =
        |path: &str, body: &str| post(server.proxy(), path, "multipart/form-data; boundary=X", body.as_bytes()).status;
    assert_eq!(send("/api/v2/media", &upload("a cat")), 200);
    assert_eq!(send("/api/v2/media", &upload("https://listed.example/a")), 422);
    assert_eq!(send("/api/v2/other", &upload("a cat")), 413);
    let (got, length) = (nginx.got_after(1), upload("a cat").len().to_string());
    assert_eq!(got.iter().filter(|got| got["length"].as_str() == Some(&length)).count(), 1, "{}", got.len());
}

#[test]
fn what_passes_unread_is_judged_by_its_head() {
    let nginx = Nginx::start();
    for (platform, path, body) in [
        ("atproto", "/xrpc/com.atproto.repo.uploadBlob", ""),
        ("mastodon", "/api/v2/media", "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--X--\r\n"),
    ] {
        let server = Serving::start(&config(nginx.address, platform, ""));
        let form = ("Content-Type", "multipart/form-data; boundary=X");
        let send =
            |path: &str, fields: &[(&str, &str)]| request(server.proxy(), "POST", path, fields, body.as_bytes()).status;
        assert_eq!(send(path, &[form, ("X-HTTP-Method-Override", "PUT")]), 400, "{platform}");
        assert_eq!(
            send(&format!("{path}?description=https%3A%2F%2Flisted.example%2Fa"), &[form]) / 100,
            4,
            "{platform}"
        );
        assert_eq!(send(&format!("{path}?_method=put"), &[form]), 400, "{platform}");
        assert_eq!(nginx.got(), Vec::<serde_json::Value>::new(), "{platform}");
    }
}

#[test]
fn slow_uploads_have_the_time_that_their_length_gives_them() {
    let nginx = Nginx::start();
    let server = Serving::start(&config(nginx.address, "mastodon", "upstream_timeout_ms = 300\n"));
    let part = "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";
    let rest = "b\r\n--X--\r\n";
    let mut stream = std::net::TcpStream::connect(server.proxy()).unwrap();
    write!(
        stream,
        "POST /api/v2/media HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: multipart/form-data; boundary=X\r\nContent-Length: {}\r\n\r\n{part}",
        part.len() + rest.len()
    )
    .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(900));
    stream.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn fail_policies_are_kept() {
    let nginx = Nginx::start();
    for (policy, status, checked) in
        [("closed", 503, None), ("hold", 422, None), ("open", 200, Some("no; reason=no_index"))]
    {
        let before = nginx.got().len();
        let more = format!("on_system_failure = \"{policy}\"\n");
        let lists = "[[lists]]\nname = \"gone\"\npath = \"/nonexistent/list.txt\"\n";
        let server = Serving::start(&(config(nginx.address, "mastodon", &more) + lists));
        let answer = post(server.proxy(), "/api/v1/statuses", FORM, b"status=hello");
        assert_eq!(answer.status, status, "{policy}");
        assert_eq!(get(server.proxy(), "/").status, 200, "{policy}");
        let got = nginx.got_after(before + 1);
        let marked =
            got.iter().skip(before).find(|got| got["method"] == "POST").map(|got| got["checked"].as_str().unwrap());
        assert_eq!(marked, checked, "{policy}");
        if policy == "open" {
            let figures = get(server.api, "/metrics").body;
            assert!(figures.contains("linkgate_unchecked_total{door=\"proxy\",reason=\"no_index\"} 1\n"), "{figures}");
        }
    }
}

#[test]
fn kinds_of_failure_have_policies_of_their_own() {
    let lists = "[[lists]]\nname = \"gone\"\npath = \"/nonexistent/list.txt\"\n";
    for (kind, status) in [("no_index", 422), ("internal", 503), ("overload", 503)] {
        let more = format!("[proxy.on_failure]\n{kind} = \"hold\"\n");
        let server = Serving::start(&(config("127.0.0.1:9", "mastodon", &more) + lists));
        assert_eq!(post(server.proxy(), "/api/v1/statuses", FORM, b"status=hello").status, status, "{kind}");
    }
}

#[test]
fn authors_that_are_refused_too_often_are_held() {
    let nginx = Nginx::start();
    let lists = crate::Home::new();
    let path = lists.file("own.txt", "one.test\ntwo.test\nthree.test\nfour.test\nfive.test\n");
    let more =
        format!("refusals_per_day = 2\nnetwork_refusals_per_day = 4\n[[lists]]\nname = \"own\"\npath = {path:?}\n");
    let server = Serving::start(&config(nginx.address, "mastodon", &more));
    let told = |token: &str, text: &str| {
        let fields = [("Content-Type", FORM), ("Authorization", token)];
        let answer = request(server.proxy(), "POST", "/api/v1/statuses", &fields, format!("status={text}").as_bytes());
        match answer.status {
            200 => "published",
            422 if answer.body.contains("may be reviewed") => "held",
            422 => "refused",
            _ => panic!("{answer:?}"),
        }
    };
    for (token, text, expected) in [
        ("a", "https://one.test/", "refused"),
        ("a", "https://one.test/again", "refused"),
        ("a", "https://two.test/", "refused"),
        ("a", "https://fine.test/", "published"),
        ("a", "https://three.test/", "refused"),
        // Over the budget: whether a link is listed can no longer be told from the answer.
        ("a", "https://fine.test/", "held"),
        ("a", "https://four.test/", "held"),
        ("a", "no link", "published"),
        ("b", "https://fine.test/", "published"),
        ("b", "https://four.test/", "refused"),
        ("c", "https://five.test/", "refused"),
        // Five entries from one network, whoever asked.
        ("d", "https://fine.test/", "held"),
        ("d", "no link", "published"),
    ] {
        assert_eq!(told(token, text), expected, "{token} {text}");
    }
    let figures = get(server.api, "/metrics").body;
    assert!(figures.contains("limit=\"refusals_per_day\"} 2"), "{figures}");
}

#[test]
fn an_upstream_that_is_gone_late_or_broken_is_told_so() {
    let gone = Serving::start(&config(format!("127.0.0.1:{}", free_port()), "mastodon", ""));
    assert_eq!(post(gone.proxy(), "/", FORM, b"status=hello").status, 502);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let late = Serving::start(&config(silent.local_addr().unwrap(), "mastodon", "upstream_timeout_ms = 300\n"));
    assert_eq!(post(late.proxy(), "/", FORM, b"status=hello").status, 504);
}

#[test]
fn the_server_answers_what_is_under_way_before_it_ends() {
    let mut server = Serving::start("");
    let mut stream = std::net::TcpStream::connect(server.api).unwrap();
    let body = r#"{"text":"https://listed.example"}"#;
    write!(stream, "POST /v1/check HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len()).unwrap();
    super::wait_until("an open connection", || {
        get(server.api, "/metrics").body.contains("connections{door=\"api\"} 2")
    });
    server.signal("TERM");
    std::thread::sleep(std::time::Duration::from_millis(300));
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("\"action\":\"reject\""), "{answer}");
    assert!(server.child.wait().unwrap().success());
}
