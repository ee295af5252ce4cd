//! Posts from text to verdict, through the library: policy, precedence, aliases, nesting, swaps.

use std::collections::BTreeMap;
use std::sync::Arc;

use linkgate::canonical::Via;
use linkgate::check::{CachedChecker, Checker, Flag, Post, Report, Scratch, Snapshot};
use linkgate::extract::{LinkKind, Options, TextFormat};
use linkgate::index::{Builder, Entry, Index, Keys, List, Mode, StateKey};
use linkgate::lists::{self, Format};
use linkgate::verdict::{Action, ListActions, Policy, Reason, Status};

use crate::{extractor, tables};

const NOW: i64 = 1_800_000_000;

/// A list in the house format: the header's first columns, then lines.
fn list(meta: List, lines: &str) -> Arc<Index> {
    let mut builder = Builder::new(Keys::derive(&StateKey::new([1; 32])), tables());
    let number = builder.list(meta).unwrap();
    let text = format!("value,scope,category,confidence,action,valid_from,valid_until,disputed\n{lines}");
    let mut sink = |entry: Entry| builder.add(number, &entry).unwrap();
    let report =
        lists::read(text.as_bytes(), Format::HouseCsv, &lists::Options::default(), &tables(), &mut sink).unwrap();
    assert_eq!(report.refused(), 0, "{:?}", report.refused);
    Arc::new(builder.finish())
}

fn checker(indexes: Vec<Arc<Index>>) -> Checker {
    Checker::new(extractor(&Options::default()), Snapshot::new(tables(), indexes, Policy::default()).at_generation(1))
}

fn one(lines: &str, text: &str) -> Report {
    checker(vec![list(List::new("l", "1"), lines)]).check(&Post { text, ..Post::default() }, NOW)
}

#[track_caller]
fn judge(lines: &str, text: &str, status: Status, action: Action) {
    let report = one(lines, text);
    assert_eq!(report.links.len(), 1, "{text}");
    assert_eq!((report.links[0].status, report.links[0].action, report.action), (status, action, action), "{text}");
}

#[test]
fn categories_lead_to_actions() {
    use Action::{Flag, Hold, Reject};
    for (category, action) in [
        ("csam", Reject),
        ("csam_advertising", Reject),
        ("invite_pyramid", Reject),
        ("exploitation", Reject),
        ("test", Reject),
        ("malware", Hold),
        ("phishing", Hold),
        ("spam", Flag),
        ("other", Flag),
        ("", Reject),
    ] {
        judge(&format!("a.example,domain,{category},,,,,\n"), "https://a.example/", Status::Listed, action);
    }
}

#[test]
fn confidence_dispute_and_the_lists_own_wish_count() {
    judge("a.example,domain,csam,49,,,,\n", "https://a.example/", Status::Listed, Action::Flag);
    judge("a.example,domain,csam,50,,,,\n", "https://a.example/", Status::Listed, Action::Reject);
    judge("a.example,domain,csam,,,,,true\n", "https://a.example/", Status::Listed, Action::Allow);
    judge("a.example,domain,csam,,hold,,,\n", "https://a.example/", Status::Listed, Action::Hold);
    judge("a.example,domain,csam,,,2100-01-01,,\n", "https://a.example/", Status::Unlisted, Action::Allow);
    judge("a.example,domain,csam,,,,2001-01-01,\n", "https://a.example/", Status::Unlisted, Action::Allow);
}

/// What a list leads to by itself stands between the wish of an entry and the policy; what weakens an entry weakens it too.
#[test]
fn lists_lead_to_actions_of_their_own() {
    let lines = "a.example,domain,csam,,,,,\nspam.example,domain,spam,,,,,\nasks.example,domain,csam,,flag,,,\n\
                 weak.example,domain,csam,49,,,,\nbad.example,domain,malware,,,,,\nfought.example,domain,spam,,,,,true\n";
    let own = |pairs: &[(&str, &str)]| {
        let table: BTreeMap<_, _> = pairs.iter().map(|&(name, action)| (name.to_owned(), action.to_owned())).collect();
        BTreeMap::from([("l".to_owned(), ListActions::try_from(table).unwrap())])
    };
    let action = |actions, policy: &Policy, mode, text: &str| {
        let other = list(List::new("other", "1"), "a.example,domain,csam,,,,,\n");
        let only = list(List { mode, ..List::new("l", "1") }, lines);
        let snapshot =
            Snapshot::new(tables(), if text.contains("/two") { vec![only, other] } else { vec![only] }, policy.clone());
        let checker = Checker::new(extractor(&Options::default()), snapshot.with_actions(actions));
        checker.check(&Post { text, ..Post::default() }, NOW).action
    };
    let default = Policy::default();
    let both = || own(&[("csam", "hold"), ("spam", "reject")]);
    for (text, expected) in [
        ("https://a.example/", Action::Hold),
        ("https://a.example/two", Action::Reject),
        ("https://spam.example/", Action::Reject),
        ("https://asks.example/", Action::Flag),
        ("https://weak.example/", Action::Flag),
        ("https://bad.example/", Action::Hold),
        ("https://fought.example/", Action::Allow),
        ("https://unlisted.example/", Action::Allow),
    ] {
        assert_eq!(action(both(), &default, Mode::Enforce, text), expected, "{text}");
        let told = if text.contains("/two") { Action::Reject } else { Action::Allow };
        assert_eq!(action(both(), &default, Mode::Report, text), told, "{text}");
    }
    let mut twice = Policy::default();
    twice.min_sources.csam = 2;
    assert_eq!(action(both(), &twice, Mode::Enforce, "https://a.example/"), Action::Flag);
    assert_eq!(action(own(&[("spam", "allow")]), &default, Mode::Enforce, "https://spam.example/"), Action::Allow);
    assert_eq!(action(BTreeMap::new(), &default, Mode::Enforce, "https://spam.example/"), Action::Flag);
}

#[test]
fn exceptions_hold_in_their_own_list_only() {
    let both = "a.example,domain,,,,,,\nok.a.example,allow_host,,,,,,\n";
    judge(both, "https://a.example/", Status::Listed, Action::Reject);
    judge(both, "https://ok.a.example/x", Status::Unlisted, Action::Allow);
    let other = list(List::new("other", "1"), "a.example,domain,,,,,,\n");
    let checker = checker(vec![list(List::new("l", "1"), both), other]);
    let report = checker.check(&Post { text: "https://ok.a.example/", ..Post::default() }, NOW);
    assert_eq!(report.action, Action::Reject);
    assert_eq!(report.links[0].matches.iter().map(|one| &*one.list).collect::<Vec<_>>(), ["other"]);
    // An exception says nothing of a URL nested in the excepted one.
    judge(both, "https://ok.a.example/?u=https://x.a.example/", Status::Listed, Action::Reject);
}

#[test]
fn a_list_in_report_mode_is_told_and_not_acted_on() {
    let quiet = list(List { mode: Mode::Report, ..List::new("quiet", "1") }, "a.example,domain,,,,,,\n");
    let report = checker(vec![quiet]).check(&Post { text: "https://a.example/", ..Post::default() }, NOW);
    assert_eq!((report.links[0].status, report.action), (Status::Listed, Action::Allow));
    assert_eq!(report.links[0].matches[0].list, "quiet");
}

#[test]
fn overrides_beat_lists_for_that_url_only() {
    let lists = vec![list(List::new("l", "1"), "a.example,domain,,,,,,\n")];
    let rulings = "a.example,domain,,,allow,,,\nx.a.example,host,,,hold,,,\nb.example,domain,,,reject,,,\n";
    let overrides = list(List::new("override", ""), rulings);
    let snapshot = Snapshot::new(tables(), lists, Policy::default()).with_overrides(overrides);
    let checker = Checker::new(extractor(&Options::default()), snapshot);
    for (text, status, action) in [
        ("https://a.example/", Status::Listed, Action::Allow),
        ("https://y.a.example/", Status::Listed, Action::Allow),
        ("https://x.a.example/", Status::Listed, Action::Hold),
        ("https://b.example/", Status::Listed, Action::Reject),
        ("https://c.example/", Status::Unlisted, Action::Allow),
        ("https://c.example/?u=http://b.example/", Status::Listed, Action::Reject),
    ] {
        let report = checker.check(&Post { text, ..Post::default() }, NOW);
        assert_eq!((report.links[0].status, report.action), (status, action), "{text}");
    }
}

/// An override of one person alone is one that is disputed.
#[test]
fn one_person_alone_lowers_nothing_grave() {
    let lists = vec![
        list(List::new("l", "1"), "grave.example,domain,,,,,,\nmild.example,domain,malware,,,,,\n"),
        list(List::new("m", "1"), "both.example,domain,phishing,,,,,\nboth.example,host,exploitation,,hold,,,\n"),
    ];
    let alone = ["grave", "mild", "both"].map(|host| format!("{host}.example,domain,,,allow,,,true\n")).concat();
    let two = "two.grave.example,domain,,,allow,,,\none.two.grave.example,host,,,allow,,,true\n";
    let rulings = list(List::new("override", ""), &format!("{alone}{two}flag.grave.example,host,,,flag,,,true\n"));
    let snapshot = Snapshot::new(tables(), lists, Policy::default()).with_overrides(rulings);
    let checker = Checker::new(extractor(&Options::default()), snapshot);
    for (host, action, is_told) in [
        ("grave", Action::Reject, false),
        ("flag.grave", Action::Reject, false),
        ("two.grave", Action::Allow, true),
        ("one.two.grave", Action::Allow, true),
        ("mild", Action::Allow, true),
        ("both", Action::Hold, false),
        ("x.both", Action::Allow, true),
    ] {
        let text = format!("https://{host}.example/");
        let report = checker.check(&Post { text: &text, ..Post::default() }, NOW);
        let rulings: Vec<_> = report.links[0].matches.iter().filter(|one| one.list == "override").collect();
        assert_eq!((report.action, !rulings.is_empty()), (action, is_told), "{host}");
        assert!(rulings.iter().all(|one| !one.disputed));
    }
}

#[test]
fn what_too_few_lists_say_is_flagged() {
    let quiet = List { mode: Mode::Report, ..List::new("quiet", "1") };
    let indexes = vec![
        list(
            List::new("a", "1"),
            "one.test,domain,malware,,,,,\ntwo.test,domain,malware,,,,,\nwide.test,domain,malware,,,,,\nwide.test,host,phishing,,,,,\ngrave.test,domain,,,,,,\n",
        ),
        list(List::new("b", "1"), "https://two.test/x,url,spam,,,,,\nwide.test,domain,malware,,,,,true\n"),
        list(quiet, "wide.test,domain,malware,,,,,\n"),
    ];
    let mut policy = Policy::default();
    policy.min_sources.malware = 2;
    policy.min_sources.phishing = 2;
    let snapshot = Snapshot::new(tables(), indexes, policy);
    let rulings = list(List::new("override", ""), "over.wide.test,host,,,hold,,,\n");
    let checker = Checker::new(extractor(&Options::default()), snapshot.with_overrides(rulings));
    for (link, action, sources) in [
        ("https://one.test/", Action::Flag, Some(1)),
        ("https://two.test/", Action::Flag, Some(1)),
        ("https://two.test/x", Action::Hold, Some(2)),
        // By itself, and in what it carries: two lists of one link.
        ("https://one.test/?u=https://two.test/x", Action::Hold, Some(2)),
        ("https://wide.test/", Action::Flag, Some(1)),
        ("https://over.wide.test/", Action::Hold, None),
        ("https://grave.test/", Action::Reject, None),
        ("https://grave.test/?u=https://one.test/", Action::Reject, None),
        ("https://grave.test/?u=https://two.test/x", Action::Reject, Some(2)),
        ("https://none.test/", Action::Allow, None),
    ] {
        let report = checker.check(&Post { text: link, ..Post::default() }, NOW);
        assert_eq!((report.action, report.links[0].sources), (action, sources), "{link}");
        let told = serde_json::to_value(&report).unwrap()["links"][0]["sources"].as_u64();
        assert_eq!(told, sources.map(|sources| sources as u64), "{link}");
        let explained = checker.explain(link, NOW).report;
        assert_eq!(explained.links[0].sources, sources, "{link}");
    }
}

#[test]
fn links_are_found_through_nesting_and_aliases() {
    let lines =
        "listed.example/a,url,,,,,,\nhttps://t.me/listed_example,url,,,,,,\nlistedexampleabc.onion,domain,,,,,,\n";
    for (text, via) in [
        ("https://listed.example/a", Via::Itself),
        ("https://x.example/out?u=https%3A%2F%2Flisted.example%2Fa", Via::Nested),
        ("https://web.archive.org/web/2020/https://listed.example/a", Via::Nested),
        ("https://telegram.me/listed_example", Via::Alias),
        ("tg://resolve?domain=listed_example", Via::Alias),
        ("https://listedexampleabc.onion.ly/x", Via::Nested),
    ] {
        let report = one(lines, text);
        assert_eq!(report.action, Action::Reject, "{text}");
        assert_eq!(report.links[0].matches[0].via, via, "{text}");
    }
}

#[test]
fn what_cannot_be_told_is_never_unlisted() {
    let lines = "a.example,domain,,,,,,\n";
    let attached = ["http://a b/", "http://c.example:99999/"];
    let report =
        checker(vec![list(List::new("l", "1"), lines)]).check(&Post { attached: &attached, ..Post::default() }, NOW);
    for link in &report.links {
        assert_eq!(
            (link.status, link.reason, link.kind),
            (Status::Undetermined, Some(Reason::NotCanonical), LinkKind::Attached)
        );
        assert_eq!(link.action, Action::Flag);
    }
    // A disguised one is read as text would be.
    for link in ["\u{200b}http://a.example", "hxxps://a[.]example/x", "<http://a.example>", "see http://a.example now"]
    {
        let lists = vec![list(List::new("l", "1"), lines)];
        let report = checker(lists).check(&Post { attached: &[link], ..Post::default() }, NOW);
        assert_eq!(report.action, Action::Reject, "{link}");
    }
    // A host that browsers refuse is still compared.
    let report = checker(vec![list(List::new("l", "1"), lines)])
        .check(&Post { attached: &["http://a<.a.example/"], ..Post::default() }, NOW);
    assert_eq!((report.links[0].status, report.action), (Status::Listed, Action::Reject));
}

#[test]
fn a_post_with_too_many_links_is_not_shortened_silently() {
    let text = (0..201).map(|n| format!("https://x{n}.example/")).collect::<Vec<_>>().join(" ");
    let report = one("a.example,domain,,,,,,\n", &text);
    assert_eq!((report.reason, report.action), (Some(Reason::TooManyLinks), Action::Reject));
    let text = (0..200).map(|n| format!("https://x{n}.example/")).collect::<Vec<_>>().join(" ");
    let report = one("a.example,domain,,,,,,\n", &text);
    assert_eq!((report.reason, report.action, report.links.len()), (None, Action::Allow, 200));
}

#[test]
fn a_defanged_full_stop_hides_nothing() {
    for text in ["see a[.]example[.] Then ok", "go to a[.]example[.] It works", "hxxp://a[.]example[.] Now what"] {
        assert_eq!(one("a.example,domain,,,,,,\n", text).action, Action::Reject, "{text}");
    }
}

#[test]
fn spans_kinds_and_flags_are_told() {
    let text = "é hxxp://a[.]example/x and http://user@a.example:8080 <b>";
    let report = one("a.example,domain,,,,,,\n", text);
    let shown: Vec<&str> =
        report.links.iter().map(|link| &text[link.span.unwrap()[0]..link.span.unwrap()[1]]).collect();
    assert_eq!(shown, ["hxxp://a[.]example/x", "http://user@a.example:8080"]);
    assert_eq!(report.links[0].flags, [Flag::Defanged]);
    assert_eq!(report.links[1].flags, [Flag::Userinfo, Flag::OddPort]);
    let html = r#"<a href="https://a.example/x">https://fine.example/</a>"#;
    let post = Post { text: html, format: TextFormat::Html, attached: &[] };
    let report = checker(vec![list(List::new("l", "1"), "a.example,domain,,,,,,\n")]).check(&post, NOW);
    assert!(report.links[0].flags.contains(&Flag::TextDiffersFromTarget), "{report:?}");
}

#[test]
fn a_swap_is_seen_by_all_clones_and_generations_only_rise() {
    let checker = checker(vec![list(List::new("l", "1"), "a.example,domain,,,,,,\n")]);
    let clone = checker.clone();
    let post = Post { text: "https://b.example/", ..Post::default() };
    assert_eq!(clone.check(&post, NOW).action, Action::Allow);
    let newer = Snapshot::new(tables(), vec![list(List::new("l", "2"), "b.example,domain,,,,,,\n")], Policy::default());
    assert!(checker.replace(newer.clone().at_generation(1)).is_err());
    checker.replace(newer.at_generation(2)).unwrap();
    let report = clone.check(&post, NOW);
    assert_eq!((report.action, report.generation), (Action::Reject, 2));
}

#[test]
fn a_cached_verdict_never_outlives_what_it_was_made_with() {
    let end = NOW + 100;
    let until = "a.example,domain,,,,,2027-01-15T08:01:40Z,\n";
    let cached = CachedChecker::new(checker(vec![list(List::new("l", "1"), until)]), 100, [3; 32]);
    let post = Post { text: "https://a.example/", ..Post::default() };
    for (now, action, hits) in
        [(NOW, Action::Reject, 0), (NOW + 1, Action::Reject, 1), (end, Action::Allow, 1), (end + 1, Action::Allow, 2)]
    {
        assert_eq!(cached.check(&post, now).action, action, "{now}");
        assert_eq!(cached.stats().hits, hits, "{now}");
    }
    let markdown = Post { format: TextFormat::Markdown, ..post };
    cached.check(&markdown, end + 1);
    assert_eq!(cached.stats().hits, 2, "another format is another post");
    let newer = Snapshot::new(tables(), vec![list(List::new("l", "2"), "a.example,domain,,,,,,\n")], Policy::default());
    cached.checker().replace(newer.at_generation(2)).unwrap();
    assert_eq!(cached.check(&post, end + 2).action, Action::Reject);
}

/// Readers race with swaps between two lists; every verdict must be the one of its generation.
#[test]
fn no_verdict_is_stale_while_lists_are_swapped() {
    let [odd, even] =
        ["a.example", "b.example"].map(|name| list(List::new("l", name), &format!("{name},domain,,,,,,\n")));
    let checker = CachedChecker::new(checker(vec![Arc::clone(&odd)]), 100, [3; 32]);
    let swaps = 1_000;
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for generation in 2..=swaps {
                let index = if generation % 2 == 1 { &odd } else { &even };
                let snapshot = Snapshot::new(tables(), vec![Arc::clone(index)], Policy::default());
                checker.checker().replace(snapshot.at_generation(generation)).unwrap();
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        let post = Post { text: "https://a.example/", ..Post::default() };
        let mut checks = 0_u32;
        while checks < 100_000 || !done.load(std::sync::atomic::Ordering::Relaxed) {
            let report = checker.check(&post, NOW);
            let expected = if report.generation % 2 == 1 { Action::Reject } else { Action::Allow };
            assert_eq!(report.action, expected, "generation {}", report.generation);
            checks += 1;
        }
    });
}

#[test]
fn what_nobody_knew_is_asked_again_when_lists_change() {
    let checker = checker(vec![]);
    let post = Post { text: "https://x.a.example/ and https://x.a.example/", ..Post::default() };
    let mut scratch = Scratch::default();
    assert_eq!(checker.findings(&post, NOW, &mut scratch), None);
    assert_eq!(checker.findings(&post, NOW, &mut scratch), None);
    let lists = list(List::new("l", "1"), "a.example,domain,csam,,,,,\n");
    checker.replace(Snapshot::new(tables(), vec![lists], Policy::default()).at_generation(2)).unwrap();
    assert_eq!(checker.findings(&post, NOW, &mut scratch).unwrap().links.len(), 2);
    assert_eq!(scratch.links_judged(), 6);
}

/// Pieces that make posts with links of every status.
const PIECES: [&str; 20] = [
    "https://a.example/x ",
    "https://fine.example/ ",
    "hxxp://b[.]example ",
    "https://fine.example/?u=https://a.example/ ",
    "http://xn--a/ ",
    "http://[::1/ ",
    "http://x:99999/ ",
    "c.example/path ",
    "192,0,2,1 ",
    "no link. Here ",
    "https://d.example ",
    "\u{3002}",
    "https://x.A.example/x, ",
    "http://www.a.example. ",
    "(https://fine.example/a?b=c) ",
    "https://fine.example/?u=//a.example/ ",
    "https://fine.example/https%3A%2F%2Fa.example/ ",
    "https://e.example/listed/x ",
    "https://e.example/other/x ",
    "https://www.e.example/listed#a ",
];

proptest::proptest! {
    #[test]
    fn findings_are_a_check_without_unlisted_links(
        posts in proptest::collection::vec(proptest::collection::vec(0..PIECES.len(), 0..12), 1..4),
        attached in 0..3_usize,
        links_max in 1..12_usize,
    ) {
        let lists = list(List::new("l", "1"), "a.example,domain,csam,,,,,\nb.example,domain,spam,,,,,\ne.example/listed,url_prefix,csam,,,,,\n192.0.2.1,ip,,,,,,\n");
        let rulings = list(List::new("override", ""), "d.example,domain,,,hold,,,\n");
        let snapshot = Snapshot::new(tables(), vec![lists], Policy::default()).with_overrides(rulings);
        let checker = Checker::new(extractor(&Options { links_max, ..Options::default() }), snapshot);
        let mut scratch = Scratch::default();
        for pieces in posts {
            let text: String = pieces.iter().map(|&piece| PIECES[piece]).collect();
            let attached = &["https://a.example/", "http://a b/"][..attached.min(2)];
            let post = Post { text: &text, attached, ..Post::default() };
            let mut expected = checker.check(&post, NOW);
            let unlisted = |link: &linkgate::check::LinkReport| link.status == Status::Unlisted;
            proptest::prop_assert!(expected.links.iter().all(|link| !unlisted(link) || link.action == Action::Allow));
            expected.links.retain(|link| !unlisted(link));
            let expected = (!expected.links.is_empty() || expected.reason.is_some()).then_some(expected);
            proptest::prop_assert_eq!(checker.findings(&post, NOW, &mut scratch), expected, "{}", text);
        }
    }
}
