//! How many instructions the engine takes, counted by callgrind: a regression shows on a noisy machine too.
//!
//! `cargo bench --features count-instructions --bench instructions` prints the counts, each for a thousand URLs, posts or
//! lines, and fails where one is above its limit. A limit stands about a sixth above what was counted last; lower it when
//! the code gets faster. It needs valgrind, and gungraun-runner of the version in `Cargo.lock`. Valgrind knows no SHA
//! instructions, so hashes cost several times what they cost on a processor that has them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unused_qualifications,
    missing_docs,
    reason = "a bench that cannot be set up should stop; the macros write the rest"
)]

#[path = "../engine/data.rs"]
#[expect(dead_code, reason = "the other bench uses the rest")]
mod data;

use std::hint::black_box;
use std::sync::Arc;

use gungraun::prelude::*;
use gungraun::{Callgrind, EventKind};
use linkgate::canonical::{Tables, canonical};
use linkgate::check::{Checker, Post, Snapshot};
use linkgate::extract::{Extractor, TextFormat};
use linkgate::index::{Hit, Index};
use linkgate::verdict::Policy;

const NOW: i64 = 1_800_000_000;
const ENTRIES: usize = 10_000;
const ROUNDS: usize = 1_000;

/// What a look-up needs, and the URLs it is asked for; nothing in it is made or dropped while instructions are counted.
struct LookUp {
    tables: Arc<Tables>,
    index: Index,
    urls: Vec<String>,
}

fn plain() -> &'static LookUp {
    let tables = Arc::new(Tables::shipped().unwrap());
    let index = data::index(ENTRIES, &tables);
    Box::leak(Box::new(LookUp { tables, index, urls: data::urls(ENTRIES, ROUNDS) }))
}

fn odd() -> &'static LookUp {
    Box::leak(Box::new(LookUp { urls: data::odd_urls(ROUNDS), ..own(plain()) }))
}

fn hashes() -> &'static LookUp {
    let tables = Arc::new(Tables::shipped().unwrap());
    let index = data::hash_index(ENTRIES, &tables);
    Box::leak(Box::new(LookUp { tables, index, urls: data::urls(ENTRIES, ROUNDS) }))
}

fn own(from: &LookUp) -> LookUp {
    LookUp { tables: Arc::clone(&from.tables), index: data::index(ENTRIES, &from.tables), urls: Vec::new() }
}

fn limit(instructions: u64) -> LibraryBenchmarkConfig {
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(Callgrind::default().hard_limits([(EventKind::Ir, instructions)]));
    config
}

// The yardstick.
#[library_benchmark]
#[bench::plain(plain())]
#[bench::odd(odd())]
fn url_parse(set: &LookUp) {
    for url in &set.urls {
        #[expect(clippy::disallowed_methods, reason = "the peer that everything is measured beside")]
        let _ = black_box(url::Url::parse(black_box(url)));
    }
}

#[library_benchmark]
#[bench::plain(args = (plain()), config = limit(1_900_000))]
fn canonical_alone(set: &LookUp) {
    for url in &set.urls {
        black_box(canonical(black_box(url)));
    }
}

#[library_benchmark]
#[bench::plain(args = (plain()), config = limit(5_000_000))]
#[bench::odd(args = (odd()), config = limit(16_500_000))]
#[bench::hashes(args = (hashes()), config = limit(47_000_000))]
fn look_up(set: &LookUp) -> usize {
    let (mut urls, mut hits): (_, Vec<Hit>) = (Vec::new(), Vec::new());
    let mut found = 0;
    for link in &set.urls {
        urls.clear();
        hits.clear();
        set.tables.resolve_into(black_box(link), &mut urls);
        for located in &urls {
            set.index.look_up(&located.url, NOW, &mut hits);
        }
        found += hits.len();
    }
    found
}

type Posts = (Checker, Vec<String>);

fn checker(posts: Vec<String>) -> &'static Posts {
    let tables = Arc::new(Tables::shipped().unwrap());
    let index = Arc::new(data::index(ENTRIES, &tables));
    let extractor = Extractor::new(data::extract_options(&tables), data::top_levels());
    let checker = Checker::new(extractor, Snapshot::new(tables, vec![index], Policy::default()));
    Box::leak(Box::new((checker, posts)))
}

#[library_benchmark]
#[bench::one_link(args = (checker(data::posts(ENTRIES, ROUNDS))), config = limit(16_500_000))]
#[bench::no_link(args = (checker(data::posts_without_links(ROUNDS))), config = limit(4_000_000))]
fn post_of_240_bytes((checker, posts): &Posts) {
    for text in posts {
        let post = Post { text, format: TextFormat::Plain, attached: &[] };
        black_box(checker.check(&post, NOW));
    }
}

fn lines() -> &'static (Arc<Tables>, Vec<u8>) {
    Box::leak(Box::new((Arc::new(Tables::shipped().unwrap()), data::list_text(ROUNDS))))
}

#[library_benchmark]
#[bench::text(args = (lines()), config = limit(16_000_000))]
fn compile((tables, text): &(Arc<Tables>, Vec<u8>)) -> Index {
    data::compile(text, tables)
}

library_benchmark_group!(name = engine, benchmarks = [url_parse, canonical_alone, look_up, post_of_240_bytes, compile]);
main!(library_benchmark_groups = engine);
