//! The index as a whole: every scope's semantics as a table, the index against a plain matcher, files that are not as
//! they were written.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;

mod probe;

use super::*;
use crate::canonical::{self, CanonicalUrl};

static TABLES: LazyLock<Arc<Tables>> = LazyLock::new(|| Arc::new(Tables::shipped().unwrap()));
const NOW: i64 = 1_800_000_000;

fn keys() -> Keys {
    Keys::derive(&StateKey::new([7; StateKey::LEN]))
}

/// An entry from `scope value`; `allow_` before the scope makes an exception.
fn entry(line: &str) -> Entry {
    let (scope, value) = line.split_once(' ').unwrap();
    let (exception, scope) = scope.strip_prefix("allow_").map_or((false, scope), |scope| (true, scope));
    let scope = Scope::from_name(scope).unwrap();
    let target = match scope {
        Scope::Url | Scope::UrlPrefix => Target::Url(Box::new(canonical::canonical(value).unwrap())),
        Scope::Label => Target::Label(value.into()),
        Scope::Ip => Target::Ip(value.parse().unwrap()),
        Scope::Cidr => {
            let (address, len) = value.split_once('/').unwrap();
            Target::Cidr(address.parse().unwrap(), len.parse().unwrap())
        }
        Scope::Sha256 => Target::Sha256(data_encoding::HEXLOWER.decode(value.as_bytes()).unwrap().into()),
        Scope::Md5Url => Target::Md5(data_encoding::HEXLOWER.decode(value.as_bytes()).unwrap().try_into().unwrap()),
        _ => Target::Host(value.into()),
    };
    Entry { exception, ..Entry::new(scope, target) }
}

fn index_of(list: List, entries: impl IntoIterator<Item = Entry>) -> Index {
    let mut builder = Builder::new(keys(), Arc::clone(&TABLES));
    let number = builder.list(list).unwrap();
    for entry in entries {
        builder.add(number, &entry).unwrap();
    }
    builder.finish()
}

fn hits(index: &Index, link: &str) -> Vec<Hit> {
    let (url, mut hits) = (canonical::canonical(link).unwrap(), Vec::new());
    index.look_up(&url, NOW, &mut hits);
    let is_name = url.host_kind() == canonical::HostKind::Name;
    assert!(hits.is_empty() || !is_name || index.may_know(url.host()), "{link}");
    probe::check(index, &url, &hits);
    hits
}

#[track_caller]
fn check(line: &str, matching: &[&str], others: &[&str]) {
    check_in(List::new("l", "1"), line, matching, others);
}

#[track_caller]
fn check_in(list: List, line: &str, matching: &[&str], others: &[&str]) {
    let index = index_of(list, [entry(line)]);
    for link in matching {
        assert_eq!(hits(&index, link).len(), 1, "{line} should match {link}");
    }
    for link in others {
        assert_eq!(hits(&index, link).len(), 0, "{line} should not match {link}");
    }
}

#[test]
fn hosts() {
    check(
        "domain a.example",
        &["a.example", "x.a.example/y?z", "www.x.a.example", "http://u@a.example:8080/"],
        &["b.example", "ba.example", "a.example.test", "example", "aa.example"],
    );
    check("host a.example", &["a.example", "www.a.example/x"], &["x.a.example", "www.x.a.example", "wwww.a.example"]);
    check("host www.a.example", &["a.example", "www.a.example/x"], &["x.a.example", "www.www.a.example"]);
    check("subdomains a.example", &["x.a.example", "x.y.a.example", "www.a.example"], &["a.example", "xa.example"]);
    check("domain example", &["example/x", "a.example", "x.a.example"], &["a.test"]);
    check("domain xn--bcher-kva.example", &["bücher.example", "x.BÜCHER.example"], &["bucher.example"]);
    let exact = List { www_twin: false, ..List::new("l", "1") };
    check_in(exact.clone(), "host a.example", &["a.example"], &["www.a.example"]);
    check_in(exact, "host www.a.example", &["www.a.example"], &["a.example"]);
}

#[test]
fn urls() {
    check(
        "url a.example/p",
        &["a.example/p", "https://www.a.example:8080/p/", "a.example/p?q", "a.example/p#f", "a.example/x/../p"],
        &["a.example/", "a.example/P", "a.example/p/q", "x.a.example/p", "a.example/pp", "b.example/p"],
    );
    check("url a.example/", &["a.example", "a.example/?q", "www.a.example#f"], &["a.example/p", "x.a.example"]);
    check(
        "url a.example/p?b=2&a",
        &["a.example/p?a&b=2", "a.example/p?x=1&b=2&a=&y", "a.example/p/?b=%32&&a="],
        &["a.example/p", "a.example/p?a", "a.example/p?b=2", "a.example/p?a=1&b=2", "a.example/p?b=2&A"],
    );
    check("url a.example/p?a=1&a=1", &["a.example/p?a=1&b&a=1"], &["a.example/p?a=1", "a.example/p?a=1&a=2"]);
    check("url a.example/p?q=a+b", &["a.example/p?q=a%20b", "a.example/p?q=a+b"], &["a.example/p?q=ab"]);
    check("url a.example/p?utm_source=x&a=1", &["a.example/p?a=1"], &["a.example/p?utm_source=x"]);
    check("url a.example/p?utm_source=x", &["a.example/p?utm_source=x&a"], &["a.example/p"]);
    check(
        "url_prefix a.example/p",
        &["a.example/p", "a.example/p/", "a.example/p/q/r", "a.example/p?x", "www.a.example/p/q"],
        &["a.example/pq", "a.example/", "a.example/P", "x.a.example/p"],
    );
    check("url_prefix a.example/", &["a.example", "a.example/x/y", "www.a.example/"], &["x.a.example/"]);
    check("url 192.0.2.1/p", &["192.0.2.1/p", "http://3221225985/p", "http://[::ffff:192.0.2.1]/p"], &["192.0.2.1/q"]);
    let exact = List { www_twin: false, ..List::new("l", "1") };
    check_in(exact, "url www.a.example/p", &["www.a.example/p"], &["a.example/p"]);
}

#[test]
fn labels() {
    check(
        "label name",
        &["name.example", "x.name.test", "name.co.uk", "www.name.com/x"],
        &["names.example", "x-name.example", "name.a.example", "name.github.io", "192.0.2.1"],
    );
    let private = List { label_private: true, ..List::new("l", "1") };
    check_in(private, "label name", &["name.example", "name.github.io"], &["x.github.io"]);
}

#[test]
fn addresses() {
    check(
        "ip 192.0.2.1",
        &[
            "192.0.2.1/x",
            "http://0xC0000201",
            "http://[::ffff:c000:201]/",
            "http://[2002:c000:201::]",
            "http://[64:ff9b::c000:201]",
        ],
        &["192.0.2.2", "http://[::c000:201]/", "192.0.2.1.example"],
    );
    check("ip ::ffff:192.0.2.1", &["192.0.2.1"], &["192.0.2.2"]);
    check("ip 2001:db8::1", &["http://[2001:DB8:0::1]/"], &["http://[2001:db8::2]/"]);
    check("cidr 198.51.100.0/24", &["198.51.100.7", "http://[::ffff:198.51.100.9]/x"], &["198.51.101.7", "a.example"]);
    check("cidr 0.0.0.0/0", &["192.0.2.1"], &["a.example", "http://[2001:db8::1]/"]);
    check("cidr 2001:db8::/32", &["http://[2001:db8:ffff::1]/"], &["http://[2001:db9::1]/", "32.1.13.184"]);
}

#[test]
fn hashes() {
    let sha = |text: &str| data_encoding::HEXLOWER.encode(&crate::expression::safe_browsing::sha256(text));
    check(&format!("sha256 {}", sha("a.example/")), &["a.example", "x.y.a.example/p?q"], &["b.example"]);
    check(
        &format!("sha256 {}", sha("a.example/p?q=1")),
        &["a.example/p?q=1", "x.a.example/p?q=1", "a.example/p?utm_source=t&q=1"],
        &["a.example/p", "a.example/p?q=2"],
    );
    check(&format!("sha256 {}", sha("a.example/p/")), &["a.example/p/", "a.example/p/q"], &["a.example/p"]);
    check(
        "md5_url bc1c39c031bf0dbef5518df5f8c6b66c",
        &["https://bad.example/x?user=123", "http://BAD.example/X?user=123"],
        &["https://bad.example/x"],
    );
    let prefix = sha("a.example/").get(..8).unwrap().to_owned();
    let index = index_of(List::new("l", "1"), [entry(&format!("sha256 {prefix}"))]);
    assert!(hits(&index, "a.example").iter().all(|hit| hit.partial_hash));
    assert_eq!(hits(&index, "a.example").len(), 1);
}

#[test]
fn hashes_that_begin_as_an_entry_does() {
    let hash = crate::expression::safe_browsing::sha256;
    let entries = [("a.example/", 5), ("a.example/", 32), ("a.example/p", 4), ("b.example/", 4)];
    let line = |(text, len): (&str, usize)| format!("sha256 {}", data_encoding::HEXLOWER.encode(&hash(text)[..len]));
    let index = index_of(
        List::new("l", "1"),
        entries.map(|one| entry(&line(one))).into_iter().chain([entry("domain a.example")]),
    );
    let url = canonical::canonical("http://x.a.example/p").unwrap();
    let mut hits = Vec::new();
    index.look_up(&url, NOW, &mut hits);
    let mut begun: Vec<_> = hits.iter().map(|hit| (hit.partial_hash, index.begun_like(&url, hit))).collect();
    begun.sort();
    let [root, page] = [hash("a.example/"), hash("a.example/p")];
    let mut expected = [(false, vec![]), (false, vec![(root, 32)]), (true, vec![(root, 5)]), (true, vec![(page, 4)])];
    expected.sort();
    assert_eq!(begun, expected);
}

#[test]
fn aliases_are_the_same_place() {
    // Real host names are those of the alias table; what follows them is made up.
    for (line, link) in [
        ("url t.me/listed_example", "https://telegram.me/Listed_Example"),
        ("url telegram.dog/listed_example", "https://t.me/listed_example"),
        ("url discord.com/invite/listedexample", "https://discord.gg/listedexample"),
    ] {
        let index = index_of(List::new("l", "1"), [entry(line)]);
        let mut urls = Vec::new();
        TABLES.resolve_into(link, &mut urls);
        let found = urls.iter().any(|located| {
            let mut hits = Vec::new();
            index.look_up(&located.url, NOW, &mut hits);
            !hits.is_empty()
        });
        assert!(found, "{line} should match {link}");
    }
}

#[test]
fn entries_hold_in_their_window() {
    let windowed = Entry { valid_from: Some(10), valid_until: Some(20), ..entry("domain a.example") };
    let index = index_of(List::new("l", "1"), [windowed]);
    let url = canonical::canonical("a.example").unwrap();
    for (now, found) in [(9, 0), (10, 1), (19, 1), (20, 0)] {
        let mut hits = Vec::new();
        index.look_up(&url, now, &mut hits);
        assert_eq!(hits.len(), found, "{now}");
    }
    let edges = [(9, Some(10)), (10, Some(20)), (20, None)].map(|(now, edge)| (index.next_edge(now), edge));
    assert!(edges.iter().all(|(found, expected)| found == expected), "{edges:?}");
}

#[test]
fn what_is_told_of_a_hit_is_what_the_entry_said() {
    let full = Entry {
        id: Some("own-1".into()),
        category: Some(Category::Phishing),
        confidence: Some(40),
        action: Some(Action::Hold),
        source_ref: Some("case 7".into()),
        jurisdiction: Some("NL".into()),
        disputed: true,
        ..entry("domain a.example")
    };
    let index = index_of(List::new("l", "1"), [full, entry("domain b.example")]);
    let hit = hits(&index, "a.example")[0];
    assert_eq!(
        (hit.category, hit.confidence, hit.action, hit.disputed),
        (Category::Phishing, 40, Some(Action::Hold), true)
    );
    let details = index.details(&hit);
    assert_eq!((&*details.entry, details.source_ref.as_deref()), ("own-1", Some("case 7")));
    let derived = index.details(&hits(&index, "b.example")[0]).entry;
    assert_eq!(derived.len(), 16);
    assert_eq!(index.lists()[0].entries["domain"], 2);
}

/// What matching.md says, on text.
fn plainly(line: &str, url: &CanonicalUrl) -> bool {
    let entry = entry(line);
    let host = url.host();
    let bare = |host: &str| host.strip_prefix("www.").unwrap_or(host).to_owned();
    let below = |name: &str| host.ends_with(&format!(".{name}"));
    let trimmed = |path: &str| path.strip_suffix('/').unwrap_or(path).to_owned();
    let parameters = |query: Option<&str>| {
        let parts = query.unwrap_or("").split('&').filter(|part| !part.is_empty());
        let mut parts: Vec<String> =
            parts.map(|part| if part.contains('=') { part.into() } else { format!("{part}=") }).collect();
        parts.sort_unstable();
        parts
    };
    match (&entry.target, entry.scope) {
        (Target::Host(name), Scope::Domain) => host == &**name || below(name),
        (Target::Host(name), Scope::Subdomains) => below(name),
        (Target::Host(name), _) => bare(host) == bare(name),
        (Target::Url(wanted), scope) => {
            let mut rest = parameters(url.query());
            let has_all = parameters(wanted.query()).iter().all(|part| {
                let at = rest.iter().position(|other| other == part);
                at.map(|at| rest.remove(at)).is_some()
            });
            let (path, of) = (trimmed(url.path()), trimmed(wanted.path()));
            let fits = match scope {
                Scope::Url => path == of,
                _ => path == of || path.starts_with(&format!("{of}/")),
            };
            bare(host) == bare(wanted.host()) && fits && has_all
        }
        _ => unreachable!("not drawn"),
    }
}

fn host() -> impl Strategy<Value = String> {
    "(www\\.)?([ab]\\.){0,2}(a|b)\\.(example|test)"
}

fn path() -> impl Strategy<Value = String> {
    "(/[ab]{1,2}){0,3}/?"
}

fn query() -> impl Strategy<Value = String> {
    "(\\?[ab](=[12])?(&[ab](=[12]?)?){0,2})?"
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        ("(domain|subdomains|host)", host()).prop_map(|(scope, host)| format!("{scope} {host}")),
        (host(), path(), query()).prop_map(|(host, path, query)| format!("url {host}{path}{query}")),
        (host(), path()).prop_map(|(host, path)| format!("url_prefix {host}{path}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_index_is_a_plain_matcher(
        lines in prop::collection::vec(line(), 1..20),
        link in (host(), path(), query()).prop_map(|(host, path, query)| format!("{host}{path}{query}")),
    ) {
        let named = |(number, line): (usize, &String)| Entry { id: Some(number.to_string().into()), ..entry(line) };
        let index = index_of(List::new("l", "1"), lines.iter().enumerate().map(named));
        let url = canonical::canonical(&link).unwrap();
        let mut found: Vec<usize> = hits(&index, &link).iter().map(|hit| index.details(hit).entry.parse().unwrap()).collect();
        found.sort_unstable();
        found.dedup();
        let expected: Vec<usize> = (0..lines.len()).filter(|&number| plainly(&lines[number], &url)).collect();
        prop_assert_eq!(found, expected, "{} against {:?}", link, lines);
    }
}

fn saved() -> (tempfile::TempDir, std::path::PathBuf, Index) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("list.lgx");
    let lines =
        ["domain a.example", "url b.example/p?q=1", "cidr 192.0.2.0/24", "label somename", "allow_host c.example"];
    let index = index_of(List::new("l", "1"), lines.map(entry));
    index.save(&path).unwrap();
    (dir, path, index)
}

#[test]
fn an_opened_file_is_the_index_that_was_saved() {
    let (_dir, path, index) = saved();
    let opened = Index::open(&path, keys(), Arc::clone(&TABLES)).unwrap();
    assert_eq!(opened.lists(), index.lists());
    for link in ["x.a.example", "b.example/p?q=1&r", "192.0.2.7", "somename.test", "c.example", "d.example"] {
        let (before, after) = (hits(&index, link), hits(&opened, link));
        assert_eq!(before, after, "{link}");
        let details = |index: &Index, hits: &[Hit]| hits.iter().map(|hit| index.details(hit)).collect::<Vec<_>>();
        assert_eq!(details(&index, &before), details(&opened, &after));
    }
}

#[test]
fn a_file_that_is_not_as_it_was_written_is_refused() {
    let (_dir, path, _) = saved();
    let good = std::fs::read(&path).unwrap();
    let open = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Index::open(&path, keys(), Arc::clone(&TABLES)).map(|_| ())
    };
    assert!(open(&good).is_ok());
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x20;
        assert!(open(&bad).is_err(), "byte {at} changed and nothing said so");
    }
    for len in (0..good.len()).step_by(7) {
        assert!(open(&good[..len]).is_err(), "cut at {len}");
    }
    assert!(matches!(open(&[&good[..], b"x"].concat()), Err(IndexError::Damaged)));
    assert!(matches!(open(b"listed.example\n"), Err(IndexError::NotAnIndex)));
    std::fs::write(&path, &good).unwrap();
    let other = Keys::derive(&StateKey::new([8; StateKey::LEN]));
    assert!(matches!(Index::open(&path, other, Arc::clone(&TABLES)), Err(IndexError::OtherKey)));
    let texts = canonical::TableTexts { tracking: "", ..canonical::TableTexts::shipped() };
    let rules = Arc::new(Tables::parse(&texts).unwrap());
    assert!(matches!(Index::open(&path, keys(), rules), Err(IndexError::OtherRules)));
}

#[test]
fn nothing_of_a_list_can_be_read_in_its_file() {
    let (_dir, path, _) = saved();
    let bytes = std::fs::read(&path).unwrap();
    for text in ["a.example", "b.example", "192.0.2", "somename", "/p"] {
        assert!(memchr::memmem::find(&bytes, text.as_bytes()).is_none(), "{text}");
    }
}
