//! Every rule at its limit and one past it, and how lists are read behind guards.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use crate::index::{Builder, Entry, Keys, List, Scope, StateKey, Target};
use crate::lists::error::ListError;
use crate::lists::format::Format;
use crate::lists::options::Options;
use crate::lists::report::{Refusal, Remark};
use crate::lists::tests::{tables, words};

use super::*;

fn guards() -> &'static Guards {
    static GUARDS: OnceLock<Guards> = OnceLock::new();
    GUARDS.get_or_init(|| Guards::new(&GuardTexts::shipped(), tables(), GuardOptions::default()))
}

fn keys() -> Keys {
    Keys::derive(&StateKey::new([7; 32]))
}

/// What `inspect guard` says, as one word or two.
fn said(case: &Value) -> String {
    let judged = judge(case, guards(), tables(), 1_000).unwrap();
    let outcome = serde_json::to_value(judged.outcome).unwrap();
    let code = judged.code.map(|code| format!(" {code}")).unwrap_or_default();
    format!("{}{code}", outcome.as_str().unwrap())
}

fn check(scope: &str, value: &str, expected: &str) {
    let case = json!({"kind": "entry", "entry": value, "entry_type": scope, "config": {"protect": ["own.example", "8.8.4.0/24"]}});
    assert_eq!(said(&case), expected, "{scope} {value}");
}

#[test]
fn entries_by_scope() {
    for (scope, value, expected) in [
        ("domain", "listed.example", "accept"),
        ("domain", "com", "quarantine public_suffix"),
        ("domain", "co.uk", "quarantine public_suffix"),
        ("domain", "test", "quarantine public_suffix"),
        ("domain", "forbidden", "reject-entry no_link"),
        ("host", "github.io", "quarantine public_suffix"),
        ("subdomains", "*.github.io", "quarantine public_suffix"),
        ("domain", "someone.github.io", "accept"),
        ("domain", "compute.amazonaws.com", "quarantine public_suffix"),
        ("domain", "公司.cn", "quarantine public_suffix"),
        ("domain", "wikipedia.org", "quarantine protected_host"),
        ("host", "www.wikipedia.org", "quarantine protected_host"),
        ("domain", "baidu.com", "quarantine protected_host"),
        ("domain", "listed.wordpress.com", "accept"),
        ("domain", "notwikipedia.org", "accept"),
        ("url", "https://wikipedia.org/", "quarantine protected_host"),
        ("url", "https://wikipedia.org/?", "quarantine protected_host"),
        ("url_prefix", "https://wikipedia.org/", "quarantine protected_host"),
        ("url_prefix", "https://wikipedia.org/*", "quarantine protected_host"),
        ("url", "https://wikipedia.org/wiki/A", "accept"),
        ("url", "https://wikipedia.org/?curid=1", "accept"),
        ("url_prefix", "https://wikipedia.org/wiki/", "accept"),
        ("domain", "own.example", "quarantine own_host"),
        ("host", "a.b.own.example", "quarantine own_host"),
        ("domain", "example", "quarantine own_host"),
        ("label", "own", "quarantine own_host"),
        ("url", "https://own.example/@someone/1", "accept"),
        ("domain", "notown.example", "accept"),
        ("domain", "own.example.listed.test", "accept"),
        ("ip", "8.8.4.4", "quarantine own_host"),
        ("cidr", "8.8.0.0/16", "quarantine own_host"),
        ("ip", "8.8.5.5", "accept"),
        ("allow_domain", "wikipedia.org", "accept"),
        ("allow_domain", "com", "quarantine public_suffix"),
        ("sha256", "d2ef0a8506d7f358357d88b05061ca74e96ad5746ce3b2b3b611ac2a7de418d2", "accept"),
        ("sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "reject-entry no_link"),
        ("sha256", "8a5edab2", "reject-entry no_link"),
        ("md5_url", "d41d8cd98f00b204e9800998ecf8427e", "reject-entry no_link"),
        ("md5_url", "2f5d8f6e5c6ff3014c5f448f9ab4f11d", "accept"),
    ] {
        check(scope, value, expected);
    }
}

#[test]
fn hashes_of_whole_hosts_are_seen_through() {
    use crate::expression::safe_browsing::sha256;
    let hex = |text: &str| data_encoding::HEXLOWER.encode(&sha256(text));
    check("sha256", &hex("wikipedia.org/"), "quarantine protected_host");
    check("sha256", &hex("wikipedia.org/")[..8], "quarantine protected_host");
    check("sha256", &hex("co.uk/"), "quarantine public_suffix");
    check("sha256", &hex("own.example/"), "quarantine own_host");
    check("sha256", &hex("wikipedia.org/wiki/A"), "accept");
}

#[test]
fn lists_of_known_good_values_become_guards() {
    let text = br#"{"name":"good","type":"hostname","list":["www.good.test","9.9.9.9","https://page.test/a"]}"#;
    let (options, mut good) = (Options::default(), Vec::new());
    crate::lists::read(text, Format::MispWarninglist, &options, tables(), &mut |entry| good.push(entry)).unwrap();
    let guards = guards().knowing_good(&good, tables());
    let ruling = |scope: Scope, target: Target| guards.entry(&Entry::new(scope, target), tables());
    let protected = EntryRuling::Hold(Hold::ProtectedHost);
    for (host, expected) in [
        ("www.good.test", protected),
        ("good.test", protected),
        ("other.good.test", EntryRuling::Accept),
        ("page.test", EntryRuling::Accept),
        ("co.uk", EntryRuling::Hold(Hold::PublicSuffix)),
    ] {
        assert_eq!(ruling(Scope::Domain, Target::Host(host.into())), expected, "{host}");
    }
    let network = |bits: u8| Target::Cidr([9, 9, 9, 0].into(), bits);
    assert_eq!(ruling(Scope::Cidr, network(24)), protected);
    assert_eq!(ruling(Scope::Ip, Target::Ip([9, 9, 8, 9].into())), EntryRuling::Accept);
}

#[test]
fn labels_at_the_limit() {
    for (label, expected) in [
        ("abcd", "quarantine short_label"),
        ("abcde", "accept"),
        ("a-b-c-d", "quarantine short_label"),
        ("a-b-c-d-e", "accept"),
        ("über", "quarantine short_label"),
        ("listed1", "accept"),
        ("gallery", "quarantine common_label"),
        ("online", "quarantine common_label"),
        ("blogspot", "quarantine common_label"),
        ("wikipedia", "quarantine protected_host"),
        ("*", "reject-entry too_wide"),
        ("co.uk", "reject-entry not_a_label"),
    ] {
        check("label", label, expected);
    }
}

#[test]
fn networks_at_the_limits() {
    for (network, expected) in [
        ("9.0.0.0/7", "reject-entry too_wide"),
        ("9.0.0.0/8", "quarantine wide_network"),
        ("9.8.0.0/15", "quarantine wide_network"),
        ("9.9.0.0/16", "accept"),
        ("2600::/15", "reject-entry too_wide"),
        ("2600::/16", "quarantine wide_network"),
        ("2600::/31", "quarantine wide_network"),
        ("2600::/32", "accept"),
        ("10.0.0.0/8", "quarantine special_network"),
        ("9.255.255.0/24", "accept"),
        ("192.168.0.1", "quarantine special_network"),
        ("127.0.0.1", "quarantine special_network"),
        ("64:ff9b::/96", "quarantine special_network"),
        ("::1", "quarantine special_network"),
        ("192.0.2.0/24", "accept"),
        ("2001:db8::/48", "accept"),
    ] {
        check("cidr", network, expected);
    }
}

fn ruling(change: impl FnOnce(&mut UpdateFacts)) -> String {
    let mut facts = UpdateFacts::default();
    change(&mut facts);
    match guards().update(&facts) {
        UpdateRuling::Accept => "accept".to_owned(),
        UpdateRuling::Reject(code) => format!("reject {}", code.code()),
        UpdateRuling::Quarantine(code) => format!("quarantine {}", code.code()),
    }
}

#[test]
fn sizes_at_the_limits() {
    for (base, new, expected) in [
        (1_000, 1_300, "accept"),
        (1_000, 1_301, "quarantine grew"),
        (1_000, 700, "accept"),
        (1_000, 699, "quarantine shrank"),
        (10, 110, "accept"),
        (10, 111, "quarantine grew"),
        (101, 1, "accept"),
        (102, 1, "quarantine shrank"),
        (1, 0, "quarantine emptied"),
        (0, 1_000_000, "accept"),
        (0, 0, "reject empty"),
        (u64::MAX, u64::MAX, "accept"),
    ] {
        let found = ruling(|facts| (facts.base_entries, facts.new_entries) = (Some(base), Some(new)));
        assert_eq!(found, expected, "{base} {new}");
    }
    assert_eq!(ruling(|facts| facts.new_entries = Some(5)), "accept");
    assert_eq!(ruling(|facts| facts.base_entries = Some(5)), "accept");
}

#[test]
fn shares_at_the_limits() {
    for (share, expected) in [
        (0.0, "accept"),
        (0.01, "accept"),
        (0.010_001, "reject too_many_bad_lines"),
        (f64::NAN, "reject too_many_bad_lines"),
    ] {
        assert_eq!(ruling(|facts| facts.bad_share = share), expected, "{share}");
    }
    for (posts, newly_matched, expected) in [
        (100_000, 100, "accept"),
        (100_000, 101, "quarantine newly_matched"),
        (10, 2, "accept"),
        (10, 3, "quarantine newly_matched"),
        (0, 0, "accept"),
    ] {
        let found = ruling(|facts| facts.replay = Some(Replay { posts, newly_matched }));
        assert_eq!(found, expected, "{newly_matched} of {posts}");
    }
    for (held, all, expected) in [
        (1_000, 2_000, "accept"),
        (1_001, 2_000, "quarantine too_many_held"),
        (4, 5, "accept"),
        (5, 5, "quarantine all_held"),
    ] {
        let found = ruling(|facts| (facts.held_entries, facts.new_entries) = (held, Some(all)));
        assert_eq!(found, expected, "{held} of {all}");
    }
}

#[test]
fn proofs_and_moments() {
    let versions = |base: &str, new: Option<&str>| {
        ruling(|facts| (facts.base_version, facts.new_version) = (Some(base.to_owned()), new.map(str::to_owned)))
    };
    assert_eq!(versions("7", Some("6")), "reject version_backwards");
    assert_eq!(versions("7", Some("7")), "accept");
    assert_eq!(versions("7", Some("8")), "accept");
    assert_eq!(versions("7", None), "quarantine version_unclear");
    assert_eq!(versions("7", Some("soon")), "quarantine version_unclear");
    assert_eq!(versions("soon", Some("7")), "accept");
    assert_eq!(ruling(|facts| facts.signature = Some(Signature::Right)), "accept");
    assert_eq!(ruling(|facts| facts.signature = Some(Signature::Wrong)), "reject signature_wrong");
    assert_eq!(ruling(|facts| facts.signature = Some(Signature::Missing)), "reject signature_missing");
    assert_eq!(ruling(|facts| facts.expires_and_now = Some((100, 99))), "accept");
    assert_eq!(ruling(|facts| facts.expires_and_now = Some((100, 100))), "reject expired");
    assert_eq!(ruling(|facts| facts.test_entry = Some(Presence::Present)), "accept");
    assert_eq!(ruling(|facts| facts.test_entry = Some(Presence::Absent)), "reject test_entry_missing");
    assert_eq!(ruling(|facts| facts.invalid_entry = Some(Presence::Absent)), "accept");
    assert_eq!(ruling(|facts| facts.invalid_entry = Some(Presence::Present)), "reject invalid_entry_present");
}

#[test]
fn what_rejects_comes_before_what_waits() {
    let found = ruling(|facts| {
        (facts.base_entries, facts.new_entries) = (Some(6_000), Some(60_000));
        facts.invalid_entry = Some(Presence::Present);
    });
    assert_eq!(found, "reject invalid_entry_present");
}

#[test]
fn codes_are_stable_names_and_say_what_to_do() {
    let holds = Hold::ALL.iter().map(|hold| (hold.code(), hold.text(), serde_json::to_value(hold).unwrap()));
    let updates = UpdateCode::ALL.iter().map(|code| (code.code(), code.text(), serde_json::to_value(code).unwrap()));
    let mut names = BTreeSet::new();
    for (name, text, in_json) in holds.chain(updates) {
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        assert_eq!(in_json, name);
        assert!(names.insert(name), "{name} stands twice");
        assert!(text.contains(';'), "{name} does not say what to do");
    }
}

/// Reads a plain list behind guards, with these ids approved.
fn read(text: &str, approved: &HashSet<String>, guards: &Guards) -> (Vec<String>, Result<GuardedRead, ListError>) {
    let (options, keys) = (Options::default(), keys());
    let list = GuardedList { name: "one", format: Format::Plain, options: &options, keys: &keys, approved };
    let mut taken = Vec::new();
    let read = read_guarded(text.as_bytes(), &list, guards, tables(), &mut |entry| taken.push(words(&entry)));
    (taken, read)
}

fn ids(held: &[Held]) -> HashSet<String> {
    held.iter().map(|held| held.id.clone()).collect()
}

#[test]
fn one_held_entry_delays_no_other() {
    let text = "https://listed.example/a\nco.uk\n/\nwikipedia.org\nco.uk\nlisted.test\n";
    let (taken, found) = read(text, &HashSet::new(), guards());
    let found = found.unwrap();
    assert_eq!(taken, ["url listed.example/a", "domain listed.test"]);
    let told: Vec<_> = found.held.iter().map(|held| (held.scope, held.category.name(), held.code.code())).collect();
    assert_eq!(told, [(Scope::Domain, "csam", "public_suffix"), (Scope::Domain, "csam", "protected_host")]);
    assert_eq!(found.lines.held[&Hold::PublicSuffix].lines, [2, 5]);
    assert_eq!((found.lines.entries, found.lines.held(), found.lines.taken), (2, 3, 5));
    assert_eq!(found.lines.refused[&Refusal::TooWide].lines, [3]);
    let told = format!("{found:?}{}", serde_json::to_string(&found.lines).unwrap());
    assert!(!told.contains("co.uk") && !told.contains("wikipedia"), "{told}");
    // An entry that is too wide is dropped alone: its line is not a bad one.
    assert!(found.lines.bad_share() < f64::EPSILON);
    assert_eq!(guards().update(&UpdateFacts::default().with_read(Ok(&found))), UpdateRuling::Accept);
}

#[test]
fn approved_entries_go_live_under_the_id_that_the_index_gives() {
    let (_, found) = read("co.uk\nlisted.test\ncom\n", &HashSet::new(), guards());
    let held = found.unwrap().held;
    let approved = HashSet::from([held[0].id.clone()]);
    let (taken, found) = read("co.uk\nlisted.test\ncom\n", &approved, guards());
    assert_eq!(taken, ["domain co.uk", "domain listed.test"]);
    assert_eq!(ids(&found.unwrap().held), HashSet::from([held[1].id.clone()]));

    let mut builder = Builder::new(keys(), Arc::clone(tables()));
    let number = builder.list(List::new("one", "1")).unwrap();
    let entry = Entry::new(Scope::Domain, Target::Host("co.uk".into()));
    builder.add(number, &entry).unwrap();
    let index = builder.finish();
    let mut hits = Vec::new();
    index.look_up(&crate::canonical::canonical("http://a.co.uk/").unwrap(), 0, &mut hits);
    assert_eq!(index.details(&hits[0]).entry, held[0].id);
}

#[test]
fn an_approval_is_of_a_value_whatever_its_publisher_calls_it() {
    let (options, keys) = (Options::default(), keys());
    let held = |rows: &str, approved: &HashSet<String>| {
        let list = GuardedList { name: "one", format: Format::HouseCsv, options: &options, keys: &keys, approved };
        let text = format!("id,value,scope\np-1,listed.test,domain\n{rows}");
        read_guarded(text.as_bytes(), &list, guards(), tables(), &mut |_| ()).unwrap().held
    };
    let first = held("p-18,wikipedia.org,domain\n", &HashSet::new());
    assert_eq!(first[0].own_id.as_deref(), Some("p-18"));
    let approved = ids(&first);
    assert_eq!(held("p-19,wikipedia.org,domain\n", &approved), []);
    // What is found under its id later, or beside it, has to wait by itself.
    assert_eq!(held("p-18,co.uk,domain\n", &approved).len(), 1);
    assert_eq!(held("p-18,co.uk,domain\np-18,com,domain\n", &HashSet::new()).len(), 2);
}

#[test]
fn more_than_may_be_held_waits_as_a_whole() {
    let options = GuardOptions { held_max_entries: 2, ..GuardOptions::default() };
    let guards = Guards::new(&GuardTexts::shipped(), tables(), options);
    for (text, named, expected) in [
        ("co.uk\nlisted.test\norg.uk\n", 2, UpdateRuling::Accept),
        ("co.uk\nlisted.test\norg.uk\nme.uk\n", 2, UpdateRuling::Quarantine(UpdateCode::TooManyHeld)),
        ("co.uk\n", 1, UpdateRuling::Quarantine(UpdateCode::AllHeld)),
    ] {
        let (_, found) = read(text, &HashSet::new(), &guards);
        assert_eq!(found.as_ref().unwrap().held.len(), named, "{text}");
        assert_eq!(guards.update(&UpdateFacts::default().with_read(found.as_ref())), expected, "{text}");
    }
}

#[test]
fn what_is_no_list_is_rejected_and_what_is_emptied_waits() {
    let base = UpdateFacts { base_entries: Some(10), ..UpdateFacts::default() };
    for (text, expected) in [
        ("", "empty"),
        (" \r\n", "empty"),
        ("<!doctype html><p>", "html"),
        ("not found here\n", "not_a_list"),
        ("/\n*\n", "not_a_list"),
        ("Forbidden\n", "not_a_list"),
        ("# nothing today\n", "emptied"),
    ] {
        let (_, found) = read(text, &HashSet::new(), guards());
        let (UpdateRuling::Reject(code) | UpdateRuling::Quarantine(code)) =
            guards().update(&base.clone().with_read(found.as_ref()))
        else {
            panic!("{text}")
        };
        assert_eq!(code.code(), expected, "{text}");
    }
}

#[test]
fn lists_that_are_used_whatever_they_say_are_remarked_on() {
    let options = Options { guards: Some(Arc::new(guards().clone())), ..Options::default() };
    let text = "wikipedia.org\nlisted.example\n10.0.0.0/8\n9.0.0.0/8\ncom\n";
    let mut taken = Vec::new();
    let sink = &mut |entry: Entry| taken.push(words(&entry));
    let report = crate::lists::read(text.as_bytes(), Format::Plain, &options, tables(), sink).unwrap();
    assert_eq!(taken.len(), 4);
    let told: Vec<_> = report.remarks.iter().map(|(remark, tally)| (*remark, &*tally.lines)).collect();
    let expected: [(Remark, &[u64]); 3] =
        [(Remark::ProtectedHost, &[1]), (Remark::SpecialNetwork, &[3]), (Remark::WideNetwork, &[4])];
    assert_eq!(told, expected);
    // A top level is refused where nobody waits to approve it.
    assert_eq!(report.refused[&Refusal::TooWide].lines, [5]);
}
