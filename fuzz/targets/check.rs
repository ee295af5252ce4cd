//! Any post, with attached links: nothing panics, and the report fits the post.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use linkgate::canonical::{TableTexts, Tables};
use linkgate::check::{CachedChecker, Checker, Post, Snapshot};
use linkgate::extract::{Extractor, Options, TextFormat, TopLevels};
use linkgate::index::{Builder, Index, Keys, List, StateKey};
use linkgate::lists::{self, Format};
use linkgate::verdict::Policy;

const NOW: i64 = 1_800_000_000;

static CHECKER: LazyLock<CachedChecker> = LazyLock::new(|| {
    let checker = checker().expect("the demo list compiles");
    CachedChecker::new(checker, 1_000, [7; 32])
});

fn checker() -> Result<Checker, Box<dyn std::error::Error>> {
    let tables = Arc::new(Tables::shipped()?);
    let deep_link_schemes = tables.aliases().deep_link_schemes().map(Into::into).collect();
    let options = Options { deep_link_schemes, ..Options::default() };
    let extractor = Extractor::new(options, TopLevels::parse(TableTexts::shipped().suffixes));
    let index = Arc::new(demo(&tables)?);
    Ok(Checker::new(extractor, Snapshot::new(tables, vec![index], Policy::default())))
}

fn demo(tables: &Arc<Tables>) -> Result<Index, Box<dyn std::error::Error>> {
    let mut entries = Vec::new();
    let demo = include_bytes!("../../lists/demo.csv");
    lists::read(demo, Format::HouseCsv, &lists::Options::default(), tables, &mut |entry| entries.push(entry))?;
    let mut builder = Builder::new(Keys::derive(&StateKey::new([7; StateKey::LEN])), Arc::clone(tables));
    let number = builder.list(List::new("demo", "1"))?;
    for entry in &entries {
        builder.add(number, entry)?;
    }
    Ok(builder.finish())
}

/// The first character says the format; what stands behind each NUL is an attached link.
fn post<'p>(input: &'p str, attached: &'p mut Vec<&'p str>) -> Post<'p> {
    let format = match input.as_bytes().first() {
        Some(b'h') => TextFormat::Html,
        Some(b'm') => TextFormat::Markdown,
        _ => TextFormat::Plain,
    };
    let mut parts = input.split('\0');
    let text = parts.next().unwrap_or("");
    attached.extend(parts);
    Post { text, format, attached }
}

fuzz_target!(|input: &str| {
    let mut attached = Vec::new();
    let post = post(input, &mut attached);
    let checker = CHECKER.checker();
    let report = checker.check(&post, NOW);
    let mut links = checker.links(&post).into_iter();
    for told in &report.links {
        if let Some([from, to]) = told.span {
            assert!(post.text.get(from..to).is_some(), "{from}..{to}");
        }
        assert!(told.action <= report.action, "the strictest link rules the post");
        // Whoever shows links walks both side by side.
        let twin = links.find(|link| link.span.as_ref().map(|span| [span.start, span.end]) == told.span);
        assert!(twin.is_some(), "a report names only links that were found, in their order");
    }
    let json = |report| serde_json::to_string(report).expect("a report is JSON");
    assert_eq!(json(&report), json(&CHECKER.check(&post, NOW)), "a cached verdict is the verdict");
});
