//! What a swap of large lists costs the checks that go on meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use linkgate::check::{Checker, Post, Snapshot};
use linkgate::extract::Options;
use linkgate::index::{Builder, Entry, Index, Keys, List, Scope, StateKey, Target};
use linkgate::verdict::Policy;
use rustix::time::{ClockId, clock_gettime};

use crate::outbox::told as variable;
use crate::{extractor, tables};

/// A swap may hold a check up for as long.
const PAUSE_MAX: Duration = Duration::from_millis(1);

/// An index of so many hosts.
fn index(version: &str, entries: usize) -> Index {
    let mut builder = Builder::new(Keys::derive(&StateKey::new([1; 32])), tables());
    let number = builder.list(List::new("large", version)).unwrap();
    for entry in 0..entries {
        let host = format!("{version}-{entry}.example");
        builder.add(number, &Entry::new(Scope::Domain, Target::Host(host.into()))).unwrap();
    }
    builder.finish()
}

/// What this thread has worked: whoever else wants the processor is not counted.
fn worked() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

/// Each index is used once and then freed, as after an update.
#[test]
fn no_check_pauses_for_a_swap() {
    let entries = variable("LINKGATE_TEST_ENTRIES").map_or(50_000, |text| text.parse().unwrap());
    let swaps = variable("LINKGATE_TEST_SWAPS").map_or(20, |text| text.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("large.lgx");
    index("v", entries).save(&path).unwrap();
    let snapshot = || {
        let index = Index::open(&path, Keys::derive(&StateKey::new([1; 32])), tables()).unwrap();
        Snapshot::new(tables(), vec![Arc::new(index)], Policy::default())
    };
    let checker = Checker::new(extractor(&Options::default()), snapshot().at_generation(1));
    let done = AtomicBool::new(false);
    let (mut longest, mut checks) = (Duration::ZERO, 0_u64);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for generation in 2..=swaps + 1 {
                checker.replace(snapshot().at_generation(generation)).unwrap();
                std::thread::sleep(Duration::from_millis(5));
            }
            done.store(true, Ordering::Relaxed);
        });
        let post = Post { text: "see https://v-7.example/ and https://fine.example/", ..Post::default() };
        while !done.load(Ordering::Relaxed) {
            let before = worked();
            let report = checker.check(&post, 1_800_000_000);
            longest = longest.max(worked().saturating_sub(before));
            assert_eq!(report.links.len(), 2);
            checks += 1;
        }
    });
    eprintln!("{swaps} swaps of {entries} entries: the longest of {checks} checks worked {longest:?}");
    assert!(longest < PAUSE_MAX, "{longest:?}");
}
