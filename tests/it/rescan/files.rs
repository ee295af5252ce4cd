//! Files that the programs gzip and zstd packed.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::json;

use super::{posts, rescan, without_input};
use crate::Home;

/// Lets a program of the system turn these bytes into others; `None` if it is not there, which is said.
fn piped(program: &str, arguments: &[&str], bytes: &[u8]) -> Option<Vec<u8>> {
    let mut command = Command::new(program);
    let Ok(mut child) = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() else {
        let _ = writeln!(std::io::stderr(), "left out: files of {program}, which is not there; run tests/run");
        return None;
    };
    let (mut pipe, bytes) = (child.stdin.take().unwrap(), bytes.to_owned());
    let writer = std::thread::spawn(move || pipe.write_all(&bytes).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{program}");
    Some(output.stdout)
}

#[test]
fn what_gzip_and_zstd_packed() {
    let home = Home::new();
    let text = posts(6_000);
    let plain = home.file("plain.jsonl", &text);
    let expected = without_input(rescan(&home, &[plain.to_str().unwrap()]));
    let (first, second) = text.split_at(text[..text.len() / 3].rfind('\n').unwrap() - 10);
    for (program, packings) in
        [("gzip", &[&["-1"][..], &["-9"]][..]), ("zstd", &[&["-1"], &["-12", "--check"], &["--long=27", "-T2"]])]
    {
        for arguments in packings {
            let pack = |text: &str| piped(program, &[&["-c"], *arguments].concat(), text.as_bytes());
            let Some(whole) = pack(&text) else { break };
            // Files that were put one behind the other are one; the cut is within a line.
            let both = [pack(first).unwrap(), pack(second).unwrap()].concat();
            for packed in [&whole, &both] {
                let path = home.file("packed.jsonl", packed);
                assert_eq!(without_input(rescan(&home, &[path.to_str().unwrap()])), expected, "{arguments:?}");
            }
            let path = home.file("cut.jsonl", &whole[..whole.len() - 20]);
            let (ran, found, summary) = rescan(&home, &[path.to_str().unwrap()]);
            assert_eq!((ran.code, &summary["skipped"]["cut_off"]["count"]), (2, &json!(1)), "{arguments:?}");
            assert!(ran.stderr.contains("cut off") && found.len() < expected.1.len(), "{}", ran.stderr);
        }
    }
}

#[test]
#[cfg(not(feature = "parquet"))]
fn a_build_without_the_feature_says_what_to_build() {
    let home = Home::new();
    let lines = r#"{"id":1,"text":"listed.example"}"#;
    let (path, other) = (home.file("a.parquet", lines), home.file("b.jsonl", lines));
    for arguments in [&[path.to_str().unwrap()][..], &[other.to_str().unwrap(), "--input-format", "parquet"]] {
        let ran = home.run(&[&["rescan"], arguments].concat());
        assert_eq!((ran.code, &*ran.stdout), (2, ""));
        assert!(ran.stderr.contains("build linkgate with `--features parquet`"), "{}", ran.stderr);
    }
}
