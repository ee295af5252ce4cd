//! One place under its many names: whatever spelling a list has, every other one is found, and its neighbours are not.
//!
//! Real host names are those of the alias tables; what follows them is made up.

use linkgate::index::{Builder, Entry, Index, Keys, List, StateKey};
use linkgate::lists::{self, Format};

use crate::{root, tables};

fn index(scope: &str, value: &str) -> Index {
    let mut builder = Builder::new(Keys::derive(&StateKey::new([1; 32])), tables());
    let list = builder.list(List::new("l", "1")).unwrap();
    let text = format!("value,scope\n\"{value}\",{scope}\n");
    let mut count = 0;
    let mut sink = |entry: Entry| {
        count += 1;
        builder.add(list, &entry).unwrap();
    };
    lists::read(text.as_bytes(), Format::HouseCsv, &lists::Options::default(), &tables(), &mut sink).unwrap();
    assert_eq!(count, 1, "{scope} {value}");
    builder.finish()
}

fn is_listed(index: &Index, link: &str) -> bool {
    let mut urls = Vec::new();
    let _ = tables().resolve_into(link, &mut urls);
    urls.iter().any(|located| {
        let mut hits = Vec::new();
        index.look_up(&located.url, 1_800_000_000, &mut hits);
        !hits.is_empty()
    })
}

#[track_caller]
fn check(scope: &str, value: &str, matching: &[&str], others: &[&str]) {
    let index = index(scope, value);
    for (links, expected) in [(matching, true), (others, false)] {
        for link in links {
            assert_eq!(is_listed(&index, link), expected, "{scope} {value} against {link}");
        }
    }
}

/// Every spelling of a place, as entry and as link.
#[track_caller]
fn same(scope: &str, spellings: &[&str], others: &[&str]) {
    for value in spellings {
        check(scope, value, spellings, others);
    }
}

#[test]
fn parameters_are_parted_before_their_escapes_are_undone() {
    check("url", "a.example/p?b=2", &["a.example/p?a=1&b=2", "a.example/p?%62=%32"], &["a.example/p?a=1%26b%3D2"]);
    check(
        "url",
        "a.example/p?q=a%26b",
        &["a.example/p?q=a%26b", "a.example/p?x&q=%61%2526b"],
        &["a.example/p?q=a&b", "a.example/p?q=a", "a.example/p?q=a+b"],
    );
    check(
        "url",
        "a.example/p?q=a%2Bb",
        &["a.example/p?q=a%2bb", "a.example/p?q=a%252Bb"],
        &["a.example/p?q=a+b", "a.example/p?q=a%20b"],
    );
    check("url", "a.example/p?q=a+b", &["a.example/p?q=a%20b", "a.example/p?q=a+b"], &["a.example/p?q=a%2Bb"]);
    check("url", "a.example/p?q=a%3Db", &["a.example/p?q=a=b", "a.example/p?q=a%3db"], &["a.example/p?q%3Da=b"]);
    check("url", "a.example/p?a%3Db=1", &["a.example/p?a%3db=1"], &["a.example/p?a=b=1", "a.example/p?a=b%3D1"]);
}

#[test]
fn ampersands_and_sessions_as_pages_write_them() {
    check(
        "url",
        "a.example/p?b=2",
        &["a.example/p?a=1&amp;b=2", "a.example/p?a=1&amp;amp;b=2"],
        &["a.example/p?amp;b=3"],
    );
    check("url", "a.example/p?a=1&amp;b=2", &["a.example/p?b=2&a=1"], &["a.example/p?b=2"]);
    check("url", "a.example/p?a=1&amp;utm_source=x", &["a.example/p?a=1"], &["a.example/p?utm_source=x"]);
    same(
        "url",
        &["a.example/a/b", "a.example/a/b;jsessionid=0A", "a.example/a;JSESSIONID=1/b/"],
        &["a.example/a/b;v=1", "a.example/a/bjsessionid=0A"],
    );
    check("url_prefix", "a.example/a", &["a.example/a;jsessionid=0A/b"], &["a.example/a;b/c"]);
}

#[test]
fn the_scheme_of_an_entry_never_matters() {
    for scheme in ["http", "https", "ftp", "ws", "wss", "WSS", "sftp", "rtsp"] {
        let matching = ["https://a.example/x?y=1", "wss://a.example/x?y=1&z", "ftp://a.example/x?y=1"];
        check("url", &format!("{scheme}://u@A.example:8443/x?y=1"), &matching, &["https://a.example/x"]);
        check("url_prefix", &format!("{scheme}://192.0.2.1/x/"), &["http://192.0.2.1/x/y"], &["http://192.0.2.1/xy"]);
    }
    check("url", "tg://join?invite=AbC", &["https://t.me/+AbC"], &["https://t.me/+abc", "http://join/?invite=AbC"]);
}

#[test]
fn an_account_holds_its_posts_on_every_mirror() {
    let posts = [
        "https://x.com/baduser/status/123",
        "https://twitter.com/BadUser/status/123?s=20",
        "https://mobile.twitter.com/baduser/status/123/photo/1",
        "https://nitter.net/baduser/status/123#m",
        "https://fxtwitter.com/BADUSER/status/123",
        "https://vxtwitter.com/baduser/status/123",
    ];
    let neighbours = [
        "https://x.com/baduser2/status/124",
        "https://twitter.com/good/status/124",
        "https://x.com/good/baduser/status/124",
        "https://unlisted.example/baduser/status/123",
        "https://x.com/search/baduser/status/124",
    ];
    for account in ["x.com/baduser/", "https://twitter.com/BadUser/", "mobile.x.com/baduser"] {
        check("url_prefix", account, &posts, &neighbours);
        check("url_prefix", account, &["https://twitter.com/baduser/media", "https://x.com/baduser"], &[]);
        check("url", account, &["https://m.twitter.com/BadUser"], &posts);
    }
    same("url", &posts, &neighbours);
    check("url", posts[1], &["https://x.com/i/web/status/123", "twitter://status?id=123"], &[]);
}

#[test]
fn a_community_holds_its_posts_on_every_mirror() {
    let posts = [
        "https://www.reddit.com/r/listed/comments/1abc/some_title/",
        "https://old.reddit.com/r/Listed/comments/1abc",
        "https://np.reddit.com/r/LISTED/comments/1abc/x?context=3",
        "https://i.reddit.com/r/listed/comments/1abc/x",
    ];
    let neighbours = ["https://old.reddit.com/r/listed2/comments/2abc", "https://reddit.com/user/listed/comments/2abc"];
    for community in ["reddit.com/r/listed/", "https://old.reddit.com/r/Listed/"] {
        check("url_prefix", community, &posts, &neighbours);
        check("url_prefix", community, &["https://m.reddit.com/r/listed/wiki/x"], &["https://redd.it/1abc"]);
    }
    same("url", &posts, &neighbours);
    check("url", posts[0], &["https://redd.it/1abc", "https://reddit.com/comments/1abc"], &["https://redd.it/2abc"]);
}

#[test]
fn accounts_elsewhere_hold_what_is_theirs() {
    for (account, posts, neighbours) in [
        (
            "facebook.com/listed.name/",
            &["https://m.facebook.com/Listed.Name/posts/2"][..],
            &["https://m.facebook.com/listed.names/posts/2"][..],
        ),
        (
            "facebook.com/groups/listed/",
            &["https://mbasic.facebook.com/groups/Listed/posts/2"],
            &["https://m.facebook.com/groups/listed2/posts/2"],
        ),
        (
            "instagram.com/listed/",
            &["https://instagr.am/Listed/reel/AbC_1", "https://m.instagram.com/listed/p/AbC_1"],
            &["https://instagr.am/p/AbC_1"],
        ),
        (
            "threads.net/@listed/",
            &["https://www.threads.com/@Listed/post/AbC"],
            &["https://www.threads.com/@listed2/post/AbC"],
        ),
        ("tiktok.com/@listed/", &["https://m.tiktok.com/@Listed/video/123"], &["https://m.tiktok.com/v/123.html"]),
        (
            "youtube.com/channel/UCabc/",
            &["https://m.youtube.com/channel/UCabc/videos"],
            &["https://m.youtube.com/channel/UCabd"],
        ),
        (
            "github.com/Listed/",
            &["https://github.com/listed/repo/issues/1", "https://raw.githubusercontent.com/LISTED/repo/main/a.txt"],
            &["https://github.com/listed2/repo"],
        ),
        (
            "bsky.app/profile/listed.example/",
            &["https://fxbsky.app/profile/Listed.example/post/3k"],
            &["https://bsky.app/profile/listed2.example/post/3k"],
        ),
        (
            "youtube.com/@listed/",
            &["https://yewtu.be/@Listed/videos", "https://m.youtube.com/@listed"],
            &["https://yewtu.be/@listed2"],
        ),
        (
            "t.me/listed/",
            &["https://telegram.me/s/Listed/12", "tg://resolve?domain=listed&post=12"],
            &["https://t.me/listed2/12"],
        ),
    ] {
        check("url_prefix", account, posts, neighbours);
    }
}

#[test]
fn links_of_apps_inside_others_are_found() {
    check(
        "url",
        "t.me/+AbC_d",
        &[
            "https://fine.example/?u=tg%3A%2F%2Fjoin%3Finvite%3DAbC_d",
            "https://fine.example/?u=tg://join?invite=AbC_d&x=1",
            "https://fine.example/?u=tg%3Ajoin%3Finvite%3DAbC_d",
            "https://fine.example/go/tg://join?invite=AbC_d",
            "https://fine.example/#/go?u=tg%253A%252F%252Fjoin%253Finvite%253DAbC_d",
            "https://web.telegram.org/k/#?tgaddr=tg%3A%2F%2Fjoin%3Finvite%3DAbC_d",
        ],
        &["https://fine.example/?u=tg%3A%2F%2Fjoin%3Finvite%3DAbC_e", "https://fine.example/?tg=join&invite=AbC_d"],
    );
    check(
        "url",
        "t.me/chan/12",
        &[
            "https://web.telegram.org/k/#?tgaddr=tg://resolve?domain=chan&post=12",
            "https://web.telegram.org/a/#?tgaddr=tg%3A%2F%2Fresolve%3Fdomain%3DChan%26post%3D12%26comment%3D3",
            "https://web.telegram.org/a/#?tgaddr=tg%3A%2F%2Fresolve%3Fpost%3D12%26domain%3Dchan",
            "https://fine.example/?u=tg%3A%2F%2Fresolve%3Fdomain%3Dchan%26post%3D12",
        ],
        &["https://web.telegram.org/k/#?tgaddr=tg://resolve?domain=chan&post=13", "https://t.me/chan"],
    );
    check("url", "t.me/chan", &["https://web.telegram.org/k/#?tgaddr=tg://resolve?domain=chan&post=12"], &[]);
    check("url", "a.example/x", &["https://fine.example/?u=ftp%3A%2F%2Fa.example%2Fx"], &[]);
}

#[test]
fn a_front_end_that_is_listed_does_not_stand_for_the_platform() {
    for (host, link) in [
        ("teddit.net", "https://www.reddit.com/r/rust"),
        ("yewtu.be", "https://www.youtube.com/"),
        ("scribe.rip", "https://medium.com/@a/b"),
        ("nitter.net", "https://x.com/rust"),
        ("imgur.io", "https://imgur.com/"),
    ] {
        check("host", host, &[&format!("https://{host}/")], &[link]);
        check("url", &format!("https://{host}/"), &[], &[link]);
    }
}

#[test]
fn what_names_a_place_stays_in_it() {
    check(
        "url",
        "https://m.blog.naver.com/PostList.naver?blogId=one",
        &["https://blog.naver.com/PostList.naver?blogId=one"],
        &["https://m.blog.naver.com/PostList.naver?blogId=two", "https://blog.naver.com/PostList.naver"],
    );
    check(
        "url",
        "https://telegram.me/some_bot/app?startapp=AbC",
        &["https://t.me/Some_Bot/app?startapp=AbC"],
        &["https://t.me/some_bot/app?startapp=abc", "https://t.me/some_bot/app"],
    );
    check("url", "https://github.com/search?q=one", &[], &["https://github.com/search?q=two"]);
    check(
        "url",
        "https://archive.org/download/item/a.jpg",
        &["https://archive.org/details/item/a.jpg"],
        &["https://archive.org/details/item", "https://archive.org/download/item/b.jpg"],
    );
    check("url_prefix", "https://archive.org/details/item", &["https://archive.org/download/item/a.jpg"], &[]);
    check(
        "url",
        "https://yadi.sk/d/AbC/dir/a.jpg",
        &["https://disk.yandex.com/d/AbC/dir/a.jpg"],
        &["https://disk.yandex.ru/d/AbC", "https://disk.yandex.ru/d/AbC/dir/b.jpg"],
    );
    check("url_prefix", "https://yadi.sk/d/AbC", &["https://disk.yandex.ru/d/AbC/dir/a.jpg"], &[]);
    check("url", "https://vk.com/trends", &[], &["https://vkvideo.ru/trends"]);
    check("url", "https://kik.me/privacy", &[], &["https://kik.com/privacy"]);
}

/// What stands between backticks in a cell; a path is one of the entry's host.
fn examples(cell: &str, value: &str) -> Vec<String> {
    let host = value.split('/').next().unwrap();
    let marked = cell.split('`').skip(1).step_by(2);
    marked.map(|one| if one.starts_with('/') { format!("{host}{one}") } else { one.to_owned() }).collect()
}

#[test]
fn the_manual_tells_the_truth() {
    let manual = std::fs::read_to_string(root().join("src/docs/matching.md")).unwrap();
    let (_, section) = manual.split_once("## What an entry matches").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let mut rows = 0;
    for line in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        let [entry, matching, others] = cells[..] else { panic!("{line}") };
        let Some((scope, value)) = entry.trim().trim_matches('`').split_once("` `") else { continue };
        let matching = examples(matching, value);
        let others = examples(others, value);
        let index = index(scope, value);
        assert!(matching.iter().all(|link| is_listed(&index, link)), "{line}");
        assert!(!others.iter().any(|link| is_listed(&index, link)), "{line}");
        rows += 1;
    }
    assert_eq!(rows, 8);
}
