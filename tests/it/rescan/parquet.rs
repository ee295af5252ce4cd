//! Parquet files that pyarrow wrote (`tests/real_posts.py`): whole, damaged, and when the rescan is killed.

use std::fs::{copy, read};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{places, rescan, without_input};
use crate::{Home, root};

/// Lets pyarrow write into a folder; `None` if it is not there, which is said past the capture of test output.
fn written(home: &Home) -> Option<Value> {
    let python = root().join("target/python/bin/python");
    if !python.exists() {
        let _ =
            writeln!(std::io::stderr(), "left out: files of pyarrow, since target/python is not there; run tests/run");
        return None;
    }
    let script = root().join("tests/real_posts.py");
    let ran = Command::new(python).args(["-I", "-B"]).arg(script).arg(home.path()).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    Some(super::json(&home.path().join("expected.json")))
}

#[test]
fn what_pyarrow_wrote_is_found_as_in_lines() {
    let home = Home::new();
    let Some(expected) = written(&home) else { return };
    let cases = expected["cases"].as_array().unwrap();
    assert!(cases.len() >= 15, "only {} cases", cases.len());
    for case in cases {
        let name = |key: &str| home.path().join(case[key].as_str().unwrap()).to_str().unwrap().to_owned();
        let more: Vec<&str> = case["arguments"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        for threads in ["1", "2"] {
            let what = |input: &str| without_input(rescan(&home, &[&[input, "--threads", threads], &*more].concat()));
            let (lines, columns) = (what(&name("same_as")), what(&name("file")));
            assert!(!lines.1.is_empty());
            assert_eq!(columns.2, lines.2, "{case}");
            assert_eq!(columns.1.first(), lines.1.first(), "{case}");
            assert!(columns == lines, "{case}");
        }
    }
}

#[test]
fn columns_are_read_only_if_they_are_named() {
    let home = Home::new();
    let Some(_) = written(&home) else { return };
    let told = |name: &str, arguments: &[&str]| {
        let path = home.path().join(name);
        rescan(&home, &[&[path.to_str().unwrap()], arguments].concat())
    };
    let (ran, found, _) = told("flat.jsonl", &["--text", "other", "--links", "none"]);
    assert_eq!((ran.code, found.len()), (1, 3_500), "{}", ran.stderr);
    let (_, same, summary) = told("large.parquet", &["--text", "other", "--links", "none"]);
    assert_eq!((same.len(), &summary["posts"]), (3_500, &json!(3_500)));
    let (ran, found, summary) = told("nested.parquet", &["--text", "text", "--links", "/record/facets/uri"]);
    assert_eq!((ran.code, found.len(), &summary["skipped"]["no_column"]["count"]), (2, 0, &json!(1)));
    let names = "/record/facets/*/n, /record/facets/*/uri, /record/text, did, /tags/*";
    assert!(ran.stderr.contains(&format!("no column text, /record/facets/uri; it has: {names};")), "{}", ran.stderr);
}

#[test]
fn damage_is_counted_and_the_rest_goes_on() {
    let home = Home::new();
    let Some(expected) = written(&home) else { return };
    let spoilt = &expected["damaged"];
    let whole = home.path().join(spoilt["file"].as_str().unwrap());
    let mut bytes = read(&whole).unwrap();
    let of = |path: &Path, more: &[&str]| rescan(&home, &[&[path.to_str().unwrap()], more].concat());
    let (_, all, _) = of(&whole, &[]);
    bytes[spoilt["at"].as_u64().unwrap() as usize] ^= 1;
    let (ran, found, summary) = of(&home.file("flipped.parquet", &bytes), &[]);
    let (first, lost) = (spoilt["first"].as_u64().unwrap(), spoilt["lost"].as_u64().unwrap());
    let kept: Vec<u64> = places(&all).into_iter().map(|(_, position, _)| position).collect();
    let kept: Vec<u64> = kept.into_iter().filter(|position| !(first..first + lost).contains(position)).collect();
    assert_eq!(places(&found).into_iter().map(|(_, position, _)| position).collect::<Vec<_>>(), kept);
    assert_eq!((ran.code, &summary["skipped"]["packing"]["count"]), (2, &json!(1)), "{}", ran.stderr);
    assert_eq!(summary["skipped"]["packing"]["first"][0]["position"], first);

    let size = bytes.len();
    let directory = size - 8 - u32::from_le_bytes(bytes[size - 8..size - 4].try_into().unwrap()) as usize;
    let mut spoilt = bytes.clone();
    spoilt[directory..directory + 40].fill(0xff);
    let mut large = bytes.clone();
    large[size - 8..size - 4].fill(0x7f);
    for (name, content, bad, words) in [
        ("half", &bytes[..size / 2], "cut_off", "is cut off: the end, which says where everything stands, is missing"),
        ("start", &bytes[..4], "cut_off", "is cut off"),
        ("empty", &[], "unreadable", "something else"),
        ("lines", b"{\"id\":1,\"text\":\"listed.example\"}\n", "unreadable", "something else"),
        ("spoilt", &spoilt, "unreadable", "directory of columns is damaged"),
        ("large", &large, "unreadable", "larger than 64 MiB"),
    ] {
        let path = home.file(&format!("{name}.parquet"), content);
        // What follows is read.
        let (ran, found, summary) = of(&path, &[whole.to_str().unwrap()]);
        assert_eq!((ran.code, found.len()), (2, all.len()), "{name}: {}", ran.stderr);
        assert_eq!(
            summary["skipped"],
            json!({bad: summary["skipped"][bad], "bad_field": summary["skipped"]["bad_field"]})
        );
        assert!(ran.stderr.contains(words) && ran.stderr.contains(&format!("{name}.parquet")), "{}", ran.stderr);
    }
    let ran = home.run(&["rescan", "-", "--input-format", "parquet"]);
    assert!(ran.code == 2 && ran.stderr.contains("put it into a file"), "{}", ran.stderr);
}

#[test]
fn no_damage_ends_a_rescan() {
    let home = Home::new();
    let Some(_) = written(&home) else { return };
    let folder = home.path().join("many");
    std::fs::create_dir(&folder).unwrap();
    // A fixed sequence, so that a failure comes again.
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for name in ["wrong", "struct", "huge", "int96", "nested", "dictionary", "gzip-v2", "large"] {
        let whole = read(home.path().join(format!("{name}.parquet"))).unwrap();
        for copy in 0..40 {
            let mut bytes = whole.clone();
            for _ in 0..=copy % 4 {
                // Most of it at the end, where sizes and places are.
                let at =
                    if copy % 2 == 0 { random(bytes.len()) } else { bytes.len() - 1 - random(700.min(bytes.len())) };
                bytes[at] = random(256) as u8;
            }
            std::fs::write(folder.join(format!("{name}-{copy}.parquet")), &bytes).unwrap();
        }
    }
    copy(home.path().join("flat.jsonl"), folder.join("zzz.jsonl")).unwrap();
    let arguments = [folder.to_str().unwrap(), "--allow-bad", "10000000", "--threads", "2"];
    let (ran, found, _) = rescan(&home, &arguments);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(places(&found).iter().any(|(input, ..)| input == "zzz.jsonl"));
    assert!(!ran.stderr.contains("listed") && !ran.stderr.contains("panicked"), "{}", ran.stderr);
}

#[test]
fn a_killed_rescan_of_row_groups_ends_with_the_same_bytes() {
    let (home, other) = (Home::new(), Home::new());
    let Some(_) = written(&home) else { return };
    let folder = home.path().join("in");
    std::fs::create_dir(&folder).unwrap();
    for (name, to) in [("binary", "a"), ("nested", "b"), ("zstd", "c"), ("binary", "d"), ("large", "e")] {
        copy(home.path().join(format!("{name}.parquet")), folder.join(format!("{to}.parquet"))).unwrap();
    }
    let key = home.file("key", "00".repeat(32));
    let run = |home: &Home| {
        let (out, state) = (home.path().join("out.jsonl"), home.path().join("state.json"));
        let mut command =
            home.command(&["rescan", folder.to_str().unwrap(), "--allow-bad", "100000", "--threads", "2"]);
        command.arg("--key-file").arg(&key).arg("--out").arg(out).arg("--checkpoint").arg(state);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    assert_eq!(run(&other).status().unwrap().code(), Some(1));
    for round in 0..10 {
        let mut child = run(&home).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(30 + round * 7_919 % 400));
        let _ = child.kill();
        child.wait().unwrap();
    }
    assert_eq!(run(&home).status().unwrap().code(), Some(1));
    let tally = |home: &Home| super::json(&home.path().join("state.json"))["tally"].clone();
    assert_eq!(tally(&home), tally(&other));
    assert!(read(home.path().join("out.jsonl")).unwrap() == read(other.path().join("out.jsonl")).unwrap());
}
