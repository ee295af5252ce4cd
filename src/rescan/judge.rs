//! A batch of records → findings as bytes, and counts. Pure: every thread does the same with the same batch.

use std::borrow::Cow;

use crate::check::without_halves;

use super::capture::Captured;
use super::field::{Node, Others};
#[cfg(feature = "parquet")]
use super::input::RowGroup;
use super::input::{Batch, Columns, Records};
use super::post::{Posts, Turn};
use super::tally::{Bad, Place, Tally};
use super::time;
use super::{Job, LINE_MAX_BYTES};

/// What came of a batch.
#[derive(Default)]
pub(super) struct Outcome {
    /// Whole lines of output.
    pub(super) bytes: Vec<u8>,
    pub(super) tally: Tally,
}

/// Judges batches.
pub(super) struct Judge<'j> {
    job: &'j Job<'j>,
    tree: Node,
    posts: Posts<'j>,
}

/// Where a record stands.
#[derive(Clone, Copy)]
struct At<'b> {
    input: &'b str,
    position: u64,
}

impl<'j> Judge<'j> {
    pub(super) fn new(job: &'j Job<'j>) -> Self {
        Self { job, tree: Node::of(job.fields), posts: Posts::new(job) }
    }

    pub(super) fn batch(&mut self, batch: &Batch) -> Outcome {
        if self.job.following.is_some() {
            self.posts.turn(Turn::Before);
            self.once(batch);
            self.posts.take_links();
            self.posts.turn(Turn::Now);
        }
        self.once(batch)
    }

    fn once(&mut self, batch: &Batch) -> Outcome {
        let mut outcome = Outcome::default();
        let input = self.job.inputs.get(batch.input).map_or("", |input| &input.name);
        let at = At { input, position: batch.first };
        match &batch.records {
            Records::Lines(bytes) => self.lines(bytes, at, &mut outcome),
            Records::Rows(bytes, columns) => self.rows(bytes, columns, at, &mut outcome),
            Records::Items(items) => {
                for (position, item) in (batch.first..).zip(items) {
                    self.json(item.get(), At { position, ..at }, &mut outcome);
                }
            }
            #[cfg(feature = "parquet")]
            Records::RowGroup(group) => self.row_group(group, at, &mut outcome),
        }
        if let Some((position, bad)) = batch.bad {
            At { position, ..at }.skip(bad, &mut outcome);
        }
        outcome.tally.links = self.posts.take_links();
        outcome
    }

    fn lines(&mut self, bytes: &[u8], at: At<'_>, outcome: &mut Outcome) {
        // Editors on Windows put a byte order mark before the first line.
        let marked = if at.position == 1 { bytes.strip_prefix("\u{feff}".as_bytes()) } else { None };
        let bytes = marked.unwrap_or(bytes);
        // One look at all is many times faster than one at each line, and nearly always enough.
        let text = simdutf8::basic::from_utf8(bytes).ok();
        let mut from = 0;
        let ends = memchr::memchr_iter(b'\n', bytes).chain(Some(bytes.len()));
        for (position, end) in (at.position..).zip(ends) {
            let at = At { position, ..at };
            let line = match text {
                Some(text) => text.get(from..end),
                None => bytes.get(from..end).and_then(|line| std::str::from_utf8(line).ok()),
            };
            from = end + 1;
            match line {
                Some(line) if line.len() > LINE_MAX_BYTES => at.skip(Bad::TooLong, outcome),
                Some(line) if line.trim_ascii_start().is_empty() => {}
                Some(line) => self.json(line, at, outcome),
                None => at.skip(Bad::NotUtf8, outcome),
            }
        }
    }

    fn json(&mut self, text: &str, at: At<'_>, outcome: &mut Outcome) {
        match Captured::of_json(text, &self.tree) {
            Ok(captured) => self.record(&captured, at, outcome),
            Err(bad) => match without_halves(text) {
                Cow::Owned(mended) => self.json(&mended, at, outcome),
                Cow::Borrowed(_) => at.skip(bad, outcome),
            },
        }
    }

    fn rows(&mut self, bytes: &[u8], columns: &Columns, at: At<'_>, outcome: &mut Outcome) {
        let mut options = csv::ReaderBuilder::new();
        let mut reader = options.delimiter(columns.delimiter).has_headers(false).flexible(true).from_reader(bytes);
        let mut record = csv::ByteRecord::new();
        let (mut position, mut counted) = (at.position, 0);
        // Reading from memory cannot fail.
        while reader.read_byte_record(&mut record).unwrap_or(false) {
            let start = row_start(bytes, record.position().map_or(0, |at| at.byte() as usize));
            position += memchr::memchr_iter(b'\n', bytes.get(counted..start).unwrap_or_default()).count() as u64;
            counted = start;
            self.row(&record, columns, At { position, ..at }, outcome);
        }
    }

    fn row(&mut self, record: &csv::ByteRecord, columns: &Columns, at: At<'_>, outcome: &mut Outcome) {
        if record.len() != columns.roles.len() {
            return at.skip(Bad::Columns, outcome);
        }
        let mut captured = Captured::default();
        for (cell, roles) in record.iter().zip(&columns.roles).filter(|(_, roles)| !roles.is_empty()) {
            let Ok(text) = std::str::from_utf8(cell) else { return at.skip(Bad::NotUtf8, outcome) };
            for role in roles {
                captured.cell(*role, text);
            }
        }
        self.record(&captured, at, outcome);
    }

    #[cfg(feature = "parquet")]
    fn row_group(&mut self, group: &RowGroup, at: At<'_>, outcome: &mut Outcome) {
        let rest = group.each(at.position, &mut |position, row| match row {
            Ok(captured) => self.record(&captured, At { position, ..at }, outcome),
            Err(bad) => At { position, ..at }.skip(bad, outcome),
        });
        if let Some((position, bad)) = rest {
            At { position, ..at }.skip(bad, outcome);
        }
    }

    /// One record, whatever it was read from.
    fn record(&mut self, captured: &Captured<'_>, at: At<'_>, outcome: &mut Outcome) {
        let nothing = captured.texts.is_empty() && captured.links.is_empty();
        if nothing && (captured.wrong || self.job.fields.others == Others::Bad) {
            return at.skip(Bad::BadField, outcome);
        }
        if nothing {
            outcome.tally.no_posts += 1;
            return;
        }
        if self.job.shard.is_some_and(|shard| !shard.has(&captured.id(), at.input, at.position)) {
            outcome.tally.other_shards += 1;
            return;
        }
        if let Some(since) = self.job.since {
            match captured.time.as_deref().and_then(time::seconds) {
                Some(written) if written < since => {
                    outcome.tally.older += 1;
                    return;
                }
                // A post that cannot be dated may be a new one.
                None => outcome.tally.time_unread += 1,
                Some(_) => {}
            }
        }
        outcome.tally.posts += 1;
        outcome.tally.no_id += u64::from(!captured.has_id());
        outcome.tally.in_part += u64::from(captured.wrong);
        if let Some(finding) = self.posts.judge(captured) {
            finding.count(&mut outcome.tally);
            finding.write(&captured.id(), (at.input, at.position), self.job.form, &mut outcome.bytes);
        }
    }
}

impl At<'_> {
    fn skip(self, bad: Bad, outcome: &mut Outcome) {
        outcome.tally.skip(bad, || Place { input: self.input.to_owned(), position: self.position });
    }
}

/// Where a row begins that is read from `from` on: line ends and blank lines before it are passed over.
fn row_start(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
}
