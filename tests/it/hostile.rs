//! Text that is meant to hurt: no panic, and time that grows with length and not faster.

use std::time::Duration;

use linkgate::check::{Checker, Post, Snapshot};
use linkgate::extract::{Options, TextFormat};
use linkgate::verdict::Policy;

use crate::{extractor, tables};

const MIB: usize = 1 << 20;

fn checker() -> Checker {
    Checker::new(extractor(&Options::default()), Snapshot::new(tables(), vec![], Policy::default()))
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
    ("", "http%3A%2F%2F"),
    ("", "http%3A%2F%2F-"),
    ("", "http%253A%252F%252F%"),
    ("", "a.example%2F"),
    ("", "a. bc/"),
    ("", "a .bc/"),
    ("", "a.example/,b.example"),
    ("http://a.example/", ",b.example/"),
    ("http://a.example/", "&nbsp;"),
    ("http://a.example/", "%20"),
    ("http://a.example/", "a[1]"),
    ("", "a[.example]/"),
    ("http://", ".a.."),
    ("", "я\u{200b}a."),
];

fn hostile((start, pattern): (&str, &str), bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + pattern.len());
    text.push_str(start);
    while text.len() < bytes {
        text.push_str(pattern);
    }
    text
}

/// Processor time of this thread: on a shared machine the wall clock counts other people's work.
///
/// The kernel brings it up to date at every tick, so it can be off by [`TICK`].
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

const TICK: Duration = Duration::from_millis(5);

/// The mean of some runs, so that what the kernel has not counted yet weighs little.
fn time(checker: &Checker, post: &Post<'_>) -> Duration {
    const RUNS: u32 = 4;
    let began = processor_time();
    for _ in 0..RUNS {
        checker.check(post, 0);
    }
    processor_time().saturating_sub(began) / RUNS
}

/// Whether a measurement fails again and again: one alone may have met another program.
fn keeps_failing(fails: impl Fn() -> Option<String>) -> Option<String> {
    (0..4).map(|_| fails()).take_while(Option::is_some).flatten().nth(3)
}

/// The bar for 1 MiB; code without optimisation gets more.
fn limit() -> Duration {
    if cfg!(debug_assertions) { Duration::from_millis(1_500) } else { Duration::from_millis(50) }
}

#[test]
fn time_grows_with_length_and_not_faster() {
    let checker = checker();
    let mut slow = String::new();
    for &pattern in PATTERNS {
        let (half, whole) = (hostile(pattern, MIB / 2), hostile(pattern, MIB));
        for format in [TextFormat::Plain, TextFormat::Html, TextFormat::Markdown] {
            let of = |text| time(&checker, &Post { text, format, attached: &[] });
            let failure = keeps_failing(|| {
                let (short, long) = (of(&half), of(&whole));
                let too_slow = long > limit() + TICK || long > short.mul_f64(2.3) + TICK;
                too_slow.then(|| format!("{pattern:?} as {format:?}: {long:?}, half of it {short:?}"))
            });
            slow.extend(failure.map(|failure| failure + "\n"));
        }
    }
    assert!(slow.is_empty(), "{slow}");
}

#[test]
fn attached_links_are_bounded_too() {
    let checker = checker();
    for &pattern in PATTERNS {
        let link = hostile(pattern, MIB);
        let failure = keeps_failing(|| {
            let time = time(&checker, &Post { attached: &[&link], ..Post::default() });
            (time > limit() + TICK).then(|| format!("{pattern:?}: {time:?}"))
        });
        assert_eq!(failure, None);
    }
}
