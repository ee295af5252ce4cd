//! A probe finds what a look-up finds, whatever the entry and the link.

use super::*;

fn probe(url: &CanonicalUrl) -> Probe {
    Probe::of([url], &keys(), &TABLES)
}

/// Whether something is left of these hits when exceptions are through, parts of hashes aside.
fn tells(hits: &[Hit]) -> bool {
    let excepted = |hit: &Hit| hits.iter().any(|other| other.exception && other.list == hit.list);
    hits.iter().any(|hit| !hit.exception && !hit.partial_hash && !excepted(hit))
}

/// Every test of a look-up in this module comes by here.
#[track_caller]
pub(super) fn check(index: &Index, url: &CanonicalUrl, hits: &[Hit]) {
    assert_eq!(index.would_match(&probe(url), NOW), tells(hits), "{}", url.expose());
}

/// All pairs of an entry and a link of the shared vectors, and what is rare beside them.
#[test]
fn every_link_against_every_entry() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/scopes.jsonl")).unwrap();
    let cases: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let rare = [
        "domain example",
        "url example/p",
        "url_prefix 192.0.2.1/p",
        "cidr 0.0.0.0/0",
        "cidr 2001:db8::/32",
        "cidr ::/0",
        "label a",
        "sha256 00112233",
        "allow_host a.example",
    ];
    let of_case = |case: &serde_json::Value| format!("{} {}", case["scope"], case["value"]).replace('"', "");
    let entries: Vec<String> = cases.iter().map(of_case).chain(rare.map(str::to_owned)).collect();
    let named = cases.iter().flat_map(|case| [&case["matches"], &case["others"]]);
    let named = named.flat_map(|links| links.as_array().unwrap()).map(|link| link.as_str().unwrap().to_owned());
    let rare = [
        "www.example/p",
        "example/p",
        "www.a.example",
        "http://[2001:db8::1]/p/q",
        "http://[::ffff:192.0.2.1]/p/q?r=1",
        "http://192.0.2.1/p",
        "http://a..example/",
        "a.github.io",
        "www.a.example/a;jsessionid=1/b?utm_source=x&b=1",
    ];
    let (mut all, mut matching) = (0, 0);
    let links: Vec<String> = named.chain(rare.map(str::to_owned)).collect();
    let private = || List { label_private: true, ..List::new("l", "1") };
    for line in &entries {
        for list in [private(), List { www_twin: false, ..List::new("l", "1") }] {
            let index = index_of(list, [entry(line)]);
            for link in &links {
                let found = hits(&index, link);
                all += 1;
                matching += usize::from(!found.is_empty());
            }
        }
    }
    assert!(matching > 60 && all - matching > 600, "{matching} of {all}");
}

fn any_line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => ("(allow_)?", line()).prop_map(|(allow, line)| allow + &line),
        1 => ("(allow_)?", "(a|b|example)").prop_map(|(allow, label)| format!("{allow}label {label}")),
        1 => "(a|example|test)".prop_map(|top| format!("domain {top}")),
        1 => ("(example|test)", path()).prop_map(|(top, path)| format!("url {top}{path}")),
        1 => "ip 192\\.0\\.2\\.[12]",
        1 => (0..=32_u8).prop_map(|len| {
            format!("cidr {}/{len}", crate::expression::masked("192.0.2.1".parse().unwrap(), len))
        }),
        1 => (0..=128_u8).prop_map(|len| {
            format!("cidr {}/{len}", crate::expression::masked("2001:db8::1".parse().unwrap(), len))
        }),
        1 => ("url(_prefix)?", path()).prop_map(|(scope, path)| format!("{scope} 192.0.2.1{path}")),
        2 => (link(), 4..=32_usize).prop_map(|(link, len)| {
            let url = canonical::canonical(&link).unwrap();
            let hash = crate::expression::safe_browsing::sha256(url.without_scheme());
            let len = if len < 16 { len } else { 32 };
            format!("sha256 {}", data_encoding::HEXLOWER.encode(&hash[..len]))
        }),
        1 => link().prop_map(|link| {
            let md5 = crate::expression::safe_browsing::md5_url(&canonical::canonical(&link).unwrap());
            format!("md5_url {}", data_encoding::HEXLOWER.encode(&md5))
        }),
    ]
}

fn link() -> impl Strategy<Value = String> {
    let address = "(192\\.0\\.2\\.[12]|\\[::ffff:192\\.0\\.2\\.1\\]|\\[2001:db8::1\\]|(www\\.)?(example|test))";
    let host = prop_oneof![3 => host(), 1 => address];
    (host, path(), query()).prop_map(|(host, path, query)| format!("http://{host}{path}{query}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_link_against_any_two_lists(
        lists in prop::collection::vec(prop::collection::vec(any_line(), 1..4), 2),
        twins: [bool; 2],
        links in prop::collection::vec(link(), 1..8),
    ) {
        let mut builder = Builder::new(keys(), Arc::clone(&TABLES));
        for (number, (lines, www_twin)) in lists.iter().zip(twins).enumerate() {
            let list = builder.list(List { www_twin, ..List::new(number.to_string(), "1") }).unwrap();
            for line in lines {
                builder.add(list, &entry(line)).unwrap();
            }
        }
        let index = builder.finish();
        let urls: Vec<CanonicalUrl> = links.iter().map(|link| canonical::canonical(link).unwrap()).collect();
        let found = |url: &&CanonicalUrl| {
            let mut hits = Vec::new();
            index.look_up(url, NOW, &mut hits);
            check(&index, url, &hits);
            tells(&hits)
        };
        let any = urls.iter().filter(found).count() > 0;
        let all = Probe::of(&urls, &keys(), &TABLES);
        prop_assert!(all.words().len() <= Probe::WORDS_MAX);
        // More than fits is left out, and nothing is made up.
        let fits = urls.iter().map(|url| probe(url).words().len()).sum::<usize>() <= Probe::WORDS_MAX;
        let would = index.would_match(&all, NOW);
        prop_assert!(if fits { would == any } else { any || !would }, "{lists:?} {links:?}");
        let kept = Probe::from_words(all.words()).unwrap();
        prop_assert_eq!(index.would_match(&kept, NOW), would);
    }
}

#[test]
fn an_entry_counts_while_it_holds() {
    let windowed = Entry { valid_from: Some(10), valid_until: Some(20), ..entry("domain a.example") };
    let index = index_of(List::new("l", "1"), [windowed]);
    let probe = probe(&canonical::canonical("a.example").unwrap());
    for (now, expected) in [(9, false), (10, true), (19, true), (20, false)] {
        assert_eq!(index.would_match(&probe, now), expected, "{now}");
    }
}

#[test]
fn what_is_too_long_is_left_out_and_the_rest_is_kept() {
    let url = |link: String| canonical::canonical(&link).unwrap();
    let ordinary = url("http://a.example/p".into());
    let index = index_of(List::new("l", "1"), [entry("url a.example/p"), entry("domain b.example")]);
    let at_most = Probe::URL_MAX_BYTES - "http://b.example/".len();
    for (len, fits) in [(at_most, true), (at_most + 1, false)] {
        let long = url(format!("http://b.example/{}", "a".repeat(len)));
        assert_eq!(index.would_match(&probe(&long), NOW), fits, "{len}");
    }
    let parts = |count: usize| url(format!("http://b.example{}", "/a".repeat(count)));
    let most = (1..300).take_while(|&count| !probe(&parts(count)).words().is_empty()).count();
    assert!((200..256).contains(&most) && index.would_match(&probe(&parts(most)), NOW), "{most}");
    let both = Probe::of([&parts(most + 1), &ordinary], &keys(), &TABLES);
    assert!(both.words().len() < 40 && index.would_match(&both, NOW));
    assert!(Probe::from_words(&vec![0; Probe::WORDS_MAX]).is_some());
    assert!(Probe::from_words(&vec![0; Probe::WORDS_MAX + 1]).is_none());
}

/// What was sealed by us is read as it was; whatever else comes is no panic.
#[test]
fn words_that_mean_nothing_match_nothing() {
    let index = index_of(List::new("l", "1"), [entry("domain a.example")]);
    for words in [vec![], vec![u64::MAX], vec![u64::MAX; 9], vec![0; 9], vec![5, 1, 2]] {
        assert!(!index.would_match(&Probe::from_words(&words).unwrap(), NOW));
    }
}
