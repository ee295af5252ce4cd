//! What cannot be read is counted with its place, and the rest is done.

use std::fs::File;
use std::process::Stdio;

use serde_json::{Value, json};

use super::{findings, posts, rescan};
use crate::Home;

/// Kinds and positions of what was passed over.
fn skipped(summary: &Value) -> Vec<(String, Vec<u64>)> {
    let kinds = summary["skipped"].as_object().unwrap().iter();
    let positions = |kind: &Value| {
        let first = kind["first"].as_array().unwrap().iter();
        first.map(|place| place["position"].as_u64().unwrap()).collect()
    };
    kinds.map(|(kind, skipped)| (kind.clone(), positions(skipped))).collect()
}

#[test]
fn lines_that_hold_no_post() {
    let home = Home::new();
    let long = format!("{{\"id\":9,\"text\":\"{}\"}}", "long ".repeat(100 << 18));
    let good = r#"{"id":1,"text":"listed.example"}"#;
    let lines: [&[u8]; 9] = [
        good.as_bytes(),
        b"{\"id\":2,\"text\":\"cut",
        b"{\"id\":3,\"text\":\"\xff listed.example\"}",
        long.as_bytes(),
        b"",
        br#"{"id":6,"text":5}"#,
        br#"{"id":7}"#,
        b"[]",
        good.as_bytes(),
    ];
    let input = home.file("posts.jsonl", lines.join(&b'\n'));
    let (ran, found, summary) = rescan(&home, &[input.to_str().unwrap()]);
    let positions: Vec<&Value> = found.iter().map(|finding| &finding["position"]).collect();
    assert_eq!((positions, ran.code), (vec![&json!(1), &json!(9)], 2), "{}", ran.stderr);
    let expected = [("bad_field", vec![6, 7, 8]), ("not_json", vec![2]), ("not_utf8", vec![3]), ("too_long", vec![4])];
    assert_eq!(skipped(&summary), expected.map(|(kind, at)| (kind.to_owned(), at)));
    assert!(ran.stderr.contains("posts.jsonl:2") && !ran.stderr.contains("listed.example"), "{}", ran.stderr);
    assert_eq!(rescan(&home, &[input.to_str().unwrap(), "--allow-bad", "6"]).0.code, 1);
    assert_eq!(rescan(&home, &[input.to_str().unwrap(), "--allow-bad", "5"]).0.code, 2);
}

#[test]
fn rows_that_are_none() {
    let home = Home::new();
    let table = b"id,text\n1,listed.example\n2\n3,a,b\n4,\xff\n5,listed.example\n6,\"never closed\nlisted.example\n";
    let input = home.file("posts.csv", table);
    let (ran, found, summary) = rescan(&home, &[input.to_str().unwrap()]);
    let ids: Vec<&Value> = found.iter().map(|finding| &finding["id"]).collect();
    assert_eq!((ids, ran.code), (vec![&json!("1"), &json!("5"), &json!("6")], 2), "{}", ran.stderr);
    let expected = [("columns", vec![3, 4]), ("not_utf8", vec![5]), ("open_quote", vec![7])];
    assert_eq!(skipped(&summary), expected.map(|(kind, at)| (kind.to_owned(), at)));
}

#[test]
fn inputs_that_end_too_early_or_cannot_be_read() {
    let home = Home::new();
    let text = posts(5_000);
    let packed = zstd::encode_all(text.as_bytes(), 1).unwrap();
    home.file("a.jsonl.zst", &packed[..packed.len() / 2]);
    home.file("b.csv", "name,other\n1,listed.example\n");
    home.file("c.json", "{\"orderedItems\":[{\"id\":1,\"text\":\"listed.example\"},{\"id\":2,");
    home.file("d.jsonl", "{\"id\":4,\"text\":\"listed.example\"}");
    let folder = home.path().to_str().unwrap().to_owned();
    let names = ["a.jsonl.zst", "b.csv", "c.json", "d.jsonl"].map(|name| format!("{folder}/{name}"));
    let mut arguments: Vec<&str> = names.iter().map(String::as_str).collect();
    arguments.extend(["--items", "/orderedItems"]);
    let (ran, found, summary) = rescan(&home, &arguments);
    let last: Vec<&Value> = found.iter().rev().take(2).map(|finding| &finding["id"]).collect();
    assert_eq!((last, ran.code), (vec![&json!(4), &json!(1)], 2), "{}", ran.stderr);
    assert!(ran.stderr.contains("b.csv has no column text, links; it has: name, other"), "{}", ran.stderr);
    let kinds: Vec<String> = skipped(&summary).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["cut_off", "no_column"]);
    assert_eq!(summary["skipped"]["cut_off"]["count"], 2);
    assert_eq!(rescan(&home, &[&names[1]]).0.code, 2);
    home.file("e.csv", "");
    assert_eq!(rescan(&home, &[&format!("{folder}/e.csv")]).0.code, 0);
    home.file("f.jsonl", b"\xfd7zXZ\0");
    let (ran, ..) = rescan(&home, &[&format!("{folder}/f.jsonl")]);
    assert!(ran.stderr.contains("packed with xz"), "{}", ran.stderr);
}

#[test]
fn names_of_columns_are_shown_and_posts_never() {
    let home = Home::new();
    let input = home.file("posts.csv", "1,see https://listed.example/secret please\n");
    let (ran, ..) = rescan(&home, &[input.to_str().unwrap()]);
    assert!(
        ran.stderr.contains("it has: something else than names") && !ran.stderr.contains("secret"),
        "{}",
        ran.stderr
    );
    let input = home.file("named.csv", "id,text\n1,x\n");
    let (ran, ..) = rescan(&home, &[input.to_str().unwrap(), "--id", "nope"]);
    assert!(ran.stderr.contains("named.csv has no column nope; it has: id, text") && ran.code == 2, "{}", ran.stderr);
}

#[test]
fn halves_of_characters_hide_nothing() {
    let home = Home::new();
    let input = home.file("posts.jsonl", "{\"id\":1,\"text\":\"\\ud83d https://listed.example/\"}\n");
    let (ran, found, summary) = rescan(&home, &[input.to_str().unwrap()]);
    assert_eq!((found.len(), &summary["skipped"], ran.code), (1, &json!({}), 1), "{}", ran.stderr);
    let ran = home.run_with(&["check", "--jsonl"], &std::fs::read(&input).unwrap());
    assert_eq!(ran.code, 1, "{}", ran.stdout);
}

#[test]
fn nothing_that_is_read_is_overwritten() {
    let home = Home::new();
    let input = home.file("posts.jsonl", posts(20));
    let list = home.file("list.txt", "listed.example\n");
    let [input, list] = [&input, &list].map(|path| path.to_str().unwrap());
    let out = home.path().join("out.jsonl");
    let out = out.to_str().unwrap();
    let before = std::fs::read(input).unwrap();
    for arguments in [
        vec!["--out", input],
        vec!["--out", list],
        vec!["--out", out, "--summary", input],
        vec!["--out", out, "--summary", out],
        vec!["--out", out, "--checkpoint", input, "--restart"],
        vec!["--out", out, "--checkpoint", out],
        vec!["--out", "findings.jsonl.gz"],
    ] {
        let ran = home.run(&[&["rescan", input, "--lists", list], &arguments[..]].concat());
        assert!([2, 64].contains(&ran.code), "{arguments:?}: {}", ran.stderr);
        assert_eq!(std::fs::read(input).unwrap(), before, "{arguments:?}");
        assert_eq!(std::fs::read(list).unwrap(), b"listed.example\n", "{arguments:?}");
    }
    let ran = home.run(&["rescan", input, "--lists", list, "--out", out, "--summary", "/dev/null"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn an_export_without_any_post_is_a_failure() {
    let home = Home::new();
    let input = home.file("outbox.json", "{\"orderedItems\":[{\"object\":{\"content\":\"x\"}}]}");
    let (ran, ..) = rescan(&home, &[input.to_str().unwrap(), "--preset", "lemmy"]);
    assert!(ran.code == 2 && ran.stderr.contains("nothing was judged"), "{}", ran.stderr);
    assert_eq!(rescan(&home, &[input.to_str().unwrap()]).0.code, 2);
}

#[test]
fn a_full_disk_and_a_closed_pipe_end_it_between_lines() {
    let home = Home::new();
    let input = home.file("posts.jsonl", posts(20_000));
    let ran = home.run(&["rescan", input.to_str().unwrap(), "--out", "/dev/full"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("the findings cannot be written"), "{}", ran.stderr);

    let mut child = home.command(&["rescan", input.to_str().unwrap()]);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(2));
}

#[test]
fn a_disk_that_fills_up_keeps_whole_lines() {
    let home = Home::new();
    let input = home.file("posts.jsonl", posts(20_000));
    let out = home.path().join("out.jsonl");
    // The limit on the size of files stands for a disk with so much room; the signal it sends by itself is blocked.
    let script = r#"trap '' XFSZ; ulimit -f 100; exec "$@""#;
    let program = env!("CARGO_BIN_EXE_linkgate");
    let mut command = std::process::Command::new("bash");
    command.args(["-c", script, "bash", program, "rescan", input.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    command.env("XDG_STATE_HOME", home.path()).stderr(Stdio::from(File::create(home.path().join("err")).unwrap()));
    assert_eq!(command.status().unwrap().code(), Some(2));
    let text = std::fs::read(&out).unwrap();
    assert!(text.ends_with(b"\n") && text.len() <= 100 << 10, "{}", text.len());
    assert!(findings(&out).len() > 100);
}
