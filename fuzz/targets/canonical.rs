//! Any link: the short way is the long way, a canonical URL stays as it is, and what it carries is bounded.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use linkgate::canonical::{CanonicalUrl, Tables, URLS_MAX, canonical, canonical_the_long_way};

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables::shipped().expect("the shipped tables can be read"));

fuzz_target!(|link: &str| {
    let short = canonical(link);
    same(short.as_ref(), canonical_the_long_way(link).as_ref());
    if let Some(once) = &short {
        stays(once);
    }

    let mut urls = Vec::new();
    TABLES.resolve_into(link, &mut urls);
    // Two aliases of the last one may come on top.
    assert!(urls.len() <= URLS_MAX + 2, "{} URLs", urls.len());
    for located in &urls {
        stays(&located.url);
        TABLES.without_tracking(&located.url);
        TABLES.suffixes().registrable(located.url.host());
    }
});

fn same(short: Option<&CanonicalUrl>, long: Option<&CanonicalUrl>) {
    let told = |url: &CanonicalUrl| (url.expose().to_owned(), url.host_kind(), url.spelling());
    assert_eq!(short.map(told), long.map(told));
    let parts = |url: &CanonicalUrl| (url.host().to_owned(), url.path().to_owned(), url.query().map(str::to_owned));
    assert_eq!(short.map(parts), long.map(parts));
}

fn stays(once: &CanonicalUrl) {
    let twice = canonical(once.expose());
    assert_eq!(twice.as_ref().map(CanonicalUrl::expose), Some(once.expose()));
}
