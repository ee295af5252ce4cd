//! `lists`: compiled, opened, refused, and what is told of their lines.

use super::{json, session};
use crate::Home;

#[test]
fn lists_are_compiled_opened_and_refused_under_another_key() {
    let home = Home::new();
    let list = home.path().join("demo.lgx");
    let list = list.to_str().unwrap();
    let early = home.file("early.lgx", b"\xffLgIndex\x01");
    let refused = home.run(&["check", "--lists", early.to_str().unwrap(), "x"]);
    assert!(refused.stderr.contains("no key"), "{}", refused.stderr);
    let ran = home.run(&["lists", "compile", "lists/demo.csv", "--out", list]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("made a key"), "{}", ran.stderr);
    let checked = home.run(&["check", "--lists", list, "https://listed.example/"]);
    assert_eq!((checked.code, &*checked.stderr), (1, ""));
    let other = home.file("other.key", [9; 32]);
    let refused =
        home.run(&["--key-file", other.to_str().unwrap(), "check", "--lists", list, "https://listed.example/"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("another key"), "{}", refused.stderr);
    let mut bytes = std::fs::read(list).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let magic = [b"X", &bytes[1..]].concat();
    let refused =
        home.run(&["check", "--lists", home.file("magic.lgx", magic).to_str().unwrap(), "https://listed.example/"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("lists compile"), "{}", refused.stderr);
    let bad = home.file("bad.lgx", bytes);
    let refused = home.run(&["check", "--lists", bad.to_str().unwrap(), "https://listed.example/"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("lists compile"), "{}", refused.stderr);
}

#[test]
fn a_list_is_never_compiled_over_itself() {
    let home = Home::new();
    let list = home.file("own.txt", "blocked.test\n");
    let list = list.to_str().unwrap();
    assert_eq!(home.run(&["lists", "compile", list, "--out", list]).code, 64);
    assert_eq!(std::fs::read_to_string(list).unwrap(), "blocked.test\n");
}

#[test]
fn a_list_that_cannot_be_read_is_an_error_and_never_an_empty_index() {
    let home = Home::new();
    let empty = home.file("empty.txt", "");
    let page = home.file("page.txt", "<!DOCTYPE html>\n<html><body>502</body></html>\n");
    let nothing = home.file("nothing.txt", "not a host\nnor this\n");
    for path in ["/no/such/file", empty.to_str().unwrap(), page.to_str().unwrap(), nothing.to_str().unwrap()] {
        let ran = home.run(&["check", "--lists", path, "https://listed.example/"]);
        assert_eq!((ran.code, &*ran.stdout), (2, ""), "{path}");
        assert!(!ran.stderr.contains("not a host"), "{}", ran.stderr);
    }
}

#[test]
fn bad_lines_are_counted_and_never_shown() {
    let home = Home::new();
    let list = home.file("mixed.txt", "blocked.test\nsecret words here\nalso blocked.example\n");
    let ran = home.run(&["check", "--lists", list.to_str().unwrap(), "https://blocked.test/"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("2 of 3 lines refused"), "{}", ran.stderr);
    let out = home.path().join("x.lgx");
    let ran = home.run(&["lists", "compile", list.to_str().unwrap(), "--out", out.to_str().unwrap(), "--explain"]);
    assert!(ran.stdout.contains("3 lines = 1 taken + 2 refused + 0 ignored"), "{}", ran.stdout);
    for text in [&ran.stdout, &ran.stderr] {
        assert!(!text.contains("secret") && !text.contains("blocked."), "{text}");
    }
}

#[test]
fn status_tells_scopes_and_states() {
    let home = Home::new();
    let all = json(&home.run(&["lists", "status", "--json"]).stdout);
    assert_eq!((&all[0]["name"], &all[0]["state"]), (&json("\"demo\""), &json("\"live\"")));
    assert!(all[0]["entries"]["domain"].as_u64().unwrap() > 0);
    let ran = home.run(&["lists", "status", "--json", "--lists", "/no/such/file"]);
    assert_eq!((ran.code, &json(&ran.stdout)[0]["state"]), (2, &json("\"missing\"")));
}

#[test]
fn configured_lists_have_a_generation_that_rises_with_changes() {
    let home = Home::new();
    let list = home.file("own.txt", "blocked.test\n");
    let config =
        format!("[[lists]]\nname = \"own\"\npath = {:?}\ndefault_category = \"spam\"\n", list.to_str().unwrap());
    let config = home.file("linkgate.toml", config);
    let check = || {
        json(
            &home
                .run(&[
                    "--config",
                    config.to_str().unwrap(),
                    "check",
                    "--json",
                    "https://blocked.test/ x.blocked.example",
                ])
                .stdout,
        )
    };
    let first = check();
    assert_eq!((&first["generation"], &first["reports"][0]["action"]), (&json("1"), &json("\"flag\"")));
    assert_eq!(check()["generation"], 1);
    home.file("own.txt", "blocked.test\nblocked.example\n");
    let second = check();
    assert_eq!((&second["generation"], &second["reports"][0]["links"][1]["status"]), (&json("2"), &json("\"listed\"")));
    assert_ne!(first["lists_id"], second["lists_id"]);
}

#[test]
fn what_became_of_each_line() {
    let home = Home::new();
    let mixed = "blocked.test\n# why\nnot a host\nhttps://blocked.example/\n*.blocked.test\n/regex/\n";
    let mixed = home.file("mixed.txt", mixed);
    let one = home.file("one list.txt", "blocked.test\nnot a host\n");
    let stix = home.file("objects.json", "{\"objects\":[{\"type\":\"indicator\",\"id\":\"i--1\",\"pattern_type\":\"stix\",\"pattern\":\"[url:value MATCHES 'a']\",\"valid_from\":\"2026-01-01T00:00:00Z\"},{\"type\":\"indicator\",\"id\":\"i--2\",\"pattern_type\":\"stix\",\"pattern\":\"[domain-name:value = 'blocked.test']\",\"valid_from\":\"2026-01-01T00:00:00Z\"}]}");
    let out = home.path().join("x.lgx");
    let [mixed, one, stix, out] = [&mixed, &one, &stix, &out].map(|path| path.to_str().unwrap());
    let session = session(
        &home,
        &[
            &["lists", "compile", mixed, one, "--out", out, "--explain"],
            &["lists", "compile", one, "--out", out],
            &["check", "--lists", mixed, "--lists", one, "x"],
            &["lists", "status", "--explain", "--lists", mixed, "--lists", stix, "--lists", out],
            &["lists", "status"],
            &["lists", "status", "--json", "--lists", mixed, "--lists", "/no/such"],
        ],
    );
    insta::assert_snapshot!(session, @r#"
    $ linkgate lists compile DIR/mixed.txt 'DIR/one list.txt' --out DIR/x.lgx --explain
    mixed (plain): 6 lines = 3 taken + 2 refused + 1 ignored; 3 entries
      refused        1  it does not have the form of its format; line 3
      refused        1  it is a regular expression; line 6
      ignored        1  comment
      note           1  URL without a path: means the front page alone; line 4
    one list (plain): 2 lines = 1 taken + 1 refused + 0 ignored; 1 entry
      refused        1  it does not have the form of its format; line 2
    4 entries of 2 lists in DIR/x.lgx
    2> linkgate: made a key: DIR/state/linkgate/key/state.key; move it away from the lists, and say where it is by [state] key_file
    [0]
    $ linkgate lists compile 'DIR/one list.txt' --out DIR/x.lgx
    1 entry of 1 list in DIR/x.lgx
    2> linkgate: one list: 1 of 2 lines refused; to see why: linkgate lists status --explain --lists 'DIR/one list.txt'
    [0]
    $ linkgate check --lists DIR/mixed.txt --lists 'DIR/one list.txt' x
    allow: no links
    2> linkgate: mixed: 2 of 6 lines refused; to see why: linkgate lists status --explain --lists DIR/mixed.txt
    2> linkgate: one list: 1 of 2 lines refused; to see why: linkgate lists status --explain --lists 'DIR/one list.txt'
    [0]
    $ linkgate lists status --explain --lists DIR/mixed.txt --lists DIR/objects.json --lists DIR/x.lgx
    mixed                live     1 domain, 1 subdomains, 1 url  (changed AGE ago)
    mixed (plain): 6 lines = 3 taken + 2 refused + 1 ignored; 3 entries
      refused        1  it does not have the form of its format; line 3
      refused        1  it is a regular expression; line 6
      ignored        1  comment
      note           1  URL without a path: means the front page alone; line 4
    objects              live     1 domain  (changed AGE ago)
    objects (stix21): 2 objects = 1 taken + 1 refused + 0 ignored; 1 entry
      refused        1  it is a regular expression; object 1
    x                    live     1 domain  (changed AGE ago)
    [0]
    $ linkgate lists status
    demo                 live     1 allow_host, 1 allow_url_prefix, 1 cidr, 16 domain, 1 host, 1 ip, 1 label, 1 md5_url, 2 sha256, 1 subdomains, 2 url, 2 url_prefix
    [0]
    $ linkgate lists status --json --lists DIR/mixed.txt --lists /no/such
    [{"name":"mixed","version":"LIST_VERSION","entries":{"domain":1,"subdomains":1,"url":1},"age_s":AGE,"state":"live"},{"name":"such","version":"LIST_VERSION","entries":{},"age_s":AGE,"state":"missing","last_error":{"code":"unreadable"}}]
    2> linkgate: list "/no/such": the list cannot be read; check that the file is there and readable: No such file or directory (os error 2)
    [2]
    "#);
}

#[test]
fn the_command_that_says_why_works_as_it_is_printed() {
    let home = Home::new();
    let list = home.file("it's one.txt", "blocked.test\nnot a host\n");
    let config = home.file("c d.toml", format!("[[lists]]\nname = \"own\"\npath = {list:?}\n"));
    let said = |arguments: &[&str]| {
        let text = home.run(arguments).stderr;
        text.split_once("to see why: linkgate ").unwrap().1.trim().to_owned()
    };
    let given = said(&["check", "--lists", list.to_str().unwrap(), "x"]);
    let configured = said(&["--config", config.to_str().unwrap(), "check", "x"]);
    for command in [given, configured] {
        let mut shell = std::process::Command::new("/bin/sh");
        let linkgate = env!("CARGO_BIN_EXE_linkgate");
        shell
            .args(["-c", &format!("{linkgate} {command}")])
            .env_clear()
            .env("XDG_STATE_HOME", home.path().join("state"));
        let ran = crate::finish(shell, b"");
        assert!(
            ran.code == 0 && ran.stdout.contains("it does not have the form of its format; line 2"),
            "{command}: {}{}",
            ran.stdout,
            ran.stderr
        );
    }
}

/// A missed link is worse than a missing date: such a row holds, and that a field was not read is counted and told.
#[test]
fn fields_that_cannot_be_read_are_counted_and_told() {
    let home = Home::new();
    let rows = "value,scope,category,valid_from,valid_until\n\
                blocked.test,domain,nonsense,,\n\
                blocked.example,domain,csam,soon,\n\
                late.example,domain,csam,,31.12.2020\n\
                wide.example,everything,csam,,\n\
                right.example,domain,csam,2026-01-01,2099-12-31\n";
    let csv = home.file("own.csv", rows);
    let jsonl =
        home.file("own.jsonl", "{\"value\":\"blocked.test\",\"category\":\"nonsense\",\"valid_until\":\"soon\"}\n");
    let [csv, jsonl] = [&csv, &jsonl].map(|path| path.to_str().unwrap());
    let session = session(
        &home,
        &[
            &[
                "check",
                "--lists",
                csv,
                "https://blocked.test/ https://blocked.example/ https://late.example/ https://wide.example/",
            ],
            &["lists", "status", "--explain", "--lists", csv],
            &["check", "--lists", jsonl, "https://blocked.test/"],
        ],
    );
    insta::assert_snapshot!(session, @"
    $ linkgate check --lists DIR/own.csv 'https://blocked.test/ https://blocked.example/ https://late.example/ https://wide.example/'
    reject: 4 links, 3 listed
      b…d.test/ b…d.example/ l…e.example/ w…e.example/
      ^^^^^^^^^ ^^^^^^^^^^^^ ^^^^^^^^^^^^ ~~~~~~~~~~~~
      1. b…d.test/ listed → reject
         own entry ENTRY: csam, by domain, via self
      2. b…d.example/ listed → reject
         own entry ENTRY: csam, by domain, via self
      3. l…e.example/ listed → reject
         own entry ENTRY: csam, by domain, via self
      4. w…e.example/ unlisted → allow
    2> linkgate: own: 1 of 6 records refused, 3 fields not read; to see why: linkgate lists status --explain --lists DIR/own.csv
    [1]
    $ linkgate lists status --explain --lists DIR/own.csv
    own                  live     4 domain  (changed AGE ago)
    own (house): 6 records = 4 taken + 1 refused + 1 ignored; 4 entries
      refused        1  its scope is unknown; line 5
      ignored        1  header
      note           1  category that is not known; the list's default holds; line 2
      note           2  a field beside the value cannot be read and was left out; lines 3, 4
    [0]
    $ linkgate check --lists DIR/own.jsonl https://blocked.test/
    reject: 1 link, 1 listed
      b…d.test/
      ^^^^^^^^^
      1. b…d.test/ listed → reject
         own entry ENTRY: csam, by domain, via self
    2> linkgate: own: 2 fields not read in 1 line; to see why: linkgate lists status --explain --lists DIR/own.jsonl
    [1]
    ");
}
