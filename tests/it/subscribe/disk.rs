//! Disks that are full or read-only: the list that answers goes on answering, and updates come in again when there is room.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use linkgate::canonical::{Tables, canonical};
use linkgate::index::StateKey;
use linkgate::lists::guard::{GuardOptions, GuardTexts, Guards};
use linkgate::lists::{Format, Piece, PlainMeans, Proof, Source};
use linkgate::store::{Listing, Maintainer, Offer, Store, StoreError, Taken};

use super::list;
use crate::outbox::disk::{DIR, on_a_disk_of_its_own};
use crate::outbox::told;

#[test]
fn with_a_full_disk_the_old_list_answers() {
    on_a_disk_of_its_own("subscribe::disk::full");
}

#[test]
fn with_a_read_only_disk_the_old_list_answers() {
    on_a_disk_of_its_own("subscribe::disk::read_only");
}

struct Stand {
    store: Store,
    listing: Listing,
}

impl Stand {
    fn new(dir: &Path) -> Self {
        let tables = Arc::new(Tables::shipped().unwrap());
        let guards = Guards::new(&GuardTexts::shipped(), &tables, GuardOptions::default());
        let source = Source { name: "partner".into(), ..Source::new("", None) };
        let listing = Listing {
            source,
            guards: guards.into(),
            proof: Proof::default(),
            canary: None,
            anti_canary: None,
            approvers: 1,
            maintainer: Maintainer::Other,
        };
        Self { store: Store::in_dir(dir, &StateKey::new([7; 32]), &tables), listing }
    }

    fn take(&self, version: &str) -> Result<Taken, StoreError> {
        let pieces = vec![Piece { text: list(version, 500).into_bytes(), format: Format::HouseCsv }];
        self.store.take(&self.listing, Offer { pieces, issued: None, signature: None, at: 0 })
    }

    fn lists(&self, host: &str) -> bool {
        let mut hits = Vec::new();
        let live = self.store.live(&self.listing).unwrap().unwrap();
        live.index.look_up(&canonical(host).unwrap(), 0, &mut hits);
        !hits.is_empty()
    }
}

#[test]
#[ignore = "it needs a disk of its own: the test above starts it"]
fn full() {
    let Some(dir) = told(DIR) else { return };
    let dir = Path::new(&dir);
    let stand = Stand::new(dir);
    assert_eq!(stand.take("one").unwrap(), Taken::Live);
    let ballast = dir.join("ballast");
    assert!(std::fs::write(&ballast, vec![7; 4_000_000]).is_err());
    for _ in 0..20 {
        let error = stand.take("two").unwrap_err();
        assert!(error.code() == "state_unwritable" || error.code() == "index", "{error}");
        assert!(stand.lists("one-7.example") && !stand.lists("two-7.example"));
    }
    std::fs::remove_file(ballast).unwrap();
    assert_eq!(stand.take("two").unwrap(), Taken::Live);
    assert!(stand.lists("two-7.example") && !stand.lists("one-7.example"));
}

#[test]
#[ignore = "it needs a disk of its own: the test above starts it"]
fn read_only() {
    let Some(dir) = told(DIR) else { return };
    let dir = Path::new(&dir);
    let mount = |how: &str| Command::new("mount").args(["-o", how]).arg(dir).status().unwrap().success();
    let mut stand = Stand::new(dir);
    assert_eq!(stand.take("one").unwrap(), Taken::Live);
    assert!(mount("remount,ro"));
    assert_eq!(stand.take("two").unwrap_err().code(), "state_unwritable");
    assert!(stand.lists("one-7.example"));
    // Even where it has to be read in another way, which cannot be kept.
    stand.listing.source.options.plain_means = PlainMeans::Exact;
    assert!(stand.lists("one-7.example"));
    assert!(mount("remount,rw"));
    assert_eq!(stand.take("two").unwrap(), Taken::Live);
    assert!(stand.lists("two-7.example"));
}
