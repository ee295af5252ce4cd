//! The engine beside `url::Url::parse` and what a platform would use instead, in one run.
//!
//! `cargo bench` prints times; the ratios to `Url::parse` in the same run are what counts on a shared machine.
//! `LINKGATE_BENCH_ENTRIES` sets the size of the list (default 1,000,000).

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench that cannot be set up should stop, and its figures are for people"
)]

mod data;
mod peers;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use linkgate::canonical::{Tables, canonical};
use linkgate::check::{Checker, Post, Snapshot};
use linkgate::extract::{Extractor, TextFormat};
use linkgate::index::{Index, Keys, StateKey};
use linkgate::verdict::Policy;

const NOW: i64 = 1_800_000_000;

fn look_up(c: &mut Criterion) {
    let tables = Arc::new(Tables::shipped().unwrap());
    let entries = data::entries_wanted();
    let (plain, odd) = (data::urls(entries, 20_000), data::odd_urls(20_000));
    let index = data::index(entries, &tables);
    println!("{index:?}: {:.1} bytes an entry resident", index.resident_bytes() as f64 / index.entries() as f64);
    let adblock = peers::Adblock::new(entries);
    let set = peers::ExpressionSet::new(entries);

    let mut group = c.benchmark_group("look-up");
    group.throughput(Throughput::Elements(1)).measurement_time(Duration::from_secs(4));
    let mut rounds = plain.iter().cycle();
    group.bench_function("url::Url::parse", |b| b.iter(|| peers::parse(black_box(rounds.next().unwrap()))));
    group.bench_function("HashSet of all expressions", |b| b.iter(|| set.is_listed(black_box(rounds.next().unwrap()))));
    group.bench_function("adblock", |b| b.iter(|| adblock.is_listed(black_box(rounds.next().unwrap()))));
    group.bench_function("linkgate canonical only", |b| b.iter(|| canonical(black_box(rounds.next().unwrap()))));
    let (mut urls, mut hits) = (Vec::new(), Vec::new());
    let mut all = |link: &str| {
        urls.clear();
        hits.clear();
        tables.resolve_into(link, &mut urls);
        for located in &urls {
            index.look_up(&located.url, NOW, &mut hits);
        }
        hits.len()
    };
    group.bench_function("linkgate", |b| b.iter(|| all(black_box(rounds.next().unwrap()))));
    let mut odd = odd.iter().cycle();
    group.bench_function("linkgate, odd spellings", |b| b.iter(|| all(black_box(odd.next().unwrap()))));
    group.bench_function("url::Url::parse, odd spellings", |b| b.iter(|| peers::parse(black_box(odd.next().unwrap()))));
    let hashes = data::hash_index(entries.min(100_000), &tables);
    let mut with_hashes = |link: &str| {
        hits.clear();
        canonical(link).inspect(|url| hashes.look_up(url, NOW, &mut hits));
        hits.len()
    };
    group.bench_function("linkgate, hash list alone", |b| b.iter(|| with_hashes(black_box(rounds.next().unwrap()))));
    group.finish();
}

fn whole_post(c: &mut Criterion) {
    let tables = Arc::new(Tables::shipped().unwrap());
    let entries = data::entries_wanted();
    let index = Arc::new(data::index(entries, &tables));
    let extractor = Extractor::new(data::extract_options(&tables), data::top_levels());
    let checker = Checker::new(extractor, Snapshot::new(tables, vec![index], Policy::default()));
    let (with, without) = (data::posts(entries, 5_000), data::posts_without_links(5_000));
    let mut group = c.benchmark_group("post of 240 bytes");
    for (name, posts) in [("one link", with), ("no link", without)] {
        let mut rounds = posts.iter().cycle();
        group.bench_function(name, |b| {
            b.iter(|| {
                let post = Post { text: rounds.next().unwrap(), format: TextFormat::Plain, attached: &[] };
                black_box(checker.check(&post, NOW)).action
            });
        });
    }
    group.finish();
}

fn files(c: &mut Criterion) {
    let tables = Arc::new(Tables::shipped().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("list.lgx");
    let entries = data::entries_wanted();
    data::index(entries, &tables).save(&path).unwrap();
    let keys = || Keys::derive(&StateKey::new([1; StateKey::LEN]));
    println!("the compiled file has {:.1} bytes an entry", path.metadata().unwrap().len() as f64 / entries as f64);
    let text = data::list_text(entries);
    let mut group = c.benchmark_group(format!("{entries} entries"));
    group.sample_size(10);
    let open = || Index::open(&path, keys(), Arc::clone(&tables)).unwrap();
    group.bench_function("open and verify", |b| b.iter_batched(|| (), |()| open(), BatchSize::PerIteration));
    let compile = || data::compile(&text, &tables);
    group.bench_function("compile from text", |b| b.iter_batched(|| (), |()| compile(), BatchSize::PerIteration));
    group.finish();
}

criterion_group!(engine, look_up, whole_post, files);
criterion_main!(engine);
