//! Inputs: what was named on the command line → files of a known kind → batches of records, in order.

mod document;
mod find;
mod lines;
mod open;
#[cfg(feature = "parquet")]
mod parquet;
mod split;
mod table;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::error::RescanError;
use super::field::Fields;
use super::tally::Bad;

pub use find::{Found, Identity, find};
#[cfg(feature = "parquet")]
pub(super) use parquet::RowGroup;
pub(super) use table::Columns;

use lines::Pieces;

/// How records stand in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// One JSON value a line.
    Jsonl,
    /// One JSON document that holds lists of posts.
    Json,
    /// A table with a first row of names, and the byte between its columns.
    Table {
        /// A comma or a tab.
        delimiter: u8,
    },
    /// A Parquet file. Reading it takes a build with the feature `parquet`.
    Parquet,
}

/// Where an input is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The name that findings have: the path as it was given or found, or `-`.
    pub name: String,
    /// Where it is read from.
    pub place: Place,
    /// How its records stand.
    pub kind: Kind,
    /// Its size in bytes; none for standard input.
    pub size: Option<u64>,
    /// When it was last changed, in nanoseconds since the Unix epoch.
    pub changed: Option<u128>,
}

/// Up to where an input was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Mark {
    /// Records, lines or row groups before it.
    pub records: u64,
    /// Bytes before it, unpacked; those of row groups as they lie on the disk.
    pub offset: u64,
}

/// Up to where all inputs were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Cursor {
    /// Inputs before it are done.
    pub input: usize,
    /// How far this one is.
    pub mark: Mark,
}

impl Cursor {
    /// Where the input after that one begins.
    fn behind(input: usize) -> Self {
        Self { input: input + 1, mark: Mark::default() }
    }
}

/// Some records of an input that follow each other.
#[derive(Debug)]
pub(super) struct Batch {
    /// The number of the input.
    pub(super) input: usize,
    /// Where to go on behind the batch.
    pub(super) next: Cursor,
    /// The position of its first record, from 1.
    pub(super) first: u64,
    pub(super) records: Records,
    /// What could not be read behind them, with its position.
    pub(super) bad: Option<(u64, Bad)>,
    /// Why the input cannot be read at all.
    pub(super) fault: Option<RescanError>,
    /// Bytes of the input up to its end, as they lie on the disk.
    pub(super) bytes: u64,
}

impl Batch {
    /// Instead of an input that cannot be read.
    fn unread(input: usize, error: RescanError) -> Self {
        let bad = match error {
            RescanError::NoColumn { .. } => Bad::NoColumn,
            RescanError::CutOff { .. } => Bad::CutOff,
            _ => Bad::Unreadable,
        };
        let next = Cursor::behind(input);
        let records = Records::Items(Vec::new());
        Self { input, next, first: 1, records, bad: Some((1, bad)), fault: Some(error), bytes: 0 }
    }

    /// Its buffer, to be filled again.
    pub(super) fn into_buffer(self) -> Vec<u8> {
        match self.records {
            Records::Lines(bytes) | Records::Rows(bytes, _) => bytes,
            Records::Items(_) => Vec::new(),
            #[cfg(feature = "parquet")]
            Records::RowGroup(_) => Vec::new(),
        }
    }
}

/// The records of a batch, as they were read.
#[derive(Debug)]
pub(super) enum Records {
    /// Whole lines.
    Lines(Vec<u8>),
    /// Whole rows of a table.
    Rows(Vec<u8>, Arc<Columns>),
    /// Values of a JSON document.
    Items(Vec<Box<RawValue>>),
    /// Rows that are unpacked when they are judged.
    #[cfg(feature = "parquet")]
    RowGroup(RowGroup),
}

/// The names of a table's columns.
#[derive(Debug)]
pub(super) struct Header {
    names: Vec<String>,
    delimiter: u8,
}

/// Where batches go; says whether more are wanted.
pub(super) type Sink<'s> = &'s mut dyn FnMut(Batch) -> ControlFlow<()>;

/// Buffers that were used and can be used again.
pub(super) type Spare<'s> = &'s dyn Fn() -> Vec<u8>;

/// Reads all inputs from a cursor on. An input that cannot be read is told in its place, and the next one follows.
pub(super) fn read(
    inputs: &[Input],
    from: Cursor,
    fields: &Fields,
    spare: Spare<'_>,
    sink: Sink<'_>,
) -> ControlFlow<()> {
    for (number, input) in inputs.iter().enumerate().skip(from.input) {
        let mark = if number == from.input { from.mark } else { Mark::default() };
        let flow = one((number, input), mark, fields, spare, sink);
        flow.unwrap_or_else(|error| sink(Batch::unread(number, error)))?;
    }
    ControlFlow::Continue(())
}

fn one(
    (number, input): (usize, &Input),
    from: Mark,
    fields: &Fields,
    spare: Spare<'_>,
    sink: Sink<'_>,
) -> Result<ControlFlow<()>, RescanError> {
    match input.kind {
        Kind::Jsonl => {
            let pieces = Pieces::lines(open::open(input, from.offset)?, from);
            Ok(pieces.each(number, &Records::Lines, spare, sink))
        }
        Kind::Table { delimiter } => {
            let (pieces, header) = Pieces::rows(open::open(input, 0)?, delimiter, from);
            if header.names.is_empty() {
                // An empty file holds no post, and no name either.
                return Ok(pieces.each(number, &Records::Lines, spare, sink));
            }
            let columns = Arc::new(Columns::of(&header, fields, &input.name)?);
            Ok(pieces.each(number, &|rows| Records::Rows(rows, Arc::clone(&columns)), spare, sink))
        }
        Kind::Json => Ok(document::read(open::open(input, 0)?, number, from, fields, sink)),
        #[cfg(feature = "parquet")]
        Kind::Parquet => parquet::read(number, input, from, fields, sink),
        #[cfg(not(feature = "parquet"))]
        Kind::Parquet => Err(RescanError::NoParquet { input: input.name.clone() }),
    }
}
