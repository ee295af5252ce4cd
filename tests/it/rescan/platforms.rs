//! Exports of platforms, as their presets read them.

use serde_json::{Value, json};

use super::rescan;
use crate::Home;

/// The ids of the findings in an export.
fn ids(preset: &str, name: &str, export: &str) -> Vec<Value> {
    let home = Home::new();
    let input = home.file(name, export);
    let (ran, found, summary) = rescan(&home, &[input.to_str().unwrap(), "--preset", preset]);
    assert_eq!((ran.code, &summary["skipped"]), (1, &json!({})), "{}", ran.stderr);
    found.into_iter().map(|finding| finding["id"].clone()).collect()
}

#[test]
fn mastodon_archives_and_outboxes() {
    let outbox = json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": "outbox.json", "type": "OrderedCollection", "totalItems": 5,
        "orderedItems": [
            {"id": "a1", "type": "Create", "object": {"id": "n1", "type": "Note", "content": "<p>quiet</p>"}},
            {"id": "a2", "type": "Create", "object": {"id": "n2", "content": "<p><a href=\"https://listed.example/x\">here</a></p>"}},
            {"id": "a3", "type": "Announce", "object": "https://fine.example/notes/1"},
            {"id": "a4", "type": "Create", "object": {"id": "n4", "content": "", "tag": [{"type": "Link", "href": "https://listed.test/"}]}},
            {"id": "a5", "type": "Create", "object": {"id": "n5", "content": "", "url": [{"type": "Link", "href": "https://listed.example/"}]}},
            {"id": "a6", "type": "Create", "object": {"id": "n6", "type": "Question", "content": "", "oneOf": [{"name": "listed.example"}]}},
        ]
    });
    assert_eq!(ids("mastodon", "outbox.json", &outbox.to_string()), ["n2", "n4", "n5", "n6"]);
    let actor = json!({"id": "me", "type": "Person", "summary": "", "attachment": [{"name": "web", "value": "<a href='//listed.example'>x</a>"}]});
    assert_eq!(ids("activitypub", "actor.json", &serde_json::to_string_pretty(&actor).unwrap()), ["me"]);
}

/// Rows of `scheduled_statuses`, as `row_to_json` writes them.
#[test]
fn mastodon_posts_that_wait() {
    let row = |id: u32, params: Value| {
        json!({"id": id, "account_id": 3, "scheduled_at": "2026-12-24T18:00:00.5", "params": params}).to_string()
    };
    let rows = [
        row(1, json!({"text": "see hxxps://listed[.]example/a", "media_ids": null, "spoiler_text": "", "poll": null})),
        row(2, json!({"text": "quiet", "spoiler_text": null, "visibility": "public", "application_id": 1})),
        row(3, json!({"text": "quiet", "spoiler_text": "listed.example"})),
        row(
            4,
            json!({"text": "", "poll": {"options": ["https://fine.example/", "https://listed.example/b"], "expires_in": "3600"}}),
        ),
        row(5, json!({"text": "https://fine.example/", "poll": {"options": ["a", "b"]}})),
    ];
    assert_eq!(ids("mastodon", "waiting.jsonl", &rows.join("\n")), [1, 3, 4]);
}

#[test]
fn bluesky_streams() {
    let commit = |rkey: &str, record: Value| {
        let commit = json!({"operation": "create", "collection": "app.bsky.feed.post", "rkey": rkey, "record": record});
        json!({"did": "did:plc:a", "time_us": 1_767_225_600_000_000_u64, "kind": "commit", "commit": commit})
    };
    let uri = "https://listed.example/a";
    let events = [
        commit("1", json!({"text": "quiet"})),
        commit("2", json!({"text": "see listed.example/…", "facets": [{"features": [{"uri": uri}, {"tag": "x"}]}]})),
        commit(
            "3",
            json!({"text": "", "embed": {"$type": "app.bsky.embed.external", "external": {"uri": uri, "title": ""}}}),
        ),
        commit("4", json!({"text": "", "embed": {"media": {"external": {"uri": uri}}}})),
        json!({"did": "did:plc:a", "kind": "identity", "identity": {"handle": "a.test"}}),
        json!({"uri": "at://b/app.bsky.feed.post/5", "value": {"text": "hxxps://listed[.]example"}}),
    ];
    let lines: Vec<String> = events.iter().map(ToString::to_string).collect();
    let post = |rkey: &str| json!(["did:plc:a", "app.bsky.feed.post", rkey]);
    let expected = [post("2"), post("3"), post("4"), json!("at://b/app.bsky.feed.post/5")];
    assert_eq!(ids("bluesky", "jetstream.jsonl", &lines.join("\n")), expected);
}

#[test]
fn discourse_archives_and_posts() {
    let archive = "topic_title,categories,is_pm,post_raw,post_cooked,like_count,reply_count,url,created_at\n\
                   Hello,General,No,[here](https://listed.example/a),<p>x</p>,0,0,https://forum.test/t/1/1,2026-01-01\n\
                   Quiet,General,No,nothing,<p>nothing</p>,0,0,https://forum.test/t/1/2,2026-01-01\n";
    assert_eq!(ids("discourse", "user_archive.csv", archive), ["https://forum.test/t/1/1"]);
    let posts = json!({"latest_posts": [
        {"id": 1, "raw": "nothing", "cooked": "<p>nothing</p>"},
        {"id": 2, "cooked": "<p><a href=\"https://listed.test\">x</a></p>"},
        {"id": 3, "raw": "", "link_counts": [{"url": "https://listed.example/", "clicks": 1}]},
    ]});
    assert_eq!(ids("discourse", "posts.json", &posts.to_string()), [2, 3]);
}

#[test]
fn lemmy_views_and_tables() {
    let view = json!({
        "posts": [
            {"post": {"id": 1, "name": "a link", "url": "https://listed.example/x", "ap_id": "p1"}, "creator": {"id": 4}},
            {"post": {"id": 2, "name": "quiet", "body": "nothing", "ap_id": "p2"}},
        ],
        "comments": [{"comment": {"id": 3, "content": "[x](https://listed.test)", "ap_id": "c3"}, "post": {"name": "quiet", "ap_id": "p2"}}],
    });
    assert_eq!(ids("lemmy", "posts.json", &view.to_string()), ["c3", "p1"]);
    let table =
        "id,name,url,body,ap_id,published\n1,quiet,https://listed.example/x,,p1,2026-01-01\n2,quiet,,,p2,2026-01-01\n";
    assert_eq!(ids("lemmy", "post.csv", table), ["p1"]);
}
