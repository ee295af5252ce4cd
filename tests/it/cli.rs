//! The command as people and scripts use it: output, exit codes, messages that show no link.

use serde_json::Value;

use crate::Home;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(json).collect()
}

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
        "\u{fffd}\u{0}\n",
        "{\"id\":null,\"links\":[\"https://listed.example/a\\u002fb\"]}\n",
        "{\"id\":{\"k\":[1]},\"text\":\"<a href='https://listed.example'>x</a>\",\"format\":\"html\"}",
    );
    let ran = Home::new().run_with(&["check", "--jsonl"], input.as_bytes());
    let out = lines(&ran.stdout);
    assert_eq!(out.len(), 8);
    assert_eq!((&out[0]["id"], &out[0]["action"]), (&json("\"a\""), &json("\"reject\"")));
    assert!(ran.stdout.contains("{\"id\":18446744073709551616,"), "an id keeps its digits");
    let errors: Vec<_> = out.iter().filter_map(|one| Some((one["line"].as_u64()?, one["error"].as_str()?))).collect();
    assert_eq!(errors, [(3, "not_json"), (5, "bad_field"), (6, "bad_field"), (7, "not_json")]);
    assert_eq!(
        (&out[6]["id"], &out[6]["links"][0]["span"], &out[6]["links"][0]["kind"]),
        (&Value::Null, &Value::Null, &json("\"attached\""))
    );
    assert_eq!((&out[7]["id"], &out[7]["action"]), (&json("{\"k\":[1]}"), &json("\"reject\"")));
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("4 lines"), "{}", ran.stderr);
    assert_eq!(Home::new().run_with(&["check", "--jsonl", "--allow-bad", "4"], input.as_bytes()).code, 1);
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
fn wrong_usage_exits_with_64() {
    for arguments in [&["check", "--no-such"][..], &["nonsense"], &["check", "--json", "--jsonl"], &[]] {
        assert_eq!(Home::new().run(arguments).code, 64, "{arguments:?}");
    }
    assert_eq!(Home::new().run(&["--help"]).code, 0);
}

#[test]
fn explain_shows_every_step() {
    let ran = Home::new().run(&["explain", "http://user@LISTED.example:8080/x/..%2f%61?b=2&a=1#f"]);
    insta::assert_snapshot!(ran.stdout, @r"
    as given    http://user@LISTED.example:8080/x/..%2f%61?b=2&a=1#f

    self        http://listed.example/a?b=2&a=1
    host        listed.example (registrable domain: listed.example)
    looked up   listed.example
                listed.example/
                listed.example/a

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
fn lists_are_compiled_opened_and_refused_under_another_key() {
    let home = Home::new();
    let list = home.path().join("demo.lgx");
    let list = list.to_str().unwrap();
    let early = home.file("early.lgx", "linkgate\x01");
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
fn a_generation_rises_with_overrides_policy_and_how_lists_are_read() {
    let home = Home::new();
    let list = home.file("own.txt", "blocked.test\n");
    let write = |more: &str| {
        home.file("g.toml", format!("{more}\n[[lists]]\nname = \"own\"\npath = {:?}\n", list.to_str().unwrap()))
    };
    let config = write("");
    let config = config.to_str().unwrap();
    let generation =
        || json(&home.run(&["--config", config, "check", "--json", "x"]).stdout)["generation"].as_u64().unwrap();
    assert_eq!(generation(), 1);
    assert_eq!(
        home.run(&[
            "override",
            "add",
            "x.example",
            "--scope",
            "domain",
            "--action",
            "reject",
            "--reason",
            "r",
            "--author",
            "a"
        ])
        .code,
        0
    );
    assert_eq!((generation(), generation()), (2, 2));
    write("[policy.category]\ncsam = \"hold\"");
    assert_eq!(generation(), 3);
    write("[extract]\nlinks_max = 10");
    assert_eq!(generation(), 4);
}

#[test]
fn a_table_that_is_no_table_is_not_quoted() {
    let home = Home::new();
    let list = home.file("own.txt", "secret.test\n");
    let config = home.file("t.toml", format!("[tables]\nwrappers = {:?}\n", list.to_str().unwrap()));
    let ran = home.run(&["--config", config.to_str().unwrap(), "check", "x"]);
    assert!(ran.code == 2 && ran.stderr.contains("wrappers") && !ran.stderr.contains("secret"), "{}", ran.stderr);
}

#[test]
fn nothing_that_could_be_a_link_is_shown_beside_masked_ones() {
    let text = (0..200).map(|n| format!("https://a{n}.test/x")).collect::<Vec<_>>().join(" ")
        + " https://listed.example/secret";
    let ran = Home::new().run(&["check", &text]);
    assert!(!ran.stdout.contains("listed.example") && ran.code == 1, "{}", ran.stdout);
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
fn configuration_errors_name_file_and_nearest_key() {
    let home = Home::new();
    let bad = home.file("bad.toml", "[policy]\nmin_confidense = 3\n");
    let ran = home.run(&["--config", bad.to_str().unwrap(), "check", "x"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("bad.toml")
            && ran.stderr.contains("min_confidense")
            && ran.stderr.contains("`policy.min_confidence`"),
        "{}",
        ran.stderr
    );
    let mut command = home.command(&["config", "show"]);
    command.env("LINKGATE_POLICY_MIN_CONFIDENCE", "70");
    let shown = crate::finish(command, b"").stdout;
    assert!(shown.contains("policy.min_confidence = 70  # LINKGATE_POLICY_MIN_CONFIDENCE"), "{shown}");
    let mut command = home.command(&["check", "x"]);
    command.env("LINKGATE_POLICY_MIN_CONFIDENC", "70");
    assert!(crate::finish(command, b"").stderr.contains("LINKGATE_POLICY_MIN_CONFIDENCE"));
    for (text, named) in [
        ("[[lists]]\nname = \"a\"\npth = \"x\"\n", "`lists[1].pth`; did you mean `lists[1].path`?"),
        ("[policy.category]\ncsam = \"nuke\"\n", "`policy.category.csam`"),
        ("[policy]\ncsam = \"hold\"\n", "`policy.category.csam`"),
        ("[policy]\nmin_confidence = 101\n", "`policy.min_confidence`"),
        ("[extract]\nlinks_max = 0\n", "`extract.links_max`"),
    ] {
        let file = home.file("one.toml", text);
        let ran = home.run(&["--config", file.to_str().unwrap(), "check", "x"]);
        assert!(ran.code == 2 && ran.stderr.contains(named), "{text}: {}", ran.stderr);
    }
    let wrong = home.file("wrong.toml", "[policy]\nmin_confidence = \"secret.example\"\n");
    let ran = home.run(&["--config", wrong.to_str().unwrap(), "check", "x"]);
    assert!(ran.code == 2 && !ran.stderr.contains("secret.example"), "{}", ran.stderr);
}

#[test]
fn overrides_are_kept_sealed_and_rule() {
    let home = Home::new();
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 30);
    let expires = soon.to_string();
    let add = [
        "override",
        "add",
        "listed.example",
        "--scope",
        "domain",
        "--action",
        "allow",
        "--reason",
        "mistake",
        "--author",
        "me",
    ];
    let without_end = home.run(&add);
    assert_eq!(without_end.code, 64);
    assert!(
        without_end.stderr.contains("--expires") && !without_end.stderr.contains("listed.example"),
        "{}",
        without_end.stderr
    );
    let added = home.run(&[&add[..], &["--expires", &expires]].concat());
    assert_eq!(added.code, 0, "{}", added.stderr);
    let checked = json(&home.run(&["check", "--json", "https://listed.example/"]).stdout);
    assert_eq!(
        (&checked["reports"][0]["action"], &checked["reports"][0]["links"][0]["status"]),
        (&json("\"allow\""), &json("\"listed\""))
    );
    let listed = home.run(&["override", "list"]).stdout;
    assert!(
        listed.contains("domain → allow") && listed.contains("mistake") && !listed.contains("listed.example"),
        "{listed}"
    );
    assert_eq!(checked["reports"][0]["links"][0]["matches"][1]["list"], "override");
    assert_eq!(
        home.run(&[&["override", "add", "LISTED.example."], &add[3..], &["--expires", &expires]].concat()).code,
        64
    );
    assert_eq!(home.run(&["override", "remove", "Listed.Example"]).code, 0);
    assert_eq!(home.run(&["check", "https://listed.example/"]).code, 1);
    assert_eq!(home.run(&["override", "remove", "listed.example"]).code, 2);
}

#[test]
fn completions_and_manual_are_printed() {
    assert!(Home::new().run(&["completions", "bash"]).stdout.contains("_linkgate"));
    assert!(Home::new().run(&["man"]).stdout.contains(".TH linkgate"));
}

#[test]
fn what_people_read_stays_as_it_is() {
    let home = Home::new();
    let out = home.path().join("x.lgx");
    let mixed =
        home.file("mixed.txt", "blocked.test\n# why\nnot a host\nhttps://blocked.example/\n*.blocked.test\n/regex/\n");
    let ran = home.run(&["lists", "compile", mixed.to_str().unwrap(), "--out", out.to_str().unwrap(), "--explain"]);
    let shown = ran.stdout.replace(home.path().to_str().unwrap(), "DIR");
    insta::assert_snapshot!(shown, @r#"
    mixed (plain): 6 lines = 3 taken + 2 refused + 1 ignored; 3 entries
      refused        1  it does not have the form of its format; line 3
      refused        1  it is a regular expression; line 6
      ignored        1  comment
      note           1  URL without a path: means the front page alone; line 4
    3 entries of 1 lists in DIR/x.lgx
    "#);
    let ran = home.run(&["lists", "status"]);
    insta::assert_snapshot!(ran.stdout, @r#"
    demo                 live     1 allow_host, 1 allow_url_prefix, 1 cidr, 16 domain, 1 host, 1 ip, 1 label, 1 md5_url, 2 sha256, 1 subdomains, 2 url, 2 url_prefix
    "#);
    let ran = home.run(&["config", "show"]);
    insta::assert_snapshot!(ran.stdout, @r#"
    state.dir = (unset)  # default
    state.key_file = (unset)  # default
    extract.links_max = 200  # default
    extract.candidates_max = 1000  # default
    policy.min_confidence = 50  # default
    policy.not_canonical = "flag"  # default
    policy.too_many_links = "reject"  # default
    policy.prefix_unconfirmed = "flag"  # default
    policy.redirect_unfinished = "flag"  # default
    policy.limit = "reject"  # default
    policy.category.csam = "reject"  # default
    policy.category.csam_advertising = "reject"  # default
    policy.category.invite_pyramid = "reject"  # default
    policy.category.exploitation = "reject"  # default
    policy.category.malware = "hold"  # default
    policy.category.phishing = "hold"  # default
    policy.category.spam = "flag"  # default
    policy.category.test = "reject"  # default
    policy.category.other = "flag"  # default
    cache.posts_max = 100000  # default
    tables.wrappers = (unset)  # default
    tables.aliases = (unset)  # default
    tables.tracking = (unset)  # default
    tables.suffixes = (unset)  # default
    "#);
    let ran = home.run(&["check", "--lists", "/no/such/list", "x"]);
    insta::assert_snapshot!(ran.stderr, @r#"
    linkgate: list "/no/such/list": the list cannot be read; check that the file is there and readable: No such file or directory (os error 2)
    "#);
    let ran = home.run(&["check", "--lists", "nosuch:list", "x"]);
    insta::assert_snapshot!(ran.stderr, @r#"
    linkgate: there is no list format of that name; known are: plain, hosts, house, house_jsonl, sha256, sha256_raw, adblock, wildcard, dnsmasq, csv, squidguard, squidguard_urls, squidguard_expressions, e2guardian, rpz, stix21, misp_event, misp_csv, misp_warninglist, threatexchange, mastodon, lemmy, ozone, labels
    "#);
    let ran = home.run(&["override", "remove", "x.example"]);
    insta::assert_snapshot!(ran.stderr, @r#"
    linkgate: there is no override on that value
    "#);
    let ran = home
        .run(&["override", "add", "co.uk", "--scope", "domain", "--action", "allow", "--reason", "r", "--author", "a"]);
    insta::assert_snapshot!(ran.stderr, @r#"
    linkgate: a ruling below `reject` may cover a registrable domain at most, not a public suffix, label or network
    "#);
    let ran = home.run(&["--config", "/no/such.toml", "check", "x"]);
    insta::assert_snapshot!(ran.stderr, @r#"
    linkgate: /no/such.toml cannot be read: No such file or directory (os error 2)
    "#);
}
