//! Versions that come in, wait, and are read again.

mod damage;
mod people;

use std::collections::{BTreeMap, BTreeSet};

use crate::canonical::canonical;
use crate::index::Category;
use crate::lists::guard::{GuardOptions, GuardTexts};
use crate::lists::{Format, Piece, PlainMeans, Proof};

use super::*;
use crate::sample::Sampler;

const NOW: i64 = 1_800_000_000;

fn listing(tables: &Tables) -> Listing {
    let guards = Guards::new(&GuardTexts::shipped(), tables, GuardOptions::default());
    let source = Source { name: "a/b ü".into(), ..Source::new("", None) };
    Listing {
        source,
        guards: guards.into(),
        proof: Proof::default(),
        canary: None,
        anti_canary: None,
        approvers: 1,
        maintainer: Maintainer::Other,
    }
}

struct Stand {
    dir: tempfile::TempDir,
    store: Store,
    listing: Listing,
}

impl Stand {
    fn new() -> Self {
        let tables = Arc::new(Tables::shipped().unwrap());
        let dir = tempfile::tempdir().unwrap();
        let listing = listing(&tables);
        Self { store: Store::in_dir(dir.path(), &StateKey::new([1; 32]), &tables), dir, listing }
    }

    fn offer(&self, text: &str, issued: Option<&str>) -> Result<Taken, StoreError> {
        let format = if text.contains("||") { Format::Adblock } else { Format::Plain };
        let pieces = vec![Piece { text: text.as_bytes().to_vec(), format }];
        let offer = Offer { pieces, issued: issued.map(str::to_owned), signature: None, at: NOW };
        self.store.take(&self.listing, offer)
    }

    fn lists(&self, host: &str) -> bool {
        let mut hits = Vec::new();
        let live = self.store.live(&self.listing).unwrap().unwrap();
        live.index.look_up(&canonical(host).unwrap(), NOW, &mut hits);
        !hits.is_empty()
    }

    fn book(&self) -> Book {
        self.store.book(&self.listing.source.name).unwrap()
    }

    fn index(&self, number: u64) -> PathBuf {
        let read_as = &self.book().versions[&number].read_as;
        self.place().join(format!("{number}-{read_as}.lgx"))
    }

    fn place(&self) -> PathBuf {
        self.store.place(&self.listing.source.name).dir().to_owned()
    }
}

fn many(count: usize) -> String {
    let lines: Vec<String> = (0..count).map(|number| format!("h{number}.example\n")).collect();
    lines.concat()
}

#[test]
fn versions_come_in_and_the_former_can_be_gone_back_to() {
    let stand = Stand::new();
    assert!(stand.store.live(&stand.listing).unwrap().is_none());
    assert_eq!(stand.offer("one.example\n", None).unwrap(), Taken::Live);
    assert_eq!(stand.offer("one.example\n", None).unwrap(), Taken::Same);
    assert_eq!(stand.offer("two.example\n", None).unwrap(), Taken::Live);
    assert!(stand.lists("two.example") && !stand.lists("one.example"));
    assert_eq!(stand.store.roll_back(&stand.listing, None).unwrap(), 1);
    assert!(stand.lists("one.example"));
    // It is not taken again by itself; another one is.
    assert_eq!(stand.offer("two.example\n", None).unwrap(), Taken::Refused);
    assert_eq!(stand.offer("three.example\n", None).unwrap(), Taken::Live);
    let difference = stand.store.difference(&stand.listing, 1, 3).unwrap();
    assert_eq!((difference.added.len(), difference.removed.len()), (1, 1));
    assert!(matches!(stand.store.roll_back(&stand.listing, Some(9)), Err(StoreError::NoVersion { .. })));
    assert!(matches!(stand.store.approve(&stand.listing, 2, &["ann"]), Err(StoreError::NothingPending { .. })));
}

#[test]
fn versions_differ_by_the_ids_of_their_entries() {
    let stand = Stand::new();
    let ids = |numbers: &[&str]| numbers.iter().map(|number| (*number).to_owned()).collect::<BTreeSet<_>>();
    let text = |hosts: &[&str]| {
        let line = |host: &&str| format!("id-{host},{host}.example,domain\n");
        "id,value,scope\n".to_owned() + &hosts.iter().map(line).collect::<String>()
    };
    let take = |hosts: &[&str]| {
        let pieces = vec![Piece { text: text(hosts).into_bytes(), format: Format::HouseCsv }];
        stand.store.take(&stand.listing, Offer { pieces, issued: None, signature: None, at: NOW }).unwrap()
    };
    // Some stand there twice.
    for hosts in [&["a", "b", "b", "c"][..], &["c", "a", "b"], &["d", "b", "e", "d", "a", "e"]] {
        assert_eq!(take(hosts), Taken::Live);
    }
    for ((first, second), added, removed) in [
        ((1, 2), &[][..], &[][..]),
        ((1, 1), &[], &[]),
        ((1, 3), &["id-d", "id-e"], &["id-c"]),
        ((3, 1), &["id-c"], &["id-d", "id-e"]),
    ] {
        let difference = stand.store.difference(&stand.listing, first, second).unwrap();
        let counts = (difference.added_count, difference.removed_count);
        assert_eq!((&difference.added, &difference.removed), (&ids(added), &ids(removed)), "{first} {second}");
        assert_eq!(counts, (added.len() as u64, removed.len() as u64), "{first} {second}");
        assert!(!difference.is_cut());
    }
    assert!(matches!(stand.store.difference(&stand.listing, 1, 9), Err(StoreError::NoVersion { .. })));
    let changes = stand.book().changes;
    let told_of = |change: &Change, bytes: usize| stand.store.changed(&stand.listing, change, bytes).unwrap();
    let figures = |difference: Option<Difference>| {
        difference.map(|one| (one.added.len(), one.added_count, one.removed.len(), one.removed_count, one.is_cut()))
    };
    // Each id takes seven bytes.
    assert_eq!(figures(told_of(&changes[0], 21)), Some((3, 3, 0, 0, false)));
    assert_eq!(figures(told_of(&changes[0], 20)), Some((2, 3, 0, 0, true)));
    assert_eq!(figures(told_of(&changes[2], 7)), Some((1, 2, 1, 1, true)));
    assert_eq!(told_of(&changes[2], 7).unwrap().added, ids(&["id-d"]));
    assert_eq!(figures(told_of(&changes[2], 0)), Some((0, 2, 0, 1, true)));
    let of_one = Change { from: Some(3), entry: Some("id-a".into()), ..changes[2].clone() };
    let gone = Change { from: Some(7), ..changes[2].clone() };
    assert_eq!((told_of(&of_one, 99), told_of(&gone, 99)), (None, None));
}

#[test]
fn what_was_told_stays_told_whatever_else_is_noted() {
    let stand = Stand::new();
    let (store, name) = (&stand.store, &stand.listing.source.name);
    let asked = store.notes(name).unwrap();
    let third = Told { number: 3, at: 9 };
    store.note_told(name, third).unwrap();
    store.note(name, &Notes { failures: 2, ..asked }).unwrap();
    let notes = store.notes(name).unwrap();
    assert_eq!((notes.told, notes.failures), (Some(third), 2));
}

#[test]
fn a_canary_and_its_opposite_decide() {
    let mut stand = Stand::new();
    stand.listing.canary = Some("https://test.example/".into());
    stand.listing.anti_canary = Some("https://fine.example/".into());
    for (text, code) in
        [("one.example\n", "test_entry_missing"), ("test.example\nfine.example\n", "invalid_entry_present")]
    {
        assert_eq!(stand.offer(text, None).unwrap_err().code(), code);
    }
    assert_eq!(stand.offer("test.example\n", None).unwrap(), Taken::Live);
}

#[test]
fn older_versions_and_what_is_no_list_are_refused() {
    let stand = Stand::new();
    stand.offer("one.example\n", Some("20")).unwrap();
    for (text, issued, code) in
        [("two.example\n", Some("19"), "version_backwards"), ("<html>", Some("21"), "html"), ("", Some("21"), "empty")]
    {
        assert_eq!(stand.offer(text, issued).unwrap_err().code(), code, "{text}");
    }
    assert!(stand.lists("one.example"));
    assert_eq!((stand.book().last, stand.book().versions.len()), (1, 1));
}

#[test]
fn read_in_another_way_the_same_source_is_another_index() {
    let mut stand = Stand::new();
    stand.offer("one.example\n", None).unwrap();
    assert!(stand.lists("below.one.example"));
    stand.listing.source.options.plain_means = PlainMeans::Exact;
    assert!(!stand.lists("below.one.example") && stand.lists("one.example"));
    let category = |stand: &Stand| {
        let mut hits = Vec::new();
        let live = stand.store.live(&stand.listing).unwrap().unwrap();
        live.index.look_up(&canonical("https://one.example/").unwrap(), NOW, &mut hits);
        hits[0].category
    };
    let table = |value: &str| BTreeMap::from([("seen".to_owned(), value.to_owned())]).try_into().unwrap();
    let text = b"value,category\none.example,seen\n".to_vec();
    let offer =
        Offer { pieces: vec![Piece { text, format: Format::HouseCsv }], issued: None, signature: None, at: NOW };
    stand.listing.source.options.categories = table("spam");
    stand.store.take(&stand.listing, offer).unwrap();
    assert_eq!(category(&stand), Category::Spam);
    stand.listing.source.options.categories = table("malware");
    assert_eq!(category(&stand), Category::Malware);
    stand.store.roll_back(&stand.listing, None).unwrap();
    stand.listing.source.options.plain_means = PlainMeans::Domain;
    assert!(stand.lists("below.one.example"));
}

#[test]
fn one_id_for_another_value_is_a_change() {
    let stand = Stand::new();
    for value in ["one", "two"] {
        let text = format!("id,value,scope\np-1,{value}.example,domain\n").into_bytes();
        let pieces = vec![Piece { text, format: Format::HouseCsv }];
        stand.store.take(&stand.listing, Offer { pieces, issued: None, signature: None, at: NOW }).unwrap();
    }
    let Difference { added, removed, .. } = stand.store.difference(&stand.listing, 1, 2).unwrap();
    assert!(added.contains("p-1") && removed.contains("p-1"), "{added:?} {removed:?}");
}

#[test]
fn a_version_that_the_list_states_itself_counts() {
    let stand = Stand::new();
    stand.offer("! Version: 20261129\n||one.example^\n", None).unwrap();
    let error = stand.offer("! Version: 20261128\n||one.example^\n||two.example^\n", None).unwrap_err();
    assert_eq!(error.code(), "version_backwards");
}

#[test]
fn entries_that_wait_do_not_hide_that_the_others_are_gone() {
    let stand = Stand::new();
    let text = many(1_000);
    stand.offer(&text, None).unwrap();
    let few = many(10);
    let held: Vec<String> = (0..990).map(|number| format!("10.1.{}.{}\n", number / 250, number % 250)).collect();
    assert_eq!(stand.offer(&(few + &held.concat()), None).unwrap(), Taken::Waits { code: "shrank".into() });
    assert!(stand.lists("h700.example"));
}

/// A sample of so many links to each host.
fn sampled(stand: &Stand, links: &[(&str, usize)]) -> Store {
    let (sampler, error) = Sampler::open(stand.dir.path(), &stand.store.key, &stand.store.tables, 10_000);
    assert!(error.is_none());
    for &(host, count) in links {
        (0..count).for_each(|number| {
            let link = format!("https://{host}/{number}");
            sampler.see([[Some(&*link), None]].into_iter(), NOW);
        });
    }
    stand.store.clone().sampling(Some(Arc::new(sampler)))
}

#[test]
fn what_would_newly_match_much_of_what_was_checked_waits() {
    let waits = || Taken::Waits { code: "newly_matched".into() };
    // The first version is held against the sample as any other is, and of 1,000 links one is let through.
    for (links, first, second) in [
        (&[("one.example", 500), ("two.example", 3), ("three.example", 497)][..], waits(), waits()),
        (&[("one.example", 500), ("two.example", 3), ("three.example", 496)], Taken::Live, Taken::Live),
        (&[("one.example", 2), ("two.example", 2), ("three.example", 996)], Taken::Live, Taken::Live),
        (&[("one.example", 2), ("two.example", 3), ("three.example", 995)], Taken::Live, waits()),
    ] {
        let mut stand = Stand::new();
        stand.store = sampled(&stand, links);
        assert_eq!(stand.offer("one.example\n", None).unwrap(), first, "{links:?}");
        if first != Taken::Live {
            stand.store.approve(&stand.listing, 1, &["ann"]).unwrap();
        }
        assert_eq!(stand.offer("one.example\ntwo.example\n", None).unwrap(), second, "{links:?}");
        let foreseen = stand.store.foresee(&stand.listing, NOW).unwrap();
        let expected =
            (second == waits()).then_some((links[1].1 as u64, links.iter().map(|(_, count)| *count as u64).sum()));
        assert_eq!(foreseen.map(|foreseen| (foreseen.newly_matched, foreseen.links)), expected, "{links:?}");
        if second == waits() {
            assert!(!stand.lists("two.example"));
            stand.store.approve(&stand.listing, 2, &["ann"]).unwrap();
        }
        assert!(stand.lists("two.example"));
        // What matched before and what matches no more is nothing new.
        assert_eq!(stand.offer("two.example\n", None).unwrap(), Taken::Live);
    }
}

#[test]
fn a_version_in_use_that_was_read_in_another_way_is_compared_as_it_is_read_now() {
    let mut stand = Stand::new();
    stand.store = sampled(&stand, &[("below.one.example", 1_000), ("below.two.example", 1_000)]);
    stand.listing.source.options.plain_means = PlainMeans::Exact;
    assert_eq!(stand.offer("one.example\ntwo.example\n", None).unwrap(), Taken::Live);
    stand.listing.source.options.plain_means = PlainMeans::Domain;
    assert_eq!(stand.offer("one.example\n", None).unwrap(), Taken::Live);
}
