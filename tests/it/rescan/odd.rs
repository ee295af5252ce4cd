//! Records and fields that are not as one would expect them: no listed link goes by.

use serde_json::{Value, json};

use super::rescan;
use crate::Home;

const LISTED: &str = "https://listed.example/";

/// The ids of the findings in a file of that name, and the summary.
fn found(name: &str, content: impl AsRef<[u8]>, flags: &[&str]) -> (Vec<Value>, Value) {
    let home = Home::new();
    let input = home.file(name, content);
    let (ran, found, summary) = rescan(&home, &[&[input.to_str().unwrap()], flags].concat());
    assert!(!ran.stderr.contains("listed.example"), "{}", ran.stderr);
    (found.into_iter().map(|finding| finding["id"].clone()).collect(), summary)
}

#[test]
fn one_field_can_be_id_and_link() {
    let post = json!({"url": LISTED, "text": "x"}).to_string();
    let flags = ["--id", "url", "--text", "text", "--links", "url"];
    assert_eq!(found("posts.jsonl", &post, &flags).0, [LISTED]);
    assert_eq!(found("posts.csv", format!("url,text\n{LISTED},x\n"), &flags).0, [LISTED]);
}

#[test]
fn places_that_cross_each_other() {
    let post = json!({"id": 1, "a": [{"name": "x", "url": LISTED}]}).to_string();
    assert_eq!(found("posts.jsonl", &post, &["--text", "/a/0/name", "--links", "/a/*/url"]).0, [1]);
    let tree =
        json!({"posts": [{"id": 1, "text": "a"}, {"id": 2, "text": "b", "replies": [{"id": 3, "text": LISTED}]}]});
    let (ids, summary) = found("tree.json", tree.to_string(), &["--items", "/posts", "--items", "/posts/*/replies"]);
    assert_eq!((ids, &summary["posts"]), (vec![json!(3)], &json!(3)));
    let pages = json!([{"posts": [{"id": 4, "text": LISTED}]}]).to_string();
    let (ids, summary) = found("pages.json", &pages, &["--items", "/*/posts"]);
    assert_eq!((ids, &summary["skipped"]), (vec![json!(4)], &json!({})));
}

#[test]
fn documents_of_every_form() {
    let object = |key: &str, value: Value| json!({"id": "a", "content": "", key: value}).to_string();
    for post in [
        object("tag", json!({"type": "Link", "href": LISTED})),
        object("url", json!({"href": LISTED})),
        object("attachment", json!({"url": LISTED})),
    ] {
        assert_eq!(found("notes.jsonl", &post, &["--preset", "mastodon"]).0, ["a"], "{post}");
    }
    let outbox = json!({"first": "https://fine.example/?page=1", "orderedItems": [{"id": "a", "content": LISTED}]});
    let (ids, summary) = found("outbox.json", outbox.to_string(), &["--preset", "mastodon"]);
    assert_eq!((ids, &summary["skipped"]), (vec![json!("a")], &json!({})));
    let marked = format!("\u{feff}{}", json!([{"id": 1, "text": LISTED}]));
    assert_eq!(found("marked.json", marked, &[]).0, [1]);
    // The list is not where anybody looks: that is told, however long the document is.
    for count in [10, 20_000] {
        let far = json!({"data": {"posts": vec![json!({"id": 1, "text": LISTED}); count]}});
        let (ids, summary) = found("far.json", far.to_string(), &[]);
        assert_eq!((ids.len(), &summary["skipped"]["bad_field"]["count"]), (0, &json!(1)), "{count}");
    }
}

#[test]
fn a_table_that_is_cut_off_before_its_first_row() {
    let packed = zstd::encode_all(format!("id,text\n1,{LISTED}\n").repeat(9_000).as_bytes(), 1).unwrap();
    let (_, summary) = found("posts.csv.zst", &packed[..12], &[]);
    assert_eq!(summary["skipped"]["cut_off"]["count"], 1);
}

#[test]
fn a_text_that_stays_listed_keeps_the_post_down() {
    let home = Home::new();
    let lists = ["listed.example\nlisted.test\n", "listed.example\n"].map(|lines| {
        let source = home.file("partner.txt", lines);
        let out = home.path().join(format!("{}.lgx", lines.len())).to_str().unwrap().to_owned();
        assert_eq!(home.run(&["lists", "compile", source.to_str().unwrap(), "--out", &out]).code, 0);
        out
    });
    let post = json!({"id": 1, "title": LISTED, "body": "https://listed.test/"}).to_string();
    let input = home.file("posts.jsonl", post);
    let flags = ["--text", "title", "--text", "body", "--only-new", &lists[0], &lists[1]];
    let (_, found, _) = rescan(&home, &[&[input.to_str().unwrap()], &flags[..]].concat());
    assert_eq!((&found[0]["action"], &found[0]["links"][0]["change"]), (&json!("reject"), &json!("removed")));
}

#[test]
fn every_record_counts_once_and_every_finding_is_one_line() {
    let lines = [
        json!({"id": 1, "text": 7, "links": [LISTED]}),
        json!({"id": 2, "text": 7}),
        json!({"id": {"a": 1}, "text": LISTED}),
        json!({"id": 4, "text": "quiet"}),
    ];
    let (ids, summary) = found("posts.json", serde_json::to_string_pretty(&lines).unwrap(), &[]);
    assert_eq!(ids, [json!(1), json!({"a": 1})]);
    let counts = (&summary["posts"], &summary["in_part"], &summary["skipped"]["bad_field"]["count"]);
    assert_eq!(counts, (&json!(3), &json!(1), &json!(1)));
    let same = json!({"id": 5, "title": "listed&#46;example", "cooked": "listed&#46;example"}).to_string();
    assert_eq!(found("posts.jsonl", &same, &["--preset", "discourse"]).0, [5]);
}

#[test]
fn a_file_by_another_name_is_not_overwritten() {
    let home = Home::new();
    let input = home.file("a.jsonl", json!({"id": 1, "text": LISTED}).to_string());
    let list = home.file("list.txt", "listed.example\n");
    for (file, name) in [(&input, "b.jsonl"), (&list, "c.jsonl")] {
        let other = home.path().join(name);
        std::fs::hard_link(file, &other).unwrap();
        let paths = [&input, &other, &list].map(|path| path.to_str().unwrap());
        let ran = home.run(&["rescan", paths[0], "--out", paths[1], "--lists", paths[2]]);
        assert!([2, 64].contains(&ran.code) && std::fs::metadata(file).unwrap().len() > 0, "{}", ran.stderr);
    }
}
