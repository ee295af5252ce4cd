//! Bodies that two programs could read differently: the listed link in them is seen, or the request is refused.

use std::io::Write as _;

use super::nginx::Nginx;
use super::{FORM, Serving, request};
use crate::shared;

const JSON: &str = "application/json";
const PARTS: &str = "multipart/form-data; boundary=X";

/// What becomes of a request.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// The link was found in it.
    Seen,
    /// It cannot be read in one way.
    Refused,
    Passed,
}

use Fate::{Passed, Refused, Seen};

fn serving(nginx: &Nginx) -> Serving {
    let lists = crate::Home::new();
    let list = lists.file("listed.txt", "listed.test\n");
    let config = format!(
        "[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://{}\"\nplatform = \"mastodon\"\n\
         [serve.limits]\nbody_max_bytes = 100000\n",
        nginx.address
    );
    Serving::start_with(&config, &["--lists", list.to_str().unwrap()])
}

fn fate(server: &Serving, fields: &[(&str, &str)], body: &[u8]) -> Fate {
    let answer = request(server.proxy(), "POST", "/api/v1/statuses", fields, body);
    match answer.status {
        200 => Passed,
        422 => Seen,
        400 | 413 | 415 => Refused,
        status => unreachable!("{status}: {answer:?}"),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn every_reading_is_looked_at() {
    let nginx = Nginx::start();
    let server = serving(&nginx);
    let utf16: Vec<u8> = "{\"status\":\"https://listed.test/x\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let plain = br#"{"status":"https://listed.test/x"}"#;
    let long = format!("{{\"status\":\"{}\"}}", "a ".repeat(60_000));
    let cases: &[(&str, &[u8], Fate)] = &[
        (JSON, br#"{"status":"hello https://fine.test/"}"#, Passed),
        (JSON, br#"{"status":"nothing","sensitive":true,"n":[1,2.5,null]}"#, Passed),
        (JSON, b"", Passed),
        (JSON, plain, Seen),
        (JSON, br#"{"status":"https:\/\/listed\u002etest\/x"}"#, Seen),
        (JSON, br#"{"st\u0061tus":"https://listed.test"}"#, Seen),
        (JSON, br#"{"status":"hi","status":"https://listed.test"}"#, Seen),
        (JSON, br#"{"status":"https://listed.test","status":"hi"}"#, Seen),
        (JSON, br#"{"https://listed.test":"hi"}"#, Seen),
        (JSON, br#"{"a":{"b":[{"c":["https://listed.test"]}]}}"#, Seen),
        (JSON, br#""https://listed.test""#, Seen),
        (JSON, br#"{"status":"{\"status\":\"https:\\/\\/listed.test\"}"}"#, Seen),
        (JSON, br#"{"status":"https%3A%2F%2Flisted.test%2Fx"}"#, Seen),
        (JSON, br#"{"status":"https&#58;//listed&period;test/x"}"#, Seen),
        (JSON, br#"{"status":"https://lis\nted.test/x"}"#, Seen),
        (JSON, br#"{"status":"https://lis\u0000ted.test/x"}"#, Seen),
        (JSON, br#"{"status":"hxxps://listed[.]test"}"#, Seen),
        (JSON, "\u{feff}{\"status\":\"https://listed.test\"}".as_bytes(), Seen),
        (JSON, &utf16, Refused),
        (JSON, br#"{"status":"https://listed.test",}"#, Refused),
        (JSON, br#"{"status":"hi"}{"status":"https://listed.test"}"#, Refused),
        (JSON, br#"{"status":"hi"} // https://listed.test"#, Refused),
        (JSON, b"{\"status\":\"https://listed.test\xff\"}", Refused),
        (JSON, b"status=https://listed.test", Refused),
        (JSON, long.as_bytes(), Refused),
        ("application/json; charset=utf-16le", &utf16, Refused),
        ("application/activity+json", plain, Seen),
        ("application/vnd.api+json; charset=\"utf-8\"", plain, Seen),
        ("text/json", plain, Seen),
        ("text/plain", plain, Seen),
        ("application/octet-stream", plain, Seen),
        ("image/png", plain, Seen),
        ("application/x-ndjson", b"{}\n{\"status\":\"https://listed.test\"}\n", Seen),
        ("", plain, Seen),
        ("json", plain, Refused),
        (FORM, br#"{"status":"https:\/\/listed.test"}"#, Seen),
        (FORM, b"status=hello", Passed),
        (FORM, b"status=https%3A%2F%2Flisted.test", Seen),
        (FORM, b"status=https%253A%252F%252Flisted.test", Seen),
        (FORM, b"status=a&status=https://listed.test", Seen),
        (FORM, b"a=b;status=https%3A%2F%2Flisted.test", Seen),
        (FORM, b"poll%5Boptions%5D%5B%5D=https://listed.test", Seen),
        (FORM, b"https%3A%2F%2Flisted.test=a", Seen),
        (FORM, b"status=see+https://listed.test+now", Seen),
        (FORM, b"_method=put&status=hello", Refused),
        (FORM, b"status=\xff\xfeh\0t\0t\0p\0", Refused),
        (PARTS, b"--X\r\nContent-Disposition: form-data; name=\"status\"\r\n\r\nhi\r\n--X--\r\n", Passed),
        (PARTS, b"--X\r\nContent-Disposition: form-data; name=\"status\"\r\n\r\nhttps://listed.test\r\n--X--\r\n", Seen),
        (PARTS, b"--X\r\nContent-Disposition: form-data; name=\"a\"; filename=\"https://listed.test\"\r\n\r\n.\r\n--X--", Seen),
        (PARTS, b"--X\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\nhttps://listed.test\r\n--X--", Seen),
        (PARTS, b"--X\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\nContent-Type: image/png\r\n\r\na\n--X\n\nb\r\n--X--", Refused),
        (PARTS, b"--X\nContent-Disposition: form-data; name=\"status\"\n\nhttps://listed.test\n--X--\n", Refused),
        ("multipart/form-data", b"--X\r\n\r\nhttps://listed.test\r\n--X--", Refused),
        ("multipart/form-data; boundary=X; boundary=Y", b"--Y\r\n\r\n\r\nhttps://listed.test\r\n--Y--", Refused),
    ];
    for (content_type, body, expected) in cases {
        let fields: &[(&str, &str)] = if content_type.is_empty() { &[] } else { &[("Content-Type", content_type)] };
        assert_eq!(fate(&server, fields, body), *expected, "{content_type}: {}", String::from_utf8_lossy(body));
    }
    for (coding, body, expected) in [
        ("identity", plain.to_vec(), Seen),
        ("gzip", gzip(plain), Seen),
        ("gzip", [gzip(br#"{"status":"#), gzip(br#""https://listed.test"}"#)].concat(), Seen),
        ("gzip", gzip(b"{}"), Passed),
        ("zstd", zstd::encode_all(&plain[..], 1).unwrap(), Seen),
        ("gzip", plain.to_vec(), Refused),
        ("identity", gzip(plain), Refused),
        ("gzip, gzip", gzip(&gzip(plain)), Refused),
        ("gzip", gzip(&gzip(plain)), Refused),
        ("br", plain.to_vec(), Refused),
        ("deflate", plain.to_vec(), Refused),
        ("gzip", gzip(&vec![b' '; 100_001]), Refused),
    ] {
        let fields = [("Content-Type", JSON), ("Content-Encoding", coding)];
        assert_eq!(fate(&server, &fields, &body), expected, "{coding}");
    }
    let twice = [("Content-Type", JSON), ("Content-Type", FORM)];
    assert_eq!(fate(&server, &twice, b"{\"a\":\"b\"}"), Refused);
    // What passed came through as it was, and nothing else did.
    let bodies: Vec<String> = nginx.got_after(6).iter().map(|got| got["body"].as_str().unwrap().to_owned()).collect();
    assert_eq!(bodies.len(), 6, "{bodies:?}");
    assert_eq!(bodies[0], r#"{"status":"hello https://fine.test/"}"#);
    assert!(bodies.iter().all(|body| !body.contains("listed")), "{bodies:?}");
    assert!(!server.log.lock().unwrap().contains("listed.test"));
}

#[test]
fn the_suite_of_confusing_bodies() {
    let Some(path) = shared("security/body_confusion.jsonl") else { return };
    let nginx = Nginx::start();
    let server = serving(&nginx);
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let body = data_encoding::BASE64.decode(case["body_b64"].as_str().unwrap().as_bytes()).unwrap();
        let fields: Vec<(&str, &str)> = case["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (&**name, value.as_str().unwrap()))
            .collect();
        let passed = fate(&server, &fields, &body) == Passed;
        assert_eq!(passed, case["expect"] == "pass", "{line}");
    }
}
