//! The files of one list: each version's source, sealed, and its index; one writer at a time.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::canonical::Tables;
use crate::index::{Index, IndexError, Keys, StateKey, atomic, lock};
use crate::lists::{Format, Piece};

use super::{Book, StoreError};

/// Lists are mostly text that repeats itself: little effort saves most.
const ZSTD_LEVEL: i32 = 3;
/// Room that is made for what comes out of a file before it is there.
const PART_MAX_BYTES: usize = 64 << 20;
/// What begins so is of us and unfinished.
const UNFINISHED: &str = ".linkgate-";

/// Where one list is kept.
pub(super) struct Shelf {
    dir: PathBuf,
    key: StateKey,
}

/// The source of a version.
#[derive(Serialize, Deserialize)]
struct Sealed<'p> {
    #[serde(borrow)]
    pieces: Vec<(std::borrow::Cow<'p, str>, u64)>,
}

/// Leave to write; it ends when this is dropped.
pub(super) struct Leave(#[expect(dead_code, reason = "the lock is held as long as the file is open")] File);

impl Shelf {
    pub(super) fn new(dir: PathBuf, key: StateKey) -> Self {
        Self { dir, key }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Waits until nobody else writes, in this process or another, but not for ever. Leftovers of whoever was killed go.
    pub(super) fn lock(&self) -> Result<Leave, StoreError> {
        let cannot = |source| StoreError::Write { path: self.dir.clone(), source };
        atomic::make_directory(&self.dir).map_err(cannot)?;
        let file = File::options().create(true).truncate(false).write(true).open(self.dir.join("lock"));
        let file = file.map_err(cannot)?;
        atomic::owned_like(&file, &self.dir);
        lock::exclusive(&file).map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => StoreError::Busy { path: self.dir.clone() },
            _ => cannot(error),
        })?;
        self.sweep(&Book::read(&self.dir)?);
        Ok(Leave(file))
    }

    /// Removes files of versions that the book does not know.
    pub(super) fn sweep(&self, book: &Book) {
        // Where the book is gone it may be put back, and needs them.
        let has_book = Book::path_in(&self.dir).exists();
        for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let has = |number: &str| number.parse().ok().and_then(|number: u64| book.versions.get(&number));
            let is_known = match (name.strip_suffix(".source"), name.strip_suffix(".lgx")) {
                (Some(number), _) => has(number).is_some(),
                (None, Some(name)) => name
                    .split_once('-')
                    .is_some_and(|(number, read_as)| has(number).is_some_and(|version| version.read_as == read_as)),
                (None, None) => true,
            };
            if has_book && !is_known || name.starts_with(UNFINISHED) {
                // What cannot be removed now is tried again.
                drop(fs::remove_file(&path));
            }
        }
    }

    fn source_path(&self, number: u64) -> PathBuf {
        self.dir.join(format!("{number}.source"))
    }

    /// How it was read is part of the name, so that no other reading can be taken for it.
    fn index_path(&self, (number, read_as): (u64, &str)) -> PathBuf {
        self.dir.join(format!("{number}-{read_as}.lgx"))
    }

    /// Whether there is a source of a version; it may be damaged.
    pub(super) fn has_source(&self, number: u64) -> bool {
        self.source_path(number).is_file()
    }

    /// Keeps the source of a version, packed and sealed.
    pub(super) fn put_source(&self, number: u64, pieces: &[Piece]) -> Result<(), StoreError> {
        let path = self.source_path(number);
        let sizes = pieces.iter().map(|piece| (piece.format.name().into(), piece.text.len() as u64)).collect();
        let head = serde_json::to_vec(&Sealed { pieces: sizes }).unwrap_or_default();
        let cannot = |source| StoreError::Write { path: path.clone(), source };
        let mut encoder = zstd::Encoder::new(Vec::new(), ZSTD_LEVEL).map_err(cannot)?;
        let texts = pieces.iter().map(|piece| &*piece.text);
        for part in [&(head.len() as u64).to_le_bytes()[..], &head].into_iter().chain(texts) {
            encoder.write_all(part).map_err(cannot)?;
        }
        let packed = encoder.finish().map_err(cannot)?;
        let sealed = self.key.seal(&self.purpose(number), &packed);
        let sealed = sealed.map_err(|source| StoreError::OtherKey { path: path.clone(), source })?;
        drop(packed);
        atomic::write_atomically(&path, |file| file.write_all(&sealed)).map_err(cannot)
    }

    /// The source of a version.
    pub(super) fn source(&self, number: u64) -> Result<Vec<Piece>, StoreError> {
        let path = self.source_path(number);
        let damaged = || StoreError::Damaged { path: path.clone() };
        let sealed = fs::read(&path).map_err(|source| StoreError::Read { path: path.clone(), source })?;
        let packed = self.key.unseal(&self.purpose(number), &sealed);
        let packed = packed.map_err(|source| StoreError::OtherKey { path: path.clone(), source })?;
        drop(sealed);
        // A list is large: it is unpacked piece by piece, into where it stays.
        let mut unpacked = zstd::Decoder::new(&*packed).map_err(|_| damaged())?;
        let mut next = |size: u64| {
            let mut part = Vec::with_capacity(usize::try_from(size).unwrap_or_default().min(PART_MAX_BYTES));
            let read = unpacked.by_ref().take(size).read_to_end(&mut part);
            read.ok().filter(|read| *read as u64 == size).map(|_| part)
        };
        let length = next(8).and_then(|length| Some(u64::from_le_bytes(length.try_into().ok()?)));
        let head = length.and_then(&mut next).ok_or_else(damaged)?;
        let head: Sealed<'_> = serde_json::from_slice(&head).map_err(|_| damaged())?;
        let mut pieces = Vec::new();
        for (format, size) in head.pieces {
            let format = Format::from_name(&format).ok_or_else(damaged)?;
            pieces.push(Piece { text: next(size).ok_or_else(damaged)?, format });
        }
        Ok(pieces)
    }

    /// The version is part of it, so that no file can stand in for another.
    fn purpose(&self, number: u64) -> String {
        let name = self.dir.file_name().unwrap_or_default().to_string_lossy();
        format!("linkgate 2026 source of list {name}, version {number}")
    }

    pub(super) fn put_index(&self, version: (u64, &str), index: &Index) -> Result<(), StoreError> {
        Ok(index.save(&self.index_path(version))?)
    }

    /// Puts a copy of the index of a version somewhere else.
    pub(super) fn copy_index(&self, version: (u64, &str), to: &Path) -> Result<(), StoreError> {
        let from = self.index_path(version);
        let mut file = File::open(&from).map_err(|source| StoreError::Read { path: from, source })?;
        let copied = atomic::write_atomically(to, |out| io::copy(&mut file, out).map(drop));
        copied.map_err(|source| StoreError::Write { path: to.to_owned(), source })
    }

    /// The index of a version, unless it has to be made again: other rules, another key, a damaged file or none.
    pub(super) fn index(
        &self,
        version: (u64, &str),
        keys: Keys,
        tables: &Arc<Tables>,
    ) -> Result<Option<Index>, StoreError> {
        match Index::open(&self.index_path(version), keys, Arc::clone(tables)) {
            Ok(index) => Ok(Some(index)),
            Err(IndexError::Io { source, .. }) if source.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::Read { path: self.index_path(version), source })
            }
            Err(_) => Ok(None),
        }
    }
}
