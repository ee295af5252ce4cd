//! The sample is uniform, bounded, kept under its key alone, and in nobody's way.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::canonical::Tables;
use crate::index::{Builder, Entry, Keys, List, Scope, StateKey, Target};

const NOW: i64 = 1_800_000_000;
const HALF_DAY_S: i64 = 12 * 60 * 60;

fn key() -> StateKey {
    StateKey::new([7; StateKey::LEN])
}

fn tables() -> Arc<Tables> {
    Arc::new(Tables::shipped().unwrap())
}

fn index(hosts: &[&str]) -> Index {
    let mut builder = Builder::new(Keys::derive(&key()), tables());
    let list = builder.list(List::new("l", "1")).unwrap();
    for host in hosts {
        builder.add(list, &Entry::new(Scope::Domain, Target::Host((*host).into()))).unwrap();
    }
    builder.finish()
}

fn open(dir: &Path, links_max: u32) -> Sampler {
    let (sampler, error) = Sampler::open(dir, &key(), &tables(), links_max);
    assert!(error.is_none(), "{error:?}");
    sampler
}

fn see(sampler: &Sampler, links: &[&str], now: i64) {
    sampler.see(links.iter().map(|link| [Some(*link), None]), now);
}

fn newly(sampler: &Sampler, new: &[&str], live: Option<&[&str]>) -> (u64, u64) {
    let live = live.map(index);
    let foreseen = sampler.sample().foresee(&index(new), live.as_ref(), NOW);
    (foreseen.newly_matched, foreseen.links)
}

#[test]
fn links_are_held_against_the_new_index_and_the_one_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let sampler = open(dir.path(), 100);
    let links = ["https://a.example/", "https://b.example/", "https://c.example/?u=https://a.example/", "a b"];
    see(&sampler, &links, NOW);
    sampler.see([[Some("https://d.example/"), Some("https://a.example/x")]].into_iter(), NOW);
    assert_eq!(newly(&sampler, &["a.example"], None), (3, 5));
    assert_eq!(newly(&sampler, &["a.example", "b.example"], Some(&["a.example"])), (1, 5));
    assert_eq!(newly(&sampler, &["a.example"], Some(&["a.example", "b.example"])), (0, 5));
    assert_eq!(newly(&sampler, &["other.example"], None), (0, 5));
}

#[test]
fn every_link_of_a_half_day_is_taken_with_the_same_chance() {
    let dir = tempfile::tempdir().unwrap();
    let hosts: Vec<String> = (0..10).map(|part| format!("p{part}.example")).collect();
    let indexes: Vec<Index> = hosts.iter().map(|host| index(&[host])).collect();
    let mut taken: BTreeMap<usize, u64> = BTreeMap::new();
    for _ in 0..20 {
        let sampler = open(dir.path(), 200);
        for number in 0..2_000 {
            see(&sampler, &[&format!("https://{}/", hosts[number / 200])], NOW);
        }
        let sample = sampler.sample();
        assert_eq!((sample.len(), sample.seen), (100, 2_000));
        for (part, index) in indexes.iter().enumerate() {
            *taken.entry(part).or_default() += sample.foresee(index, None, NOW).newly_matched;
        }
    }
    // 200 are expected of each part, give or take 14.
    assert!(taken.values().all(|count| (130..=270).contains(count)), "{taken:?}");
}

#[test]
fn what_is_older_than_a_day_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let sampler = open(dir.path(), 100);
    let found = |host: &str| newly(&sampler, &[host], None).0;
    see(&sampler, &["https://a.example/"], NOW);
    see(&sampler, &["https://b.example/"], NOW + HALF_DAY_S - 1);
    see(&sampler, &["https://c.example/"], NOW + HALF_DAY_S);
    assert_eq!(["a.example", "b.example", "c.example"].map(found), [1, 1, 1]);
    see(&sampler, &["https://d.example/"], NOW + 2 * HALF_DAY_S);
    assert_eq!(["a.example", "b.example", "c.example", "d.example"].map(found), [0, 0, 1, 1]);
    // A clock that was ahead once holds nothing back.
    see(&sampler, &["https://e.example/"], NOW);
    assert_eq!(["c.example", "d.example", "e.example"].map(found), [0, 1, 1]);
}

#[test]
fn no_more_links_are_kept_than_may() {
    let dir = tempfile::tempdir().unwrap();
    for (links_max, expected) in [(0, 0), (1, 0), (2, 2), (20, 20)] {
        let sampler = open(dir.path(), links_max);
        for now in [NOW, NOW + HALF_DAY_S] {
            (0..50).for_each(|_| see(&sampler, &["https://a.example/"], now));
        }
        assert_eq!(sampler.sample().len(), expected, "{links_max}");
    }
    let sampler = open(dir.path(), u32::MAX);
    let most = LINKS_MAX as usize / 2;
    (0..=most).for_each(|_| see(&sampler, &["?"], NOW));
    assert_eq!(sampler.sample().len(), most);
}

#[test]
fn it_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let sampler = open(dir.path(), 100);
    sampler.keep_all().unwrap();
    assert!(!dir.path().join("sample").exists(), "nothing to keep");
    see(&sampler, &["https://a.example/", "https://b.example/"], NOW);
    see(&sampler, &["https://a.example/"], NOW + HALF_DAY_S);
    sampler.keep().unwrap();
    let next = open(dir.path(), 100);
    assert_eq!(newly(&next, &["a.example"], None), (2, 3));
    assert_eq!((next.sample().began, next.sample().seen), (NOW + HALF_DAY_S, 1));
    assert_eq!(open(dir.path(), 2).sample().len(), 2);
}

#[test]
fn it_is_written_when_enough_has_changed_and_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let sampler = open(dir.path(), 1_000);
    let kept = || open(dir.path(), 1_000).sample().len();
    (0..128).for_each(|_| see(&sampler, &["https://a.example/"], NOW));
    sampler.keep().unwrap();
    assert_eq!(kept(), 128);
    see(&sampler, &["https://a.example/"; 2], NOW);
    sampler.keep().unwrap();
    assert_eq!(kept(), 128);
    see(&sampler, &["https://a.example/"], NOW);
    sampler.keep().unwrap();
    assert_eq!(kept(), 131);
    see(&sampler, &["https://a.example/"], NOW);
    sampler.keep_all().unwrap();
    assert_eq!(kept(), 132);
}

#[test]
fn a_file_of_another_key_or_other_rules_or_a_damaged_one_is_no_sample() {
    let dir = tempfile::tempdir().unwrap();
    let sampler = open(dir.path(), 100);
    see(&sampler, &["https://a.example/"], NOW);
    sampler.keep_all().unwrap();
    let path = dir.path().join("sample");
    let good = std::fs::read(&path).unwrap();
    let is_dropped = |key: &StateKey, tables: &Arc<Tables>| {
        let (sampler, error) = Sampler::open(dir.path(), key, tables, 100);
        sampler.sample().is_empty() && matches!(error, Some(SampleError::Other { .. }))
    };
    assert!(!is_dropped(&key(), &tables()));
    assert!(is_dropped(&StateKey::new([8; StateKey::LEN]), &tables()));
    let texts = crate::canonical::TableTexts { tracking: "", ..crate::canonical::TableTexts::shipped() };
    assert!(is_dropped(&key(), &Arc::new(Tables::parse(&texts).unwrap())));
    for bad in [&good[..good.len() - 1], &[&good[..], b"x"].concat(), b"", b"https://a.example/"] {
        std::fs::write(&path, bad).unwrap();
        assert!(is_dropped(&key(), &tables()));
    }
    // More than a sample can have is not read to its end: this would take an hour, and all memory.
    std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    assert!(is_dropped(&key(), &tables()));
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let (sampler, error) = Sampler::open(dir.path(), &key(), &tables(), 100);
    assert!(matches!(error, Some(SampleError::Read { .. })));
    see(&sampler, &["https://a.example/"], NOW);
    for _ in 0..2 {
        assert!(matches!(sampler.keep_all(), Err(SampleError::Write { .. })), "what was not written is tried again");
    }
}

#[test]
fn many_threads_share_one_sample() {
    let dir = tempfile::tempdir().unwrap();
    let sampler = open(dir.path(), 1_000);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..5_000).for_each(|_| see(&sampler, &["https://a.example/"], NOW)));
        }
        scope.spawn(|| (0..50).for_each(|_| sampler.keep_all().unwrap()));
    });
    assert_eq!(sampler.sample().seen, 20_000);
    assert_eq!(newly(&sampler, &["a.example"], None), (500, 500));
}
