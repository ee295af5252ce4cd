//! Inputs of lines, and of rows: read in pieces of a few hundred KiB that end with a whole record.

use std::io::{self, Read as _};
use std::ops::ControlFlow;

use crate::rescan::LINE_MAX_BYTES;
use crate::rescan::tally::Bad;

use super::open::Source;
use super::split::Splitter;
use super::{Batch, Cursor, Header, Mark, Records, Sink, Spare};

/// Pieces are about this long: enough to hide what handing them over costs, little enough for the cache.
const PIECE_BYTES: u64 = 256 << 10;

/// A walk through an input.
pub(super) struct Pieces {
    source: Source,
    splitter: Splitter,
    /// The start of a record whose end is not read yet.
    carry: Vec<u8>,
    /// Up to where records were given out.
    at: Mark,
    /// Why nothing can be read any more; told behind what was read before.
    fault: Option<Bad>,
    ended: bool,
}

impl Pieces {
    /// A walk from a mark on.
    pub(super) fn lines(source: Source, from: Mark) -> Self {
        let mut pieces = Self::new(source, Splitter::Lines);
        pieces.go_to(from);
        pieces
    }

    /// A walk through the rows of a table from a mark on, and the names in its first row.
    pub(super) fn rows(source: Source, delimiter: u8, from: Mark) -> (Self, Header) {
        let mut pieces = Self::new(source, Splitter::Quoted { delimiter });
        let header = pieces.header(delimiter);
        pieces.go_to(from);
        (pieces, header)
    }

    fn new(source: Source, splitter: Splitter) -> Self {
        Self { source, splitter, carry: Vec::new(), at: Mark::default(), fault: None, ended: false }
    }

    /// Passes over what an earlier run has read.
    fn go_to(&mut self, from: Mark) {
        if from.offset <= self.at.offset {
            return;
        }
        let ahead = from.offset - self.at.offset.max(self.source.begins);
        let kept = ahead.min(self.carry.len() as u64);
        self.carry.drain(..kept as usize);
        // What fails here fails again at the first read.
        let _ = io::copy(&mut self.source.bytes.by_ref().take(ahead - kept), &mut io::sink());
        self.at = from;
    }

    /// Takes the first row.
    fn header(&mut self, delimiter: u8) -> Header {
        let mut piece = Vec::new();
        if let Some((_, fault)) = self.next(&mut piece) {
            // Told behind what was read before.
            (self.fault, self.ended) = (Some(fault), false);
        }
        let mut csv = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(&*piece);
        let mut record = csv::ByteRecord::new();
        let _ = csv.read_byte_record(&mut record);
        let mut used = csv.position().byte() as usize;
        // A row ends with its carriage return for some readers, and with its line feed for others.
        used += usize::from(piece.get(used) == Some(&b'\n'));
        let names = record.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
        let rest = piece.split_off(used.min(piece.len()));
        self.at = Mark { records: newlines(&piece), offset: piece.len() as u64 };
        self.carry.splice(..0, rest);
        self.ended &= self.carry.is_empty() && self.fault.is_none();
        Header { names, delimiter }
    }

    /// Gives out everything up to the end.
    pub(super) fn each(
        mut self,
        input: usize,
        records: &dyn Fn(Vec<u8>) -> Records,
        spare: Spare<'_>,
        sink: Sink<'_>,
    ) -> ControlFlow<()> {
        while !self.ended {
            let first = self.at.records + 1;
            let mut piece = spare();
            piece.clear();
            let bad = self.next(&mut piece);
            let bytes = self.source.meter.taken(self.at.offset);
            let next = if self.ended { Cursor::behind(input) } else { Cursor { input, mark: self.at } };
            sink(Batch { input, first, next, records: records(piece), bad, fault: None, bytes })?;
        }
        ControlFlow::Continue(())
    }

    /// Fills `piece` with whole records, and tells what could not be read behind them.
    fn next(&mut self, piece: &mut Vec<u8>) -> Option<(u64, Bad)> {
        piece.append(&mut self.carry);
        let (mut bad, mut open_quote) = (None, None);
        let mut whole = 0;
        while whole == 0 && bad.is_none() && !self.ended {
            if self.fault.is_some() {
                bad = self.fault.take();
                self.ended = true;
                break;
            }
            match self.source.bytes.by_ref().take(PIECE_BYTES).read_to_end(piece) {
                // A last record needs no end.
                Ok(0) => {
                    (self.ended, whole) = (true, piece.len());
                    open_quote = self.splitter.is_open(piece).then(|| self.splitter.whole(piece));
                }
                Ok(_) => whole = self.splitter.whole(piece),
                Err(error) => {
                    self.fault = Some(self.source.meter.fault(&error));
                    whole = self.splitter.whole(piece);
                }
            }
            bad = (whole == 0 && piece.len() > LINE_MAX_BYTES).then_some(Bad::TooLong);
        }
        self.carry.extend_from_slice(piece.get(whole..).unwrap_or_default());
        piece.truncate(whole);
        let before = self.at.records;
        self.pass(piece);
        let position = self.at.records + 1;
        if let Some(rows) = open_quote {
            // The rows behind it were taken for part of a text, and judged as such.
            return Some((before + newlines(piece.get(..rows).unwrap_or_default()) + 1, Bad::OpenQuote));
        }
        if bad == Some(Bad::TooLong) {
            self.pass_line();
        }
        bad.map(|bad| (position, bad))
    }

    fn pass(&mut self, bytes: &[u8]) {
        let open_end = bytes.last().is_some_and(|&byte| byte != b'\n');
        self.at.records += newlines(bytes) + u64::from(open_end);
        self.at.offset += bytes.len() as u64;
    }

    /// Passes over the rest of a line that is too long, without keeping it.
    fn pass_line(&mut self) {
        loop {
            let end = memchr::memchr(b'\n', &self.carry);
            let passed = end.map_or(self.carry.len(), |at| at + 1);
            self.at.offset += passed as u64;
            self.carry.drain(..passed);
            if end.is_some() {
                self.at.records += 1;
                return;
            }
            match self.source.bytes.by_ref().take(PIECE_BYTES).read_to_end(&mut self.carry) {
                Ok(0) => {
                    self.ended = true;
                    return;
                }
                Ok(_) => {}
                Err(error) => {
                    self.fault = Some(self.source.meter.fault(&error));
                    self.carry.clear();
                    return;
                }
            }
        }
    }
}

/// How many lines end in these bytes.
fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}
