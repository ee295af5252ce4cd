//! `override`: rulings are kept sealed, and what is told of them.

use super::{json, session};
use crate::Home;

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
    assert_eq!(home.run(&["check", "https://listed.example/"]).code, 1, "one person alone");
    let id = added.stdout.split([' ', ';']).nth(1).unwrap().to_owned();
    let approve = |who| home.run(&["override", "approve", &id, "--author", who, "--reason", "seen it too"]);
    for (who, code, why) in [("ME", 64, "another than its author"), ("you", 0, ""), ("them", 64, "waits for nobody")] {
        let said = approve(who);
        assert_eq!(said.code, code, "{}", said.stderr);
        assert!(said.stderr.contains(why) && !said.stderr.contains("listed.example"), "{}", said.stderr);
    }
    let checked = json(&home.run(&["check", "--json", "https://listed.example/"]).stdout);
    assert_eq!(
        (&checked["reports"][0]["action"], &checked["reports"][0]["links"][0]["status"]),
        (&json("\"allow\""), &json("\"listed\""))
    );
    let listed = home.run(&["override", "list"]).stdout;
    assert!(
        listed.contains("domain → allow")
            && listed.contains("by me and you: mistake")
            && !listed.contains("listed.example"),
        "{listed}"
    );
    assert_eq!(checked["reports"][0]["links"][0]["matches"][1]["list"], "override");
    assert_eq!(
        home.run(&[&["override", "add", "LISTED.example."], &add[3..], &["--expires", &expires]].concat()).code,
        64
    );
    assert_eq!(home.run(&remove("Listed.Example", &[])).code, 0);
    assert_eq!(home.run(&["check", "https://listed.example/"]).code, 1);
    assert_eq!(home.run(&remove("listed.example", &[])).code, 2);
    let record = std::fs::read_to_string(home.path().join("state/linkgate/audit.jsonl")).unwrap();
    let deeds: Vec<_> = record.lines().map(|line| json(line)["did"].as_str().unwrap().to_owned()).collect();
    assert_eq!(deeds, ["override_add", "override_approve", "override_remove"]);
    assert!(record.contains(&format!("{id} (domain → allow)")) && !record.to_lowercase().contains("listed.example"));
    assert_eq!(home.run(&["audit", "verify"]).code, 0);
}

fn remove<'a>(value: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["override", "remove", value, "--author", "t-and-s", "--reason", "over"], more].concat()
}

/// A day that many days from now.
fn day(days: i64) -> String {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
    at.strftime("%Y-%m-%d").to_string()
}

/// A ruling on a value, with more arguments.
fn add<'a>(value: &'a str, scope: &'a str, action: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let first = ["override", "add", value, "--scope", scope, "--action", action, "--author", "t-and-s"];
    [&first[..], &["--reason", "listed by mistake"], more].concat()
}

#[test]
fn rulings_as_people_see_them() {
    let home = Home::new();
    let (last, over) = (day(89), day(90));
    let ends = ["--expires", last.as_str()];
    let said = session(
        &home,
        &[
            &["override", "list"],
            &["override", "list", "--json"],
            &add("fine.example", "domain", "allow", &ends),
            &add("worse.example", "host", "reject", &[]),
            &["override", "list"],
            &remove("nothing.example", &[]),
            &remove("fine.example", &["--scope", "url"]),
            &remove("fine.example", &["--scope", "nonsense"]),
            &remove("FINE.example", &["--scope", "domain"]),
            &remove("worse.example", &[]),
        ],
    );
    insta::assert_snapshot!(said.replace(&last, "LAST").replace(&over, "OVER"), @"
    $ linkgate override list
    2> linkgate: there are no overrides; `linkgate override add` makes one
    [0]
    $ linkgate override list --json
    []
    [0]
    $ linkgate override add fine.example --scope domain --action allow --author t-and-s --reason 'listed by mistake' --expires LAST
    added override-ID; 1 override kept
    2> linkgate: made a key: DIR/state/linkgate/key/state.key; move it away from the lists, and say where it is by [state] key_file
    2> linkgate: csam and the like stay as they are until a second person approves: linkgate override approve override-ID --author NAME --reason TEXT
    [0]
    $ linkgate override add worse.example --scope host --action reject --author t-and-s --reason 'listed by mistake'
    added override-ID; 2 overrides kept
    [0]
    $ linkgate override list
    override-ID  domain → allow, ends OVERT00:00:00Z, 0 hits, by t-and-s alone (csam and the like stay as they are until a second person approves): listed by mistake
    override-ID  host → reject, never ends, 0 hits, by t-and-s: listed by mistake
    [0]
    $ linkgate override remove nothing.example --author t-and-s --reason over
    2> linkgate: there is no override on that value; `linkgate override list` shows all by their ids
    [2]
    $ linkgate override remove fine.example --author t-and-s --reason over --scope url
    2> linkgate: there is no override of that scope on that value; `linkgate override list` shows all by their ids
    [2]
    $ linkgate override remove fine.example --author t-and-s --reason over --scope nonsense
    2> linkgate: --scope wants one of: domain, host, subdomains, url, url_prefix, label, ip, cidr, sha256, md5_url
    [64]
    $ linkgate override remove FINE.example --author t-and-s --reason over --scope domain
    removed 1 override; 1 override kept
    [0]
    $ linkgate override remove worse.example --author t-and-s --reason over
    removed 1 override; 0 overrides kept
    [0]
    ");
}

#[test]
fn rulings_as_scripts_read_them() {
    let home = Home::new();
    let commands =
        [add("worse.example", "host", "reject", &["--expires", "2099-12-31"]), vec!["override", "list", "--json"]];
    insta::assert_snapshot!(session(&home, &commands.each_ref().map(Vec::as_slice)), @r#"
    $ linkgate override add worse.example --scope host --action reject --author t-and-s --reason 'listed by mistake' --expires 2099-12-31
    added override-ID; 1 override kept
    2> linkgate: made a key: DIR/state/linkgate/key/state.key; move it away from the lists, and say where it is by [state] key_file
    [0]
    $ linkgate override list --json
    [{"id":"override-ID","scope":"host","action":"reject","reason":"listed by mistake","author":"t-and-s","expires":"2100-01-01T00:00:00Z","hits":0}]
    [0]
    "#);
}

#[test]
fn rulings_that_are_refused() {
    let home = Home::new();
    let (last, over, past) = (day(89), day(90), day(-1));
    let ends = ["--expires", last.as_str()];
    let mut unsigned = add("a.example", "domain", "reject", &[]);
    unsigned[8] = " ";
    let said = session(
        &home,
        &[
            &add("a.example", "domain", "allow", &[]),
            &add("a.example", "domain", "allow", &["--expires", &over]),
            &add("a.example", "domain", "allow", &["--expires", &past]),
            &add("a.example", "domain", "reject", &["--expires", &past]),
            &add("a.example", "domain", "allow", &["--expires", "soon"]),
            &add("a.example", "nonsense", "allow", &ends),
            &add("a.example", "domain", "nonsense", &ends),
            &add("co.uk", "domain", "allow", &ends),
            &add("name", "label", "allow", &ends),
            &add("192.0.2.0/24", "cidr", "hold", &ends),
            &add("not a host", "domain", "reject", &[]),
            &add("a.example/?q", "url_prefix", "reject", &[]),
            &add("a.example", "ip", "reject", &[]),
            &add("12", "sha256", "reject", &[]),
            &unsigned,
            &add("a.example", "domain", "allow", &ends),
            &add("A.example.", "domain", "reject", &[]),
        ],
    );
    insta::assert_snapshot!(said.replace(&last, "LAST").replace(&over, "OVER").replace(&past, "PAST"), @"
    $ linkgate override add a.example --scope domain --action allow --author t-and-s --reason 'listed by mistake'
    2> linkgate: a ruling ends in the future, and one below `reject` at most 90 days from now; set `expires` (the last day for --expires is LAST)
    [64]
    $ linkgate override add a.example --scope domain --action allow --author t-and-s --reason 'listed by mistake' --expires OVER
    2> linkgate: a ruling ends in the future, and one below `reject` at most 90 days from now; set `expires` (the last day for --expires is LAST)
    [64]
    $ linkgate override add a.example --scope domain --action allow --author t-and-s --reason 'listed by mistake' --expires PAST
    2> linkgate: a ruling ends in the future, and one below `reject` at most 90 days from now; set `expires` (the last day for --expires is LAST)
    [64]
    $ linkgate override add a.example --scope domain --action reject --author t-and-s --reason 'listed by mistake' --expires PAST
    2> linkgate: a ruling ends in the future, and one below `reject` at most 90 days from now; set `expires` (the last day for --expires is LAST)
    [64]
    $ linkgate override add a.example --scope domain --action allow --author t-and-s --reason 'listed by mistake' --expires soon
    2> linkgate: --expires wants 2027-01-31 or 2027-01-31T12:00:00Z
    [64]
    $ linkgate override add a.example --scope nonsense --action allow --author t-and-s --reason 'listed by mistake' --expires LAST
    2> linkgate: --scope wants one of: domain, host, subdomains, url, url_prefix, label, ip, cidr, sha256, md5_url
    [64]
    $ linkgate override add a.example --scope domain --action nonsense --author t-and-s --reason 'listed by mistake' --expires LAST
    2> linkgate: --action wants allow, flag, hold or reject
    [64]
    $ linkgate override add co.uk --scope domain --action allow --author t-and-s --reason 'listed by mistake' --expires LAST
    2> linkgate: a ruling below `reject` may cover a registrable domain at most, not a public suffix, label, network or hash; give a host or URL
    [64]
    $ linkgate override add name --scope label --action allow --author t-and-s --reason 'listed by mistake' --expires LAST
    2> linkgate: a ruling below `reject` may cover a registrable domain at most, not a public suffix, label, network or hash; give a host or URL
    [64]
    $ linkgate override add 192.0.2.0/24 --scope cidr --action hold --author t-and-s --reason 'listed by mistake' --expires LAST
    2> linkgate: a ruling below `reject` may cover a registrable domain at most, not a public suffix, label, network or hash; give a host or URL
    [64]
    $ linkgate override add 'not a host' --scope domain --action reject --author t-and-s --reason 'listed by mistake'
    2> linkgate: the value cannot be used with scope domain: it is no host name
    [64]
    $ linkgate override add 'a.example/?q' --scope url_prefix --action reject --author t-and-s --reason 'listed by mistake'
    2> linkgate: the value cannot be used with scope url_prefix: it is a prefix with a query
    [64]
    $ linkgate override add a.example --scope ip --action reject --author t-and-s --reason 'listed by mistake'
    2> linkgate: the value cannot be used with scope ip: it is no address or network
    [64]
    $ linkgate override add 12 --scope sha256 --action reject --author t-and-s --reason 'listed by mistake'
    2> linkgate: the value cannot be used with scope sha256: it is no hash of the right length
    [64]
    $ linkgate override add a.example --scope domain --action reject --author ' ' --reason 'listed by mistake'
    2> linkgate: a ruling needs an author and a reason
    [64]
    $ linkgate override add a.example --scope domain --action allow --author t-and-s --reason 'listed by mistake' --expires LAST
    added override-ID; 1 override kept
    2> linkgate: made a key: DIR/state/linkgate/key/state.key; move it away from the lists, and say where it is by [state] key_file
    2> linkgate: csam and the like stay as they are until a second person approves: linkgate override approve override-ID --author NAME --reason TEXT
    [0]
    $ linkgate override add A.example. --scope domain --action reject --author t-and-s --reason 'listed by mistake'
    2> linkgate: there is a ruling of that scope on that value already; take it back with `linkgate override remove` first
    [64]
    ");
}

/// "Until the 31st" means through it.
#[test]
fn a_day_counts_to_its_end() {
    for (given, ends) in [("2099-12-31", "2100-01-01T00:00:00Z"), ("2099-12-31T12:00:00+01:00", "2099-12-31T11:00:00Z")]
    {
        let home = Home::new();
        assert_eq!(home.run(&add("a.example", "domain", "reject", &["--expires", given])).code, 0);
        assert_eq!(json(&home.run(&["override", "list", "--json"]).stdout)[0]["expires"], ends, "{given}");
        let config = format!(
            "[[overrides]]\nvalue = \"b.example\"\nscope = \"domain\"\naction = \"reject\"\nreason = \"r\"\nauthor = \"a\"\nexpires = {given:?}\n"
        );
        let config = home.file("c.toml", config);
        assert_eq!(home.run(&["--config", config.to_str().unwrap(), "check", "https://b.example/"]).code, 1);
    }
}

#[test]
fn kept_rulings_open_under_their_key_only() {
    let home = Home::new();
    let other = home.file("other.key", [9; 32]);
    let sealed = home.path().join("state/linkgate/overrides.sealed");
    let ruled = home.run(&add("a.example", "domain", "reject", &[]));
    assert!(ruled.stderr.contains("made a key"), "{}", ruled.stderr);
    let mut said = session(&home, &[&["--key-file", other.to_str().unwrap(), "override", "list"]]);
    let whole = std::fs::read(&sealed).unwrap();
    std::fs::write(&sealed, &whole[..whole.len() - 1]).unwrap();
    said += &session(&home, &[&["override", "list"], &["check", "x"]]);
    std::fs::remove_file(home.path().join("state/linkgate/key/state.key")).unwrap();
    said += &session(&home, &[&["check", "x"]]);
    insta::assert_snapshot!(said, @"
    $ linkgate --key-file DIR/other.key override list
    2> linkgate: the file of overrides cannot be opened: it was sealed with another key, or is damaged; give the key it was made with by --key-file
    [2]
    $ linkgate override list
    2> linkgate: the file of overrides cannot be opened: it was sealed with another key, or is damaged; give the key it was made with by --key-file
    [2]
    $ linkgate check x
    2> linkgate: the file of overrides cannot be opened: it was sealed with another key, or is damaged; give the key it was made with by --key-file
    [2]
    $ linkgate check x
    2> linkgate: there is no key in DIR/state/linkgate/key/state.key; give the one that the file was made with by --key-file
    [2]
    ");
}

#[test]
fn a_ruling_that_has_ended_is_told_as_that() {
    let home = Home::new();
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(4);
    let soon = soon.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    assert_eq!(home.run(&add("a.example", "domain", "reject", &["--expires", &soon])).code, 0);
    std::thread::sleep(std::time::Duration::from_secs(4));
    let said = session(&home, &[&["override", "list"], &["check", "https://a.example/"]]);
    insta::assert_snapshot!(said.replace(&soon, "SOON"), @"
    $ linkgate override list
    override-ID  domain → reject, ended SOON, 0 hits, by t-and-s: listed by mistake
    [0]
    $ linkgate check https://a.example/
    allow: 1 link, 0 listed
      ….example/
      ~~~~~~~~~~
      1. ….example/ unlisted → allow
    [0]
    ");
}
