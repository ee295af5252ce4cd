//! Vectors, properties and limits of the whole extractor.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

const NAMES: &str = "com\nnet\norg\nio\nmd\nrs\nname\nin\nme\nsite\nрф\nco.uk\n";

fn extractor() -> Extractor {
    let options = Options { deep_link_schemes: vec!["tg".into()], ..Options::default() };
    Extractor::new(options, TopLevels::parse(NAMES))
}

fn format_of(name: &str) -> TextFormat {
    match name {
        "html" => TextFormat::Html,
        "markdown" => TextFormat::Markdown,
        _ => TextFormat::Plain,
    }
}

fn strings(value: &serde_json::Value) -> Vec<&str> {
    value.as_array().map(|list| list.iter().filter_map(|one| one.as_str()).collect()).unwrap_or_default()
}

#[test]
fn vectors() {
    let extractor = extractor();
    let mut failed = String::new();
    for (index, line) in include_str!("../../tests/data/extract.jsonl").lines().enumerate() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = case["text"].as_str().unwrap();
        let found = extractor.links(text, format_of(case["format"].as_str().unwrap_or("plain")));
        let urls: Vec<_> = found.links.iter().filter(|link| !link.weak).map(|link| &*link.url).collect();
        let weak: Vec<_> = found.links.iter().filter(|link| link.weak).map(|link| &*link.url).collect();
        let others: Vec<_> = found.links.iter().filter_map(|link| link.other_reading.as_deref()).collect();
        let wrong_others = case.get("other").is_some_and(|other| strings(other) != others);
        if urls != strings(&case["urls"]) || weak != strings(&case["weak"]) || wrong_others {
            writeln!(failed, "line {}: {text}\n  urls {urls:?} weak {weak:?} other {others:?}", index + 1).unwrap();
        }
    }
    assert!(failed.is_empty(), "{failed}");
}

fn check_written(text: &str, format: TextFormat, expected: Written) {
    let extractor = extractor();
    let found = extractor.links(text, format);
    assert_eq!(found.links.first().unwrap().written, expected, "{text}");
}

#[test]
fn signs_of_evasion() {
    let none = Written::default();
    let defanged = Written { defanged: true, ..none };
    let zero_width = Written { zero_width: true, ..none };
    let differs = Written { text_differs_from_target: true, ..none };
    check_written("http://name.example/a", TextFormat::Plain, none);
    check_written("name.example", TextFormat::Plain, none);
    check_written("hxxp://name.example", TextFormat::Plain, defanged);
    check_written("name[.]example", TextFormat::Plain, defanged);
    check_written("name。example", TextFormat::Plain, defanged);
    check_written("na\u{200B}me.example", TextFormat::Plain, zero_width);
    check_written("http://na\u{AD}me.example", TextFormat::Plain, zero_width);
    check_written("<a href=http://name.example>word</a>", TextFormat::Html, none);
    check_written("<a href=http://name.example>www.name.example</a>", TextFormat::Html, none);
    check_written("<a href=http://name.example>other.example</a>", TextFormat::Html, differs);
    check_written("[http://name.example/](http://name.example/a)", TextFormat::Markdown, none);
    check_written("[http://name.example/](http://other.example/)", TextFormat::Markdown, differs);
    check_written("[name.example](http://name.example) then other.example", TextFormat::Markdown, none);
}

#[test]
fn kinds() {
    let extractor = extractor();
    let cases = [
        ("http://name.example", TextFormat::Plain, LinkKind::Schemed),
        ("name.example", TextFormat::Plain, LinkKind::Schemeless),
        ("name[.]example", TextFormat::Plain, LinkKind::Defanged),
        ("tg://resolve?domain=name", TextFormat::Plain, LinkKind::Schemed),
        ("<img src=//name.example/a>", TextFormat::Html, LinkKind::Markup),
        ("[a](http://name.example)", TextFormat::Markdown, LinkKind::Markup),
    ];
    for (text, format, kind) in cases {
        assert_eq!(extractor.links(text, format).links.first().unwrap().kind, kind, "{text}");
    }
}

#[test]
fn spans_are_of_the_text_as_written() {
    let extractor = extractor();
    let cases = [
        ("see hxxp://name[.]example/a.", TextFormat::Plain, "hxxp://name[.]example/a"),
        ("<a href=\"http://name.example/?a&amp;b\">", TextFormat::Html, "http://name.example/?a&amp;b"),
        ("x na<b>me.exam</b>ple/a y", TextFormat::Html, "na<b>me.exam</b>ple/a"),
        ("[a](<http://name.example/>)", TextFormat::Markdown, "http://name.example/"),
        ("é ｎａｍｅ．example ü", TextFormat::Plain, "ｎａｍｅ．example"),
    ];
    for (text, format, expected) in cases {
        let found = extractor.links(text, format);
        let span = found.links.first().unwrap().span.clone().unwrap();
        assert_eq!(&text[span], expected, "{text}");
    }
}

#[test]
fn urls_borrow_where_nothing_was_rewritten() {
    let extractor = extractor();
    let found = extractor.links("a http://name.example/a (name.example/b) //name.example", TextFormat::Plain);
    assert_eq!(found.links.len(), 3);
    assert!(found.links.iter().all(|link| matches!(link.url, Cow::Borrowed(_))));
}

#[test]
fn limits_are_told() {
    let extractor = extractor();
    for (unit, at_most) in [("http://name.example/a ", 200), ("word.name ", 1_000)] {
        let found = extractor.links(&unit.repeat(at_most), TextFormat::Plain).overflow;
        assert!(!found, "{unit} × {at_most}");
        for format in [TextFormat::Plain, TextFormat::Html, TextFormat::Markdown] {
            let text = unit.repeat(at_most + 1) + "&amp;";
            let found = extractor.links(&text, format);
            assert!(found.overflow && found.links.len() == at_most, "{unit} × {}", at_most + 1);
        }
    }
}

#[test]
fn options_narrow_the_search() {
    let text = "http://a.example www.b.example c.example d[.]example 192.0.2.1";
    let cases = [
        (Schemeless::All, false, "http://a.example www.b.example c.example d.example"),
        (Schemeless::All, true, "http://a.example www.b.example c.example d.example 192.0.2.1"),
        (Schemeless::WwwOnly, false, "http://a.example www.b.example d.example"),
        (Schemeless::None, false, "http://a.example d.example"),
    ];
    for (schemeless, bare_ip, expected) in cases {
        let options = Options { schemeless, bare_ip, ..Options::default() };
        let extractor = Extractor::new(options, TopLevels::parse(NAMES));
        let found = extractor.links(text, TextFormat::Plain);
        let urls: Vec<_> = found.links.iter().map(|link| &*link.url).collect();
        assert_eq!(urls.join(" "), expected);
    }
}

/// Pieces that hostile texts are made of.
const PIECES: [&str; 46] = [
    "[",
    "(",
    "@",
    ".",
    "http://",
    "http:",
    "https://a@",
    ".example.",
    "\u{200B}",
    "a\u{200B}.",
    "%",
    "%2E",
    "<",
    "<a ",
    "<a href=\"",
    "<!--",
    "<style>",
    "&",
    "&amp",
    "[a](",
    "](",
    "[a]: ",
    "*",
    "_",
    "a . ",
    "a dot ",
    "-dot-a",
    "a.b@",
    "//a.",
    "[.]",
    "a(.)",
    "。",
    "あ。",
    "a.exampleあ",
    "a.example/(",
    "1.2.3.4.",
    "1/",
    "[::1",
    "url(",
    "</a>",
    "a.example)",
    "''",
    "h t t p : / / ",
    "\\",
    "http%3A%2F%2F",
    "xn--.",
];

#[test]
fn time_is_linear() {
    let extractor = extractor();
    let time = |text: &str, format| {
        let runs = (0..3).map(|_| {
            let begin = Instant::now();
            std::hint::black_box(extractor.links(text, format));
            begin.elapsed()
        });
        runs.min().unwrap_or_default()
    };
    for format in [TextFormat::Plain, TextFormat::Html, TextFormat::Markdown] {
        for piece in PIECES {
            let text = piece.repeat((1 << 16) / piece.len());
            let (half, whole) =
                (time(&text[..text.len() / 2 / piece.len() * piece.len()], format), time(&text, format));
            // A wide bound, since other tests run at the same time; what is quadratic is far beyond it.
            let is_linear = whole < half * 4 || whole < Duration::from_millis(40);
            assert!(is_linear, "{format:?} {piece:?}: {half:?}, {whole:?}");
        }
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(PIECES.to_vec()).prop_map(str::to_owned),
        2 => "[a-z.:/]{1,8}",
        1 => "\\PC{1,4}",
        1 => Just("name.example/a".to_owned()),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn links_lie_in_the_text_and_in_order(text in hostile(), format in 0..3_u8) {
        let format = [TextFormat::Plain, TextFormat::Html, TextFormat::Markdown][usize::from(format)];
        let found = extractor().links(&text, format);
        let mut before = 0;
        for link in &found.links {
            let span = link.span.clone().unwrap();
            prop_assert!(text.get(span.clone()).is_some(), "{span:?}");
            prop_assert!(span.start >= before && !span.is_empty());
            prop_assert!(!link.url.is_empty());
            // Targets and visible text of markup may enclose each other.
            before = if format == TextFormat::Plain { span.end } else { span.start };
        }
    }
}
