//! How far a rescan is, as a file that is there whole or not at all. It holds no text, no link and no list.

use std::io::{self, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::index::atomic::write_atomically;

use super::Job;
use super::error::RescanError;
use super::input::{Cursor, Input};
use super::tally::Tally;

/// Everything that a run needs to go on where another was ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub(super) version: u32,
    /// The time of judgement, the same for all runs.
    pub now: i64,
    pub(super) lists_id: String,
    pub(super) generation: u64,
    /// A digest of what was asked for.
    pub(super) asked: String,
    /// A digest of what the inputs looked like, and how many there are.
    pub(super) inputs: String,
    pub(super) inputs_total: usize,
    pub(super) cursor: Cursor,
    /// Bytes of output that stand for everything before the cursor.
    pub(super) out_bytes: u64,
    /// Of those bytes.
    pub(super) out_digest: String,
    pub(super) tally: Tally,
}

/// Whether a run may go on with other lists than those it began with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OtherLists {
    /// Findings of two sets of lists would stand side by side.
    #[default]
    Refused,
    /// Somebody said so.
    Accepted,
}

impl Checkpoint {
    pub(super) const VERSION: u32 = 1;

    /// The checkpoint that was left there, if one was.
    ///
    /// # Errors
    /// If there is a file that is none.
    pub fn load(path: &Path) -> Result<Option<Self>, RescanError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(RescanError::Checkpoint(error)),
        };
        let state: Self = serde_json::from_slice(&bytes).map_err(|_| RescanError::NoCheckpoint)?;
        if state.version == Self::VERSION { Ok(Some(state)) } else { Err(RescanError::NoCheckpoint) }
    }

    /// Whether every input was judged.
    pub fn is_done(&self) -> bool {
        self.cursor.input >= self.inputs_total
    }

    /// The same, to go on with a job; its time of judgement must be that of the checkpoint.
    ///
    /// # Errors
    /// If the inputs, the lists or what is asked for are not those that the rescan began with.
    pub fn go_on(mut self, job: &Job<'_>, lists: OtherLists) -> Result<Self, RescanError> {
        let changed = |what, or_go_on| Err(RescanError::Changed { what, or_go_on });
        let snapshot = job.checker.snapshot();
        if self.inputs != Self::inputs(job.inputs) {
            return changed("the inputs", "");
        }
        if self.asked != Self::asked(job) {
            return changed("what is asked for, or a rule for reading URLs,", "");
        }
        let same_lists = self.lists_id == snapshot.lists_id() && self.generation == snapshot.generation;
        if !same_lists && lists == OtherLists::Refused {
            return changed("the lists", ", or go on with the new ones by --other-lists");
        }
        snapshot.lists_id().clone_into(&mut self.lists_id);
        self.generation = snapshot.generation;
        Ok(self)
    }

    pub(super) fn inputs(inputs: &[Input]) -> String {
        let mut hasher = blake3::Hasher::new();
        for input in inputs {
            hasher.update(format!("{:?}", (&input.name, input.size, input.changed)).as_bytes());
        }
        short(&hasher)
    }

    /// A digest of everything that decides what is written, but for lists and inputs.
    pub(super) fn asked(job: &Job<'_>) -> String {
        let kinds: Vec<_> = job.inputs.iter().map(|input| input.kind).collect();
        let snapshot = job.checker.snapshot();
        let before = job.before.map(|before| before.snapshot().lists_id().to_owned());
        let shard = job.shard.map(|shard| shard.to_string());
        let asked = (kinds, job.fields, job.since, shard, job.shown, job.reveal, job.form, before);
        let mut hasher = blake3::Hasher::new();
        hasher.update(format!("{asked:?}").as_bytes()).update(&snapshot.tables.id());
        if job.following.is_some() {
            hasher.update(b"following");
        }
        short(&hasher)
    }

    pub(super) fn save(&self, path: &Path) -> Result<(), RescanError> {
        let text = serde_json::to_vec(self).map_err(|error| RescanError::Checkpoint(error.into()))?;
        write_atomically(path, |file| file.write_all(&text)).map_err(RescanError::Checkpoint)
    }
}

fn short(hasher: &blake3::Hasher) -> String {
    hasher.finalize().to_hex().get(..32).unwrap_or_default().to_owned()
}
