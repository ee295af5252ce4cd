//! The check API as people and their libraries ask it: odd but right requests, and ones that are nearly right.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::{Serving, get, json, post, raw, request};

const LISTED: &str = r#"{"id":7,"text":"see hxxps://listed[.]example/a"}"#;
const JSON: (&str, &str) = ("Content-Type", "application/json");

#[test]
fn ids_come_back_as_they_were() {
    let server = Serving::start("");
    for id in [
        "null",
        "true",
        "7",
        "-0",
        "1e400",
        "123456789012345678901234567890",
        "0.10",
        r#""a\u00e9\/""#,
        r#"" ""#,
        "[1,[2]]",
        r#"{"b":1,"a":{"c":null}}"#,
    ] {
        let answer = server.check(&format!(r#"{{"id":{id},"text":""}}"#));
        assert!(answer.body.starts_with(&format!(r#"{{"id":{id},"action""#)), "{id}: {}", answer.body);
        let stream = format!("{{\"text\":\"\",\"id\":{id}}}\n");
        let answer = post(server.api, "/v1/check/stream", "application/x-ndjson", stream.as_bytes());
        assert!(answer.body.contains(&format!(r#"{{"id":{id},"action""#)), "{id}: {}", answer.body);
    }
    assert!(server.check(r#"{"text":""}"#).body.starts_with(r#"{"id":null,"#));
}

#[test]
fn what_a_request_says_beside_is_taken_or_told() {
    let server = Serving::start("");
    let check = |fields: &[(&str, &str)], body: &[u8]| {
        let answer = request(server.api, "POST", "/v1/check", fields, body);
        let json = json(&answer);
        format!("{} {}", answer.status, json["action"].as_str().or(json["code"].as_str()).unwrap())
    };
    let plain = LISTED.as_bytes();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(plain).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(plain, 1).unwrap();
    let bomb = zstd::encode_all(&vec![b' '; (1 << 20) + 1][..], 1).unwrap();
    let utf16: Vec<u8> = LISTED.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (field, body, expected) in [
        (("Accept", "text/html"), plain, "200 reject"),
        (("Accept", "application/json;q=0"), plain, "200 reject"),
        (("X-Request-Id", "mine"), plain, "200 reject"),
        (("Content-Encoding", "gzip"), &gzip, "200 reject"),
        (("Content-Encoding", "zstd"), &zstd, "200 reject"),
        (("Content-Encoding", "identity"), plain, "200 reject"),
        (("Content-Encoding", "zstd"), &bomb, "413 body_too_large"),
        (("Content-Encoding", "gzip"), plain, "400 badly_packed"),
        (("Content-Encoding", "br"), plain, "415 content_coding"),
        (("Accept", "*/*"), &gzip, "415 packed_unsaid"),
        (("Accept", "*/*"), &[b"\xef\xbb\xbf", plain].concat(), "200 reject"),
        (("Accept", "*/*"), &utf16, "400 not_json"),
        (("Accept", "*/*"), br#"{"text":"a","unknown":{"deep":[1]},"unknown":2}"#, "200 allow"),
        (("Accept", "*/*"), br#"{"text":"a","posts":null}"#, "200 allow"),
        (("Accept", "*/*"), br#"{"text":"half \ud83d","links":null,"format":null}"#, "200 allow"),
    ] {
        assert_eq!(check(&[JSON, field], body), expected, "{field:?} {}", String::from_utf8_lossy(body));
    }
    for (content_type, expected) in [
        ("application/json; charset=utf-8", "200 reject"),
        ("application/vnd.api+json", "200 reject"),
        ("application/x-www-form-urlencoded", "200 reject"),
        ("text/plain", "200 reject"),
        ("application/xml", "200 reject"),
        ("multipart/form-data; boundary=x", "415 media_type"),
        ("application/x-ndjson", "415 media_type"),
        ("application/json, text/plain", "400 bad_content_type"),
    ] {
        assert_eq!(check(&[("Content-Type", content_type)], plain), expected, "{content_type}");
    }
    let answer = request(server.api, "POST", "/v1/check", &[JSON, ("X-Request-Id", "mine")], plain);
    assert!(answer.head.contains("x-request-id: ") && !answer.head.contains("mine"), "{}", answer.head);
    let unknown = request(server.api, "POST", "/v1/check", &[JSON, ("Content-Encoding", "br")], plain);
    assert!(unknown.head.contains("accept-encoding: gzip, zstd"), "{}", unknown.head);
}

#[test]
fn streams_take_lines_and_tell_what_is_none() {
    let server = Serving::start("[serve.limits]\nbody_max_bytes = 2000\n");
    let ask = |fields: &[(&str, &str)], body: &[u8]| request(server.api, "POST", "/v1/check/stream", fields, body);
    for (field, status, code) in [
        (("Content-Encoding", "gzip"), 415, "content_coding"),
        (("Content-Type", "image/png"), 415, "media_type"),
        (("Content-Type", "application/x-ndjson; charset=utf-16"), 415, "charset"),
    ] {
        let answer = ask(&[field], LISTED.as_bytes());
        assert_eq!((answer.status, json(&answer)["code"].as_str().unwrap()), (status, code), "{field:?}");
    }
    let long = format!("{LISTED}\n{{}}\n{{\"text\":\"{}", "x".repeat(2_000));
    for (body, expected) in [
        ("", &[][..]),
        ("\n \n", &[]),
        ("\u{feff}{\"text\":\"\"}\n\u{feff}{\"text\":\"\"}", &["allow", "2 not_json"]),
        ("{}\n{\"posts\":[]}\r\n{\"text\":\"\"}", &["1 no_post", "2 no_post", "allow"]),
        (&long, &["reject", "2 no_post", "3 line_too_long"]),
    ] {
        let answer = ask(&[("Content-Type", "application/x-ndjson")], body.as_bytes());
        let lines = answer.body.lines().filter(|line| line.starts_with('{'));
        let told = lines.map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["action"]
                .as_str()
                .map_or_else(|| format!("{} {}", line["line"], line["error"].as_str().unwrap()), str::to_owned)
        });
        assert_eq!(told.collect::<Vec<_>>(), expected, "{body}");
    }
}

#[test]
fn a_stream_goes_on_with_the_lists_of_a_reload() {
    let lists = crate::Home::new();
    let path = lists.file("own.txt", "before.test\n");
    let server = Serving::start(&format!("[[lists]]\nname = \"own\"\npath = {path:?}\n"));
    let mut stream = TcpStream::connect(server.api).unwrap();
    stream.set_read_timeout(Some(super::PATIENCE)).unwrap();
    let head =
        "POST /v1/check/stream HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut ask = |host: &str, expected: &str| {
        let line = format!("{{\"id\":\"{host}\",\"text\":\"https://{host}/\"}}\n");
        stream.write_all(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes()).unwrap();
        let (mut got, mut buffer) = (String::new(), [0; 4096]);
        let wanted = format!("{{\"id\":\"{host}\",\"action\":\"{expected}\"");
        while !got.contains(&wanted) {
            let read = stream.read(&mut buffer).unwrap();
            assert!(read > 0, "{wanted} did not come: {got}");
            got.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
    };
    ask("before.test", "reject");
    ask("after.test", "allow");
    lists.file("own.txt", "after.test\n");
    server.signal("HUP");
    server.wait_for("reloaded");
    ask("before.test", "allow");
    ask("after.test", "reject");
}

#[test]
fn methods_are_answered_as_they_are_meant() {
    let server = Serving::start("");
    for (method, path, status, allow) in [
        ("HEAD", "/healthz", 200, ""),
        ("HEAD", "/openapi.json", 200, ""),
        ("HEAD", "/v1/check", 405, "post, options"),
        ("OPTIONS", "/v1/check", 204, "post, options"),
        ("OPTIONS", "/v1/lists", 204, "get, head, options"),
        ("OPTIONS", "*", 204, "get, head, post, options"),
        ("OPTIONS", "/v1/nothing", 404, ""),
        ("DELETE", "/v1/lists", 405, "get, head, options"),
        ("QUERY", "/v1/check", 405, "post, options"),
        ("TRACE", "/v1/check", 405, "get, head, post, options"),
    ] {
        let answer = request(server.api, method, path, &[], b"");
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.head);
        let told = if allow.is_empty() { String::new() } else { format!("allow: {allow}\r\n") };
        assert!(answer.head.contains(&told) && answer.head.contains("allow: ") != told.is_empty(), "{}", answer.head);
        assert!(method != "HEAD" || answer.body.is_empty(), "{}", answer.body);
        assert!(!answer.head.contains("access-control"), "{}", answer.head);
    }
    let length =
        |answer: &str| answer.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap().to_owned();
    let whole = get(server.api, "/openapi.json");
    assert_eq!(length(&request(server.api, "HEAD", "/openapi.json", &[], b"").head), length(&whole.head));
}

#[test]
fn a_client_that_waits_to_be_asked_for_its_body_is_asked_if_it_may_send_it() {
    let with_key = super::keys::key("a", super::keys::SHA256, "");
    let server = Serving::start(&with_key);
    let ask = |authorization: &str| {
        let mut stream = TcpStream::connect(server.api).unwrap();
        stream.set_read_timeout(Some(super::PATIENCE)).unwrap();
        let length = LISTED.len();
        let head = format!(
            "POST /v1/check HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: {authorization}\r\n\
             Expect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).unwrap();
        if first.ends_with(b"100") {
            stream.write_all(LISTED.as_bytes()).unwrap();
        }
        let mut rest = String::new();
        let _ = stream.read_to_string(&mut rest);
        String::from_utf8_lossy(&first).into_owned() + &rest
    };
    let asked = ask("Bearer test");
    assert!(asked.starts_with("HTTP/1.1 100") && asked.contains("\"action\":\"reject\""), "{asked}");
    assert!(ask("Bearer wrong").starts_with("HTTP/1.1 401"));
    let unknown = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nExpect: a-miracle\r\nConnection: close\r\n\r\n";
    assert_eq!(raw(server.api, unknown).status, 417);
}
