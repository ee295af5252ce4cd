//! Files of versions that are lost, damaged, or of another key.

use std::fs;

use super::*;
use crate::lists::in_words;

#[test]
fn a_damaged_index_is_made_again_and_a_damaged_source_is_told() {
    let stand = Stand::new();
    stand.offer("one.example\n", None).unwrap();
    let place = stand.place();
    for damage in [&b"x"[..], b""] {
        fs::write(stand.index(1), damage).unwrap();
        assert!(stand.lists("one.example"));
    }
    fs::remove_file(stand.index(1)).unwrap();
    assert!(stand.lists("one.example"));
    fs::write(place.join("1.source"), "x").unwrap();
    fs::remove_file(stand.index(1)).unwrap();
    assert_eq!(stand.store.live(&stand.listing).err().unwrap().code(), "state_other_key");
    fs::write(place.join("book.json"), "{").unwrap();
    assert_eq!(stand.store.live(&stand.listing).err().unwrap().code(), "state_damaged");
}

#[test]
fn files_of_versions_tell_nothing_and_leftovers_go() {
    let stand = Stand::new();
    stand.offer("secret.example\n", None).unwrap();
    let place = stand.place();
    for name in ["7.source", "7.lgx", "1-other.lgx", ".linkgate-x"] {
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
    let index = |number| stand.index(number).file_name().unwrap().to_str().unwrap().to_owned();
    let expected = [&*index(1), "1.source", &*index(2), "2.source", "book.json", "lock"];
    assert_eq!(names, expected);
}

#[test]
fn another_key_is_told() {
    let stand = Stand::new();
    stand.offer("one.example\n", None).unwrap();
    let tables = Arc::new(Tables::shipped().unwrap());
    let other = Store::in_dir(stand.dir.path(), &StateKey::new([2; 32]), &tables);
    let error = other.live(&stand.listing).err().unwrap();
    assert_eq!(error.code(), "state_other_key");
    assert!(in_words(&error).contains("--key-file"), "{error}");
}

#[test]
fn a_book_that_is_put_back_finds_its_versions() {
    let stand = Stand::new();
    stand.offer("one.example\n", None).unwrap();
    let book = stand.place().join("book.json");
    let kept = fs::read(&book).unwrap();
    fs::remove_file(&book).unwrap();
    assert!(stand.offer("<html>sign in</html>", None).is_err());
    fs::write(&book, kept).unwrap();
    assert!(stand.lists("one.example"));
}

#[test]
fn an_earlier_version_is_told_as_such() {
    let stand = Stand::new();
    for list in ["one.example\n", "two.example\n"] {
        stand.offer(list, None).unwrap();
    }
    let live = || stand.store.live(&stand.listing).unwrap().unwrap();
    assert!(!live().is_earlier && live().trouble.is_none());
    fs::write(stand.index(2), "damaged").unwrap();
    fs::write(stand.place().join("2.source"), "damaged").unwrap();
    assert!(live().is_earlier && live().trouble.is_some() && live().number == 1);
}
