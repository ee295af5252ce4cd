//! Lists as wholes: errors, limits, compilation, inspection.

use serde_json::json;

use super::*;
use crate::index::{Keys, StateKey};

fn error_of(text: &[u8], options: &Options) -> &'static str {
    read(text, Format::Plain, options, tables(), &mut |_| {}).unwrap_err().code()
}

#[test]
fn lists_that_are_refused_whole() {
    let tolerant = Options::default();
    let strict = Options { bad_lines: BadLines::Enforce, ..Options::default() };
    assert_eq!(error_of(b"", &tolerant), "empty");
    assert_eq!(error_of(b"# nothing yet\n", &tolerant), "nothing_taken");
    assert_eq!(error_of(b"-\n-\n", &tolerant), "nothing_taken");
    assert_eq!(error_of(b"<!doctype html>\n", &tolerant), "html");
    assert_eq!(error_of(b"bad.example\n-\n", &strict), "too_many_bad_lines");
    let mostly_good = b"bad.example\n".repeat(99);
    assert!(read(&[&mostly_good[..], b"-\n"].concat(), Format::Plain, &strict, tables(), &mut |_| {}).is_ok());
    assert_eq!(error_of(&[&mostly_good[..], b"-\n-\n"].concat(), &strict), "too_many_bad_lines");
}

#[test]
fn lines_that_are_no_text() {
    let mut found = Vec::new();
    let text = b"a.example\n\xff\xfe\nb.example\0\n\nc.example";
    let report =
        read(text, Format::Plain, &Options::default(), tables(), &mut |entry| found.push(words(&entry))).unwrap();
    assert_eq!(found, ["domain a.example", "domain c.example"]);
    assert_eq!(report.refused[&Refusal::NotUtf8].lines, [2]);
    assert_eq!(report.refused[&Refusal::Control].lines, [3]);
    assert_eq!(report.ignored[&Ignored::Blank].lines, [4]);
}

#[test]
fn a_line_of_many_mebibytes_costs_nothing_but_itself() {
    let mut text = vec![b'a'; 20 << 20];
    text.extend_from_slice(b"\nbad.example\n");
    let report = read(&text, Format::Plain, &Options::default(), tables(), &mut |_| {}).unwrap();
    assert_eq!((report.taken, report.refused[&Refusal::TooLong].count), (1, 1));
}

fn keyring() -> Keyring {
    let keys = Keys::derive(&StateKey::new([7; 32]));
    Keyring { build: keys.clone(), open: Some(keys) }
}

#[test]
fn sources_become_indexes() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("a.txt"), "bad.example\n").unwrap();
    std::fs::write(path("a.csv"), "value,scope\nworse.example,host\n").unwrap();
    let sources = [Source::parse(&path("a.txt")).unwrap(), Source::parse(&path("a.csv")).unwrap()];
    let compiled = compile(&sources, keyring(), tables()).unwrap();
    let index = compiled.built.unwrap();
    let names: Vec<&str> = index.lists().iter().map(|list| list.name.as_str()).collect();
    assert_eq!(names, ["a", "a-2"]);
    assert_eq!(index.entries(), 2);

    index.save(&dir.path().join("a.idx")).unwrap();
    let opened = [Source::parse(&path("a.idx")).unwrap()];
    let compiled = compile(&opened, keyring(), tables()).unwrap();
    assert!(compiled.built.is_none());
    assert_eq!(compiled.into_indexes()[0].entries(), 2);
    let keyless = Keyring { open: None, ..keyring() };
    assert_eq!(compile(&opened, keyless, tables()).unwrap_err().code(), "key_needed");

    let state = status(&sources[0], keyring(), tables(), i64::MAX);
    assert_eq!((state.state, state.entries["domain"]), ("live", 1));
}

#[test]
fn a_missing_list_is_never_an_empty_index() {
    let missing = [Source::parse("/nowhere/at/all.txt").unwrap()];
    assert_eq!(compile(&missing, keyring(), tables()).unwrap_err().code(), "unreadable");
    assert_eq!(status(&missing[0], keyring(), tables(), 0).state, "missing");
}

#[test]
fn inspection_answers_in_words() {
    let request = json!({
        "input": {"format": "auto", "content": "bad.example\nhttp://worse.example/a/\n-\n# x\n"},
        "urls": ["https://www.bad.example/x", "http://worse.example/a/b", "http://other.example/"],
    });
    let answer = serde_json::to_value(inspect(&request, tables()).unwrap()).unwrap();
    assert_eq!(answer["entries"][1]["kind"], "url");
    assert_eq!(answer["entries"][1]["scope"], "url_prefix");
    assert_eq!(answer["rejected_lines"], json!([3]));
    assert_eq!(answer["ignored_lines"], json!([4]));
    let hits: Vec<bool> = answer["match"].as_array().unwrap().iter().map(|one| one["hit"] == true).collect();
    assert_eq!(hits, [true, true, false]);
    let one = |content: &str| {
        serde_json::to_value(inspect(&json!({"input": {"content": content}}), tables()).unwrap()).unwrap()
    };
    assert_eq!(one("localhost")["values"], json!(["localhost"]));
    assert_eq!(one("# comment")["values"], json!([]));
    assert_eq!(one("a.*.b")["rejected"], true);
    let coded = inspect(&json!({"input_b64": "YmFkLmV4YW1wbGUK"}), tables()).unwrap();
    assert_eq!(coded.entries[0].value, "bad.example");
    assert!(inspect(&json!({"input": 7}), tables()).is_err());
}

#[test]
fn the_demo_list_shows_everything_and_names_no_real_place() {
    let text = include_bytes!("../../../lists/demo.csv");
    assert_eq!(detect(text), Format::HouseCsv);
    let mut entries = Vec::new();
    let options = Options { bad_lines: BadLines::Enforce, ..Options::default() };
    let report = read(text, Format::HouseCsv, &options, tables(), &mut |entry| entries.push(entry)).unwrap();
    assert_eq!((report.refused(), report.remarks.len()), (0, 0), "{report:?}");
    for scope in crate::index::Scope::ALL {
        assert!(entries.iter().any(|entry| entry.scope == scope), "{}", scope.name());
    }
    for category in crate::index::Category::ALL {
        assert!(entries.iter().any(|entry| entry.category == Some(category)), "{}", category.name());
    }
    assert!(entries.iter().all(|entry| entry.id.as_deref().is_some_and(|id| id.starts_with("demo-"))));
    assert!(entries.iter().any(|entry| entry.exception));
    assert!(entries.iter().any(|entry| entry.disputed));
    for entry in &entries {
        let host = match &entry.target {
            Target::Host(name) => name,
            Target::Url(url) => url.host(),
            _ => continue,
        };
        assert!(matches!(host.rsplit('.').next(), Some("example" | "test")), "{host}");
    }
    let hits = |url: &str| {
        let request = json!({"input": {"content": String::from_utf8_lossy(text)}, "urls": [url], "options": {"now": "2026-11-22"}});
        inspect(&request, tables()).unwrap().answers.unwrap()[0].hit
    };
    for url in [
        "https://listed.example/a",
        "http://www.listedlabel.test/",
        "http://listed-hash.example/x",
        "http://veröffentlicht.example/",
    ] {
        assert!(hits(url), "{url}");
    }
    for url in
        ["https://help.listed.example/", "https://mixed.example/", "http://expired.example/", "http://future.example/"]
    {
        assert!(!hits(url), "{url}");
    }
}
