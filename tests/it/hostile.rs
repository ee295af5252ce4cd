//! Text that is meant to hurt: no panic, and time that grows with length and not faster.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use linkgate::canonical::{TableTexts, Tables};
use linkgate::check::{Checker, Post, Snapshot};
use linkgate::extract::{Extractor, Options, TextFormat, TopLevels};
use linkgate::verdict::Policy;

const MIB: usize = 1 << 20;

fn checker() -> Checker {
    let tables = Arc::new(Tables::shipped().unwrap());
    let extractor = Extractor::new(Options::default(), TopLevels::parse(TableTexts::shipped().suffixes));
    Checker::new(extractor, Snapshot::new(tables, vec![], Policy::default()))
}

/// Patterns that are repeated to the length wanted, behind a start.
const PATTERNS: &[(&str, &str)] = &[
    ("", "("),
    ("", "[("),
    ("http://a.example/", "("),
    ("", "@"),
    ("http://", "@"),
    ("", "."),
    ("a", ".a"),
    ("http://", "a."),
    ("", "a.example "),
    ("", "a.example@"),
    ("", "http://"),
    ("", "https://a.example/"),
    ("http://a.example/?u=", "http://a.example/?u="),
    ("", "hxxp"),
    ("", "a[.]"),
    ("", "a dot "),
    ("", "\u{200b}"),
    ("http://a", "\u{200b}"),
    ("a.exam", "\u{ad}"),
    ("http://a.example/", "%25"),
    ("http://a.example/%", "25"),
    ("http://", "%2e"),
    ("http://a.example/", "/.."),
    ("http://a.example/?", "a&"),
    ("http://a.example/?", "u=//"),
    ("", "<"),
    ("", "<a href="),
    ("<a href=\"", "x"),
    ("", "<!--"),
    ("", "&"),
    ("", "&amp;"),
    ("", "["),
    ("", "[a]("),
    ("", "]("),
    ("", "`"),
    ("", "*_"),
    ("", "> "),
    ("", "\n- "),
    ("", "。"),
    ("", "。a.example"),
    ("", "//"),
    ("", "://"),
    ("", "www."),
    ("", "xn--a."),
    ("http://", "xn--"),
    ("http://", "ü."),
    ("", "1."),
    ("", "0x"),
    ("http://", "["),
    ("", "tg://"),
];

fn hostile((start, pattern): (&str, &str), bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + pattern.len());
    text.push_str(start);
    while text.len() < bytes {
        text.push_str(pattern);
    }
    text
}

fn time(checker: &Checker, text: &str, format: TextFormat) -> Duration {
    let fastest = (0..3).map(|_| {
        let began = Instant::now();
        checker.check(&Post { text, format, attached: &[] }, 0);
        began.elapsed()
    });
    fastest.min().unwrap_or_default()
}

/// The bar is 50 ms for 1 MiB and a ratio of 2.3; a shared machine gets some slack on what is too short to measure.
#[test]
fn time_grows_with_length_and_not_faster() {
    let checker = checker();
    let mut slow = String::new();
    for &pattern in PATTERNS {
        let (half, whole) = (hostile(pattern, MIB / 2), hostile(pattern, MIB));
        for format in [TextFormat::Plain, TextFormat::Html, TextFormat::Markdown] {
            let (short, long) = (time(&checker, &half, format), time(&checker, &whole, format));
            let ratio = long.as_secs_f64() / short.as_secs_f64();
            let limit = if cfg!(debug_assertions) { Duration::from_millis(1_500) } else { Duration::from_millis(50) };
            if long > limit || (ratio > 2.3 && long > Duration::from_millis(10)) {
                let _ = writeln!(slow, "{pattern:?} as {format:?}: {long:?}, {ratio:.2} times half of it");
            }
        }
    }
    assert!(slow.is_empty(), "{slow}");
}

#[test]
fn attached_links_are_bounded_too() {
    let checker = checker();
    for &pattern in PATTERNS {
        let link = hostile(pattern, MIB);
        let began = Instant::now();
        checker.check(&Post { attached: &[&link], ..Post::default() }, 0);
        let limit = if cfg!(debug_assertions) { 1_500 } else { 100 };
        assert!(began.elapsed() < Duration::from_millis(limit), "{pattern:?}: {:?}", began.elapsed());
    }
}
