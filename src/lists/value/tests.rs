//! Values under stated scopes.

use crate::index::{Entry, Scope};
use crate::lists::Options;
use crate::lists::intake::Intake;
use crate::lists::tests::{tables, words};

fn check(scope: &str, input: &str, expected: Result<&str, &str>) {
    let options = Options::default();
    let mut sink = |_| {};
    let mut intake = Intake::new(&options, tables(), &mut sink);
    let found = super::scoped(Scope::from_name(scope).unwrap(), input, &mut intake);
    let found = found.map(|(scope, target)| words(&Entry::new(scope, target)));
    let found = found.map_err(|reason| format!("{reason:?}"));
    assert_eq!(found.as_deref().map_err(String::as_str), expected, "{scope} {input}");
}

#[test]
fn scopes_mean_exactly_themselves() {
    check("domain", "Bad.Example", Ok("domain bad.example"));
    check("domain", "192.0.2.1", Ok("ip 192.0.2.1"));
    check("domain", "co.uk", Ok("domain co.uk"));
    check("host", "bücher.example", Ok("host xn--bcher-kva.example"));
    check("subdomains", "*.bad.example", Ok("subdomains bad.example"));
    check("url", "http://bad.example/a/", Ok("url bad.example/a/"));
    check("url", "bad.example", Ok("url bad.example/"));
    check("url_prefix", "bad.example/a", Ok("url_prefix bad.example/a"));
    check("label", "BadBrand", Ok("label badbrand"));
    check("label", "bücher", Ok("label xn--bcher-kva"));
    check("ip", "2001:DB8:0::1", Ok("ip 2001:db8::1"));
    check("cidr", "192.0.2.0/24", Ok("cidr 192.0.2.0/24"));
    check("sha256", "D2EF0A85", Ok("sha256 d2ef0a85"));
    check("md5_url", "2f5d8f6e5c6ff3014c5f448f9ab4f11d", Ok("md5_url 2f5d8f6e5c6ff3014c5f448f9ab4f11d"));
}

#[test]
fn what_does_not_fit_its_scope() {
    for (scope, input, reason) in [
        ("domain", "", "Empty"),
        ("domain", "bad.example/a", "NotAHost"),
        ("domain", "http://bad.example/", "NotAHost"),
        ("domain", "com", "TooWide"),
        ("domain", "test", "TooWide"),
        ("subdomains", "*", "TooWide"),
        ("host", "a.*.example", "Wildcard"),
        ("url_prefix", "bad.example/a?x", "PrefixWithQuery"),
        ("url", "bad example/a", "NotAUrl"),
        ("label", "bad.brand", "NotALabel"),
        ("label", "-", "NotALabel"),
        ("ip", "bad.example", "NotAnAddress"),
        ("cidr", "192.0.2.0/99", "NotAnAddress"),
        ("sha256", "abcd", "NotAHash"),
        ("md5_url", "d2ef0a85", "NotAHash"),
    ] {
        check(scope, input, Err(reason));
    }
}
