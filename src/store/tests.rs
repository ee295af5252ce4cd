//! Versions that come in, wait, go back, and are read again.

use std::fs;

use crate::canonical::canonical;
use crate::lists::guard::{GuardOptions, GuardTexts};
use crate::lists::{Format, Piece, PlainMeans};

use super::*;

const NOW: i64 = 1_800_000_000;

fn listing(tables: &Tables) -> Listing {
    let guards = Guards::new(&GuardTexts::shipped(), tables, GuardOptions::default());
    let source = Source { name: "a/b ü".into(), ..Source::new("", None) };
    Listing { source, guards: guards.into(), canary: None, anti_canary: None, approvers: 1 }
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
        let pieces = vec![Piece { text: text.as_bytes().to_vec(), format: Format::Plain }];
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

    fn place(&self) -> PathBuf {
        self.store.place(&self.listing.source.name).dir().to_owned()
    }
}

#[test]
fn versions_come_in_and_the_former_can_be_gone_back_to() {
    let stand = Stand::new();
    assert!(stand.store.live(&stand.listing).unwrap().is_none());
    assert_eq!(stand.offer("one.example\n", None).unwrap(), Taken::Live);
    assert_eq!(stand.offer("one.example\n", None).unwrap(), Taken::Same);
    assert_eq!(stand.offer("two.example\n", None).unwrap(), Taken::Live);
    assert!(stand.lists("two.example") && !stand.lists("one.example"));
    let name = &stand.listing.source.name;
    assert_eq!(stand.store.roll_back(name, None).unwrap(), 1);
    assert!(stand.lists("one.example"));
    // It is not taken again by itself; another one is.
    assert_eq!(stand.offer("two.example\n", None).unwrap(), Taken::Waits { code: "went_back".into() });
    assert_eq!(stand.offer("three.example\n", None).unwrap(), Taken::Live);
    let difference = stand.store.difference(&stand.listing, 1, 3).unwrap();
    assert_eq!((difference.added.len(), difference.removed.len()), (1, 1));
    assert!(matches!(stand.store.roll_back(name, Some(9)), Err(StoreError::NoVersion { .. })));
    assert!(matches!(stand.store.approve(&stand.listing, "ann"), Err(StoreError::NothingPending { .. })));
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
    stand.listing.source.options.plain_means = PlainMeans::Domain;
    assert!(stand.lists("below.one.example"));
}

#[test]
fn a_damaged_index_is_made_again_and_a_damaged_source_is_told() {
    let stand = Stand::new();
    stand.offer("one.example\n", None).unwrap();
    let place = stand.place();
    for damage in [&b"x"[..], b""] {
        fs::write(place.join("1.lgx"), damage).unwrap();
        assert!(stand.lists("one.example"));
    }
    fs::remove_file(place.join("1.lgx")).unwrap();
    assert!(stand.lists("one.example"));
    fs::write(place.join("1.source"), "x").unwrap();
    fs::remove_file(place.join("1.lgx")).unwrap();
    assert_eq!(stand.store.live(&stand.listing).err().unwrap().code(), "state_other_key");
    fs::write(place.join("book.json"), "{").unwrap();
    assert_eq!(stand.store.live(&stand.listing).err().unwrap().code(), "state_damaged");
}

#[test]
fn files_of_versions_tell_nothing_and_leftovers_go() {
    let stand = Stand::new();
    stand.offer("secret.example\n", None).unwrap();
    let place = stand.place();
    for name in ["7.source", "7.lgx", ".linkgate-x"] {
        fs::write(place.join(name), "left by somebody who was killed").unwrap();
    }
    stand.offer("other.example\n", None).unwrap();
    let mut names = Vec::new();
    for entry in fs::read_dir(&place).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"secret"), "{}", path.display());
        names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
    }
    names.sort();
    assert_eq!(names, ["1.lgx", "1.source", "2.lgx", "2.source", "book.json", "lock"]);
}

#[test]
fn another_key_is_told() {
    let stand = Stand::new();
    stand.offer("one.example\n", None).unwrap();
    let tables = Arc::new(Tables::shipped().unwrap());
    let other = Store::in_dir(stand.dir.path(), &StateKey::new([2; 32]), &tables);
    let error = other.live(&stand.listing).err().unwrap();
    assert_eq!(error.code(), "state_other_key");
    assert!(error.to_string().contains("--key-file"), "{error}");
}
