//! What the record holds, what breaks it, and who may write.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn deed(about: &str) -> Deed {
    Deed { who: "ann".into(), did: "approve".into(), about: about.into(), why: "seen".into() }
}

fn audit(dir: &Path) -> Audit {
    Audit::in_dir(dir, &StateKey::new([1; 32]))
}

fn filled(dir: &Path, count: usize) -> Audit {
    let audit = audit(dir);
    for number in 1..=count {
        let entry = audit.append(deed(&number.to_string()), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(entry.seq, number as u64);
    }
    audit
}

#[test]
fn lines_are_chained_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(audit(dir.path()).verify().unwrap(), Verified { lines: 0, torn_bytes: 0 });
    assert_eq!(filled(dir.path(), 3).verify().unwrap(), Verified { lines: 3, torn_bytes: 0 });
}

#[test]
fn any_change_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let audit = filled(dir.path(), 3);
    let whole = fs::read_to_string(audit.path()).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let changed = [
        ("altered", whole.replace("\"about\":\"2\"", "\"about\":\"7\""), 2),
        ("left out", [lines[0], lines[2], ""].join("\n"), 2),
        ("swapped", [lines[1], lines[0], lines[2], ""].join("\n"), 1),
        ("twice", [lines[0], lines[0], lines[1], lines[2], ""].join("\n"), 2),
        ("no json", format!("{}\nx\n{}\n{}\n", lines[0], lines[1], lines[2]), 2),
    ];
    for (what, text, expected) in changed {
        fs::write(audit.path(), text).unwrap();
        match audit.verify() {
            Err(AuditError::Broken { line, .. }) => assert_eq!(line, expected, "{what}"),
            other => panic!("{what}: {other:?}"),
        }
        assert!(audit.append(deed("4"), Timestamp::UNIX_EPOCH).is_err(), "{what}: nothing is written behind it");
    }
    fs::write(audit.path(), [lines[0], lines[1], ""].join("\n")).unwrap();
    assert!(matches!(audit.verify(), Err(AuditError::Shortened { found: 2, expected: 3, .. })));
    // Nor can whoever cuts the end off move the head.
    let head = audit.path().with_extension("head");
    let was = fs::read_to_string(&head).unwrap();
    let first: Entry = serde_json::from_str(lines[0]).unwrap();
    for forged in [was.replace("\"seq\":3", "\"seq\":2"), format!(r#"{{"seq":2,"chain":"{}","seal":""}}"#, first.chain)]
    {
        fs::write(&head, forged).unwrap();
        fs::write(audit.path(), &whole).unwrap();
        assert!(matches!(audit.verify(), Err(AuditError::Headless { .. })));
    }
    fs::remove_file(&head).unwrap();
    assert!(matches!(audit.verify(), Err(AuditError::Headless { .. })));
    fs::write(&head, was).unwrap();
    fs::write(audit.path(), &whole).unwrap();
    assert!(Audit::in_dir(dir.path(), &StateKey::new([2; 32])).verify().is_err(), "another key");
}

#[test]
fn a_torn_end_is_told_and_goes_with_the_next_line() {
    let dir = tempfile::tempdir().unwrap();
    let audit = filled(dir.path(), 2);
    let whole = fs::read(audit.path()).unwrap();
    for torn in ["{", "{\"seq\":3,\"at\"", "\u{0}\u{0}"] {
        fs::write(audit.path(), [&whole, torn.as_bytes()].concat()).unwrap();
        assert_eq!(audit.verify().unwrap(), Verified { lines: 2, torn_bytes: torn.len() as u64 });
    }
    assert_eq!(audit.append(deed("3"), Timestamp::UNIX_EPOCH).unwrap().seq, 4);
    assert_eq!(audit.verify().unwrap(), Verified { lines: 4, torn_bytes: 0 });
    assert!(fs::read_to_string(audit.path()).unwrap().contains("torn_end_removed"));
}

#[test]
fn a_reason_has_an_end() {
    let dir = tempfile::tempdir().unwrap();
    let why = "é".repeat(TEXT_MAX_BYTES);
    let (who, about) = (why.clone() + &why, "\u{1}".repeat(70_000));
    let entry = audit(dir.path()).append(Deed { who, about, why, ..deed("1") }, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(audit(dir.path()).verify().unwrap().lines, 1);
    assert_eq!(entry.deed.why.len(), TEXT_MAX_BYTES);
}

#[test]
fn writers_take_turns() {
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..10 {
                    audit(dir.path()).append(deed(&number.to_string()), Timestamp::UNIX_EPOCH).unwrap();
                }
            });
        }
    });
    assert_eq!(audit(dir.path()).verify().unwrap().lines, 40);
}

#[test]
fn nobody_else_may_read_it() {
    let dir = tempfile::tempdir().unwrap();
    let audit = filled(dir.path(), 1);
    for path in [audit.path().to_owned(), audit.path().with_extension("head")] {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{path:?}");
    }
}

#[test]
fn a_lock_that_is_never_given_back_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let audit = filled(dir.path(), 1);
    let holder = File::open(audit.path()).unwrap();
    holder.lock().unwrap();
    match audit.append(deed("2"), Timestamp::UNIX_EPOCH) {
        Err(AuditError::Io { source, .. }) => assert_eq!(source.kind(), io::ErrorKind::TimedOut),
        other => panic!("{other:?}"),
    }
    holder.unlock().unwrap();
    assert_eq!(audit.append(deed("2"), Timestamp::UNIX_EPOCH).unwrap().seq, 2);
}
