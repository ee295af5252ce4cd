//! Mirrors that lie: only good versions are taken, each fault has a name, and nothing is left lying about.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use linkgate::canonical::{RequestUrl, Tables, canonical};
use linkgate::fetch::{BackOff, DownloadOptions, Downloader, Reach};
use linkgate::index::StateKey;
use linkgate::lists::guard::{GuardOptions, GuardTexts, Guards};
use linkgate::lists::{Proof, Source};
use linkgate::store::{self, Listing, Store};
use linkgate::update::{Outcome, Subscription, once};

use super::list;
use crate::Home;
use crate::download::faults::Faulty;
use crate::download::signed::{Form, Publisher};

/// Those that end well, or in one way only; of the others it matters that nothing of them is taken.
const EXPECTED: &[(&str, &str)] = &[
    ("good", "unchanged"),
    ("v2", "unchanged"),
    ("v1", "version_backwards"),
    ("freeze", "version_backwards"),
    ("corrupt_bit", "signature_wrong"),
    ("truncated_half", "cut_off"),
    ("empty", "signature_missing"),
    ("endless", "too_large"),
    ("s404", "status"),
    ("s429", "retry_later"),
    ("gzip_bomb", "too_large"),
    ("unsigned_strip", "signature_missing"),
];

fn mirrored(publisher: &Publisher) -> Home {
    let home = Home::new();
    for (version, timestamp) in [("v1", 1_000), ("v2", 2_000)] {
        std::fs::create_dir(home.path().join(version)).unwrap();
        for name in ["list.csv", "other.csv"] {
            let file = home.file(&format!("{version}/{name}"), list(version, 500));
            publisher.sign(&file, &format!("timestamp:{timestamp}\tfile:{name}"), Form::Hashed);
        }
    }
    home
}

fn subscription(faulty: &Faulty, scenario: &str, publisher: &Publisher, tables: &Tables) -> Subscription {
    let url = format!("http://{}/m/{scenario}/list.csv", faulty.address);
    let reach = Reach {
        allow_nets: vec!["127.0.0.0/8".parse().unwrap()],
        total_timeout: Duration::from_secs(8),
        idle_timeout: Duration::from_millis(1_500),
        ..Reach::default()
    };
    let options = DownloadOptions {
        reach,
        sent_max_bytes: 8 << 20,
        unpacked_max_bytes: 8 << 20,
        ..DownloadOptions::new(RequestUrl::read(&url).unwrap())
    };
    let guards = Guards::new(&GuardTexts::shipped(), tables, GuardOptions::default());
    let source = Source { name: "partner".into(), ..Source::new("", None) };
    Subscription {
        listing: Listing {
            source,
            guards: guards.into(),
            proof: Proof {
                keys: vec![publisher.key.clone()],
                digest: false,
                file: "list.csv".into(),
                signed_as: Some("list.csv".into()),
            },
            canary: None,
            anti_canary: None,
            approvers: 1,
            maintainer: store::Maintainer::Other,
        },
        downloader: Downloader::new(options).unwrap(),
        back_off: BackOff::default(),
        asked_as: scenario.to_owned(),
    }
}

fn is_listed(store: &Store, listing: &Listing, host: &str) -> bool {
    let mut hits = Vec::new();
    let live = store.live(listing).unwrap().unwrap();
    live.index.look_up(&canonical(host).unwrap(), 0, &mut hits);
    !hits.is_empty()
}

#[test]
fn only_good_versions_are_taken() {
    let Some(names) = Faulty::names("mirror scenarios: ") else { return };
    let publisher = Publisher::new();
    let home = mirrored(&publisher);
    let Some(faulty) = Faulty::start(&["--good", home.path().to_str().unwrap()]) else { return };
    let tables = Arc::new(Tables::shipped().unwrap());
    let state = Home::new();
    let store = Store::in_dir(state.path(), &StateKey::new([7; 32]), &tables);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outcome = |scenario: &str, now: i64| {
        let _inside = runtime.enter();
        let one = subscription(&faulty, scenario, &publisher, &tables);
        let outcome = runtime.block_on(once(&store, &one, now, |_| {})).unwrap();
        (outcome, one.listing)
    };
    assert_eq!(outcome("v2", 1).0.code(), "live");
    let mut taken = BTreeSet::new();
    for (now, name) in (2..).zip(&names) {
        let (outcome, listing) = outcome(name, now);
        if let Some((_, expected)) = EXPECTED.iter().find(|(known, _)| known == name) {
            assert_eq!(outcome.code(), *expected, "{name}");
        }
        if !matches!(outcome, Outcome::Failed(_)) {
            taken.insert(name.clone());
        }
        let notes = store.notes("partner").unwrap();
        assert_eq!(notes.last_error.is_some(), matches!(outcome, Outcome::Failed(_)), "{name}");
        assert!(is_listed(&store, &listing, "v2-7.example") && !is_listed(&store, &listing, "v1-7.example"), "{name}");
        let dir = std::fs::read_dir(state.path().join("lists/partner")).unwrap();
        // How an index was read is a part of its name.
        let plain =
            |name: String| name.split('-').next().unwrap().to_owned() + if name.contains('-') { "-.lgx" } else { "" };
        let files: BTreeSet<_> = dir.map(|entry| plain(entry.unwrap().file_name().into_string().unwrap())).collect();
        assert_eq!(
            files,
            ["1-.lgx", "1.source", "book.json", "lock", "notes.json"].map(str::to_owned).into(),
            "{name}"
        );
    }
    eprintln!("{} faults of mirrors, of which these gave the version that is live: {taken:?}", names.len());
}
