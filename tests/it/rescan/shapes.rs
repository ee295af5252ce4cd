//! Lines, tables, documents; packed or not; one file or many; one thread or many: the findings are the same.

use std::io::Write as _;

use serde_json::{Value, json};

use super::{findings, places, posts, rescan};
use crate::Home;

#[test]
fn a_finding_is_the_report_with_its_place_and_without_unlisted_links() {
    let home = Home::new();
    let text = "https://fine.example/ and hxxps://listed[.]example/a";
    let posts =
        home.file("posts.jsonl", format!("{{\"id\":\"a1\",\"text\":\"quiet\"}}\n{{\"id\":7,\"text\":\"{text}\"}}\n"));
    let (ran, found, summary) = rescan(&home, &[posts.to_str().unwrap()]);
    assert_eq!((ran.code, found.len()), (1, 1), "{}", ran.stderr);
    let finding = &found[0];
    assert_eq!((&finding["id"], &finding["position"], &finding["action"]), (&json!(7), &json!(2), &json!("reject")));
    assert_eq!(finding["input"], posts.to_str().unwrap());
    assert_eq!(finding["links"].as_array().unwrap().len(), 1);
    assert_eq!(finding["links"][0]["matches"][0]["entry"], "demo-domain");
    assert_eq!(finding["links"][0]["span"], json!([26, 52]));
    assert!(!finding.to_string().contains("listed.example") && !finding.to_string().contains("listed["));
    assert_eq!((&summary["posts"], &summary["links"], &summary["findings"]), (&json!(2), &json!(2), &json!(1)));
    assert_eq!(summary["by_list"], json!({"demo": 1}));
    assert_eq!(summary["by_category"], json!({"csam": 1}));
    assert_eq!(summary["by_action"], json!({"reject": 1}));
}

#[test]
fn links_are_shown_only_when_asked_for_and_all_posts_too() {
    let home = Home::new();
    let line = r#"{"id":1,"text":"https://fine.example/ https://listed.example/a","links":["https://listed.test/x"]}"#;
    let posts = home.file("posts.jsonl", format!("{{\"id\":0,\"text\":\"\"}}\n{line}\n"));
    let posts = posts.to_str().unwrap();
    let (_, found, _) = rescan(&home, &[posts, "--show-links"]);
    let raw: Vec<&Value> = found[0]["links"].as_array().unwrap().iter().map(|link| &link["raw"]).collect();
    assert_eq!(raw, ["https://listed.example/a", "https://listed.test/x"]);
    let (_, found, summary) = rescan(&home, &[posts, "--all"]);
    let links: Vec<usize> = found.iter().map(|post| post["links"].as_array().unwrap().len()).collect();
    assert_eq!((links, &summary["findings"]), (vec![0, 3], &json!(1)));
}

#[test]
fn the_markup_of_texts_is_said_or_named_by_the_post() {
    let home = Home::new();
    let link = r#"<a href=\"//listed&#46;example/a\">x</a>"#;
    let posts = home.file("posts.jsonl", format!("{{\"id\":1,\"text\":\"{link}\"}}\n"));
    let posts = posts.to_str().unwrap();
    for (flags, expected) in [(&[][..], 0), (&["--text-format", "html"], 1), (&["--text-format", "markdown"], 1)] {
        let (_, found, _) = rescan(&home, &[&[posts], flags].concat());
        assert_eq!(found.len(), expected, "{flags:?}");
    }
}

#[test]
fn escapes_of_json_hide_nothing() {
    let home = Home::new();
    let text = [
        r#"{"id":1,"text":"https:\/\/listed.example\/a"}"#,
        r#"{"id":2,"text":"listed\u002eexample\u002fa"}"#,
        r#"{"id":3,"text":"h\u0078xps:\/\/listed[\u002e]example"}"#,
        r#"{"\u0069d":4,"te\u0078t":"listed.example/a"}"#,
        r#"{"id":5,"text":"x","links":["https:\/\/listed\u002eexample"]}"#,
    ];
    let posts = home.file("posts.jsonl", text.join("\n"));
    let (_, found, _) = rescan(&home, &[posts.to_str().unwrap()]);
    let ids: Vec<&Value> = found.iter().map(|finding| &finding["id"]).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5]);
}

#[test]
fn every_number_of_threads_writes_the_same_bytes() {
    let home = Home::new();
    let text = posts(40_000);
    let input = home.file("posts.jsonl", &text);
    let mut written = Vec::new();
    for threads in ["1", "2", "7"] {
        let (_, found, summary) = rescan(&home, &[input.to_str().unwrap(), "--threads", threads]);
        assert_eq!((found.len(), &summary["posts"]), (4_000, &json!(40_000)));
        written.push(std::fs::read(home.path().join("out.jsonl")).unwrap());
    }
    assert!(written.iter().all(|bytes| *bytes == written[0]));
    let positions: Vec<u64> = places(&findings(&home.path().join("out.jsonl"))).iter().map(|(_, at, _)| *at).collect();
    assert_eq!(positions, (10..=40_000).step_by(10).collect::<Vec<u64>>());
}

#[test]
fn packed_inputs_directories_patterns_and_standard_input() {
    let home = Home::new();
    let text = posts(30);
    std::fs::create_dir(home.path().join("in")).unwrap();
    home.file("in/a.jsonl", &text);
    home.file("in/notes.txt", "https://listed.example/");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    home.file("in/b.jsonl.gz", gzip.finish().unwrap());
    home.file("in/c.ndjson.zst", zstd::encode_all(text.as_bytes(), 1).unwrap());
    let folder = home.path().join("in");
    let (ran, found, summary) = rescan(&home, &[folder.to_str().unwrap()]);
    let expected = |name: &str| [10, 20, 30].map(|id| (name.to_owned(), id, json!(id)));
    let all = ["a.jsonl", "b.jsonl.gz", "c.ndjson.zst"].map(expected).concat();
    assert_eq!(places(&found), all, "{}", ran.stderr);
    assert_eq!((&summary["inputs"], &summary["passed_over"]), (&json!(3), &json!(1)));
    let pattern = format!("{}/*.gz", folder.display());
    assert_eq!(places(&rescan(&home, &[&pattern]).1), expected("b.jsonl.gz"));
    let ran = home.run_with(&["rescan", "-"], text.as_bytes());
    let ids: Vec<Value> =
        ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone()).collect();
    assert_eq!((ids, ran.code), (vec![json!(10), json!(20), json!(30)], 1));
}

#[test]
fn tables_by_the_names_of_their_columns() {
    let home = Home::new();
    let table = "post_id,body,urls,when\n\
                 1,\"first line\nhttps://listed.example/a, \"\"said\"\" he\",,2026-01-01\n\
                 2,5\" disk,https://fine.example/ https://listed.test/x,2026-02-01\n\
                 \"3\",quiet,\"[\"\"https://listed.example\"\"]\",2026-03-01\n";
    let flags = ["--id", "post_id", "--text", "body", "--links", "urls"];
    for (name, text) in [("posts.csv", table.to_owned()), ("posts.tsv", table.replace(',', "\t"))] {
        let input = home.file(name, text);
        let (ran, found, _) = rescan(&home, &[&[input.to_str().unwrap()], &flags[..]].concat());
        let expected = [(2, "1"), (4, "2"), (5, "3")].map(|(line, id)| (name.to_owned(), line, json!(id)));
        assert_eq!(places(&found), expected, "{}", ran.stderr);
    }
    let input = home.file("dos.csv", table.replace('\n', "\r\n"));
    let (_, found, _) = rescan(&home, &[&[input.to_str().unwrap()], &flags[..]].concat());
    let positions: Vec<u64> = places(&found).iter().map(|(_, position, _)| *position).collect();
    assert_eq!(positions, [2, 4, 5]);
    let input = home.path().join("posts.csv");
    let since = [&[input.to_str().unwrap(), "--since", "2026-02-01", "--time", "when"], &flags[..]].concat();
    let (_, found, summary) = rescan(&home, &since);
    assert_eq!((found.len(), &summary["older"]), (2, &json!(1)));
}

#[test]
fn findings_as_a_table_have_a_row_for_each_match() {
    let home = Home::new();
    let input = home.file("posts.jsonl", "{\"id\":\"a,1\",\"text\":\"listed.example and listed.test\"}\n");
    let out = home.path().join("out.csv");
    let ran = home.run(&["rescan", input.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    let mut table = csv::Reader::from_path(out).unwrap();
    let rows: Vec<Vec<String>> = table.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    assert_eq!((rows.len(), ran.code), (2, 1));
    assert_eq!(rows[0][1..5], ["1", "a,1", "reject", ""]);
    assert_eq!((&*rows[0][13], &*rows[1][13]), ("demo-domain", "demo-test"));
}

#[test]
fn shards_share_the_posts_out() {
    let home = Home::new();
    let input = home.file("posts.jsonl", posts(500));
    let (_, whole, _) = rescan(&home, &[input.to_str().unwrap()]);
    let mut parts = Vec::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let (_, found, summary) = rescan(&home, &[input.to_str().unwrap(), "--shard", shard]);
        let posts = summary["posts"].as_u64().unwrap();
        assert_eq!(posts + summary["other_shards"].as_u64().unwrap(), 500);
        assert!((120..=220).contains(&posts), "{shard} has {posts}");
        parts.extend(places(&found));
    }
    parts.sort_by_key(|(_, position, _)| *position);
    assert_eq!(parts, places(&whole));
}

#[test]
fn a_plan_judges_a_sample_and_writes_nothing() {
    let home = Home::new();
    let input = home.file("posts.jsonl", posts(1_000));
    let out = home.path().join("plan.jsonl");
    let ran = home.run(&["rescan", input.to_str().unwrap(), "--plan", "--out", out.to_str().unwrap()]);
    assert!(ran.stdout.contains("so about 1000 posts, "), "{}", ran.stdout);
    assert_eq!((ran.code, out.exists()), (0, false));
}
