//! Mirrors that lie, in every way that the faulty server knows: none of it is taken for the list, and each ends by a name, in time.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use linkgate::fetch::{DownloadError, Downloaded, Downloader, Validators};
use linkgate::lists::{ListKey, Signed, SignedError, check_digest, verify};
use sha2::{Digest as _, Sha256};

use crate::Home;

use super::faults::Faulty;
use super::signed::{Form, Publisher};
use super::{BODY_MAX_BYTES, TOTAL, at, runtime};

/// What becomes of each when the second version is live.
const EXPECTED: &[(&str, &str)] = &[
    ("good", "taken"),
    ("v1", "older"),
    ("v2", "taken"),
    ("rollback", "taken, older"),
    ("freeze", "older"),
    ("corrupt_bit", "signature_wrong"),
    ("corrupt_head", "signature_wrong"),
    ("truncated_1", "signature_wrong"),
    ("truncated_half", "cut_off"),
    ("empty", "signature_missing"),
    ("endless", "too_large"),
    ("swapped", "signature_wrong"),
    ("mixmatch", "signature_wrong"),
    ("wrong_length", "cut_off"),
    ("html_200", "signature_wrong"),
    ("html_captive", "redirect_downgrade"),
    ("s404", "status"),
    ("s500", "status"),
    ("s503_retry", "retry_later"),
    ("s429", "retry_later"),
    ("slow", "stalled"),
    ("hang", "stalled"),
    ("reset_mid", "cut_off"),
    ("gzip_bomb", "too_large"),
    ("stale_304", "not_modified_unasked"),
    ("redirect_http", "redirect_downgrade"),
    ("redirect_other", "redirect_downgrade"),
    ("etag_lie", "older"),
    ("dup_body", "signature_wrong"),
    ("unsigned_strip", "signature_missing"),
    ("path_traversal", "taken"),
];

/// Two versions of a list, signed.
fn versions(publisher: &Publisher) -> Home {
    let home = Home::new();
    for (version, timestamp) in [("v1", 1000), ("v2", 2000)] {
        std::fs::create_dir(home.path().join(version)).unwrap();
        for name in ["list.txt", "other.txt"] {
            let lines: Vec<String> = (0..1000).map(|at| format!("{name}-{version}-{at}.example\n")).collect();
            let list = lines.concat();
            let file = home.file(&format!("{version}/{name}"), &list);
            let comment = format!("timestamp:{timestamp}\tfile:{name}");
            publisher.sign(&file, &comment, Form::Hashed);
            let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(&list));
            home.file(&format!("{version}/{name}.sha256"), format!("{digest}  {name}\n"));
        }
    }
    home
}

/// The whole way: downloaded, verified, and not older than what is live.
async fn outcome(downloader: &Downloader, key: &ListKey) -> Result<&'static str, DownloadError> {
    let Downloaded::Body { bytes, .. } = downloader.get(&Validators::default()).await? else { return Ok("unchanged") };
    let signature = downloader.beside(".minisig").await?;
    let live = Signed { timestamp: Some(2000), ..Signed::default() };
    Ok(match verify(&bytes, signature.as_deref(), std::slice::from_ref(key)) {
        Ok(signed) if signed.timestamp < live.timestamp => "older",
        Ok(_) => "taken",
        Err(error) => error.code(),
    })
}

#[test]
fn every_lie_ends_by_a_name_and_in_time() {
    let publisher = Publisher::new();
    let lists = versions(&publisher);
    let Some(faulty) = Faulty::start(&["--good", lists.path().to_str().unwrap()]) else { return };
    let known: BTreeSet<&str> = EXPECTED.iter().map(|(scenario, _)| *scenario).collect();
    let there = Faulty::names("mirror scenarios: ").unwrap();
    assert_eq!(known, there.iter().map(String::as_str).collect());
    for (scenario, expected) in EXPECTED {
        let options = at(faulty.address, &format!("/m/{scenario}/list.txt"));
        let began = Instant::now();
        let mut told = Vec::new();
        let used = allocation_counter::measure(|| {
            runtime().block_on(async {
                let downloader = Downloader::new(options).unwrap();
                for _ in expected.split(", ") {
                    told.push(outcome(&downloader, &publisher.key).await.unwrap_or_else(DownloadError::code));
                }
            });
        });
        assert_eq!(told.join(", "), *expected, "{scenario}");
        assert!(began.elapsed() < TOTAL + Duration::from_secs(1), "{scenario}: {:?}", began.elapsed());
        assert!(used.bytes_max < 2 * BODY_MAX_BYTES + (64 << 20), "{scenario}: {} bytes", used.bytes_max);
    }
}

#[test]
fn what_mirrors_say_besides() {
    let publisher = Publisher::new();
    let lists = versions(&publisher);
    let Some(faulty) = Faulty::start(&["--good", lists.path().to_str().unwrap()]) else { return };
    runtime().block_on(async {
        let downloader = |scenario| Downloader::new(at(faulty.address, &format!("/m/{scenario}/list.txt"))).unwrap();
        for (scenario, seconds) in [("s503_retry", 3600), ("s429", 60)] {
            let error = downloader(scenario).get(&Validators::default()).await.unwrap_err();
            assert_eq!(error.retry_after(), Some(Duration::from_secs(seconds)), "{scenario}");
        }
        // It says that nothing changed since its first version, whatever we have.
        let stale = downloader("stale_304");
        let known = |etag: &str| Validators { etag: Some(etag.to_owned()), last_modified: None };
        assert_eq!(stale.get(&known("\"2\"")).await.unwrap_err().code(), "not_modified_unasked");
        let unchanged = Downloaded::Unchanged { fresh_for: None, validators: known("\"1\"") };
        assert_eq!(stale.get(&known("\"1\"")).await, Ok(unchanged));
        for (scenario, expected) in [("good", Ok(())), ("dup_body", Err("digest_wrong")), ("mixmatch", Ok(()))] {
            let downloader = downloader(scenario);
            let Ok(Downloaded::Body { bytes, .. }) = downloader.get(&Validators::default()).await else {
                panic!("{scenario}")
            };
            let digests = downloader.beside(".sha256").await.unwrap();
            let told = check_digest(&bytes, digests.as_deref(), "list.txt").map_err(SignedError::code);
            assert_eq!(told, expected, "{scenario}");
        }
    });
}
