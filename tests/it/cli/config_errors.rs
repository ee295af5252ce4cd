//! Configurations that cannot be used: place, key and remedy, never a value.

use std::fmt::Write as _;

use super::session;
use crate::Home;

/// Each text as the configuration, and what is said of it.
fn said_of(home: &Home, texts: &[&str]) -> String {
    let mut said = String::new();
    for text in texts {
        let config = home.file("c.toml", text);
        let ran = home.run(&["--config", config.to_str().unwrap(), "check", "x"]);
        assert_eq!((ran.code, &*ran.stdout), (2, ""), "{text}");
        let _ = write!(said, "{}\n  {}", text.trim_end().replace('\n', " ⏎ "), super::redacted(home, &ran.stderr));
    }
    said
}

#[test]
fn errors_name_place_and_remedy() {
    let home = Home::new();
    let said = said_of(
        &home,
        &[
            "[policy\n",
            "[polcy]\nmin_confidence = 3\n",
            "[policy]\nmin_confidense = 3\n",
            "[policy]\nwholly_unknown_thing = 3\n",
            "policy = 3\n",
            "[policy]\nmin_confidence = \"3\"\n",
            "[policy]\nmin_confidence = 101\n",
            "[policy]\nmin_confidence = 300\n",
            "[policy]\nlimit = \"nuke\"\n",
            "[policy.category]\ncsam = \"nuke\"\n",
            "[extract]\nlinks_max = -1\n",
            "[extract]\nlinks_max = 0\n",
            "[state]\ndir = 3\n",
            "[tables]\nwrappers = \"/no/such\"\n",
            "[tables]\nwrappers = \"lists/demo.csv\"\n",
            "[tables]\naliases = \"lists/demo.csv\"\n",
            "[tables]\ntracking = \"lists/demo.csv\"\n",
            "[tables]\nsuffixes = \"lists/demo.csv\"\n",
        ],
    );
    insta::assert_snapshot!(said, @r#"
    [policy
      linkgate: DIR/c.toml is not TOML, see line 1; `linkgate config default` shows the form
    [polcy] ⏎ min_confidence = 3
      linkgate: DIR/c.toml: unknown key `polcy.min_confidence`; did you mean `policy.min_confidence`?
    [policy] ⏎ min_confidense = 3
      linkgate: DIR/c.toml: unknown key `policy.min_confidense`; did you mean `policy.min_confidence`?
    [policy] ⏎ wholly_unknown_thing = 3
      linkgate: DIR/c.toml: unknown key `policy.wholly_unknown_thing`
    policy = 3
      linkgate: DIR/c.toml: `policy` is a section; write `[policy]` and its keys below
    [policy] ⏎ min_confidence = "3"
      linkgate: DIR/c.toml: `policy.min_confidence` has a value that cannot be used; expected a whole number from 0 to 100
    [policy] ⏎ min_confidence = 101
      linkgate: DIR/c.toml: `policy.min_confidence` is above 100
    [policy] ⏎ min_confidence = 300
      linkgate: DIR/c.toml: `policy.min_confidence` has a value that cannot be used; expected a whole number from 0 to 100
    [policy] ⏎ limit = "nuke"
      linkgate: DIR/c.toml: `policy.limit` has a value that cannot be used; expected one of `allow`, `flag`, `hold`, `reject`
    [policy.category] ⏎ csam = "nuke"
      linkgate: DIR/c.toml: `policy.category.csam` has a value that cannot be used; expected one of `allow`, `flag`, `hold`, `reject`
    [extract] ⏎ links_max = -1
      linkgate: DIR/c.toml: `extract.links_max` has a value that cannot be used; expected a whole number that is not negative
    [extract] ⏎ links_max = 0
      linkgate: DIR/c.toml: `extract.links_max` is 0: no link would be looked at
    [state] ⏎ dir = 3
      linkgate: DIR/c.toml: `state.dir` has a value that cannot be used; expected a path in quotes
    [tables] ⏎ wrappers = "/no/such"
      linkgate: the table /no/such cannot be read: No such file or directory (os error 2)
    [tables] ⏎ wrappers = "lists/demo.csv"
      linkgate: [tables] of the configuration: the table of wrappers is not of the form that its head describes, line 5
    [tables] ⏎ aliases = "lists/demo.csv"
      linkgate: [tables] of the configuration: the table of aliases is not of the form that its head describes, line 5
    [tables] ⏎ tracking = "lists/demo.csv"
      linkgate: [tables] of the configuration: the table of tracking parameters has a row that cannot be read: line 6: write `name`, `prefix*` or `name@host`, one a line
    [tables] ⏎ suffixes = "lists/demo.csv"
      linkgate: [tables] of the configuration: the public suffix list cannot be read: the section marker `===BEGIN ICANN DOMAINS===` is missing; take the list as it is published
    "#);
}

#[test]
fn errors_of_lists_and_overrides_name_their_number_and_key() {
    let home = Home::new();
    let list = |more: &str| format!("[[lists]]\nname = \"own\"\n{more}\n");
    let ruling =
        |more: &str| format!("[[overrides]]\nvalue = \"secret.example\"\nreason = \"r\"\nauthor = \"a\"\n{more}\n");
    let two = list("path = \"lists/demo.csv\"").repeat(2);
    let texts = [
        "lists = 3".to_owned(),
        list(""),
        list("pth = \"x\""),
        list("path = 3"),
        list("path = \"x\"\nmode = \"nonsense\""),
        list("path = \"x\"\ndefault_category = \"nonsense\""),
        list("path = \"x\"\nwww_twin = \"yes\""),
        list("path = \"x\"\nformat = \"nonsense\""),
        list("path = \"x\"\nplain_means = \"nonsense\""),
        list("path = \"x\"\nroot_url_means = \"nonsense\""),
        list("path = \"/no/such\""),
        "[[lists]]\nname = \"override\"\npath = \"x\"\n".to_owned(),
        two,
        ruling("scope = \"domain\""),
        ruling("scope = \"nonsense\"\naction = \"allow\""),
        ruling("scope = \"domain\"\naction = \"nonsense\""),
        ruling("scope = \"domain\"\naction = \"allow\""),
        ruling("scope = \"domain\"\naction = \"allow\"\nexpires = \"soon\""),
        ruling("scope = \"domain\"\naction = \"allow\"\nexpires = 2099-01-01"),
        ruling("scope = \"domain\"\naction = \"allow\"\nexpires = \"2099-01-01\""),
        ruling("scope = \"ip\"\naction = \"reject\""),
    ];
    let said = said_of(&home, &texts.each_ref().map(String::as_str));
    assert_eq!(said.matches("secret").count(), 8, "a value is never shown:\n{said}");
    insta::assert_snapshot!(said, @r#"
    lists = 3
      linkgate: DIR/c.toml: `lists` has a value that cannot be used; expected a section in double brackets for each
    [[lists]] ⏎ name = "own"
      linkgate: list "own" in the configuration: set either `path` or `url`
    [[lists]] ⏎ name = "own" ⏎ pth = "x"
      linkgate: DIR/c.toml: unknown key `lists[1].pth`; did you mean `lists[1].path`?
    [[lists]] ⏎ name = "own" ⏎ path = 3
      linkgate: DIR/c.toml: `lists[1].path` has a value that cannot be used; expected a path in quotes
    [[lists]] ⏎ name = "own" ⏎ path = "x" ⏎ mode = "nonsense"
      linkgate: DIR/c.toml: `lists[1].mode` has a value that cannot be used; expected `enforce` or `report`
    [[lists]] ⏎ name = "own" ⏎ path = "x" ⏎ default_category = "nonsense"
      linkgate: DIR/c.toml: `lists[1].default_category` has a value that cannot be used; expected one of `csam`, `csam_advertising`, `invite_pyramid`, `exploitation`, `malware`, `phishing`, `spam`, `test`, `other`
    [[lists]] ⏎ name = "own" ⏎ path = "x" ⏎ www_twin = "yes"
      linkgate: DIR/c.toml: `lists[1].www_twin` has a value that cannot be used; expected true or false
    [[lists]] ⏎ name = "own" ⏎ path = "x" ⏎ format = "nonsense"
      linkgate: list "own" in the configuration: `format` is "nonsense"; known are: plain, hosts, house, house_jsonl, sha256, sha256_raw, adblock, wildcard, dnsmasq, csv, squidguard, squidguard_urls, squidguard_expressions, e2guardian, rpz, stix21, misp_event, misp_csv, misp_warninglist, threatexchange, mastodon, lemmy, ozone, labels
    [[lists]] ⏎ name = "own" ⏎ path = "x" ⏎ plain_means = "nonsense"
      linkgate: list "own" in the configuration: `plain_means` is "nonsense"; known are: domain, exact
    [[lists]] ⏎ name = "own" ⏎ path = "x" ⏎ root_url_means = "nonsense"
      linkgate: list "own" in the configuration: `root_url_means` is "nonsense"; known are: page, host
    [[lists]] ⏎ name = "own" ⏎ path = "/no/such"
      linkgate: made a key: DIR/state/linkgate/key/state.key; move it away from the lists, and say where it is by [state] key_file
    linkgate: list "own": list "/no/such": the list cannot be read; check that the file is there and readable: No such file or directory (os error 2)
    [[lists]] ⏎ name = "override" ⏎ path = "x"
      linkgate: list "override" in the configuration: a list has a name, which is not that of the overrides
    [[lists]] ⏎ name = "own" ⏎ path = "lists/demo.csv" ⏎ [[lists]] ⏎ name = "own" ⏎ path = "lists/demo.csv"
      linkgate: DIR/c.toml: `lists` has two lists of one name
    [[overrides]] ⏎ value = "secret.example" ⏎ reason = "r" ⏎ author = "a" ⏎ scope = "domain"
      linkgate: DIR/c.toml: `overrides[1]` lacks `action`
    [[overrides]] ⏎ value = "secret.example" ⏎ reason = "r" ⏎ author = "a" ⏎ scope = "nonsense" ⏎ action = "allow"
      linkgate: DIR/c.toml: `overrides[1].scope` has a value that cannot be used; expected one of `domain`, `host`, `subdomains`, `url`, `url_prefix`, `label`, `ip`, `cidr`, `sha256`, `md5_url`
    [[overrides]] ⏎ value = "secret.example" ⏎ reason = "r" ⏎ author = "a" ⏎ scope = "domain" ⏎ action = "nonsense"
      linkgate: DIR/c.toml: `overrides[1].action` has a value that cannot be used; expected one of `allow`, `flag`, `hold`, `reject`
    [[overrides]] ⏎ value = "secret.example" ⏎ reason = "r" ⏎ author = "a" ⏎ scope = "domain" ⏎ action = "allow"
      linkgate: overrides[1] in the configuration: a ruling ends in the future, and one below `reject` at most 90 days from now; set `expires`
    [[overrides]] ⏎ value = "secret.example" ⏎ reason = "r" ⏎ author = "a" ⏎ scope = "domain" ⏎ action = "allow" ⏎ expires = "soon"
      linkgate: DIR/c.toml: `overrides[1].expires` has a value that cannot be used; expected "2027-01-31" or "2027-01-31T12:00:00Z"
    [[overrides]] ⏎ value = "secret.example" ⏎ reason = "r" ⏎ author = "a" ⏎ scope = "domain" ⏎ action = "allow" ⏎ expires = 2099-01-01
      linkgate: overrides[1] in the configuration: a ruling ends in the future, and one below `reject` at most 90 days from now; set `expires`
    [[overrides]] ⏎ value = "secret.example" ⏎ reason = "r" ⏎ author = "a" ⏎ scope = "domain" ⏎ action = "allow" ⏎ expires = "2099-01-01"
      linkgate: overrides[1] in the configuration: a ruling ends in the future, and one below `reject` at most 90 days from now; set `expires`
    [[overrides]] ⏎ value = "secret.example" ⏎ reason = "r" ⏎ author = "a" ⏎ scope = "ip" ⏎ action = "reject"
      linkgate: overrides[1] in the configuration: the value cannot be used with scope ip: it is no address or network
    "#);
}

#[test]
fn errors_of_the_environment_and_of_keys() {
    let home = Home::new();
    let short = home.file("short.key", "0123");
    let out = home.path().join("x.lgx");
    let [short, out] = [&short, &out].map(|path| path.to_str().unwrap());
    let compile = ["lists", "compile", "lists/demo.csv", "--out", out];
    insta::assert_snapshot!(session(&home, &[
        &["--config", "/no/such.toml", "check", "x"],
        &[&["--key-file", "/no/such.key"], &compile[..]].concat(),
        &[&["--key-file", short], &compile[..]].concat(),
        &compile,
    ]), @"
    $ linkgate --config /no/such.toml check x
    2> linkgate: the configuration file /no/such.toml cannot be read: No such file or directory (os error 2)
    [2]
    $ linkgate --key-file /no/such.key lists compile lists/demo.csv --out DIR/x.lgx
    2> linkgate: the key file /no/such.key cannot be read; name one that is there, or none to have one made: No such file or directory (os error 2)
    [2]
    $ linkgate --key-file DIR/short.key lists compile lists/demo.csv --out DIR/x.lgx
    2> linkgate: the key file DIR/short.key holds no key, which is 32 bytes or 64 hex digits; give the right file by --key-file
    [2]
    $ linkgate lists compile lists/demo.csv --out DIR/x.lgx
    30 entries of 1 list in DIR/x.lgx
    2> linkgate: made a key: DIR/state/linkgate/key/state.key; move it away from the lists, and say where it is by [state] key_file
    [0]
    ");
    let mut said = String::new();
    for (name, value) in [
        ("LINKGATE_POLICY_MIN_CONFIDENC", "70"),
        ("LINKGATE_POLICY_MIN_CONFIDENCE", "high"),
        ("LINKGATE_NOTHING_LIKE_IT_AT_ALL", "1"),
        ("LINKGATE_CONFIG", "/no/such.toml"),
    ] {
        let mut command = home.command(&["check", "x"]);
        command.env(name, value);
        said += &crate::finish(command, b"").stderr;
    }
    let mut homeless = home.command(&["override", "list"]);
    homeless.env_remove("XDG_STATE_HOME");
    said += &crate::finish(homeless, b"").stderr;
    insta::assert_snapshot!(said, @"
    linkgate: the environment: unknown key `LINKGATE_POLICY_MIN_CONFIDENC`; did you mean `LINKGATE_POLICY_MIN_CONFIDENCE`?
    linkgate: LINKGATE_POLICY_MIN_CONFIDENCE: `policy.min_confidence` has a value that cannot be used; expected a whole number from 0 to 100
    linkgate: the environment: unknown key `LINKGATE_NOTHING_LIKE_IT_AT_ALL`
    linkgate: the configuration file /no/such.toml cannot be read: No such file or directory (os error 2)
    linkgate: no state directory: set [state] dir, LINKGATE_STATE_DIR, XDG_STATE_HOME or HOME
    ");
}

#[test]
fn a_damaged_generation_is_told_and_counted_on_from_the_clock() {
    let home = Home::new();
    let config = home.file("c.toml", "[policy]\nmin_confidence = 70\n");
    let check = ["--config", config.to_str().unwrap(), "check", "x"];
    assert_eq!(home.run(&check).code, 0);
    home.file("state/linkgate/generation.json", "damaged");
    insta::assert_snapshot!(session(&home, &[&check, &check]), @"
    $ linkgate --config DIR/c.toml check x
    allow: no links
    2> linkgate: DIR/state/linkgate/generation.json is damaged; generations go on from the time of day
    [0]
    $ linkgate --config DIR/c.toml check x
    allow: no links
    [0]
    ");
}

#[test]
fn tables_name_the_rule_that_cannot_be_used() {
    let home = Home::new();
    let mut said = String::new();
    for rule in [
        "host = \"a.example\"\npath = \"/{url\"",
        "host = \"a.example\"\npath = \"/{a}{b}\"",
        "host = \"a.example\"\npath = \"/{other}\"",
        "path = \"/{url}\"",
        "host = \"@nobody\"\npath = \"/{url}\"",
        "host = \"*.*\"\npath = \"/{url}\"",
        "host = \"a.example\"\npath = \"/{url}\"\nwhere = { url = \"nothing\" }",
        "hst = \"a.example\"",
    ] {
        let table = format!(
            "[defaults]\ngives = \"{{url}}\"\n[[rule]]\nname = \"own\"\nsource = \"own\"\nexamples = []\n{rule}\n"
        );
        home.file("wrappers.toml", table);
        let config = home.file("c.toml", format!("[tables]\nwrappers = {:?}\n", home.path().join("wrappers.toml")));
        let ran = home.run(&["--config", config.to_str().unwrap(), "check", "x"]);
        let _ = write!(said, "{}\n  {}", rule.replace('\n', " ⏎ "), super::redacted(&home, &ran.stderr));
    }
    insta::assert_snapshot!(said, @r#"
    host = "a.example" ⏎ path = "/{url"
      linkgate: [tables] of the configuration: the rule `own` in the table of wrappers cannot be used: a brace in `/{url` is open, empty or stray; write places as {name} or {name...}
    host = "a.example" ⏎ path = "/{a}{b}"
      linkgate: [tables] of the configuration: the rule `own` in the table of wrappers cannot be used: two places in `/{a}{b}` touch; put fixed text between them
    host = "a.example" ⏎ path = "/{other}"
      linkgate: [tables] of the configuration: the rule `own` in the table of wrappers cannot be used: nothing fills the place `url`; name it in host, path, query or fragment
    path = "/{url}"
      linkgate: [tables] of the configuration: the rule `own` in the table of wrappers cannot be used: a rule needs either `host` or `scheme`
    host = "@nobody" ⏎ path = "/{url}"
      linkgate: [tables] of the configuration: the rule `own` in the table of wrappers cannot be used: `@nobody` stands neither under [hosts] nor under [shapes]; add it or correct the name
    host = "*.*" ⏎ path = "/{url}"
      linkgate: [tables] of the configuration: the rule `own` in the table of wrappers cannot be used: the host pattern `*.*` needs two fixed labels (one before `.*`) in lower case
    host = "a.example" ⏎ path = "/{url}" ⏎ where = { url = "nothing" }
      linkgate: [tables] of the configuration: the rule `own` in the table of wrappers cannot be used: `nothing` stands neither under [hosts] nor under [shapes]; add it or correct the name
    hst = "a.example"
      linkgate: [tables] of the configuration: the table of wrappers is not of the form that its head describes, line 7
    "#);
}
