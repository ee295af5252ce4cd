//! Every row of the shipped tables proves itself by its examples.

use super::*;
use crate::canonical::{Parts, Reach, embedded_into};

#[derive(serde::Deserialize)]
struct Rows {
    rule: Vec<Row>,
}

#[derive(serde::Deserialize)]
struct Row {
    name: String,
    source: String,
    #[serde(default)]
    beside: bool,
    #[serde(default)]
    examples: Vec<Example>,
}

#[derive(serde::Deserialize)]
struct Example {
    url: String,
    gives: Option<String>,
}

fn rows(text: &str) -> Vec<Row> {
    let rows: Rows = toml::from_str(text).unwrap();
    let mut names = std::collections::BTreeSet::new();
    for row in &rows.rule {
        assert!(!row.source.is_empty(), "{} needs a source", row.name);
        assert!(row.examples.iter().any(|example| example.gives.is_some()), "{} needs an example", row.name);
        assert!(names.insert(&row.name), "{} stands twice", row.name);
    }
    rows.rule
}

#[expect(clippy::disallowed_methods, reason = "this is the canonical module")]
fn with_parts<T>(url: &str, use_parts: impl FnOnce(&Parts<'_>) -> T) -> T {
    let url = url::Url::parse(url).unwrap();
    use_parts(&Parts {
        scheme: url.scheme(),
        host: url.host_str().unwrap_or_default(),
        path: url.path(),
        query: url.query(),
        fragment: url.fragment(),
    })
}

fn unwrapped(tables: &Tables, url: &str) -> Vec<String> {
    let mut out = Vec::new();
    let reach = with_parts(url, |parts| tables.wrappers().unwrap_into(parts, &mut out));
    assert_eq!(reach, Reach::Whole, "{url}");
    out
}

fn representatives(tables: &Tables, url: &str) -> Vec<String> {
    with_parts(url, |parts| tables.aliases().representatives(parts).into_iter().flatten().collect())
}

#[test]
fn wrappers_give_what_their_examples_say() {
    let tables = Tables::shipped().unwrap();
    let mut wrong = Vec::new();
    for row in rows(TableTexts::shipped().wrappers) {
        for example in row.examples {
            let given = unwrapped(&tables, &example.url);
            let right = match &example.gives {
                Some(expected) => given.contains(expected),
                None => given.is_empty(),
            };
            if !right {
                wrong.push(format!("{}: {} gives {given:?}", row.name, example.url));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn aliases_give_what_their_examples_say_and_stay_there() {
    let tables = Tables::shipped().unwrap();
    let mut wrong = Vec::new();
    for row in rows(TableTexts::shipped().aliases) {
        for example in row.examples {
            let given = representatives(&tables, &example.url);
            let right = match &example.gives {
                Some(expected) if row.beside => given.last() == Some(expected),
                Some(expected) => given.first() == Some(expected),
                None => given.is_empty(),
            };
            if !right {
                wrong.push(format!("{}: {} gives {given:?}", row.name, example.url));
            }
            for one in &given {
                let again = representatives(&tables, one);
                if again.iter().any(|again| !given.contains(again)) {
                    wrong.push(format!("{}: {one} moves on to {again:?}", row.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn ordinary_links_give_nothing() {
    let tables = Tables::shipped().unwrap();
    for url in [
        "https://unlisted.example/",
        "https://unlisted.example/url?q=listed.example",
        "https://google.unlisted.example/url?q=listed.example",
        "https://www.google.com/search?q=weather",
        "https://t.me/",
        "https://unlisted.example/r/x",
        "http://192.0.2.1/url?q=1",
        "http://[2001:db8::1]/",
        "mailto:someone@unlisted.example",
    ] {
        assert_eq!(unwrapped(&tables, url), Vec::<String>::new(), "{url}");
        assert_eq!(representatives(&tables, url), Vec::<String>::new(), "{url}");
        let mut out = Vec::new();
        assert_eq!(with_parts(url, |parts| embedded_into(parts, tables.inner_schemes(), &mut out)), Reach::Whole);
        assert_eq!(out, Vec::<String>::new(), "{url}");
    }
}

#[test]
fn hostile_urls_take_linear_time() {
    let tables = Tables::shipped().unwrap();
    for (host, unit) in [
        ("web.archive.org", "web/*/"),
        ("urldefense.com", "v3/__*"),
        ("ipfs.io", "ipfs/Qm"),
        ("www.google.com", "q=1&"),
        ("www.bing.com", "u=a1AAAA&"),
        ("t.me", "%25"),
    ] {
        let time = |bytes: usize| {
            let text = format!("/{}", unit.repeat(bytes / unit.len()));
            let parts = Parts { scheme: "https", host, path: &text, query: text.get(1..), fragment: text.get(1..) };
            let start = std::time::Instant::now();
            let _ = tables.wrappers().unwrap_into(&parts, &mut Vec::new());
            let _ = tables.aliases().representatives(&parts);
            start.elapsed()
        };
        let (small, large) = (time(1 << 18).max(time(1 << 18)), time(1 << 20));
        let bound = small * 16 + std::time::Duration::from_millis(50);
        assert!(large < bound, "{host}: {small:?} {large:?}");
    }
}

#[test]
fn the_plain_tables_hold_hosts() {
    let tables = Tables::shipped().unwrap();
    for text in [include_str!("../../../lists/shorteners.txt"), include_str!("../../../lists/protected.txt")] {
        let rows = text.lines().filter(|row| !row.is_empty() && !row.starts_with('#'));
        let mut seen = std::collections::BTreeSet::new();
        for host in rows.filter_map(|row| row.split(' ').next()) {
            assert!(tables.suffixes().icann_label(host).is_some(), "{host}");
            assert_eq!(host, host.to_ascii_lowercase());
            assert!(seen.insert(host), "{host} stands twice");
        }
    }
}

#[test]
fn evasions_of_rules_are_seen_through() {
    let tables = Tables::shipped().unwrap();
    let listed = "https://listed.example/a".to_owned();
    for url in [
        "https://WWW.GOOGLE.CO.UK//url?q=https%3A%2F%2Flisted.example%2Fa",
        "https://www.google.de/%75rl?%71=https%253A%252F%252Flisted.example%252Fa",
        "https://google.com/url/?q=x&q=https:/listed.example/a",
        "https://l.facebook.com/l.php?h=AT0&u=https%3A%5C%5Clisted.example%2Fa",
    ] {
        assert!(unwrapped(&tables, url).contains(&listed), "{url}");
    }
    for url in [
        "https://t.me/Listed_Name",
        "http://www.telegram.me/listed_name/",
        "https://telegram.dog//LISTED_NAME",
        "https://t.me/%6Cisted_name#x",
        "https://listed_name.t.me",
        "tg:resolve?domain=listed_name",
        "tg:///resolve?DOMAIN=x&domain=Listed_Name",
    ] {
        assert_eq!(representatives(&tables, url), ["https://t.me/listed_name"], "{url}");
    }
}

#[test]
fn a_parameter_that_a_rule_reads_is_not_tracking_there() {
    let texts = TableTexts {
        wrappers: "rule = [{ name = 'n', host = 'one.test', query = { utm_to = '{url}' }, gives = '{url}', source = 's' }]",
        ..TableTexts::shipped()
    };
    let tables = Tables::parse(&texts).unwrap();
    assert!(tables.tracking().is_tracking("utm_to", "two.test"));
    assert!(!tables.tracking().is_tracking("utm_to", "one.test"));
    assert!(tables.tracking().is_tracking("utm_source", "one.test"));
    assert!(!tables.tracking().is_tracking("id", "one.test"));
}

#[test]
fn parameters_that_may_mean_something_are_no_tracking() {
    let tables = Tables::shipped().unwrap();
    let is_tracking = |name, host| tables.tracking().is_tracking(name, host);
    for name in [
        "id",
        "v",
        "q",
        "u",
        "url",
        "p",
        "page",
        "ref",
        "s",
        "t",
        "si",
        "source",
        "src",
        "from",
        "share",
        "feature",
        "ga",
        "gallery",
        "mc",
        "tag",
        "key",
        "rlkey",
        "utm",
        "UTM_SOURCE",
        "",
    ] {
        assert!(!is_tracking(name, "unlisted.example"), "{name}");
    }
    for (name, host) in [
        ("utm_source", "unlisted.example"),
        ("fbclid", "unlisted.example"),
        ("si", "youtu.be"),
        ("si", "open.spotify.com"),
        ("s", "mobile.twitter.com"),
    ] {
        assert!(is_tracking(name, host), "{name}");
    }
    assert!(!is_tracking("v", "www.youtube.com"));
}

#[test]
fn other_texts_have_another_id() {
    let shipped = TableTexts::shipped();
    let changed = TableTexts { tracking: "fbclid\n", ..shipped };
    assert_eq!(id(&shipped), Tables::shipped().unwrap().id());
    assert_ne!(id(&shipped), id(&changed));
}

#[test]
fn bad_tables_are_refused_by_name() {
    let check = |row: &str, expected: &str| {
        let text = format!("[[rule]]\nname = 'bad'\nsource = 's'\ngives = '{{x}}'\n{row}");
        let texts = TableTexts { wrappers: &text, ..TableTexts::shipped() };
        let error = Tables::parse(&texts).err().unwrap();
        assert!(error.to_string().contains(expected), "{row}: {error}");
    };
    check("host = 'one.test'\nunknown = 1", "the table of wrappers is not of the form");
    check("path = '/{x}'", "the rule `bad` in the table of wrappers");
    check("host = 'one.test'", "the rule `bad`");
    check("host = 'one.test'\npath = '/{x}'\nwhere = { x = 'none' }", "the rule `bad`");
    check("host = '@none'\npath = '/{x}'", "the rule `bad`");
    check("host = 'One'\npath = '/{x}'", "the rule `bad`");
    check("host = 'one.test'\npath = '/{x'", "the rule `bad`");
    let texts = TableTexts { suffixes: "com\n", ..TableTexts::shipped() };
    assert!(matches!(Tables::parse(&texts), Err(TableError::Suffixes(_))));
}
