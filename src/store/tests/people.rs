//! What people decide about versions and entries.

use std::fs;

use super::*;

#[test]
fn nobody_goes_back_to_what_answers_already_or_cannot_be_used() {
    let stand = Stand::new();
    for list in ["one.example\n", "two.example\n", "three.example\n"] {
        assert_eq!(stand.offer(list, None).unwrap(), Taken::Live);
    }
    let before = stand.book();
    let code = |to: u64| stand.store.roll_back(&stand.listing, Some(to)).unwrap_err().code();
    assert_eq!(code(3), "answers_already");
    for file in [stand.index(2), stand.place().join("2.source")] {
        fs::write(file, "damaged").unwrap();
    }
    assert_eq!(code(2), "state_other_key");
    assert_eq!(stand.book(), before);
    // Its source alone is lost: it can answer, if only as it was read.
    fs::write(stand.place().join("1.source"), "damaged").unwrap();
    assert_eq!(stand.store.roll_back(&stand.listing, Some(1)).unwrap(), 1);
    assert!(stand.lists("one.example"));
}

#[test]
fn what_was_left_is_not_gone_back_to_by_itself() {
    let stand = Stand::new();
    let offer = |list: &str| stand.offer(list, None).unwrap();
    let back = || stand.store.roll_back(&stand.listing, None).unwrap();
    offer("one.example\n");
    offer("two.example\n");
    assert_eq!((back(), offer("three.example\n"), back()), (1, Taken::Live, 1));
    // Whoever names it gets it.
    assert_eq!(stand.store.roll_back(&stand.listing, Some(2)).unwrap(), 2);
}

#[test]
fn what_cannot_be_used_is_not_approved() {
    let stand = Stand::new();
    stand.offer(&many(400), None).unwrap();
    assert_eq!(stand.offer(&many(900), None).unwrap(), Taken::Waits { code: "grew".into() });
    for file in [stand.index(2), stand.place().join("2.source")] {
        fs::write(file, "damaged").unwrap();
    }
    let before = stand.book();
    assert_eq!(stand.store.approve(&stand.listing, 2, &["ann"]).unwrap_err().code(), "state_other_key");
    assert_eq!(stand.book(), before);
}

#[test]
fn an_entry_that_was_let_in_or_taken_out_in_vain_is_told() {
    let stand = Stand::new();
    stand.offer("one.example\nwikipedia.org\n", None).unwrap();
    let entry = stand.book().versions[&1].held[0].entry.clone();
    let source = stand.place().join("1.source");
    let kept = fs::read(&source).unwrap();
    fs::write(&source, "damaged").unwrap();
    assert_eq!(stand.store.let_in(&stand.listing, &entry, &["ann"]).unwrap_err().code(), "state_other_key");
    fs::write(&source, kept).unwrap();
    assert!(!stand.lists("wikipedia.org"), "nothing was approved");
    stand.store.let_in(&stand.listing, &entry, &["ann"]).unwrap();
    assert!(stand.lists("wikipedia.org"));
    fs::write(&source, "damaged").unwrap();
    assert_eq!(stand.store.hold_back(&stand.listing, &entry).unwrap_err().code(), "state_other_key");
}

#[test]
fn nobody_goes_back_to_what_was_never_approved() {
    let stand = Stand::new();
    stand.offer(&many(400), None).unwrap();
    assert_eq!(stand.offer(&many(900), None).unwrap(), Taken::Waits { code: "grew".into() });
    assert!(matches!(stand.store.roll_back(&stand.listing, Some(2)), Err(StoreError::NoVersion { .. })));
    assert_eq!(stand.offer(&many(401), None).unwrap(), Taken::Live);
    assert!(matches!(stand.store.approve(&stand.listing, 2, &["ann"]), Err(StoreError::NothingPending { .. })));
    assert_eq!(stand.store.roll_back(&stand.listing, None).unwrap(), 1, "not to the one that waited");
}

#[test]
fn what_is_approved_is_what_was_seen_by_two_who_are_two() {
    let mut stand = Stand::new();
    stand.listing.approvers = 2;
    stand.offer(&many(400), None).unwrap();
    stand.offer(&many(900), None).unwrap();
    stand.offer(&many(1_900), None).unwrap();
    let approve = |number, who| stand.store.approve(&stand.listing, number, who);
    assert!(matches!(approve(2, &["ann"]), Err(StoreError::NothingPending { .. })), "another one waits by now");
    assert_eq!(approve(3, &["ann"]).unwrap(), Approved::OneMore);
    assert!(matches!(approve(3, &[" Ann "]), Err(StoreError::SamePerson { .. })));
    // Its publisher takes it back: then nothing waits.
    assert_eq!(stand.offer(&many(400), None).unwrap(), Taken::Same);
    assert!(matches!(approve(3, &["ben"]), Err(StoreError::NothingPending { .. })));
}

#[test]
fn a_refusal_takes_back_what_was_approved_before() {
    let mut stand = Stand::new();
    stand.listing.approvers = 2;
    stand.offer(&many(400), None).unwrap();
    stand.offer(&many(900), None).unwrap();
    let approve = |who: &str| stand.store.approve(&stand.listing, 2, &[who]).unwrap();
    assert_eq!(approve("ann"), Approved::OneMore);
    stand.store.refuse(&stand.listing.source.name, 2).unwrap();
    assert_eq!((approve("ben"), approve("cleo")), (Approved::OneMore, Approved::Live));
}

#[test]
fn what_was_gone_back_from_answers_for_no_other() {
    let stand = Stand::new();
    for text in ["one.example\n", "two.example\n"] {
        stand.offer(text, None).unwrap();
    }
    stand.store.roll_back(&stand.listing, None).unwrap();
    stand.offer("three.example\n", None).unwrap();
    fs::remove_file(stand.index(3)).unwrap();
    fs::write(stand.place().join("3.source"), "x").unwrap();
    assert!(stand.lists("one.example") && !stand.lists("two.example"));
}
