//! Parquet files: row groups are handed out as batches, and unpacked by the thread that judges them.
//!
//! Only the columns that hold something of a post are read, about a thousand rows at a time.

mod cells;
mod columns;

use std::cell::Cell;
use std::fs::File;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Once};

use parquet::basic::Compression;
use parquet::column::reader::get_column_reader;
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ColumnChunkMetaData, FooterTail, PageIndexPolicy, ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader,
    ParquetStatisticsPolicy,
};
use parquet::file::reader::{ChunkReader, SerializedPageReader};

use crate::rescan::capture::Captured;
use crate::rescan::error::RescanError;
use crate::rescan::field::Fields;
use crate::rescan::tally::Bad;

use super::{Batch, Cursor, Input, Mark, Place, Records, Sink};
use cells::Cells;
use columns::Column;

/// A larger directory of columns is not read: one of a million row groups is smaller.
const DIRECTORY_MAX_BYTES: usize = 64 << 20;
/// So many rows are held at once.
const ROWS_AT_ONCE: usize = 1_000;
/// What every Parquet file begins and ends with, and the length before the end.
const MAGIC: &[u8; 4] = b"PAR1";
const TAIL_BYTES: u64 = 8;

/// A file whose directory was read.
#[derive(Debug)]
struct Directory {
    path: PathBuf,
    file: ParquetMetaData,
    columns: Vec<Column>,
}

/// The rows of one row group, still packed.
#[derive(Debug)]
pub(in crate::rescan) struct RowGroup {
    directory: Arc<Directory>,
    number: usize,
}

/// Hands out the row groups of a file from a mark on, which counts row groups and their bytes.
pub(super) fn read(
    number: usize,
    input: &Input,
    from: Mark,
    fields: &Fields,
    sink: Sink<'_>,
) -> Result<ControlFlow<()>, RescanError> {
    let directory = Arc::new(Directory::open(input, fields)?);
    let groups = directory.file.row_groups();
    let (mut at, mut first) = (Mark::default(), 1);
    for (group, metadata) in groups.iter().enumerate() {
        let begins = first;
        first += rows(metadata.num_rows());
        at.records += 1;
        at.offset = metadata.columns().iter().map(packed_bytes).fold(at.offset, u64::saturating_add);
        if at.records <= from.records {
            continue;
        }
        let is_last = group + 1 == groups.len();
        let next = if is_last { Cursor::behind(number) } else { Cursor { input: number, mark: at } };
        let records = Records::RowGroup(RowGroup { directory: Arc::clone(&directory), number: group });
        let bytes = at.offset.min(input.size.unwrap_or(u64::MAX));
        let flow = sink(Batch { input: number, next, first: begins, records, bad: None, fault: None, bytes });
        if flow.is_break() {
            return Ok(flow);
        }
    }
    Ok(ControlFlow::Continue(()))
}

impl Directory {
    fn open(input: &Input, fields: &Fields) -> Result<Self, RescanError> {
        let refused = |why| RescanError::NotParquet { input: input.name.clone(), why };
        let Place::File(path) = &input.place else {
            return Err(refused("its end must be read first, which standard input does not allow; put it into a file"));
        };
        let file = File::open(path).map_err(|error| RescanError::open(&input.name, error))?;
        let size = file.metadata().map_err(|error| RescanError::open(&input.name, error))?.len();
        let word = |at: u64| word(&file, at).unwrap_or_default();
        let tail = size.checked_sub(TAIL_BYTES).map(|at| [word(at), word(at + 4)]).unwrap_or_default();
        let begins = word(0) == *MAGIC;
        match FooterTail::try_from(tail.as_flattened()) {
            Ok(tail) if tail.is_encrypted_footer() => return Err(refused("it is encrypted")),
            Ok(tail) if tail.metadata_length() > DIRECTORY_MAX_BYTES => {
                return Err(refused("its directory of columns is larger than 64 MiB"));
            }
            Ok(_) => {}
            Err(_) if begins => return Err(RescanError::CutOff { input: input.name.clone() }),
            Err(_) => return Err(refused("it is something else")),
        }
        let file = guarded(|| directory_of(&file)).map_err(|_| refused("its directory of columns is damaged"))?;
        if file.row_groups().iter().any(|group| group.num_rows() < 0) {
            return Err(refused("its directory of columns is damaged"));
        }
        let columns = columns::of(file.file_metadata().schema_descr(), fields, &input.name)?;
        let is_unknown = |column: &Column| {
            let chunks = file.row_groups().iter().filter_map(|group| group.columns().get(column.leaf));
            chunks.into_iter().any(|chunk| matches!(chunk.compression(), Compression::BROTLI(_) | Compression::LZO))
        };
        if columns.iter().any(is_unknown) {
            return Err(refused("it is packed with Brotli or LZO; write it with zstd, snappy, gzip or lz4"));
        }
        Ok(Self { path: path.clone(), file, columns })
    }
}

impl RowGroup {
    /// Hands on what every row says of its post, and gives back where and why the rest cannot be read.
    pub(in crate::rescan) fn each(
        &self,
        first: u64,
        take: &mut dyn FnMut(u64, Result<Captured<'_>, Bad>),
    ) -> Option<(u64, Bad)> {
        let group = self.directory.file.row_groups().get(self.number)?;
        let rows = rows(group.num_rows());
        let mut position = first;
        let mut columns = match guarded(|| self.columns()) {
            Ok(columns) => columns,
            Err(bad) => return (rows > 0).then_some((position, bad)),
        };
        while position < first + rows {
            let wanted = (first + rows - position).min(ROWS_AT_ONCE as u64) as usize;
            for cells in &mut columns {
                if let Err(bad) = guarded(|| cells.fill(wanted)) {
                    return Some((position, bad));
                }
            }
            for row in 0..wanted {
                take(position, captured(&columns, row));
                position += 1;
            }
        }
        None
    }

    /// A reader for every column that is used. All of them share a place in the file, but no two threads do.
    fn columns(&self) -> Result<Vec<Cells>, Fault> {
        let file = Arc::new(File::open(&self.directory.path)?);
        let group = self.directory.file.row_group(self.number);
        let open = |column: &Column| {
            let chunk = group.column(column.leaf);
            let begins =
                [Some(chunk.data_page_offset()), chunk.dictionary_page_offset(), Some(chunk.compressed_size())];
            if begins.into_iter().flatten().any(|place| place < 0) {
                return Err(Fault(Bad::Packing));
            }
            let rows = usize::try_from(group.num_rows()).map_err(ParquetError::from)?;
            let pages = SerializedPageReader::new(Arc::clone(&file), chunk, rows, None)?;
            Ok(Cells::new(*column, get_column_reader(chunk.column_descr_ptr(), Box::new(pages)), chunk.column_descr()))
        };
        self.directory.columns.iter().map(open).collect()
    }
}

fn captured(columns: &[Cells], row: usize) -> Result<Captured<'_>, Bad> {
    let mut captured = Captured::default();
    let mut bytes = 0;
    for cells in columns {
        cells.capture(row, &mut captured, &mut bytes)?;
    }
    Ok(captured)
}

/// The directory, without the statistics in it: they would hold parts of posts.
fn directory_of(file: &File) -> Result<ParquetMetaData, Fault> {
    let options = ParquetMetaDataOptions::new()
        .with_column_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_encoding_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll);
    let reader =
        ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Skip).with_metadata_options(Some(options));
    Ok(reader.parse_and_finish(file)?)
}

fn word(file: &File, at: u64) -> Option<[u8; 4]> {
    file.get_bytes(at, 4).ok().as_deref().and_then(|bytes| bytes.try_into().ok())
}

fn rows(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn packed_bytes(chunk: &ColumnChunkMetaData) -> u64 {
    u64::try_from(chunk.compressed_size()).unwrap_or(0)
}

/// Why a part of a file cannot be read.
struct Fault(Bad);

impl From<ParquetError> for Fault {
    fn from(error: ParquetError) -> Self {
        Self(if matches!(error, ParquetError::EOF(_)) { Bad::CutOff } else { Bad::Packing })
    }
}

impl From<std::io::Error> for Fault {
    fn from(_: std::io::Error) -> Self {
        Self(Bad::Unreadable)
    }
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Lets the library read what comes from outside. It takes some damage for a mistake of its own and panics; that is damage
/// too, and what it would say might show what it read.
fn guarded<T>(read: impl FnOnce() -> Result<T, Fault>) -> Result<T, Bad> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                tell(panic);
            }
        }));
    });
    GUARDED.set(true);
    let read = catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(false);
    read.unwrap_or(Err(Fault(Bad::Packing))).map_err(|Fault(bad)| bad)
}
