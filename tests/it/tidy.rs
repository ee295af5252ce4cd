//! What reviewers forget: direction of imports, length of files, captions, reserved names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::root;

/// Modules that must not know each other although the order would allow it.
const STRANGERS: &[(&str, &str)] = &[
    ("extract", "telemetry"),
    ("canonical", "telemetry"),
    ("canonical", "extract"),
    ("index", "telemetry"),
    ("verdict", "telemetry"),
    ("verdict", "extract"),
    ("outbox", "extract"),
    ("outbox", "canonical"),
    ("outbox", "expression"),
    ("outbox", "verdict"),
    ("check", "lists"),
    ("rescan", "serve"),
];
const LINES_MAX: usize = 400;

fn files(dir: &Path, suffix: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, suffix));
        } else if path.to_string_lossy().ends_with(suffix) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<(PathBuf, String)> {
    let all = files(&root().join("src"), ".rs").into_iter();
    all.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The part of a file before its tests.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap()
}

fn is_test(path: &Path) -> bool {
    path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests")
}

/// Modules in the order in which `lib.rs` declares them.
fn order() -> Vec<String> {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let declared = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    declared.map(str::to_owned).collect()
}

fn module_of(path: &Path) -> Option<String> {
    let inner = path.strip_prefix(root().join("src")).ok()?;
    let first = inner.components().next()?.as_os_str().to_string_lossy().into_owned();
    (inner.components().count() > 1).then_some(first)
}

#[test]
fn modules_import_only_those_before_them() {
    let order = order();
    let rank: BTreeMap<&str, usize> = order.iter().enumerate().map(|(rank, name)| (name.as_str(), rank)).collect();
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let Some(module) = module_of(&path).filter(|module| rank.contains_key(module.as_str())) else { continue };
        for (other, &other_rank) in &rank {
            let strangers =
                STRANGERS.contains(&(module.as_str(), other)) || STRANGERS.contains(&(other, module.as_str()));
            let forbidden = other_rank > rank[module.as_str()] || strangers;
            if forbidden && code(&text).contains(&format!("crate::{other}::")) {
                wrong.push(format!("{}: {module} imports {other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let lines = code(&text).lines().count();
        if lines > LINES_MAX && !is_test(&path) {
            wrong.push(format!("{}: {lines} lines without tests, at most {LINES_MAX}", path.display()));
        }
        if !text.starts_with("//! ") {
            wrong.push(format!("{}: does not open with a `//!` sentence", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_the_named_places_do_what_is_forbidden_elsewhere() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let module = module_of(&path).unwrap_or_default();
        let code = code(&text);
        for (text, allowed) in
            [("anyhow", "cli"), ("println!", "cli"), ("Url::parse(", "canonical"), ("SystemTime::now", "telemetry")]
        {
            if code.contains(text) && module != allowed && !is_test(&path) {
                wrong.push(format!("{}: {text} belongs to {allowed}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Two would both be built, and rustls would not know which to take.
#[test]
fn there_is_one_provider_of_cryptography() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let has = |name: &str| lock.contains(&format!("name = \"{name}\"\n"));
    assert!(has("ring") && has("rustls"));
    for other in ["aws-lc-rs", "aws-lc-sys", "openssl-sys", "native-tls", "boring-sys"] {
        assert!(!has(other), "{other}");
    }
}

/// Host names in data that stands for lists and posts: only names that can never be anybody's.
#[test]
fn samples_use_reserved_names_only() {
    let mut places = files(&root().join("tests/data"), "");
    places.extend(
        [
            "lists/demo.csv",
            "tests/real_lists.py",
            "tests/real_posts.py",
            "tests/real_clients.py",
            "tests/api_clients.py",
            "examples/shortener/run",
            "examples/shortener/hosts.py",
        ]
        .map(|name| root().join(name)),
    );
    let mut wrong = BTreeSet::new();
    for path in places {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for host in linkgate_hosts(&text) {
            let top = host.rsplit('.').next().unwrap_or("");
            let reserved = ["example", "test", "invalid", "localhost", "onion", "arpa"].contains(&top)
                || ["example.com", "example.net", "example.org"]
                    .iter()
                    .any(|name| host == *name || host.ends_with(&format!(".{name}")));
            if !reserved {
                wrong.insert(format!("{}: {host}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Hosts after `//` in a text, without addresses.
fn linkgate_hosts(text: &str) -> Vec<String> {
    let starts = text.match_indices("://").map(|(at, _)| at + 3);
    let host = |at: usize| {
        let rest = &text[at..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || ".-_".contains(c))).unwrap_or(rest.len());
        rest[..end].trim_matches('.').to_ascii_lowercase()
    };
    let named = |host: &String| {
        host.contains('.')
            && host.rsplit('.').next().is_some_and(|top| top.len() > 1 && top.chars().all(|c| c.is_ascii_alphabetic()))
    };
    starts.map(host).filter(named).collect()
}
