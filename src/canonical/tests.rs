//! The module as a whole: vectors, the short way against the long way, canonical URLs that stay as they are.

use std::sync::OnceLock;

use proptest::prelude::*;

use super::*;

#[test]
fn links_have_one_spelling() {
    for (input, expected) in [
        ("http://listed.example", "http://listed.example/"),
        ("HTTP://LISTED.Example:80/A", "http://listed.example/A"),
        ("listed.example/a", "http://listed.example/a"),
        ("//listed.example/a", "http://listed.example/a"),
        ("http:listed.example", "http://listed.example/"),
        ("http:\\\\listed.example\\a", "http://listed.example/a"),
        ("http://user:pw@listed.example:8080/a#f", "http://listed.example/a"),
        ("http://listed.example./a", "http://listed.example/a"),
        ("http://..listed..example../a", "http://listed.example/a"),
        ("http://listed。example/a", "http://listed.example/a"),
        ("http://ｌisted.example/", "http://listed.example/"),
        ("http://bücher.example/ä", "http://xn--bcher-kva.example/%C3%A4"),
        ("http://xn--a.example/", "http://xn--a.example/"),
        ("http://3221225985/", "http://192.0.2.1/"),
        ("http://0xC0.0.0x2.1/", "http://192.0.2.1/"),
        ("http://192.0.2.1../", "http://192.0.2.1/"),
        ("http://[2001:DB8:0::1]/", "http://[2001:db8::1]/"),
        ("http://listed.example/%2561", "http://listed.example/a"),
        ("http://listed.example/a//b/../c/.", "http://listed.example/a/c/"),
        ("http://listed.example/a%2f..%2fb", "http://listed.example/b"),
        ("http://listed.example/a?x=%41&y=%2525", "http://listed.example/a?x=A&y=%25"),
        ("http://listed.example/a?x=1%26y%3d2%2B3", "http://listed.example/a?x=1%26y=2%2B3"),
        ("http://listed.example/a?x=1%2526y", "http://listed.example/a?x=1%26y"),
        ("ftp://listed.example/a", "ftp://listed.example/a"),
        ("http://a.0..", ""),
        ("%2e8080\u{ad}", ""),
        ("http://", ""),
        ("http://listed.example:99999/", ""),
        ("http://192.0.2.256/", ""),
        ("mailto:a@listed.example", ""),
        ("", ""),
    ] {
        assert_eq!(canonical(input).map_or(String::new(), |url| url.expose().to_owned()), expected, "{input}");
    }
}

#[test]
fn what_was_unusual_is_told() {
    for (input, userinfo, odd_port, numeric_host, mixed_script) in [
        ("http://listed.example/", false, false, false, false),
        ("http://listed.example:80/", false, false, false, false),
        ("https://listed.example:80/", false, true, false, false),
        ("http://listed.example:8080/", false, true, false, false),
        ("http://u@listed.example/", true, false, false, false),
        ("http://3221225985/", false, false, true, false),
        ("http://pаypal.example/", false, false, false, true),
        ("http://münchen.example/", false, false, false, false),
    ] {
        let expected = Spelling { userinfo, odd_port, numeric_host, mixed_script };
        assert_eq!(canonical(input).unwrap().spelling(), expected, "{input}");
    }
}

#[test]
fn hosts_that_browsers_refuse_can_be_compared_but_are_told() {
    for (input, expected) in [
        ("http://a b.example/", "http://a%20b.example/"),
        ("http://listed.example%20/", "http://listed.example%20/"),
        ("http://a<b>.example/", "http://a<b>.example/"),
    ] {
        let url = canonical(input).unwrap();
        assert_eq!((url.expose(), url.host_kind()), (expected, HostKind::Refused));
    }
}

#[test]
fn links_inside_links_are_found() {
    let tables = Tables::shipped().unwrap();
    let found = |link: &str| {
        let mut urls = Vec::new();
        let outcome = tables.resolve_into(link, &mut urls);
        let texts: Vec<String> = urls.iter().map(|located| located.url.expose().to_owned()).collect();
        (outcome, texts)
    };
    let nested = "https://a.example/?u=https%3A%2F%2Fb.example%2F%3Fu%3Dhttp%253A%252F%252Fc.example%252Fx";
    let (outcome, texts) = found(nested);
    assert_eq!(outcome, Outcome::Whole);
    assert!(texts.contains(&"https://b.example/?u=http://c.example/x".to_owned()), "{texts:?}");
    assert!(texts.contains(&"http://c.example/x".to_owned()), "{texts:?}");
    let deep = "http://a.example/?u=".repeat(40);
    assert_eq!(found(&deep).0, Outcome::Cut);
    assert_eq!(found("not a url").0, Outcome::NotCanonical);
    assert_eq!(found(&format!("http://a.example/{}", "a".repeat(URL_MAX_BYTES))).0, Outcome::Cut);
}

#[test]
fn the_scheme_never_matters() {
    let tables = Tables::shipped().unwrap();
    for (link, expected) in [
        ("wss://listed.example/x?y=1", &["http://listed.example/x?y=1"][..]),
        ("SSH://git@Listed.EXAMPLE:22/x", &["http://listed.example/x"]),
        ("sftp://192.0.2.1/x", &["http://192.0.2.1/x"]),
        ("gopher://[2001:db8::1]/", &["http://[2001:db8::1]/"]),
        ("ws://localhost/x", &[]),
        ("mailto:a@listed.example", &[]),
        ("tel:+4900000000", &[]),
        ("data:text/plain,listed.example", &[]),
        ("tg://join?invite=AbCdEf", &["https://t.me/+AbCdEf"]),
    ] {
        let mut urls = Vec::new();
        let outcome = tables.resolve_into(link, &mut urls);
        let texts: Vec<_> = urls.iter().map(|located| located.url.expose()).collect();
        assert_eq!(texts, expected, "{link}");
        assert_eq!(outcome == Outcome::Whole, !expected.is_empty(), "{link}");
    }
}

#[test]
fn dummies_do_not_hide_a_url() {
    let tables = Tables::shipped().unwrap();
    let dummies: Vec<String> = (0..24).map(|number| format!("u{number}=http://a{number}.test/")).collect();
    let mut urls = Vec::new();
    let outcome =
        tables.resolve_into(&format!("http://a.example/?{}&u=http://listed.example/", dummies.join("&")), &mut urls);
    assert_eq!(outcome, Outcome::Whole);
    assert!(urls.iter().any(|located| located.url.expose() == "http://listed.example/"));
}

/// Pieces that meet the rules of the parser, put together at random.
fn link() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("http://"),
        Just("https://"),
        Just("HTTPS://"),
        Just("/"),
        Just("//"),
        Just("."),
        Just(".."),
        Just(":"),
        Just("@"),
        Just("?"),
        Just("#"),
        Just("%"),
        Just("%2e"),
        Just("%25"),
        Just("%2F"),
        Just("%26"),
        Just("%3D"),
        Just("%2b"),
        Just("a"),
        Just("B"),
        Just("listed"),
        Just(".example"),
        Just("www."),
        Just("8080"),
        Just("443"),
        Just("0x1"),
        Just("1"),
        Just("-"),
        Just("_"),
        Just("xn--"),
        Just("xn--a"),
        Just("ü"),
        Just("。"),
        Just("\\"),
        Just("&"),
        Just("="),
        Just(";"),
        Just("'"),
        Just("\""),
        Just("<"),
        Just("["),
        Just("]"),
        Just("{"),
        Just("|"),
        Just("^"),
        Just("~"),
        Just("!"),
        Just(" "),
        Just("\t"),
        Just("\u{ad}"),
        Just("+"),
        Just("*"),
        Just("("),
        Just(")"),
        Just(","),
        Just("$"),
    ];
    prop::collection::vec(piece, 1..14).prop_map(|pieces| pieces.concat())
}

/// The same, more often plain enough for the short way.
fn plain_link() -> impl Strategy<Value = String> {
    "(http|https|HTTP|Https)://[a-zA-Z0-9_.-]{0,12}(:[0-9]{0,6})?(/[a-zA-Z0-9._~!$&()*+,;=:@/%'-]{0,20})?(\\?[a-z0-9=&%?/'|+]{0,10})?(#[a-z#?/%]{0,6})?"
}

#[test]
fn a_link_too_long_to_be_read_has_no_lone_host() {
    let host = "http://listed.example/";
    assert_eq!(lone_host(&format!("{host}{}", "a".repeat(URL_MAX_BYTES - host.len()))), Some("listed.example"));
    assert_eq!(lone_host(&format!("{host}{}", "a".repeat(URL_MAX_BYTES - host.len() + 1))), None);
}

/// The same, more often one that stands for one URL only.
fn lone_link() -> impl Strategy<Value = String> {
    "(https?://)?(www\\.|[a-z0-9]{1,3}\\.)?(listed\\.example|x\\.com|t\\.me|[a-z]{1,3}\\.[a-z]{2,4})(/[a-z0-9./@&;=-]{0,12})?([?#][a-z0-9=&/.+-]{0,12})?"
}

static TABLES: OnceLock<Tables> = OnceLock::new();

fn cases() -> u32 {
    std::env::vars().find(|(name, _)| name == "LINKGATE_TEST_CASES").and_then(|(_, n)| n.parse().ok()).unwrap_or(20_000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn the_short_way_is_the_long_way(link in prop_oneof![link(), plain_link()]) {
        let short = canonical(&link);
        let long = canonical_the_long_way(&link);
        prop_assert_eq!(short.as_ref().map(CanonicalUrl::expose), long.as_ref().map(CanonicalUrl::expose));
        if let (Some(short), Some(long)) = (short, long) {
            prop_assert_eq!((short.host(), short.path(), short.query()), (long.host(), long.path(), long.query()));
            prop_assert_eq!((short.host_kind(), short.spelling()), (long.host_kind(), long.spelling()));
        }
    }

    #[test]
    fn a_lone_host_is_all_that_a_link_stands_for(link in prop_oneof![link(), plain_link(), lone_link()]) {
        let tables = TABLES.get_or_init(|| Tables::shipped().unwrap());
        if let Some(host) = lone_host(&link).filter(|host| !tables.may_know(host)) {
            let mut urls = Vec::new();
            prop_assert_eq!(tables.resolve_into(&link, &mut urls), Outcome::Whole);
            let found: Vec<_> = urls.iter().map(|one| (one.url.host(), one.url.host_kind(), one.via)).collect();
            prop_assert_eq!(found, [(host, HostKind::Name, Via::Itself)], "{}", link);
        }
    }

    #[test]
    fn the_short_way_sees_the_same_parts(link in prop_oneof![link(), plain_link()]) {
        if let Some(plain) = fast::read(&link) {
            let parsed = parse::read(&link).unwrap();
            let of = |parts: Parts<'_>| format!("{} {} {} {:?} {:?}", parts.scheme, parts.host, parts.path, parts.query, parts.fragment);
            prop_assert_eq!(of(plain.parts()), of(parsed.parts()));
        }
    }

    #[test]
    fn canonical_urls_stay_as_they_are(link in prop_oneof![link(), plain_link(), any::<String>()]) {
        if let Some(once) = canonical(&link) {
            let twice = canonical(once.expose());
            prop_assert_eq!(twice.as_ref().map(CanonicalUrl::expose), Some(once.expose()));
            let twice = twice.unwrap();
            prop_assert_eq!((twice.host(), twice.path(), twice.query()), (once.host(), once.path(), once.query()));
        }
    }

    #[test]
    fn safe_browsing_sees_no_escaped_marks(query in "([a=&+;%]|%26|%3D|%2[bB]|%25|%2525|2|6|#){0,12}") {
        let link = format!("http://a.example/?{query}");
        let ours = safe_browsing(&link).unwrap();
        let plain = query.split('#').next().unwrap_or_default();
        let mut expected = String::new();
        escape::escape_into(&escape::unescape_until_stable(plain.as_bytes()), escape::Part::Query, &mut expected);
        prop_assert_eq!(ours.query(), Some(&*expected));
        let twice = safe_browsing(ours.expose()).unwrap();
        prop_assert_eq!(twice.query(), Some(&*expected));
    }
}
