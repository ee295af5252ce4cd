//! Any JSON lines: nothing panics, every line that is not blank has one answer, and bad ones are counted.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use linkgate::canonical::{TableTexts, Tables};
use linkgate::check::{Checker, Snapshot};
use linkgate::cli::{Links, Options, check_lines};
use linkgate::extract::{self, Extractor, TextFormat, TopLevels};
use linkgate::verdict::Policy;

static CHECKER: LazyLock<Checker> = LazyLock::new(|| {
    let tables = Arc::new(Tables::shipped().expect("the tables are shipped whole"));
    let names = TopLevels::parse(TableTexts::shipped().suffixes);
    let extractor = Extractor::new(extract::Options::default(), names);
    Checker::new(extractor, Snapshot::new(tables, vec![], Policy::default()))
});

fuzz_target!(|input: &[u8]| {
    let options = Options { format: TextFormat::Plain, links: Links::Masked, now: || 1_800_000_000 };
    let mut out = Vec::new();
    let checked = check_lines(&CHECKER, input, &mut out, options).expect("memory can be read and written");
    let answers: Vec<serde_json::Value> =
        out.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).map(|line| json(line)).collect();
    let bad = answers.iter().filter(|answer| answer.get("error").is_some()).count();
    assert_eq!(bad as u64, checked.bad_lines);
    assert!(answers.len() <= input.split(|&byte| byte == b'\n').count());
});

fn json(line: &[u8]) -> serde_json::Value {
    serde_json::from_slice(line).expect("answers are JSON")
}
