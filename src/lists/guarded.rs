//! One list as an index of its own, behind guards.

use std::collections::HashSet;
use std::sync::Arc;

use crate::canonical::Tables;
use crate::index::{Builder, Entry, Index, IndexError, Keys, List};

use super::compile::list;
use super::error::ListError;
use super::format::Format;
use super::guard::{GuardedList, GuardedRead, Guards, read_guarded};
use super::source::{self, Piece, Source};

/// A list, compiled.
pub struct GuardedIndex {
    /// What may go live.
    pub index: Index,
    /// Its format, as given or as found out.
    pub format: &'static str,
    /// What became of its lines, and which entries wait.
    pub read: GuardedRead,
}

/// What stands between a list and an index.
#[derive(Clone, Copy)]
pub struct Behind<'g> {
    /// They say what has to wait.
    pub guards: &'g Guards,
    /// Ids of entries that need not wait any more.
    pub approved: &'g HashSet<String>,
}

/// Compiles one list; entries that wait are left out unless their id is among the approved ones.
///
/// # Errors
/// If it is no list, or nothing of it could be taken.
pub fn compile_guarded(
    source: &Source,
    pieces: &[Piece],
    keys: &Keys,
    tables: &Arc<Tables>,
    behind: Behind<'_>,
) -> Result<GuardedIndex, ListError> {
    let format = pieces.first().map_or(Format::Plain, |piece| piece.format);
    let mut builder = Builder::new(keys.clone(), Arc::clone(tables));
    let known = list(&source.name, &source::version(pieces), format, &source.options);
    let number = builder.list(List { mode: source.mode, rollout_ppm: source.rollout_ppm, ..known })?;
    let mut full: Option<IndexError> = None;
    let mut whole: Option<GuardedRead> = None;
    for piece in pieces {
        let list = GuardedList {
            name: &source.name,
            format: piece.format,
            options: &source.options,
            keys,
            approved: behind.approved,
        };
        let read = read_guarded(&piece.text, &list, behind.guards, tables, &mut |entry| {
            if full.is_none() {
                full = builder.add(number, &entry).err();
            }
        });
        match (read, &mut whole) {
            // Of several files one may have nothing in it.
            (Err(ListError::Empty), _) if pieces.len() > 1 => {}
            // Comments alone: a list, and it has been emptied.
            (Err(ListError::NothingTaken { refused: 0, .. }), whole) => drop(whole.get_or_insert_default()),
            (Err(error), _) => return Err(error),
            (Ok(read), Some(whole)) => whole.absorb(read, &source.options),
            (Ok(read), None) => whole = Some(read),
        }
    }
    match (full, whole) {
        (Some(error), _) => Err(error.into()),
        (None, None) => Err(ListError::Empty),
        (None, Some(read)) => Ok(GuardedIndex { index: builder.finish(), format: format.name(), read }),
    }
}

/// Hands over both ids of every entry of a list, of those that wait too, as often as it stands there: that by its value, and that
/// by which reports name it.
///
/// # Errors
/// If it is no list.
pub fn each_id(
    source: &Source,
    pieces: &[Piece],
    keys: &Keys,
    tables: &Tables,
    take: &mut impl FnMut(&str, String),
) -> Result<(), ListError> {
    for piece in pieces {
        let name = &source.name;
        let mut take = |entry: Entry| {
            let value = keys.derived_id(name, &entry);
            let id = if entry.id.is_some() { keys.id_of(name, &entry) } else { value.clone() };
            take(&value, id);
        };
        match super::read(&piece.text, piece.format, &source.options, tables, &mut take) {
            Err(ListError::Empty | ListError::NothingTaken { refused: 0, .. }) if pieces.len() > 1 => {}
            other => drop(other?),
        }
    }
    Ok(())
}
