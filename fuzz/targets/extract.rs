//! Any text in every format: nothing panics, and links lie in the text, whole characters, in order.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use linkgate::canonical::{TableTexts, Tables};
use linkgate::extract::{Extraction, Extractor, Options, TextFormat, TopLevels};

/// As the product has it: the shipped names and the schemes of messengers.
static EXTRACTOR: LazyLock<Extractor> = LazyLock::new(|| {
    let tables = Tables::shipped().expect("the shipped tables can be read");
    let deep_link_schemes = tables.aliases().deep_link_schemes().map(Into::into).collect();
    let options = Options { deep_link_schemes, ..Options::default() };
    Extractor::new(options, TopLevels::parse(TableTexts::shipped().suffixes))
});

fuzz_target!(|text: &str| {
    for format in [TextFormat::Plain, TextFormat::Html, TextFormat::Markdown] {
        hold(text, format, &EXTRACTOR.links(text, format));
    }
});

fn hold(text: &str, format: TextFormat, found: &Extraction<'_>) {
    let options = EXTRACTOR.options();
    assert!(found.links.len() <= options.links_max + options.candidates_max);
    let mut before = 0;
    for link in &found.links {
        let span = link.span.clone().expect("a link of a text has a place in it");
        assert!(text.get(span.clone()).is_some_and(|written| !written.is_empty()), "{format:?} {span:?}");
        assert!(span.start >= before, "{format:?} {span:?} begins before {before}");
        assert!(!link.url.is_empty(), "{format:?} {span:?}");
        assert!(link.other_reading.as_ref() != Some(&link.url), "{format:?} {span:?}: both readings are one");
        // Targets and visible text of markup may enclose each other.
        before = if format == TextFormat::Plain { span.end } else { span.start };
    }
}
