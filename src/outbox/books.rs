//! The file: three shelves, opened with the right key or not at all, and opened anew after a failure.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{
    Builder, ConcurrencyMode, Database, DatabaseError, ReadableTable as _, StorageError, TableDefinition,
    WriteTransaction,
};

use crate::index::StateKey;

use super::OutboxError;
use super::shelf::{Names, Shelf};

const FILE: &str = "outbox.redb";
const CACHE_BYTES: usize = 16 << 20;
/// Beyond that, reading a whole file would keep a server from starting.
const VERIFIED_MAX_BYTES: u64 = 64 << 20;

const ABOUT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("about");
const KEY_PURPOSE: &str = "linkgate 2026 outbox, whose it is";
const KEY_SIGN: &[u8] = b"linkgate outbox 1";

const TASKS: Names = Names { rows: "tasks", turns: "task turns", bytes: "task bytes" };
const RESULTS: Names = Names { rows: "results", turns: "result turns", bytes: "result bytes" };
const EVENTS: Names = Names { rows: "events", turns: "event turns", bytes: "event bytes" };

/// The shelves, within a transaction.
pub(super) struct Books<'t> {
    /// Checks to finish.
    pub(super) tasks: Shelf<'t>,
    /// What came of them; their turn is to go.
    pub(super) results: Shelf<'t>,
    /// What the platform is told.
    pub(super) events: Shelf<'t>,
}

impl<'t> Books<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Self {
            tasks: Shelf::open(transaction, &TASKS)?,
            results: Shelf::open(transaction, &RESULTS)?,
            events: Shelf::open(transaction, &EVENTS)?,
        })
    }
}

/// The file, open if nothing failed.
pub(super) struct Store {
    path: PathBuf,
    key: StateKey,
    database: Option<Database>,
}

impl Store {
    pub(super) fn path_in(dir: &Path) -> PathBuf {
        dir.join(FILE)
    }

    /// Opens the file in that directory, or makes it.
    pub(super) fn open(dir: &Path, key: &StateKey) -> Result<Self, OutboxError> {
        let mut store = Self { path: Self::path_in(dir), key: key.clone(), database: None };
        store.transact(|_| Ok(Changes::None))?;
        Ok(store)
    }

    /// One transaction; if it fails, nothing of it has happened, and the next one opens the file anew: after an error of
    /// the disk an open database refuses everything for good.
    pub(super) fn transact(
        &mut self,
        work: impl FnOnce(&mut Books<'_>) -> Result<Changes, redb::Error>,
    ) -> Result<(), OutboxError> {
        // A file that was altered by others makes the library panic at some places.
        let done = catch_unwind(AssertUnwindSafe(|| {
            let database = match self.database.take() {
                Some(open) => open,
                None => self.opened()?,
            };
            let database = self.database.insert(database);
            in_one_transaction(database, work).map_err(|error| self.failure(error))
        }));
        let done = done.unwrap_or_else(|_| Err(OutboxError::Damaged { path: self.path.clone() }));
        if done.is_err() {
            // Closing writes too, and may meet the same.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(self.database.take())));
        }
        done
    }

    fn opened(&self) -> Result<Database, OutboxError> {
        let unopened = |error: redb::Error| match self.failure(error) {
            OutboxError::Storage { source } => OutboxError::Open { path: self.path.clone(), source },
            other => other,
        };
        let length = for_the_owner_alone(&self.path).map_err(|error| unopened(error.into()))?;
        let database = Builder::new()
            .set_cache_size(CACHE_BYTES)
            // A successor opens the file while its predecessor still has it.
            .set_concurrency_mode(ConcurrencyMode::MultiWriter)
            .set_check_integrity_on_open(length <= VERIFIED_MAX_BYTES)
            .create(&self.path)
            .map_err(|error| unopened(no_database(error)))?;
        let sign = sign(&database).map_err(unopened)?;
        match sign.map(|sign| self.key.unseal(KEY_PURPOSE, &sign)) {
            None => begin(&database, &self.key.seal(KEY_PURPOSE, KEY_SIGN)?).map_err(unopened)?,
            Some(Ok(sign)) if sign == KEY_SIGN => {}
            Some(_) => return Err(OutboxError::OtherKey { path: self.path.clone() }),
        }
        Ok(database)
    }

    fn failure(&self, error: redb::Error) -> OutboxError {
        match error {
            redb::Error::Corrupted(_)
            | redb::Error::TableTypeMismatch { .. }
            | redb::Error::TableIsMultimap(_)
            | redb::Error::TypeDefinitionChanged { .. }
            | redb::Error::UpgradeRequired(_)
            | redb::Error::RepairAborted => OutboxError::Damaged { path: self.path.clone() },
            other => OutboxError::Storage { source: Arc::new(other) },
        }
    }
}

/// What a transaction has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Changes {
    /// Nothing that must be kept.
    None,
    /// Something.
    Some,
}

impl From<bool> for Changes {
    /// Whether there are any.
    fn from(is_changed: bool) -> Self {
        if is_changed { Self::Some } else { Self::None }
    }
}

fn in_one_transaction(
    database: &Database,
    work: impl FnOnce(&mut Books<'_>) -> Result<Changes, redb::Error>,
) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    let mut books = Books::open(&transaction)?;
    let changes = work(&mut books)?;
    drop(books);
    match changes {
        Changes::None => transaction.abort()?,
        Changes::Some => transaction.commit()?,
    }
    Ok(())
}

/// What the file says about its key; nothing if it is new.
fn sign(database: &Database) -> Result<Option<Vec<u8>>, redb::Error> {
    let transaction = database.begin_write()?;
    let sign = transaction.open_table(ABOUT)?.get("key")?.map(|sign| sign.value().to_owned());
    transaction.abort()?;
    Ok(sign)
}

fn begin(database: &Database, sign: &[u8]) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(ABOUT)?.insert("key", sign)?;
    drop(Books::open(&transaction)?);
    Ok(transaction.commit()?)
}

/// A file that is none of the library's, which it calls an error of input.
fn no_database(error: DatabaseError) -> redb::Error {
    match error {
        DatabaseError::Storage(StorageError::Io(error))
            if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) =>
        {
            redb::Error::Corrupted(String::new())
        }
        other => other.into(),
    }
}

/// Makes the file if there is none; its length. A new name is lost with the power unless its directory is synced.
fn for_the_owner_alone(path: &Path) -> io::Result<u64> {
    let is_new = !path.exists();
    let file = File::options().read(true).append(true).create(true).mode(0o600).open(path)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    if let Some(parent) = path.parent().filter(|_| is_new) {
        File::open(parent)?.sync_all()?;
    }
    Ok(file.metadata()?.len())
}
