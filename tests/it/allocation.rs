//! A post without links costs no memory: nothing is allocated on its way to the verdict.

use std::fs;

use allocation_counter::measure;
use linkgate::check::{Checker, Post, Snapshot};
use linkgate::extract::{Options, TextFormat};
use linkgate::verdict::Policy;

use crate::{extractor, root, tables};

/// The prose has at least so many lines without links.
const LINES_MIN: usize = 400;

fn post(text: &str) -> Post<'_> {
    Post { text, format: TextFormat::Plain, attached: &[] }
}

#[test]
fn a_post_without_links_allocates_nothing() {
    let snapshot = Snapshot::new(tables(), vec![], Policy::default());
    let checker = Checker::new(extractor(&Options::default()), snapshot);
    // A thread's first check makes room for its share of the swap.
    checker.check(&post(""), 0);
    let mut lines = 0;
    for entry in fs::read_dir(root().join("tests/data/prose")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        for line in text.lines().filter(|line| checker.links(&post(line)).is_empty()) {
            let counted = measure(|| drop(checker.check(&post(line), 0)));
            assert_eq!(counted.count_total, 0, "{line}");
            lines += 1;
        }
    }
    assert!(lines >= LINES_MIN, "{lines} lines");
    let with_link = measure(|| drop(checker.check(&post("see https://fine.example/"), 0)));
    assert!(with_link.count_total > 0, "the counter counts");
}
