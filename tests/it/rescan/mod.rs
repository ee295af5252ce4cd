//! Bulk rescans through the command: what is read, what is told, what survives.

mod bad_input;
mod delta;
mod files;
mod kill;
mod odd;
#[cfg(feature = "parquet")]
mod parquet;
mod platforms;
mod shapes;

use std::path::Path;

use serde_json::Value;

use crate::{Home, Ran};

/// Lines of output as JSON.
fn findings(path: &Path) -> Vec<Value> {
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Where findings stand: `(input's last part, position, id)`.
fn places(findings: &[Value]) -> Vec<(String, u64, Value)> {
    let place = |finding: &Value| {
        let input = Path::new(finding["input"].as_str().unwrap()).file_name().unwrap().to_string_lossy().into_owned();
        (input, finding["position"].as_u64().unwrap(), finding["id"].clone())
    };
    findings.iter().map(place).collect()
}

/// Runs a rescan that writes findings and a summary into the folder of the test.
fn rescan(home: &Home, arguments: &[&str]) -> (Ran, Vec<Value>, Value) {
    let (out, summary) = (home.path().join("out.jsonl"), home.path().join("summary.json"));
    let _ = std::fs::remove_file(&out);
    let _ = std::fs::remove_file(&summary);
    let mut all = vec!["rescan", "--out", out.to_str().unwrap(), "--summary", summary.to_str().unwrap()];
    all.extend(["--progress", "none"]);
    all.extend(arguments);
    let ran = home.run(&all);
    (ran, findings(&out), json(&summary))
}

/// What posts of a file come to, wherever the file is.
fn without_input((ran, mut found, summary): (Ran, Vec<Value>, Value)) -> (i32, Vec<Value>, Vec<Value>) {
    for finding in &mut found {
        finding["input"] = Value::Null;
    }
    let mut skipped = summary["skipped"].clone();
    for bad in skipped.as_object_mut().unwrap().values_mut() {
        bad["first"].as_array_mut().unwrap().iter_mut().for_each(|place| place["input"] = Value::Null);
    }
    let counts = ["posts", "links", "findings", "older", "time_unread"].map(|name| summary[name].clone());
    (ran.code, found, counts.into_iter().chain([skipped]).collect())
}

/// So many posts as JSON lines; every tenth has a listed link, every twenty-fifth an unlisted one.
fn posts(count: u64) -> String {
    let one = |number: u64| {
        let text = match number {
            _ if number.is_multiple_of(10) => format!("meet me at https://listed.example/{number} now"),
            _ if number.is_multiple_of(25) => format!("see https://fine.example/{number}"),
            _ => "words without end, and a dot. Then more".repeat(number as usize % 5 + 1),
        };
        format!("{{\"id\":{number},\"text\":\"{text}\"}}\n")
    };
    (1..=count).map(one).collect()
}
