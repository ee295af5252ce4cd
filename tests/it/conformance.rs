//! The suites beside the project, if they are there, and our own vectors.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::{root, shared};

/// The floor of each suite: how many of its cases may fail at most, in percent, and why.
const FLOORS: &[(&str, f64)] = &[
    ("canon_ipv4", 0.0),
    ("canon_safebrowsing", 0.0),
    ("expressions_safebrowsing", 0.0),
    ("idna_toascii", 1.0),
    ("obfuscation", 0.0),
    ("psl", 0.0),
    ("url_rspamd", 0.0),
    ("url_wpt", 1.0),
    ("defang", 5.0),
    ("defang_synth", 3.0),
    ("extract_bluesky", 2.0),
    ("extract_gfm", 2.0),
    ("extract_linkify_it", 2.0),
    ("extract_linkify_rs", 2.0),
    ("extract_rspamd", 2.0),
    ("extract_twitter", 2.0),
    ("extract_urlextract", 2.0),
    ("list_formats", 7.0),
];

/// Cases and passes at the gate, by suite, as the runner beside the suites prints them.
fn scores(runner: &Path) -> BTreeMap<String, (f64, f64)> {
    let bin = env!("CARGO_BIN_EXE_linkgate");
    let output = Command::new("python3")
        .arg("-B")
        .arg(runner)
        .args(["--bin", bin])
        .env_clear()
        .env("PATH", "/usr/bin:/bin:/usr/local/bin")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    eprintln!("{text}");
    let row = |line: &str| {
        let mut words = line.split_whitespace();
        let (name, cases, _strict, gate) = (words.next()?, words.next()?, words.next()?, words.next()?);
        Some((name.to_owned(), (cases.parse().ok()?, gate.parse().ok()?)))
    };
    text.lines().filter_map(row).collect()
}

#[test]
fn the_suites_pass_at_their_floors() {
    let Some(folder) = shared("conformance") else { return };
    let scores = scores(&folder.join("run.py"));
    let below: Vec<_> = FLOORS
        .iter()
        .filter(|(name, allowed)| {
            let Some((cases, gate)) = scores.get(*name) else { return true };
            (cases - gate) * 100.0 > cases * allowed
        })
        .collect();
    assert!(below.is_empty(), "below their floor: {below:?}");
}

#[test]
fn hosts_on_which_parsers_differ_are_the_browsers() {
    let Some(folder) = shared("security") else { return };
    let text = std::fs::read_to_string(folder.join("parser_confusion.jsonl")).unwrap();
    let mut wrong = Vec::new();
    for line in text.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let link = case["url"].as_str().unwrap();
        let ours = linkgate::canonical::standard(link, None).map(|standard| standard.host);
        if ours.as_deref() != case["browser_host"].as_str() {
            wrong.push(case["id"].to_string());
        }
        // What is matched is that host without its spare dots, or nothing that a verdict could call unlisted.
        if let (Some(browser), Some(url)) = (case["browser_host"].as_str(), linkgate::canonical::canonical(link)) {
            let labels: Vec<&str> = browser.split('.').filter(|label| !label.is_empty()).collect();
            assert_eq!(url.host(), labels.join("."), "{}", case["id"]);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// Known differences are listed with the sentence that decides them, and nothing else may be in that file.
#[test]
fn known_differences_say_why() {
    let Ok(text) = std::fs::read_to_string(root().join("tests/data/known-differences.jsonl")) else { return };
    for line in text.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(
            ["suite", "id", "why"].iter().all(|key| case[key].as_str().is_some_and(|text| !text.is_empty())),
            "{line}"
        );
    }
}

fn vectors(name: &str) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(root().join("tests/data").join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn our_own_vectors_of_canonical_urls_hold() {
    for case in vectors("canonical.jsonl") {
        let url = linkgate::canonical::canonical(case["input"].as_str().unwrap());
        assert_eq!(
            url.as_ref().map(linkgate::canonical::CanonicalUrl::expose),
            case["canonical"].as_str(),
            "{}",
            case["id"]
        );
    }
}

#[test]
fn our_own_vectors_of_scopes_hold() {
    let home = crate::Home::new();
    for case in vectors("scopes.jsonl") {
        let list = home.file(
            "one.csv",
            format!("value,scope\n{},{}\n", case["value"].as_str().unwrap(), case["scope"].as_str().unwrap()),
        );
        let links = |key: &str| {
            case[key].as_array().unwrap().iter().map(|link| link.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        for (link, code) in
            links("matches").into_iter().map(|link| (link, 1)).chain(links("others").into_iter().map(|link| (link, 0)))
        {
            let ran = home.run(&["explain", &link, "--lists", list.to_str().unwrap()]);
            assert_eq!(ran.code, code, "{} and {link}: {}", case["scope"], ran.stderr);
        }
    }
}
