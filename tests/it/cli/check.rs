//! `check`: posts as text and as JSON lines, for people and for scripts.

use serde_json::Value;

use super::{json, lines, session, session_with};
use crate::Home;

#[test]
fn a_listed_link_is_found_masked_and_told_by_the_exit_code() {
    let ran =
        Home::new().run(&["check", "meet me at hxxps://listed[.]example/a?utm_source=x and https://fine.example/"]);
    insta::assert_snapshot!(ran.stdout, @r"
    reject: 2 links, 1 listed
      meet me at l…d.example/… and f…e.example/
                 ^^^^^^^^^^^^^     ~~~~~~~~~~~~
      1. l…d.example/… listed → reject
         demo entry demo-domain: csam, by domain, via self
         seen: defanged
      2. f…e.example/ unlisted → allow
    ");
    assert_eq!((ran.code, &*ran.stderr), (1, ""));
}

#[test]
fn a_post_without_listed_links_exits_quietly() {
    for text in ["https://fine.example/", "no link at all", ""] {
        assert_eq!(Home::new().run(&["check", text]).code, 0, "{text}");
    }
}

#[test]
fn json_holds_what_scripts_rely_on() {
    let ran = Home::new().run(&["check", "--json", "a https://listed.example/x", "b"]);
    let all = json(&ran.stdout);
    assert_eq!(all["generation"], 0);
    assert_eq!(all["lists_id"].as_str().unwrap().len(), 32);
    let link = &all["reports"][0]["links"][0];
    assert_eq!(
        (&link["span"], &link["kind"], &link["status"], &link["action"]),
        (&json("[2,26]"), &json("\"schemed\""), &json("\"listed\""), &json("\"reject\""))
    );
    assert_eq!(link["matches"][0]["list"], "demo");
    assert_eq!(link["matches"][0]["via"], "self");
    assert!(link.get("raw").is_none());
    assert_eq!(all["reports"][1]["links"], json("[]"));
    let shown = json(&Home::new().run(&["check", "--json", "--show-links", "a https://listed.example/x"]).stdout);
    assert_eq!(shown["reports"][0]["links"][0]["raw"], "https://listed.example/x");
}

#[test]
fn json_lines_keep_order_and_ids_and_pass_over_bad_lines() {
    let input = concat!(
        "{\"id\":\"a\",\"text\":\"https://listed.example/\"}\n",
        "{\"id\":18446744073709551616,\"text\":\"x\",\"other\":1}\n",
        "not json\n",
        "\n",
        "{\"id\":3}\n",
        "{\"text\":5}\n",
        "[7,\"x\",null,null]\n",
        "\u{fffd}\u{0}\n",
        "{\"id\":null,\"links\":[\"https://listed.example/a\\u002fb\"]}\n",
        "{\"id\":{\"k\":[1]},\"text\":\"<a href='https://listed.example'>x</a>\",\"format\":\"html\"}",
    );
    let ran = Home::new().run_with(&["check", "--jsonl"], input.as_bytes());
    let out = lines(&ran.stdout);
    assert_eq!(out.len(), 9);
    assert_eq!((&out[0]["id"], &out[0]["action"]), (&json("\"a\""), &json("\"reject\"")));
    assert!(ran.stdout.contains("{\"id\":18446744073709551616,"), "an id keeps its digits");
    let errors: Vec<_> = out.iter().filter_map(|one| Some((one["line"].as_u64()?, one["error"].as_str()?))).collect();
    assert_eq!(errors, [(3, "not_json"), (5, "bad_field"), (6, "bad_field"), (7, "bad_field"), (8, "not_json")]);
    assert_eq!(
        (&out[7]["id"], &out[7]["links"][0]["span"], &out[7]["links"][0]["kind"]),
        (&Value::Null, &Value::Null, &json("\"attached\""))
    );
    assert_eq!((&out[8]["id"], &out[8]["action"]), (&json("{\"k\":[1]}"), &json("\"reject\"")));
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("5 lines"), "{}", ran.stderr);
    assert_eq!(Home::new().run_with(&["check", "--jsonl", "--allow-bad", "5"], input.as_bytes()).code, 1);
}

#[test]
fn invalid_utf8_in_json_lines_is_a_bad_line() {
    let ran = Home::new().run_with(&["check", "--jsonl"], b"{\"id\":1,\"text\":\"\xff\"}\n{\"id\":2,\"text\":\"x\"}\n");
    assert_eq!(lines(&ran.stdout)[0], json(r#"{"id":null,"line":1,"error":"not_utf8"}"#));
    assert_eq!(lines(&ran.stdout)[1]["id"], 2);
}

#[test]
fn standard_input_is_one_post() {
    for arguments in [&["check"][..], &["check", "-"]] {
        let ran = Home::new().run_with(arguments, "x\nhttps://listed.example/\n".as_bytes());
        assert_eq!(ran.code, 1, "{arguments:?}");
    }
}

#[test]
fn nothing_that_could_be_a_link_is_shown_beside_masked_ones() {
    let text = (0..200).map(|n| format!("https://a{n}.test/x")).collect::<Vec<_>>().join(" ")
        + " https://listed.example/secret";
    let ran = Home::new().run(&["check", &text]);
    assert!(!ran.stdout.contains("listed.example") && ran.code == 1, "{}", ran.stdout);
}

#[test]
fn posts_as_people_see_them() {
    let home = Home::new();
    let session = session(
        &home,
        &[
            &["check", "see https://listed.example/a", "nothing here", "http://fine.example/"],
            &["check", "--show-links", "see https://listed.example/a"],
            &["check", "https://doubtful.example https://disputed.example https://held.example"],
            &["check", "http://192.0.2.66/x http://[2001:db8:66::1]/ https://veröffentlicht.example/a"],
            &["check", "listed-prefix.example and http://a..b%zz/ and https://help.listed.example/"],
            &["check", "two lines\nhttps://mixed.example/gallery/1?id=7&x=y\nand listed[.]example"],
            &["check", "--text-format", "html", "<a href=\"https://listed.example/a\">here</a> https://fine.example/"],
            &["check", "--text-format", "markdown", "[here](https://listed.example/a), `https://fine.example/`"],
            &["check", "--text-format", "markdown", "no link"],
        ],
    );
    insta::assert_snapshot!(session, @r#"
    $ linkgate check 'see https://listed.example/a' 'nothing here' http://fine.example/
    post 1: reject: 1 link, 1 listed
      see l…d.example/…
          ^^^^^^^^^^^^^
      1. l…d.example/… listed → reject
         demo entry demo-domain: csam, by domain, via self

    post 2: allow: no links

    post 3: allow: 1 link, 0 listed
      f…e.example/
      ~~~~~~~~~~~~
      1. f…e.example/ unlisted → allow
    [1]
    $ linkgate check --show-links 'see https://listed.example/a'
    reject: 1 link, 1 listed
      see https://listed.example/a
          ^^^^^^^^^^^^^^^^^^^^^^^^
      1. https://listed.example/a listed → reject
         demo entry demo-domain: csam, by domain, via self
    [1]
    $ linkgate check 'https://doubtful.example https://disputed.example https://held.example'
    hold: 3 links, 3 listed
      d…l.example/ d…d.example/ h…d.example/
      ^^^^^^^^^^^^ ^^^^^^^^^^^^ ^^^^^^^^^^^^
      1. d…l.example/ listed → flag
         demo entry demo-low-confidence: csam, by domain, via self
      2. d…d.example/ listed → allow
         demo entry demo-disputed: csam, by domain, via self, disputed
      3. h…d.example/ listed → hold
         demo entry demo-action: csam, by domain, via self
    [1]
    $ linkgate check 'http://192.0.2.66/x http://[2001:db8:66::1]/ https://veröffentlicht.example/a'
    reject: 3 links, 3 listed
      192.…/… [2001:…]/ v…t.example/…
      ^^^^^^^ ^^^^^^^^^ ^^^^^^^^^^^^^
      1. 192.…/… listed → reject
         demo entry demo-ip: csam, by ip, via self
         seen: numeric_host
      2. [2001:…]/ listed → reject
         demo entry demo-cidr: csam, by cidr, via self
         seen: numeric_host
      3. v…t.example/… listed → reject
         demo entry demo-idn: csam, by domain, via self
    [1]
    $ linkgate check 'listed-prefix.example and http://a..b%zz/ and https://help.listed.example/'
    flag: 3 links, 0 listed, 1 undetermined
      l…x.example/ and ….b/%zz/ and h…d.example/
      ~~~~~~~~~~~~     ~~~~         ~~~~~~~~~~~~
      1. l…x.example/ undetermined (prefix_unconfirmed) → flag
         demo entry demo-sha256-prefix: csam, by sha256, via self
      2. ….b/ unlisted → allow
      3. h…d.example/ unlisted → allow
    [1]
    $ linkgate check 'two lines
    https://mixed.example/gallery/1?id=7&x=y
    and listed[.]example'
    reject: 2 links, 2 listed
      m…d.example/…
      ^^^^^^^^^^^^^
      and l…d.example/
          ^^^^^^^^^^^^
      1. m…d.example/… listed → reject
         demo entry demo-url: csam, by url, via self
      2. l…d.example/ listed → reject
         demo entry demo-domain: csam, by domain, via self
         seen: defanged
    [1]
    $ linkgate check --text-format html '<a href="https://listed.example/a">here</a> https://fine.example/'
    reject: 2 links, 1 listed
      <a href="l…d.example/…">here</a> f…e.example/
               ^^^^^^^^^^^^^           ~~~~~~~~~~~~
      1. l…d.example/… listed → reject
         demo entry demo-domain: csam, by domain, via self
      2. f…e.example/ unlisted → allow
    [1]
    $ linkgate check --text-format markdown '[here](https://listed.example/a), `https://fine.example/`'
    reject: 2 links, 1 listed
      …l…d.example/…), `f…e.example/`
       ^^^^^^^^^^^^^    ~~~~~~~~~~~~
      1. l…d.example/… listed → reject
         demo entry demo-domain: csam, by domain, via self
      2. f…e.example/ unlisted → allow
    [1]
    $ linkgate check --text-format markdown 'no link'
    allow: no links
    [0]
    "#);
}

#[test]
fn more_links_than_are_looked_at_leave_the_post_undetermined() {
    let home = Home::new();
    let config = home.file("c.toml", "[extract]\nlinks_max = 1\n");
    let ran =
        session(&home, &[&["--config", config.to_str().unwrap(), "check", "https://a.example/ https://b.example/"]]);
    insta::assert_snapshot!(ran, @"
    $ linkgate --config DIR/c.toml check 'https://a.example/ https://b.example/'
    reject: undetermined (too_many_links); 1 link, 0 listed
      ….example/ …
      ~~~~~~~~~~
      1. ….example/ unlisted → allow
    [1]
    ");
}

#[test]
fn reports_as_scripts_read_them() {
    let home = Home::new();
    let session = session(
        &home,
        &[
            &["check", "--json", "see https://listed.example/a", "nothing here"],
            &["check", "--json", "--show-links", "see hxxps://listed[.]example/a"],
            &["check", "--json", "--text-format", "html", "<a href=\"https://disputed.example/\">x</a>"],
        ],
    );
    insta::assert_snapshot!(session, @r#"
    $ linkgate check --json 'see https://listed.example/a' 'nothing here'
    {"generation":0,"lists_id":"LISTS_ID","reports":[{"id":1,"action":"reject","generation":0,"lists_id":"LISTS_ID","links":[{"span":[4,28],"kind":"schemed","status":"listed","action":"reject","matches":[{"list":"demo","entry":"demo-domain","scope":"domain","category":"csam","via":"self","source_ref":"demo-source-1"}],"flags":[]}]},{"id":2,"action":"allow","generation":0,"lists_id":"LISTS_ID","links":[]}]}
    [1]
    $ linkgate check --json --show-links 'see hxxps://listed[.]example/a'
    {"generation":0,"lists_id":"LISTS_ID","reports":[{"id":1,"action":"reject","generation":0,"lists_id":"LISTS_ID","links":[{"span":[4,30],"kind":"defanged","status":"listed","action":"reject","matches":[{"list":"demo","entry":"demo-domain","scope":"domain","category":"csam","via":"self","source_ref":"demo-source-1"}],"flags":["defanged"],"raw":"hxxps://listed[.]example/a"}]}]}
    [1]
    $ linkgate check --json --text-format html '<a href="https://disputed.example/">x</a>'
    {"generation":0,"lists_id":"LISTS_ID","reports":[{"id":1,"action":"allow","generation":0,"lists_id":"LISTS_ID","links":[{"span":[9,34],"kind":"markup","status":"listed","action":"allow","matches":[{"list":"demo","entry":"demo-disputed","scope":"domain","category":"csam","via":"self","disputed":true,"source_ref":"demo-source-4"}],"flags":[]}]}]}
    [0]
    "#);
}

#[test]
fn what_is_too_long_is_not_read() {
    let home = Home::new();
    let long = "a".repeat((64 << 20) + 2);
    assert_eq!(
        home.run_with(&["check"], long.as_bytes()).stderr,
        "linkgate: the post is longer than 64 MiB; check it in parts\n"
    );
    let ran = home.run_with(&["check", "--jsonl"], (long + "\n{\"id\":2,\"text\":\"\"}").as_bytes());
    let out = lines(&ran.stdout);
    assert_eq!((ran.code, &out[0]["error"], &out[1]["id"]), (2, &json("\"too_long\""), &json("2")));
}

#[test]
fn json_lines_good_and_bad() {
    let home = Home::new();
    let input = concat!(
        "\u{feff}{\"id\":\"first\",\"text\":\"https://listed.example/\"}\n",
        "{\"id\":2,\"text\":\"nothing\"}\n",
        "{\"id\":3,\"links\":[\"https://spam.example/\"]}\n",
        "{\"id\":4,\"text\":\"<a href='//listed.example'>x</a>\",\"format\":\"html\"}\n",
        "{\"id\":5,\"text\":\"x\",\"format\":\"word\"}\n",
        "not json\n",
    );
    insta::assert_snapshot!(session_with(&home, &["check", "--jsonl"], input), @r#"
    $ linkgate check --jsonl
    {"id":"first","action":"reject","generation":0,"lists_id":"LISTS_ID","links":[{"span":[0,23],"kind":"schemed","status":"listed","action":"reject","matches":[{"list":"demo","entry":"demo-domain","scope":"domain","category":"csam","via":"self","source_ref":"demo-source-1"}],"flags":[]}]}
    {"id":2,"action":"allow","generation":0,"lists_id":"LISTS_ID","links":[]}
    {"id":3,"action":"flag","generation":0,"lists_id":"LISTS_ID","links":[{"span":null,"kind":"attached","status":"listed","action":"flag","matches":[{"list":"demo","entry":"demo-spam","scope":"domain","category":"spam","via":"self","source_ref":"demo-source-4"}],"flags":[]}]}
    {"id":4,"action":"reject","generation":0,"lists_id":"LISTS_ID","links":[{"span":[9,25],"kind":"markup","status":"listed","action":"reject","matches":[{"list":"demo","entry":"demo-domain","scope":"domain","category":"csam","via":"self","source_ref":"demo-source-1"}],"flags":[]}]}
    {"id":null,"line":5,"error":"bad_field"}
    {"id":null,"line":6,"error":"not_json"}
    2> linkgate: 2 lines of the input could not be read, the output says which; --allow-bad 2 accepts that
    [2]
    "#);
    insta::assert_snapshot!(session_with(&home, &["check", "--jsonl", "--allow-bad", "1"], "{}\n"), @r#"
    $ linkgate check --jsonl --allow-bad 1
    {"id":null,"line":1,"error":"bad_field"}
    [0]
    "#);
    insta::assert_snapshot!(session_with(&home, &["check", "--jsonl"], "{}\n"), @r#"
    $ linkgate check --jsonl
    {"id":null,"line":1,"error":"bad_field"}
    2> linkgate: 1 line of the input could not be read, the output says which; --allow-bad 1 accepts that
    [2]
    "#);
    let shown = session_with(&home, &["check", "--jsonl", "--show-links"], "{\"links\":[\"https://listed.example/\"]}");
    insta::assert_snapshot!(shown, @r#"
    $ linkgate check --jsonl --show-links
    {"id":null,"action":"reject","generation":0,"lists_id":"LISTS_ID","links":[{"span":null,"kind":"attached","status":"listed","action":"reject","matches":[{"list":"demo","entry":"demo-domain","scope":"domain","category":"csam","via":"self","source_ref":"demo-source-1"}],"flags":[],"raw":"https://listed.example/"}]}
    [1]
    "#);
}

#[test]
fn a_byte_order_mark_is_taken_before_the_first_line_only() {
    let home = Home::new();
    let ran = home.run_with(
        &["check", "--jsonl"],
        "\u{feff}{\"id\":1,\"text\":\"\"}\n\u{feff}{\"id\":2,\"text\":\"\"}\n".as_bytes(),
    );
    let out = lines(&ran.stdout);
    assert_eq!((&out[0]["id"], &out[1]["error"]), (&json("1"), &json("\"not_json\"")));
    let ran = home.run_with(&["check", "--jsonl"], "\u{feff}\n{\"id\":2,\"text\":\"\"}".as_bytes());
    assert_eq!((ran.code, &lines(&ran.stdout)[0]["id"]), (0, &json("2")));
}
