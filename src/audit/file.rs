//! The file: whole lines, one writer at a time, synced before anybody is told.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::index::{atomic, lock};

use super::{AuditError, Deed, Entry, TEXT_MAX_BYTES, chain};

/// Lines of one append.
const APPENDED_MAX: u64 = 2;
/// A longer line is none of ours.
const LINE_MAX_BYTES: u64 = 64 << 10;
/// It names people and their reasons.
const OWNER_ALONE: u32 = 0o600;

/// The record of deeds.
pub struct Audit {
    path: PathBuf,
    key: [u8; 32],
}

/// What verifying it came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Whole lines, each chained to the one before.
    pub lines: u64,
    /// Bytes behind the last whole line: somebody was killed while writing. Nobody was told that they are there.
    pub torn_bytes: u64,
}

/// The last line that was acknowledged, kept beside.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Head {
    seq: u64,
    chain: String,
    /// Nobody without the key can move the end.
    seal: String,
}

/// Where the whole lines end.
#[derive(Default)]
struct Walked {
    seq: u64,
    chain: String,
    bytes: u64,
    torn_bytes: u64,
}

impl Audit {
    pub(super) fn new(path: PathBuf, key: [u8; 32]) -> Self {
        Self { path, key }
    }

    /// Appends a deed, durably. A torn end of somebody who was killed goes, and that is told by a line of its own.
    ///
    /// # Errors
    /// If what is there is not as it was written, or nothing can be written.
    pub fn append(&self, deed: Deed, at: Timestamp) -> Result<Entry, AuditError> {
        let mut file = self.writable().map_err(|source| self.io(source))?;
        let mut walked = self.walk(&file)?;
        self.judge_head(&walked)?;
        let mut text = Vec::new();
        if walked.torn_bytes > 0 {
            let about = format!("{} bytes behind line {}", walked.torn_bytes, walked.seq);
            let torn = Deed { who: "(audit)".into(), did: "torn_end_removed".into(), about, why: String::new() };
            self.add(&mut walked, torn, at, &mut text);
        }
        let entry = self.add(&mut walked, shortened(deed), at, &mut text);
        let write = |file: &mut File| {
            file.set_len(walked.bytes)?;
            file.seek(SeekFrom::End(0))?;
            file.write_all(&text)?;
            file.sync_all()
        };
        if let Err(source) = write(&mut file) {
            // What was not written whole is to be seen by nobody.
            drop(file.set_len(walked.bytes));
            return Err(self.io(source));
        }
        let seal = chain::seal(&self.key, walked.seq, &walked.chain);
        let head = serde_json::to_vec(&Head { seq: walked.seq, chain: walked.chain, seal }).unwrap_or_default();
        atomic::write_atomically(&self.head_path(), |file| file.write_all(&head)).map_err(|source| self.io(source))?;
        Ok(entry)
    }

    fn add(&self, walked: &mut Walked, deed: Deed, at: Timestamp, text: &mut Vec<u8>) -> Entry {
        let entry = chain::next(&self.key, &walked.chain, (walked.seq + 1, at), deed);
        text.extend(serde_json::to_vec(&entry).unwrap_or_default());
        text.push(b'\n');
        walked.seq = entry.seq;
        walked.chain.clone_from(&entry.chain);
        entry
    }

    /// Goes over all lines.
    ///
    /// # Errors
    /// If a line is not as it was written, or lines are missing.
    pub fn verify(&self) -> Result<Verified, AuditError> {
        let walked = match File::open(&self.path) {
            Ok(file) => {
                lock::shared(&file).map_err(|source| self.io(source))?;
                self.walk(&file)?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Walked::default(),
            Err(source) => return Err(self.io(source)),
        };
        self.judge_head(&walked)?;
        Ok(Verified { lines: walked.seq, torn_bytes: walked.torn_bytes })
    }

    fn writable(&self) -> io::Result<File> {
        if let Some(dir) = self.path.parent() {
            atomic::make_directory(dir)?;
        }
        let is_new = !self.path.exists();
        let file =
            File::options().create(true).truncate(false).read(true).write(true).mode(OWNER_ALONE).open(&self.path)?;
        lock::exclusive(&file)?;
        if is_new && let Some(dir) = self.path.parent() {
            atomic::owned_like(&file, dir);
            File::open(dir)?.sync_all()?;
        }
        Ok(file)
    }

    fn walk(&self, file: &File) -> Result<Walked, AuditError> {
        let mut walked = Walked { chain: chain::BEGINNING.to_owned(), ..Walked::default() };
        let mut input = BufReader::new(file);
        input.seek(SeekFrom::Start(0)).map_err(|source| self.io(source))?;
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut input).take(LINE_MAX_BYTES).read_until(b'\n', &mut line);
            read.map_err(|source| self.io(source))?;
            if line.last() != Some(&b'\n') {
                let rest = io::copy(&mut input, &mut io::sink()).map_err(|source| self.io(source))?;
                walked.torn_bytes = line.len() as u64 + rest;
                return Ok(walked);
            }
            let number = walked.seq + 1;
            let entry: Option<Entry> = serde_json::from_slice(&line).ok();
            let entry = entry.filter(|entry| entry.seq == number && chain::follows(&self.key, &walked.chain, entry));
            let entry = entry.ok_or_else(|| AuditError::Broken { path: self.path.clone(), line: number })?;
            walked.seq = number;
            walked.chain = entry.chain;
            walked.bytes += line.len() as u64;
        }
    }

    /// The head may be one append behind, which writes two lines at most, and never ahead.
    fn judge_head(&self, walked: &Walked) -> Result<(), AuditError> {
        let head: Head = match fs::read(self.head_path()) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
            Err(_) => Head::default(),
        };
        let is_ours = head.seal == chain::seal(&self.key, head.seq, &head.chain);
        let head = if is_ours { head } else { Head::default() };
        let (path, found, expected) = (self.path.clone(), walked.seq, head.seq);
        if found > expected + APPENDED_MAX {
            return Err(AuditError::Headless { path: self.head_path() });
        }
        if expected > found {
            return Err(AuditError::Shortened { path, found, expected });
        }
        if expected == found && head.chain != walked.chain {
            return Err(AuditError::Broken { path, line: found });
        }
        Ok(())
    }

    fn head_path(&self) -> PathBuf {
        self.path.with_extension("head")
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn io(&self, source: io::Error) -> AuditError {
        AuditError::Io { path: self.path.clone(), source }
    }
}

/// Texts of bounded length, on a boundary of characters: a longer line could not be read any more.
fn shortened(deed: Deed) -> Deed {
    let short = |text: &str| text.get(..text.floor_char_boundary(TEXT_MAX_BYTES)).unwrap_or_default().to_owned();
    let Deed { who, did, about, why } = deed;
    Deed { who: short(&who), did: short(&did), about: short(&about), why: short(&why) }
}
