//! Where findings go, and the checkpoint that goes with them: both advance together.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::checkpoint::Checkpoint;
use super::error::RescanError;
use super::finding::COLUMNS;
use super::input::Cursor;
use super::judge::Outcome;
use super::tally::Tally;
use super::{Form, Job};

/// Where findings are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A file.
    File(PathBuf),
    /// Standard output.
    Stdout,
}

/// Findings on their way out.
pub struct Output {
    file: Option<File>,
    /// Bytes that are in the file for good.
    written: u64,
    /// Of those bytes.
    digest: blake3::Hasher,
    /// Whole lines that are not.
    pending: Vec<u8>,
    tally: Tally,
    cursor: Cursor,
    keeper: Option<Keeper>,
}

/// Writes the checkpoint from time to time.
struct Keeper {
    path: PathBuf,
    state: Checkpoint,
    saved: Instant,
}

/// A checkpoint is at most this old, if batches come that often.
const INTERVAL: Duration = Duration::from_millis(250);
/// Findings are written out in pieces of about this size.
const PENDING_BYTES: usize = 64 << 10;

impl Output {
    /// Begins, or goes on where the checkpoint says.
    ///
    /// # Errors
    /// If the file cannot be opened, or is not as the checkpoint says.
    pub fn open(target: &Target, form: Form, checkpoint: Option<(&Path, Checkpoint)>) -> Result<Self, RescanError> {
        let (tally, cursor, written) = match &checkpoint {
            Some((_, state)) => (state.tally.clone(), state.cursor, state.out_bytes),
            None => Default::default(),
        };
        let mut digest = blake3::Hasher::new();
        let file = match target {
            Target::Stdout => None,
            Target::File(path) => {
                let expected = checkpoint.as_ref().map(|(_, state)| &*state.out_digest);
                Some(open_at(path, (written, expected), &mut digest)?)
            }
        };
        let keeper = checkpoint.map(|(path, state)| Keeper { path: path.to_owned(), state, saved: Instant::now() });
        let mut output = Self { file, written, digest, pending: Vec::new(), tally, cursor, keeper };
        if form == Form::Csv && written == 0 {
            output.pending.extend_from_slice(COLUMNS.as_bytes());
        }
        Ok(output)
    }

    pub(super) fn cursor(&self) -> Cursor {
        self.cursor
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    pub(super) fn take(&mut self, outcome: Outcome, next: Cursor, bytes: u64) -> Result<(), RescanError> {
        self.pending.extend_from_slice(&outcome.bytes);
        self.tally.absorb(outcome.tally);
        self.tally.bytes = bytes;
        self.cursor = next;
        let is_due = self.keeper.as_ref().is_some_and(|keeper| keeper.saved.elapsed() >= INTERVAL);
        if is_due {
            self.save()
        } else if self.pending.len() >= PENDING_BYTES || (self.file.is_none() && !self.pending.is_empty()) {
            self.flush()
        } else {
            Ok(())
        }
    }

    pub(super) fn finish(mut self, end: Cursor) -> Result<Tally, RescanError> {
        self.cursor = end;
        self.save()?;
        Ok(self.tally)
    }

    /// Writes whole lines; what cannot be written whole is taken back.
    fn flush(&mut self) -> Result<(), RescanError> {
        let written = match &mut self.file {
            None => io::stdout().lock().write_all(&self.pending).and_then(|()| io::stdout().lock().flush()),
            Some(file) => file.write_all(&self.pending),
        };
        if let Err(error) = written {
            self.take_back();
            return Err(RescanError::Output(error));
        }
        self.written += self.pending.len() as u64;
        self.digest.update(&self.pending);
        self.pending.clear();
        Ok(())
    }

    /// Cuts the file behind its last whole line. There may be room for part of the rest.
    fn take_back(&mut self) {
        if let Some(file) = &mut self.file {
            let end = file.metadata().map_or(self.written, |metadata| metadata.len());
            let begun = usize::try_from(end.saturating_sub(self.written)).unwrap_or(usize::MAX);
            let begun = self.pending.get(..begun.min(self.pending.len())).unwrap_or_default();
            let whole = memchr::memrchr(b'\n', begun).map_or(0, |at| at as u64 + 1);
            let _ = file.set_len(self.written + whole);
        }
    }

    /// First the findings, then the checkpoint that counts on them.
    fn save(&mut self) -> Result<(), RescanError> {
        self.flush()?;
        let Some(keeper) = &mut self.keeper else { return Ok(()) };
        if let Some(file) = &self.file {
            file.sync_data().map_err(RescanError::Output)?;
        }
        keeper.state.out_bytes = self.written;
        keeper.state.out_digest = self.digest.finalize().to_hex().to_string();
        keeper.state.cursor = self.cursor;
        keeper.state.tally.clone_from(&self.tally);
        keeper.state.save(&keeper.path)?;
        keeper.saved = Instant::now();
        Ok(())
    }
}

/// The file, cut to what the checkpoint knows of, if that is what stands in it.
fn open_at(
    path: &Path,
    (written, expected): (u64, Option<&str>),
    digest: &mut blake3::Hasher,
) -> Result<File, RescanError> {
    let failed = |source| RescanError::OpenOutput { path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true);
    // What was written is read again only to go on behind it: /dev/stderr and the like can only be written to.
    let mut file = if written > 0 { file.read(true) } else { file }.open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Ok(file);
    }
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(RescanError::OutputBusy),
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    if written > 0 {
        digest.update_reader((&file).take(written)).map_err(failed)?;
        let is_same = digest.count() == written && expected == Some(digest.finalize().to_hex().as_str());
        if !is_same {
            return Err(RescanError::OutputChanged);
        }
    }
    file.set_len(written).map_err(failed)?;
    file.seek(SeekFrom::Start(written)).map_err(failed)?;
    Ok(file)
}

impl Checkpoint {
    /// A new one for a job.
    pub fn begin(job: &Job<'_>) -> Self {
        let snapshot = job.checker.snapshot();
        Self {
            version: Self::VERSION,
            now: job.now,
            lists_id: snapshot.lists_id().to_owned(),
            generation: snapshot.generation,
            asked: Self::asked(job),
            inputs: Self::inputs(job.inputs),
            inputs_total: job.inputs.len(),
            cursor: Cursor::default(),
            out_bytes: 0,
            out_digest: String::new(),
            tally: Tally::default(),
        }
    }
}
