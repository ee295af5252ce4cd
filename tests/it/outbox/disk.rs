//! Disks that are full or read-only: an error that says so, and on it goes when there is room again.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use linkgate::index::StateKey;
use linkgate::outbox::{CheckId, Limits, Outbox, OutboxError};
use linkgate::telemetry::metrics::Metrics;

use super::{helper, open, told};

/// Where a helper finds its disk.
pub(crate) const DIR: &str = "LINKGATE_TEST_DISK";

/// Runs a helper with a disk of its own, mounted where nobody else sees it.
pub(crate) fn on_a_disk_of_its_own(test: &str) {
    let dir = tempfile::tempdir().unwrap();
    let isolated = ["--user", "--map-root-user", "--mount"];
    if !Command::new("unshare").args(isolated).arg("true").status().is_ok_and(|status| status.success()) {
        eprintln!("left out: a disk of its own, which this machine does not allow");
        return;
    }
    let script = format!("mount -t tmpfs -o size=2m none \"${DIR}\" && exec \"$@\"");
    let program = helper(test);
    let mut command = Command::new("unshare");
    command.args(isolated).args(["sh", "-c", &script, "sh"]).arg(program.get_program()).args(program.get_args());
    let ran = command.env(DIR, dir.path()).output().unwrap();
    let out = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && out.contains("1 passed"), "{out}{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn a_full_disk_is_told_and_survived() {
    on_a_disk_of_its_own("outbox::disk::full");
}

#[test]
fn a_read_only_disk_is_told_and_survived() {
    on_a_disk_of_its_own("outbox::disk::read_only");
}

async fn keep(outbox: &Outbox) -> Result<CheckId, OutboxError> {
    let id = CheckId::random()?;
    let kept = tokio::time::timeout(Duration::from_secs(20), outbox.keep(id, "", &[7; 10_000], 0));
    kept.await.unwrap().map(|()| id)
}

#[tokio::test]
#[ignore = "it needs a disk of its own: the test above starts it"]
async fn full() {
    let Some(dir) = told(DIR) else { return };
    let outbox = open(Path::new(&dir));
    let mut kept = vec![keep(&outbox).await.unwrap()];
    let ballast = Path::new(&dir).join("ballast");
    // A part of it is written before there is no room.
    assert!(std::fs::write(&ballast, vec![7; 4_000_000]).is_err());
    let mut refused = 0;
    for _ in 0..100 {
        match keep(&outbox).await {
            Ok(id) => kept.push(id),
            Err(error) => {
                assert!(matches!(error, OutboxError::Storage { .. } | OutboxError::Open { .. }), "{error:?}");
                assert!(error.to_string().contains("room"), "{error}");
                refused += 1;
            }
        }
    }
    assert!(refused > 50, "{refused} of 100");
    std::fs::remove_file(ballast).unwrap();
    kept.push(keep(&outbox).await.unwrap());
    let mut waiting: Vec<CheckId> = outbox.due(0, 1_000).await.unwrap().iter().map(|task| task.id).collect();
    waiting.sort();
    kept.sort();
    assert_eq!(waiting, kept, "neither is one missing, nor is there one that was refused");
}

#[tokio::test]
#[ignore = "it needs a disk of its own: the test above starts it"]
async fn read_only() {
    let Some(dir) = told(DIR) else { return };
    let dir = Path::new(&dir);
    let mount = |how: &str| Command::new("mount").args(["-o", how]).arg(dir).status().unwrap().success();
    drop(open(dir));
    // Its thread closes the file.
    std::thread::sleep(Duration::from_millis(200));
    assert!(mount("remount,ro"));
    let error = Outbox::open(dir, &StateKey::new([7; 32]), Limits::default(), &Metrics::default()).err().unwrap();
    assert!(matches!(error, OutboxError::Open { .. }), "{error:?}");
    assert!(error.to_string().contains("can be written to"), "{error}");
    assert!(mount("remount,rw"));
    let id = keep(&open(dir)).await.unwrap();
    assert_eq!(open(dir).due(0, 10).await.unwrap()[0].id, id);
}
