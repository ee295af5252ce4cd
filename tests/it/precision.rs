//! Ordinary prose and source code in many scripts: no links where there are none, and every planted one whole.

use std::fs;
use std::path::PathBuf;

use linkgate::extract::{Extraction, Extractor, Link, Options, TextFormat};

use crate::{extractor, root};

/// One link may be invented in so many words.
const WORDS_PER_LINK: usize = 200;
/// The whole corpus has at least so many words.
const WORDS_MIN: usize = 6_000;
/// Scripts without spaces: so many characters are one word, about.
const CHARS_PER_WORD: usize = 2;

/// As the product has it, with room for a whole text.
fn roomy() -> Extractor {
    extractor(&Options { links_max: 10_000, candidates_max: 10_000, ..Options::default() })
}

fn corpus() -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(root().join("tests/data/prose")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

fn words(text: &str) -> usize {
    let is_unspaced = |c: char| matches!(c, '\u{E00}'..='\u{E7F}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}');
    let unspaced = text.chars().filter(|&c| is_unspaced(c)).count();
    let spaced = text.split(|c: char| c.is_whitespace() || is_unspaced(c)).filter(|word| !word.is_empty()).count();
    spaced + unspaced / CHARS_PER_WORD
}

/// What an operator would see of it.
fn reported<'f, 't>(found: &'f Extraction<'t>) -> impl Iterator<Item = &'f Link<'t>> {
    found.links.iter().filter(|link| !link.weak)
}

#[test]
fn prose_and_code_without_links_give_hardly_any() {
    let extractor = roomy();
    let (mut wrong, mut all) = (Vec::new(), 0);
    for (path, text) in corpus() {
        let words = words(&text);
        all += words;
        assert!(words >= WORDS_PER_LINK, "{}: {words} words are too few to judge by", path.display());
        for format in [TextFormat::Plain, TextFormat::Markdown, TextFormat::Html] {
            let found = extractor.links(&text, format);
            let invented: Vec<&str> = reported(&found).map(|link| &*link.url).collect();
            if invented.len() > words / WORDS_PER_LINK {
                wrong.push(format!("{} as {format:?}: {invented:?}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(all >= WORDS_MIN, "{all} words");
}

#[test]
fn links_in_prose_of_every_script_are_found_whole() {
    let extractor = roomy();
    let mut wrong = Vec::new();
    for line in include_str!("../data/prose/links.jsonl").lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = case["text"].as_str().unwrap();
        let found = extractor.links(text, TextFormat::Plain);
        let mut links = reported(&found);
        for planted in case["urls"].as_array().unwrap() {
            let planted = planted.as_str().unwrap();
            let is_planted = |link: &&Link<'_>| link.url == planted || link.other_reading.as_deref() == Some(planted);
            if !links.by_ref().any(|link| is_planted(&link)) {
                wrong.push(format!("{planted} in {text}"));
                break;
            }
        }
        let planted = case["urls"].as_array().unwrap().len();
        let count = reported(&found).count();
        if count != planted {
            wrong.push(format!("{count} links instead of {planted} in {text}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
