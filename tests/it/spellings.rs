//! For every scope: whatever a browser takes for the listed place is listed, and its neighbours are not. And nothing of a
//! link shows in what is printed for debugging.

use linkgate::canonical::canonical;
use linkgate::index::{Builder, Entry, Index, Keys, List, StateKey};
use linkgate::lists::{self, Format, Override};
use proptest::prelude::*;

use crate::tables;

/// Scope, value, links that are the listed place, links that are not.
const PLACES: &[(&str, &str, &[&str], &[&str])] = &[
    ("domain", "listed.example", &["listed.example/x", "sub.listed.example/"], &["listed.test/x", "xlisted.example/"]),
    ("host", "listed.example", &["listed.example/x", "www.listed.example/"], &["sub.listed.example/x"]),
    ("subdomains", "listed.example", &["sub.listed.example/x"], &["listed.example/x"]),
    (
        "url",
        "listed.example/a/b?id=7",
        &["listed.example/a/b?id=7", "listed.example/a/b?x&id=7"],
        &["listed.example/a/b?id=8", "listed.example/a?id=7"],
    ),
    (
        "url_prefix",
        "listed.example/a/b",
        &["listed.example/a/b/c", "listed.example/a/b"],
        &["listed.example/a/bc", "listed.example/a"],
    ),
    ("label", "listed", &["listed.example/x", "sub.listed.test/"], &["listedx.example/", "listed.sub.example/"]),
    ("ip", "192.0.2.66", &["192.0.2.66/x"], &["192.0.2.67/x"]),
    ("cidr", "192.0.2.0/24", &["192.0.2.66/x"], &["192.0.3.66/x"]),
    (
        "sha256",
        "3b9a8e64b867f9b5d7b9d3635810c6f9d7691ce5fe082fe8f659ebc68b5b7bf0",
        &["listed-hash.example/x"],
        &["listed-hash.test/x"],
    ),
];

fn index(scope: &str, value: &str) -> Index {
    let mut builder = Builder::new(Keys::derive(&StateKey::new([1; 32])), tables());
    let list = builder.list(List::new("l", "1")).unwrap();
    let text = format!("value,scope\n{value},{scope}\n");
    let mut sink = |entry: Entry| builder.add(list, &entry).unwrap();
    lists::read(text.as_bytes(), Format::HouseCsv, &lists::Options::default(), &tables(), &mut sink).unwrap();
    builder.finish()
}

fn is_listed(index: &Index, link: &str) -> bool {
    let mut hits = Vec::new();
    index.look_up(&canonical(link).unwrap(), 1_800_000_000, &mut hits);
    !hits.is_empty()
}

/// How a link is written; each choice leaves the place the same to a browser.
#[derive(Debug, Clone, Copy)]
struct Spelling {
    scheme: &'static str,
    userinfo: &'static str,
    port: &'static str,
    host: usize,
    path: usize,
    fragment: &'static str,
}

fn spelling() -> impl Strategy<Value = Spelling> {
    (
        prop::sample::select(vec!["http://", "HTTPS://", "https:", "http:/", "http:\\\\", " hTTp:////", "ht\ttp://"]),
        prop::sample::select(vec!["", "user@", "good.example:pw@", "a@b@"]),
        prop::sample::select(vec!["", ":80", ":8080", ":"]),
        0..6_usize,
        0..4_usize,
        prop::sample::select(vec!["", "#x", "#@other.example/"]),
    )
        .prop_map(|(scheme, userinfo, port, host, path, fragment)| Spelling {
            scheme,
            userinfo,
            port,
            host,
            path,
            fragment,
        })
}

fn spelled(place: &str, how: Spelling) -> String {
    let at = place.find('/').unwrap();
    let (host, rest) = place.split_at(at);
    let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
    let wide = |text: &str| text.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect::<String>();
    let host = match how.host {
        0 => host.to_owned(),
        1 => host.to_uppercase(),
        2 => escape(host),
        3 => wide(host),
        4 => host.replace('.', "。"),
        _ => format!("{host}."),
    };
    let (path, query) = rest.split_once('?').map_or((rest, String::new()), |(path, query)| (path, format!("?{query}")));
    let path = match how.path {
        0 => path.to_owned(),
        1 => path.replace('/', "/./x/..//"),
        2 => path.replace('a', "%61").replace('b', "%2562"),
        _ => path.replace('/', "\\"),
    };
    format!("{}{}{host}{}{path}{query}{}", how.scheme, how.userinfo, how.port, how.fragment)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_place_is_listed_in_every_spelling_and_its_neighbours_are_not(how in spelling()) {
        for (scope, value, same, others) in PLACES {
            let index = index(scope, value);
            for place in *same {
                let link = spelled(place, how);
                prop_assert!(is_listed(&index, &link), "{scope} {value} should match {link:?}");
            }
            for place in *others {
                let link = spelled(place, how);
                prop_assert!(!is_listed(&index, &link), "{scope} {value} should not match {link:?}");
            }
        }
    }

    #[test]
    fn nothing_of_a_link_shows_in_debug_output(name in "[a-z]{8,12}") {
        let link = format!("https://{name}.example/{name}?{name}");
        let url = canonical(&link).unwrap();
        let ruling: Override = serde_json::from_value(serde_json::json!({
            "value": link, "scope": "url", "action": "reject", "reason": "r", "author": "a",
        })).unwrap();
        let index = index("domain", &format!("{name}.example"));
        for shown in [format!("{url:?}"), format!("{ruling:?}"), format!("{index:?}")] {
            prop_assert!(!shown.contains(&name), "{shown}");
        }
    }
}
