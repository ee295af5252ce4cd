//! Lists that the libraries of their formats wrote (`tests/real_lists.py`), read as they are meant.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use linkgate::canonical::canonical;
use linkgate::index::{Entry, Keys, Scope, StateKey};
use linkgate::lists::{Format, Keyring, LineReport, Options, Source, compile, detect, read};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{root, tables};

/// What a file holds, as the script that wrote it says.
#[derive(Deserialize)]
struct Case {
    file: String,
    format: String,
    entries: Vec<Map<String, Value>>,
    refused: u64,
    ignored: u64,
    guard: bool,
}

/// Lets the libraries write into a folder; `None` if they are not there, which is said past the capture of test output.
fn written(folder: &Path) -> Option<Vec<Case>> {
    let python = root().join("target/python/bin/python");
    if !python.exists() {
        let _ = writeln!(
            std::io::stderr(),
            "left out: lists of real libraries, since target/python is not there; run tests/run"
        );
        return None;
    }
    let script = root().join("tests/real_lists.py");
    let ran = Command::new(python).args(["-I", "-B"]).arg(script).arg(folder).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let expected = std::fs::read(folder.join("expected.json")).unwrap();
    Some(serde_json::from_slice(&expected).unwrap())
}

/// An entry with the fields that the expected one has.
fn told(entry: &Entry, fields: &Map<String, Value>) -> Map<String, Value> {
    let prefix = if entry.exception { "allow_" } else { "" };
    let all = json!({
        "scope": format!("{prefix}{}", entry.scope.name()),
        "value": entry.target.expose(),
        "id": entry.id,
        "source_ref": entry.source_ref,
        "confidence": entry.confidence,
        "valid_until": entry.valid_until,
    });
    fields.keys().map(|key| (key.clone(), all[key].clone())).collect()
}

/// The counts of a report, beside what they should be.
fn counts(report: &LineReport, case: &Case) {
    let found = (report.entries, report.refused(), report.ignored());
    assert_eq!(found, (case.entries.len() as u64, case.refused, case.ignored), "{}: {report:#?}", case.file);
    assert_eq!(report.guard, case.guard, "{}", case.file);
}

fn check_file(path: &Path, case: &Case) {
    let body = std::fs::read(path).unwrap();
    let format = detect(&body);
    assert_eq!(format.name(), case.format, "{}", case.file);
    let mut entries = Vec::new();
    let report = read(&body, format, &Options::default(), &tables(), &mut |entry| entries.push(entry)).unwrap();
    for wanted in &case.entries {
        let found = entries.iter().position(|entry| told(entry, wanted) == *wanted);
        assert!(found.is_some(), "{}: {wanted:?} is missing", case.file);
        entries.swap_remove(found.unwrap());
    }
    let surplus: Vec<String> = entries.iter().map(|entry| entry.target.expose().into_owned()).collect();
    assert!(surplus.is_empty(), "{}: {surplus:?} should not be there", case.file);
    counts(&report, case);
}

/// A directory goes into an index, which is asked for a link to each value.
fn check_directory(path: &Path, case: &Case) {
    let source = Source::parse(path.to_str().unwrap()).unwrap();
    let keys = Keyring { build: Keys::derive(&StateKey::new([7; 32])), open: None };
    let compiled = compile(&[source], keys, &tables()).unwrap();
    assert_eq!(compiled.reports[0].format, case.format, "{}", case.file);
    counts(&compiled.reports[0].lines, case);
    let index = compiled.built.unwrap();
    for wanted in &case.entries {
        let link = format!("https://{}", wanted["value"].as_str().unwrap().replace(".0/24", ".77"));
        let mut hits = Vec::new();
        index.look_up(&canonical(&link).unwrap(), 0, &mut hits);
        let scopes: Vec<&str> = hits.iter().map(|hit| Scope::name(hit.scope)).collect();
        assert!(scopes.contains(&wanted["scope"].as_str().unwrap()), "{}: {wanted:?}, {scopes:?}", case.file);
    }
}

#[test]
fn lists_of_real_libraries_are_read_as_they_are_meant() {
    let folder = tempfile::tempdir().unwrap();
    let Some(cases) = written(folder.path()) else { return };
    assert!(cases.len() >= 9, "only {} cases", cases.len());
    for case in &cases {
        let path = folder.path().join(&case.file);
        if path.is_dir() {
            check_directory(&path, case);
        } else {
            check_file(&path, case);
        }
        assert_eq!(Format::from_name(&case.format).unwrap().name(), case.format);
    }
}
