//! Only what changed between two compiled lists.

use serde_json::{Value, json};

use super::rescan;
use crate::Home;

/// Compiles a list of these lines under a name, and gives back where it is.
fn compiled(home: &Home, name: &str, lines: &str) -> String {
    let source = home.file(&format!("{name}.txt"), lines);
    let out = home.path().join(format!("{name}.lgx")).to_str().unwrap().to_owned();
    let ran = home.run(&["lists", "compile", source.to_str().unwrap(), "--out", &out]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    out
}

#[test]
fn new_entries_are_findings_and_gone_ones_lift_blocks() {
    let home = Home::new();
    let old = compiled(&home, "monday", "stays.example\ngone.example\nboth.example\n");
    let new = compiled(&home, "tuesday", "stays.example\nnew.example\nhttps://both.example/a/\nboth.example\n");
    let text = ["stays.example", "gone.example", "new.example", "https://both.example/a/b", "none.example"];
    let line =
        |(text, id): (&&str, u64)| json!({"id": id, "text": format!("see {text} and stays.example")}).to_string();
    let posts: Vec<String> = text.iter().zip(1..).map(line).collect();
    let input = home.file("posts.jsonl", posts.join("\n"));
    let (ran, found, summary) = rescan(&home, &[input.to_str().unwrap(), "--only-new", &old, &new]);
    let told = |finding: &Value| {
        let links = finding["links"].as_array().unwrap();
        let changes: Vec<Value> =
            links.iter().map(|link| json!([link["change"], link["status"], link["matches"][0]["scope"]])).collect();
        (finding["id"].clone(), changes)
    };
    let expected = [
        (json!(2), vec![json!(["removed", "unlisted", "domain"])]),
        (json!(3), vec![json!(["added", "listed", "domain"])]),
        (json!(4), vec![json!(["added", "listed", "url_prefix"])]),
    ];
    assert_eq!(found.iter().map(told).collect::<Vec<_>>(), expected, "{}", ran.stderr);
    assert_eq!((&summary["posts"], &summary["findings"], ran.code), (&json!(5), &json!(3), 1));
}

#[test]
fn lists_of_one_name_are_compared_entry_by_entry() {
    let home = Home::new();
    let old = compiled(&home, "partner", "a.example\n");
    let kept = format!("{old}.old");
    std::fs::rename(&old, &kept).unwrap();
    let new = compiled(&home, "partner", "https://a.example/x\na.example\n");
    let input = home.file("posts.jsonl", "{\"id\":1,\"text\":\"a.example\"}\n{\"id\":2,\"text\":\"a.example/x\"}\n");
    let (_, found, _) = rescan(&home, &[input.to_str().unwrap(), "--only-new", &kept, &new]);
    let ids: Vec<&Value> = found.iter().map(|finding| &finding["id"]).collect();
    assert_eq!(ids, [2]);
}
