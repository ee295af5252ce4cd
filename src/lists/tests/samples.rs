//! One sample of every format: what is taken, refused and ignored, and that nothing is lost.

use super::*;

/// Name of the sample, its format, and how many lines are taken, refused and ignored.
const SAMPLES: [(&str, Format, [u64; 3]); 25] = [
    ("plain.txt", Format::Plain, [12, 4, 3]),
    ("plain-crlf.txt", Format::Plain, [2, 0, 0]),
    ("plain-cr.txt", Format::Plain, [2, 0, 0]),
    ("hosts.txt", Format::Hosts, [2, 1, 3]),
    ("house.csv", Format::HouseCsv, [4, 2, 2]),
    ("house.jsonl", Format::HouseJsonl, [3, 2, 0]),
    ("hashes.txt", Format::Sha256, [1, 1, 1]),
    ("hashes.jsonl", Format::Sha256, [1, 0, 1]),
    ("adblock.txt", Format::Adblock, [4, 3, 6]),
    ("dnsmasq.conf", Format::Dnsmasq, [5, 2, 2]),
    ("table.tsv", Format::Csv, [2, 0, 2]),
    ("table.csv", Format::Csv, [2, 1, 1]),
    ("e2guardian.txt", Format::E2guardian, [2, 1, 5]),
    ("rpz.zone", Format::Rpz, [7, 1, 9]),
    ("bundle.json", Format::Stix21, [1, 1, 3]),
    ("misp-event.json", Format::MispEvent, [3, 0, 2]),
    ("misp.csv", Format::MispCsv, [1, 0, 2]),
    ("misp-warninglist.json", Format::MispWarninglist, [2, 1, 0]),
    ("threatexchange.json", Format::ThreatExchange, [3, 1, 2]),
    ("mastodon.csv", Format::Mastodon, [2, 1, 2]),
    ("lemmy.json", Format::Lemmy, [2, 1, 0]),
    ("ozone.json", Format::Ozone, [1, 0, 1]),
    ("wildcard.txt", Format::Plain, [2, 1, 0]),
    ("wildcard.txt", Format::Wildcard, [2, 1, 0]),
    ("labels.txt", Format::Labels, [2, 1, 1]),
];

fn path(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lists").join(name)
}

#[test]
fn every_line_of_every_sample_is_accounted_for() {
    for (name, format, expected) in SAMPLES {
        let body = std::fs::read(path(name)).unwrap();
        let told_by_name = matches!(format, Format::Wildcard | Format::Labels);
        if !told_by_name {
            assert_eq!(detect(&body), format, "{name}");
        }
        let mut entries = 0;
        let report = read(&body, format, &Options::default(), tables(), &mut |_| entries += 1).unwrap();
        let account = [report.taken, report.refused(), report.ignored()];
        assert_eq!(account, expected, "{name}: {report:#?}");
        assert_eq!(account.iter().sum::<u64>(), report.lines, "{name}");
        assert_eq!(entries, report.entries, "{name}");
        assert_eq!(report.guard, format == Format::MispWarninglist, "{name}");
    }
}

fn compiled(name: &str) -> Result<Compiled, ListError> {
    let keys = crate::index::Keys::derive(&crate::index::StateKey::new([7; 32]));
    let sources = [Source::parse(path(name).to_str().unwrap()).unwrap()];
    compile(&sources, Keyring { build: keys, open: None }, tables())
}

#[test]
fn directories_are_lists_too() {
    let tree = compiled("squidguard").unwrap();
    assert_eq!((tree.reports[0].name.as_str(), tree.reports[0].lines.taken), ("squidguard", 3));
    assert_eq!(tree.reports[0].lines.refused[&Refusal::Regex].count, 1);
    let feed = compiled("misp-feed").unwrap();
    assert_eq!((feed.reports[0].format, feed.reports[0].lines.entries), ("misp_event", 3));
}

#[test]
fn what_a_list_says_of_itself_is_kept() {
    let declared = |name: &str| compiled(name).unwrap().reports[0].lines.declared_version.clone();
    assert_eq!(declared("adblock.txt").as_deref(), Some("7"));
    assert_eq!(declared("rpz.zone").as_deref(), Some("2026010101"));
    assert_eq!(declared("plain.txt"), None);
}

#[test]
fn guard_lists_are_not_compiled() {
    assert_eq!(compiled("misp-warninglist.json").unwrap_err().code(), "guard_list");
}

#[test]
fn entries_keep_what_their_source_says() {
    let body = std::fs::read(path("bundle.json")).unwrap();
    let mut entries = Vec::new();
    read(&body, Format::Stix21, &Options::default(), tables(), &mut |entry| entries.push(entry)).unwrap();
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[0].confidence, Some(95));
    assert_eq!((entries[0].valid_from, entries[0].valid_until), (Some(1_767_225_600), Some(1_798_761_600)));
    assert!(entries[0].id.as_deref().unwrap().starts_with("indicator--2222"));
    let body = std::fs::read(path("threatexchange.json")).unwrap();
    entries.clear();
    read(&body, Format::ThreatExchange, &Options::default(), tables(), &mut |entry| entries.push(entry)).unwrap();
    assert_eq!((entries[0].disputed, entries[0].source_ref.as_deref()), (true, Some("100")));
}

#[test]
fn documents_that_are_cut_off_are_refused_whole() {
    for (name, format) in [
        ("bundle.json", Format::Stix21),
        ("misp-event.json", Format::MispEvent),
        ("threatexchange.json", Format::ThreatExchange),
        ("lemmy.json", Format::Lemmy),
    ] {
        let body = std::fs::read(path(name)).unwrap();
        let cut = read(&body[..body.len() - 10], format, &Options::default(), tables(), &mut |_| {});
        assert_eq!(cut.unwrap_err().code(), "cut_off", "{name}");
    }
    let cut = read(b"value,note\nlisted.example,\"unfin", Format::HouseCsv, &Options::default(), tables(), &mut |_| {});
    assert_eq!(cut.unwrap_err().code(), "cut_off");
    let cut =
        read(b"{\"value\":\"a.example\"}\n{\"val", Format::HouseJsonl, &Options::default(), tables(), &mut |_| {});
    assert_eq!(cut.unwrap_err().code(), "cut_off");
}

#[test]
fn deep_documents_are_refused() {
    let deep = "[".repeat(200_000);
    for (text, format) in [
        (format!("{{\"objects\":[{deep}"), Format::Stix21),
        (format!("{{\"Event\":{deep}"), Format::MispEvent),
        (format!("{{\"data\":{deep}"), Format::ThreatExchange),
        (deep.clone(), Format::Lemmy),
        (format!("{{\"value\":{deep}\n"), Format::HouseJsonl),
    ] {
        assert!(read(text.as_bytes(), format, &Options::default(), tables(), &mut |_| {}).is_err(), "{format:?}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(512))]

    #[test]
    fn no_input_panics_and_no_line_is_lost(
        text in r#"([a-z./*|^$@=\[\](){}:;,'"0-9 #\t\r\n%\-_\\+]|[a-z]\.(example|test)|\PC|::|hxxp|\[\.\]|CNAME|\$ORIGIN|address=/|"value":){0,60}"#,
        noise in proptest::collection::vec(proptest::num::u8::ANY, 0..8),
    ) {
        let body = [text.as_bytes(), &noise].concat();
        let options = Options::default();
        detect(&body);
        let _ = unpack(&body, &options);
        for format in Format::ALL {
            let mut sink = |_| {};
            let intake = intake::Intake::new(&options, tables(), &mut sink);
            if let Ok(report) = format::read(&body, format, intake) {
                proptest::prop_assert_eq!(report.taken + report.refused() + report.ignored(), report.lines);
            }
        }
    }

    #[test]
    fn no_pattern_panics(pattern in r"([\[\]()=', a-z:-]|url:value|'a\.example'| OR | AND | IN |\\){0,30}") {
        let indicator = serde_json::json!({"objects": [{"type": "indicator", "pattern": pattern}]});
        let _ = read(indicator.to_string().as_bytes(), Format::Stix21, &Options::default(), tables(), &mut |_| {});
    }
}
