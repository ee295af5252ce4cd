//! `linkgate audit`, and what other commands put into the record.

use std::io::{self, Write as _};

use anyhow::Context as _;
use jiff::Timestamp;

use crate::audit::{Audit, AuditError, Deed};
use crate::store::Store;
use crate::telemetry::clock;

use super::args::{AuditCommand, By};
use super::session::{Settings, warn};
use super::{Exit, counted};

pub(super) fn run(command: AuditCommand, settings: &Settings) -> anyhow::Result<Exit> {
    let AuditCommand::Verify = command;
    let audit = Audit::in_dir(&settings.state_dir()?, &settings.existing_key()?);
    let verified = audit.verify()?;
    writeln!(io::stdout().lock(), "{}, each as it was written", counted(verified.lines, "line"))?;
    if verified.torn_bytes == 0 {
        return Ok(Exit::Quiet);
    }
    warn(&format!(
        "{}: {} behind line {} are of a line that was never finished; the next one takes their place, and says so",
        audit.path().display(),
        counted(verified.torn_bytes, "byte"),
        verified.lines
    ));
    Ok(Exit::Failed)
}

/// Does something that somebody decided by a command.
pub(super) fn recorded<T>(
    settings: &Settings,
    by: &By,
    (did, about): (&str, &str),
    change: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let audit = signed(settings, by)?;
    let (who, why) = (by.author.clone(), by.reason.clone());
    recorded_in(&audit, Deed { who, did: did.to_owned(), about: about.to_owned(), why }, change)
}

/// The record, for somebody who says who decides and why.
pub(super) fn signed(settings: &Settings, by: &By) -> anyhow::Result<Audit> {
    if by.author.trim().is_empty() || by.reason.trim().is_empty() {
        return Err(super::usage("--author and --reason want to be filled in: the record is of no use without them"));
    }
    Ok(Audit::in_dir(&settings.state_dir()?, &settings.key()?))
}

/// Does something. It is on the record before it happens, and if it fails that is too.
pub(super) fn recorded_in<T>(
    audit: &Audit,
    deed: Deed,
    change: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let now = Timestamp::from_second(clock::now()).unwrap_or_default();
    audit.append(deed.clone(), now).context("nothing was changed, since it cannot be recorded")?;
    let changed = change();
    if changed.is_err() {
        audit.append(Deed { did: format!("{}_failed", deed.did), ..deed }, now)?;
    }
    changed
}

/// Puts on the record that another version of a list answers, which nobody had to decide.
pub(super) fn put_update(audit: &Audit, store: &Store, list: &str) -> Result<(), AuditError> {
    let version = store.book(list).ok().and_then(|book| {
        let (number, version) = book.live()?;
        Some(format!("list {list}, version {number} ({})", version.version))
    });
    let about = version.unwrap_or_else(|| format!("list {list}"));
    let deed = Deed { who: "(updater)".into(), did: "list_update".into(), about, why: String::new() };
    audit.append(deed, Timestamp::from_second(clock::now()).unwrap_or_default()).map(drop)
}

/// The same for commands.
pub(super) fn record_update(settings: &Settings, store: &Store, list: &str) -> anyhow::Result<()> {
    let audit = Audit::in_dir(&settings.state_dir()?, &settings.key()?);
    put_update(&audit, store, list).context("the list was updated, and that is not on the record")
}
