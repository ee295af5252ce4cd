//! `explain`: every step of one URL.

use super::{json, session};
use crate::Home;

#[test]
fn explain_shows_every_step() {
    let ran = Home::new().run(&["explain", "http://user@LISTED.example:8080/x/..%2f%61?b=2&a=1#f"]);
    insta::assert_snapshot!(ran.stdout, @"
    as given    http://user@LISTED.example:8080/x/..%2f%61?b=2&a=1#f

    self        http://listed.example/a?b=2&a=1
    host        listed.example (registrable domain: listed.example)
    looked up   listed.example
                listed.example/
                listed.example/a
    label       listed, under any suffix
    sha256      35bf832c5b19d596… of listed.example/a?b=2&a=1
                87ac439733c4880a… of listed.example/a
                6360a2ae356637c4… of listed.example/
    md5         f2f21a529467f06c8972bc2a64a1bf11

    seen        userinfo, odd_port
    match       demo entry demo-domain: csam, by domain, via self
    verdict     listed → reject
    ");
    assert_eq!(ran.code, 1);
    let all = json(&Home::new().run(&["explain", "--json", "https://fine.example/?u=https://listed.example/"]).stdout);
    assert_eq!(all["urls"][0]["canonical"], "https://fine.example/?u=https://listed.example/");
    assert_eq!(all["urls"][1]["via"], "nested");
    assert_eq!(all["report"]["action"], "reject");
}

#[test]
fn every_form_that_is_looked_up_is_shown() {
    let home = Home::new();
    let session = session(
        &home,
        &[
            &["explain", "https://www.listedlabel.test/a/b?id=7&utm_source=x"],
            &["explain", "http://[::ffff:192.0.2.66]:8080/x"],
            &["explain", "http://0x2001.example.github.io/"],
            &["explain", "https://listed-hash.example/"],
            &["explain", "hxxps://disputed[.]example/a"],
            &["explain", "no link at all"],
        ],
    );
    insta::assert_snapshot!(session, @"
    $ linkgate explain 'https://www.listedlabel.test/a/b?id=7&utm_source=x'
    as given    https://www.listedlabel.test/a/b?id=7&utm_source=x

    self        https://www.listedlabel.test/a/b?id=7&utm_source=x
    host        www.listedlabel.test (registrable domain: listedlabel.test)
    telling     ?id=7 (known tracking parameters left out)
    looked up   www.listedlabel.test
                listedlabel.test
                www.listedlabel.test/
                www.listedlabel.test/a
                www.listedlabel.test/a/b
                listedlabel.test/
                listedlabel.test/a
                listedlabel.test/a/b
    label       listedlabel, under any suffix
    sha256      b2ff212192812861… of www.listedlabel.test/a/b?id=7&utm_source=x
                89bc0799ee3019d1… of www.listedlabel.test/a/b
                5b60283d9253a2c1… of www.listedlabel.test/
                6cbd4263a845ae0f… of www.listedlabel.test/a/
                7f2d8da62f4aa0cb… of listedlabel.test/a/b?id=7&utm_source=x
                76517a70040d098d… of listedlabel.test/a/b
                7cf4cd3c8df78501… of listedlabel.test/
                a61508e15a82326c… of listedlabel.test/a/
                ac9fe1a347b228dc… of www.listedlabel.test/a/b?id=7
                eb4a9e1a6c70baaa… of listedlabel.test/a/b?id=7
    md5         e6b379126a5c912c4089a5eaaddb758a

    match       demo entry demo-label: csam, by label, via self
    verdict     listed → reject
    [1]
    $ linkgate explain 'http://[::ffff:192.0.2.66]:8080/x'
    as given    http://[::ffff:192.0.2.66]:8080/x

    self        http://[::ffff:c000:242]/x
    host        [::ffff:c000:242]
    looked up   [::ffff:c000:242]
                [::ffff:c000:242]/
                [::ffff:c000:242]/x
                192.0.2.66
                192.0.2.66/
                192.0.2.66/x
    address     ::ffff:192.0.2.66, and networks around it
                192.0.2.66, and networks around it
    sha256      74680e8d9a0bc215… of [::ffff:c000:242]/x
                9ea5e2d07658007f… of [::ffff:c000:242]/
    md5         b8601ae156d53fb93ee5c22663f8f10f

    seen        odd_port, numeric_host
    match       demo entry demo-ip: csam, by ip, via self
    verdict     listed → reject
    [1]
    $ linkgate explain http://0x2001.example.github.io/
    as given    http://0x2001.example.github.io/

    self        http://0x2001.example.github.io/
    host        0x2001.example.github.io (registrable domain: example.github.io)
    looked up   0x2001.example.github.io
                example.github.io
                github.io
                0x2001.example.github.io/
    label       github, under any suffix
                example, under any suffix
    sha256      5e3830f6a9bdbc2c… of 0x2001.example.github.io/
                df5c910b9a01d806… of example.github.io/
                618789fbd28003c7… of github.io/
    md5         7e27e181530abca9c807585517195bf7

    verdict     unlisted → allow
    [0]
    $ linkgate explain https://listed-hash.example/
    as given    https://listed-hash.example/

    self        https://listed-hash.example/
    host        listed-hash.example (registrable domain: listed-hash.example)
    looked up   listed-hash.example
                listed-hash.example/
    label       listed-hash, under any suffix
    sha256      3b9a8e64b867f9b5… of listed-hash.example/
    md5         3144e3942e1ceafa198894c08a5a9db1

    match       demo entry demo-sha256: csam, by sha256, via self
    verdict     listed → reject
    [1]
    $ linkgate explain 'hxxps://disputed[.]example/a'
    as given    hxxps://disputed[.]example/a
                no browser takes it for a URL
    read as     https://disputed.example/a

    self        https://disputed.example/a
    host        disputed.example (registrable domain: disputed.example)
    looked up   disputed.example
                disputed.example/
                disputed.example/a
    label       disputed, under any suffix
    sha256      7a2bfd7f8118579f… of disputed.example/a
                5f9386203a72b2e3… of disputed.example/
    md5         a1039f98a541ab1168970c5e4ee0bf26

    seen        defanged
    match       demo entry demo-disputed: csam, by domain, via self, disputed
    verdict     listed → flag
    [1]
    $ linkgate explain 'no link at all'
    as given    no link at all
                no browser takes it for a URL

    self        http://no%20link%20at%20all/
    host        no%20link%20at%20all
    looked up   no%20link%20at%20all
                no%20link%20at%20all/
    sha256      32c02aa14fcc6a49… of no%20link%20at%20all/
    md5         0e6630da7b5169d3e252688ef072ef42

    verdict     undetermined (not_canonical) → flag
    [1]
    ");
}

#[test]
fn a_url_that_is_found_two_ways_is_shown_once() {
    let home = Home::new();
    let ran = home.run(&[
        "explain",
        "https://fine.example/?u=https://listed.example/a&v=http%3A%2F%2Flisted.example%2Fa#https://listed.example/a",
    ]);
    insta::assert_snapshot!(ran.stdout, @"
    as given    https://fine.example/?u=https://listed.example/a&v=http%3A%2F%2Flisted.example%2Fa#https://listed.example/a

    self        https://fine.example/?u=https://listed.example/a&v=http://listed.example/a
    host        fine.example (registrable domain: fine.example)
    looked up   fine.example
                fine.example/
    label       fine, under any suffix
    sha256      fec42fc28990af80… of fine.example/?u=https://listed.example/a&v=http://listed.example/a
                ed1dfdd1c53ac8a5… of fine.example/
    md5         2a9072e159eef060e373d5b772a67c87

    nested      https://listed.example/a
    host        listed.example (registrable domain: listed.example)
    looked up   listed.example
                listed.example/
                listed.example/a
    label       listed, under any suffix
    sha256      87ac439733c4880a… of listed.example/a
                6360a2ae356637c4… of listed.example/
    md5         83421a9d9354b8b6cf3b32036452eae4

    match       demo entry demo-domain: csam, by domain, via nested
    verdict     listed → reject
    ");
}

#[test]
fn every_step_as_json() {
    let home = Home::new();
    let ran = home.run(&["explain", "--json", "hxxp://listed-prefix[.]example/"]);
    let mut all = json(&ran.stdout);
    all["report"]["lists_id"] = "LISTS_ID".into();
    insta::assert_snapshot!(serde_json::to_string_pretty(&all).unwrap(), @r#"
    {
      "input": "hxxp://listed-prefix[.]example/",
      "outcome": "not_canonical",
      "read_as": "http://listed-prefix.example/",
      "report": {
        "action": "flag",
        "generation": 0,
        "links": [
          {
            "action": "flag",
            "flags": [
              "defanged"
            ],
            "kind": "attached",
            "matches": [
              {
                "category": "csam",
                "entry": "demo-sha256-prefix",
                "list": "demo",
                "scope": "sha256",
                "source_ref": "demo-source-2",
                "via": "self"
              }
            ],
            "reason": "not_canonical",
            "span": null,
            "status": "undetermined"
          }
        ],
        "lists_id": "LISTS_ID"
      },
      "urls": [
        {
          "addresses": [],
          "canonical": "http://listed-prefix.example/",
          "expressions": [
            "listed-prefix.example",
            "listed-prefix.example/"
          ],
          "hashes": [
            {
              "expression": "listed-prefix.example/",
              "sha256": "83103efa37287dd9fe0deb47f46c5ee40e9471e72c89cc3982d7b2ed37b5a21c"
            }
          ],
          "host": "listed-prefix.example",
          "labels": [
            "listed-prefix"
          ],
          "md5": "d75e4d3c7166db2fed365361b6271a46",
          "path": "/",
          "query": null,
          "registrable": "listed-prefix.example",
          "via": "self"
        }
      ]
    }
    "#);
}

/// What `explain` says is looked up is what finds an entry: each form, as a list of one line.
#[test]
fn every_form_that_is_shown_finds_an_entry() {
    let home = Home::new();
    let link = "http://www.a.listed.example/b/c?utm_source=x&d=1";
    let all = json(&home.run(&["explain", "--json", link]).stdout);
    let step = &all["urls"][0];
    let texts = |list: &serde_json::Value, key: &str| -> Vec<String> {
        list.as_array()
            .unwrap()
            .iter()
            .map(|one| if key.is_empty() { one } else { &one[key] })
            .map(|one| one.as_str().unwrap().to_owned())
            .collect()
    };
    let scope = |form: &String| if form.contains('/') { "url_prefix" } else { "domain" };
    let mut rows: Vec<String> =
        texts(&step["expressions"], "").iter().map(|form| format!("{form},{}", scope(form))).collect();
    rows.extend(texts(&step["labels"], "").iter().map(|label| format!("{label},label")));
    rows.extend(texts(&step["hashes"], "sha256").iter().map(|hash| format!("{hash},sha256")));
    rows.push(format!("{},md5_url", step["md5"].as_str().unwrap()));
    assert!(rows.len() > 20, "{rows:?}");
    for row in rows {
        let list = home.file("one.csv", format!("value,scope\n{row}\n"));
        assert_eq!(home.run(&["check", "--lists", list.to_str().unwrap(), link]).code, 1, "{row}");
    }
}
