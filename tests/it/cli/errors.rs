//! Lists that cannot be used as a whole: what is said of each, and that it is never an empty index.

use super::{redacted, session};
use crate::Home;

/// Each file with its content as the list, and what is said of it.
fn said_of(home: &Home, files: &[(&str, &[u8])]) -> String {
    let mut said = String::new();
    for (source, content) in files {
        let name = source.rsplit(':').next().unwrap();
        let path = home.file(name, content);
        let source = source.replace(name, path.to_str().unwrap());
        let ran = home.run(&["check", "--lists", &source, "https://listed.example/"]);
        assert_eq!((ran.code, &*ran.stdout), (2, ""), "{source}: {}", ran.stderr);
        said += &redacted(home, &ran.stderr);
    }
    assert!(!said.contains("secret"), "text of a list is never shown:\n{said}");
    said
}

#[test]
fn lists_that_are_none() {
    let home = Home::new();
    let said = said_of(
        &home,
        &[
            ("empty.txt", b""),
            ("blank.txt", b"\n\n"),
            ("comments.txt", b"# only comments\n"),
            ("page.txt", b"<!DOCTYPE html>\n<html><body>secret.test</body></html>\n"),
            ("prose.txt", b"secret words of somebody\nwho wrote a letter, no list\n"),
            ("wide.txt", b"\xff\xfes\0e\0c\0r\0e\0t\0\n\0"),
            ("binary.bin", b"\x7fELF\x02\x01\x01\0\0\0\0\0secret\0\0"),
            ("list.txt.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03secret"),
            ("list.txt.zst", b"\x28\xb5\x2f\xfdsecret"),
            ("cut.json", b"{\"objects\":[{\"pattern\":\"secret"),
            ("house_jsonl:broken.txt", b"{\"secret\n"),
            ("stix21:no.txt", b"[\"secret\"]"),
            ("misp_event:plain.txt", b"secret.test\n"),
            ("house:columns.csv", b"secret,columns\nsecret.test,b\n"),
            ("mastodon:columns.csv", b"secret,columns\nsecret.test,b\n"),
            ("csv:quote.csv", b"url,x\n\"https://secret.test/,a\n"),
            ("sha256_raw:hashes.bin", b"secret"),
            ("squidguard_expressions:rules.txt", b"secret|words\n"),
            ("warning.json", b"{\"name\":\"n\",\"type\":\"hostname\",\"version\":1,\"list\":[\"secret.test\"]}"),
        ],
    );
    insta::assert_snapshot!(said, @r#"
    linkgate: list "DIR/empty.txt": the list is empty; an empty list is never loaded, remove it from the command or configuration instead
    linkgate: list "DIR/blank.txt": the list is empty; an empty list is never loaded, remove it from the command or configuration instead
    linkgate: list "DIR/comments.txt": no entry could be taken (lines refused: 0, ignored: 1); name its format (`format:path`, or `format` in `[[lists]]`) if it is of another
    linkgate: list "DIR/page.txt": this is an HTML page, not a list; look at where it was downloaded from
    linkgate: list "DIR/prose.txt": no entry could be taken (lines refused: 2, ignored: 0); name its format (`format:path`, or `format` in `[[lists]]`) if it is of another
    linkgate: list "DIR/wide.txt": this is no UTF-8 text; convert it, name its format (`format:path`, or `format` in `[[lists]]`), or rebuild a damaged index with `linkgate lists compile`
    linkgate: list "DIR/binary.bin": no entry could be taken (lines refused: 1, ignored: 0); name its format (`format:path`, or `format` in `[[lists]]`) if it is of another
    linkgate: list "DIR/list.txt.gz": the list is cut off; download it again
    linkgate: list "DIR/list.txt.zst": the list is cut off; download it again
    linkgate: list "DIR/cut.json": the list is cut off; download it again
    linkgate: list "DIR/broken.txt": no entry could be taken (lines refused: 1, ignored: 0); name its format (`format:path`, or `format` in `[[lists]]`) if it is of another
    linkgate: list "DIR/no.txt": the list is no stix21 document (line 1); name its format (`format:path`, or `format` in `[[lists]]`) if it is of another
    linkgate: list "DIR/plain.txt": the list is no misp_event document (line 1); name its format (`format:path`, or `format` in `[[lists]]`) if it is of another
    linkgate: list "DIR/columns.csv": no column holds the values; name one `value`, `url` or `domain` in the first line
    linkgate: list "DIR/columns.csv": no column holds the values; name one `value`, `url` or `domain` in the first line
    linkgate: list "DIR/quote.csv": the list is cut off; download it again
    linkgate: list "DIR/hashes.bin": the list is cut off; download it again
    linkgate: list "DIR/rules.txt": no entry could be taken (lines refused: 1, ignored: 0); name its format (`format:path`, or `format` in `[[lists]]`) if it is of another
    linkgate: list "DIR/warning.json": this is a list of known good values; it guards updates and cannot be compiled as a list of bad ones
    "#);
}

#[test]
fn lists_that_cannot_be_reached() {
    let home = Home::new();
    let folder = home.path().join("folder");
    std::fs::create_dir(&folder).unwrap();
    let said = session(
        &home,
        &[
            &["check", "--lists", "/no/such/list", "x"],
            &["check", "--lists", "nonsense:list", "x"],
            &["check", "--lists", folder.to_str().unwrap(), "x"],
            &["lists", "status", "--lists", "/no/such/list"],
        ],
    );
    insta::assert_snapshot!(said, @r#"
    $ linkgate check --lists /no/such/list x
    2> linkgate: list "/no/such/list": the list cannot be read; check that the file is there and readable: No such file or directory (os error 2)
    [2]
    $ linkgate check --lists nonsense:list x
    2> linkgate: there is no list format of that name; known are: plain, hosts, house, house_jsonl, sha256, sha256_raw, adblock, wildcard, dnsmasq, csv, squidguard, squidguard_urls, squidguard_expressions, e2guardian, rpz, stix21, misp_event, misp_csv, misp_warninglist, threatexchange, mastodon, lemmy, ozone, labels
    [64]
    $ linkgate check --lists DIR/folder x
    2> linkgate: list "DIR/folder": the list is empty; an empty list is never loaded, remove it from the command or configuration instead
    [2]
    $ linkgate lists status --lists /no/such/list
    list                 missing  unreadable
    2> linkgate: list "/no/such/list": the list cannot be read; check that the file is there and readable: No such file or directory (os error 2)
    [2]
    "#);
}

#[test]
fn compiled_lists_that_cannot_be_opened() {
    let home = Home::new();
    let list = home.path().join("demo.lgx");
    let list = list.to_str().unwrap();
    let early = home.file("early.lgx", b"\xffLgIndex\x01");
    let mut said = session(
        &home,
        &[
            &["check", "--lists", early.to_str().unwrap(), "x"],
            &["lists", "compile", "lists/demo.csv", "--out", list],
            &["lists", "compile", list, "--out", "/tmp/never.lgx"],
            &["lists", "compile", "lists/demo.csv", "--out", "lists/demo.csv"],
            &["lists", "compile", "lists/demo.csv", "--out", "/no/such/folder/x.lgx"],
            &["check", "--lists", list, "https://fine.example/"],
        ],
    );
    let bytes = std::fs::read(list).unwrap();
    let changed = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        bytes
    };
    for (name, content) in [
        ("magic.lgx", changed(0)),
        ("version.lgx", changed(8)),
        ("header.lgx", changed(40)),
        ("middle.lgx", changed(bytes.len() / 2)),
        ("mac.lgx", changed(bytes.len() - 1)),
        ("cut.lgx", bytes[..bytes.len() - 100].to_vec()),
        ("start.lgx", bytes[..12].to_vec()),
    ] {
        let path = home.file(name, content);
        said += &session(&home, &[&["check", "--lists", path.to_str().unwrap(), "https://listed.example/"]]);
    }
    let other = home.file("other.key", [9; 32]);
    let tracking = home.file("tracking.txt", "utm_*\n");
    let rules = home.file("rules.toml", format!("[tables]\ntracking = {tracking:?}\n"));
    let [other, rules] = [&other, &rules].map(|path| path.to_str().unwrap());
    said += &session(
        &home,
        &[
            &["--key-file", other, "check", "--lists", list, "x"],
            &["--config", rules, "check", "--lists", list, "x"],
            &["--config", rules, "lists", "status", "--lists", list],
        ],
    );
    insta::assert_snapshot!(said, @r#"
    $ linkgate check --lists DIR/early.lgx x
    2> linkgate: there is no key in DIR/state/linkgate/key/state.key; give the one that the file was made with by --key-file
    [2]
    $ linkgate lists compile lists/demo.csv --out DIR/demo.lgx
    30 entries of 1 list in DIR/demo.lgx
    2> linkgate: made a key: DIR/state/linkgate/key/state.key; move it away from the lists, and say where it is by [state] key_file
    [0]
    $ linkgate lists compile DIR/demo.lgx --out /tmp/never.lgx
    2> linkgate: DIR/demo.lgx is compiled already; compile the lists that it was made from
    [64]
    $ linkgate lists compile lists/demo.csv --out lists/demo.csv
    2> linkgate: --out names one of the sources; a compiled list holds no text to get it back from
    [64]
    $ linkgate lists compile lists/demo.csv --out /no/such/folder/x.lgx
    2> linkgate: /no/such/folder/x.lgx: the index file cannot be written: No such file or directory (os error 2) at path "/no/such/folder/.linkgate-TEMPORARY"
    [2]
    $ linkgate check --lists DIR/demo.lgx https://fine.example/
    allow: 1 link, 0 listed
      f…e.example/
      ~~~~~~~~~~~~
      1. f…e.example/ unlisted → allow
    [0]
    $ linkgate check --lists DIR/magic.lgx https://listed.example/
    2> linkgate: list "DIR/magic.lgx": this is no UTF-8 text; convert it, name its format (`format:path`, or `format` in `[[lists]]`), or rebuild a damaged index with `linkgate lists compile`
    [2]
    $ linkgate check --lists DIR/version.lgx https://listed.example/
    2> linkgate: list "DIR/version.lgx": the index has file format 3, this program reads 2; rebuild it with `linkgate lists compile`
    [2]
    $ linkgate check --lists DIR/header.lgx https://listed.example/
    2> linkgate: list "DIR/header.lgx": the index was compiled with another key; give that key with --key-file, or rebuild it with `linkgate lists compile`
    [2]
    $ linkgate check --lists DIR/middle.lgx https://listed.example/
    2> linkgate: list "DIR/middle.lgx": the index is damaged or cut off; rebuild it with `linkgate lists compile`
    [2]
    $ linkgate check --lists DIR/mac.lgx https://listed.example/
    2> linkgate: list "DIR/mac.lgx": the index is damaged or cut off; rebuild it with `linkgate lists compile`
    [2]
    $ linkgate check --lists DIR/cut.lgx https://listed.example/
    2> linkgate: list "DIR/cut.lgx": the index is damaged or cut off; rebuild it with `linkgate lists compile`
    [2]
    $ linkgate check --lists DIR/start.lgx https://listed.example/
    2> linkgate: list "DIR/start.lgx": the index is damaged or cut off; rebuild it with `linkgate lists compile`
    [2]
    $ linkgate --key-file DIR/other.key check --lists DIR/demo.lgx x
    2> linkgate: list "DIR/demo.lgx": the index was compiled with another key; give that key with --key-file, or rebuild it with `linkgate lists compile`
    [2]
    $ linkgate --config DIR/rules.toml check --lists DIR/demo.lgx x
    2> linkgate: list "DIR/demo.lgx": the index was compiled under other rules or tables; rebuild it with `linkgate lists compile`
    [2]
    $ linkgate --config DIR/rules.toml lists status --lists DIR/demo.lgx
    demo                 missing  index  (changed AGE ago)
    2> linkgate: list "DIR/demo.lgx": the index was compiled under other rules or tables; rebuild it with `linkgate lists compile`
    [2]
    "#);
}
