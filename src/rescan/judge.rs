//! A batch of records → findings as bytes, and counts. Pure: every thread does the same with the same batch.

use std::borrow::Cow;

use crate::check::{Checker, LinkReport, Post, Report};
use crate::extract::TextFormat;
use crate::verdict::{Action, Status};

use super::capture::Captured;
use super::delta::{self, Change, Same};
use super::field::{Node, Others};
use super::finding::{Finding, FoundLink};
use super::input::{Batch, Columns, Records};
use super::tally::{Bad, Place, Tally};
use super::time;
use super::{Job, Reveal, Shown};

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
    same: Same,
}

/// Where a record stands.
#[derive(Clone, Copy)]
struct At<'b> {
    input: &'b str,
    position: u64,
}

impl<'j> Judge<'j> {
    pub(super) fn new(job: &'j Job<'j>) -> Self {
        let now = job.checker.snapshot();
        let same = job.before.map_or(Same::Entry, |before| Same::between(&before.snapshot(), &now));
        Self { job, tree: Node::of(job.fields), same }
    }

    pub(super) fn batch(&self, batch: &Batch) -> Outcome {
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
        }
        if let Some((position, bad)) = batch.bad {
            At { position, ..at }.skip(bad, &mut outcome);
        }
        outcome
    }

    fn lines(&self, bytes: &[u8], at: At<'_>, outcome: &mut Outcome) {
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
                Some(line) if line.trim_ascii_start().is_empty() => {}
                Some(line) => self.json(line, at, outcome),
                None => at.skip(Bad::NotUtf8, outcome),
            }
        }
    }

    fn json(&self, text: &str, at: At<'_>, outcome: &mut Outcome) {
        match Captured::of_json(text, &self.tree) {
            Ok(captured) => self.record(&captured, at, outcome),
            Err(bad) => at.skip(bad, outcome),
        }
    }

    fn rows(&self, bytes: &[u8], columns: &Columns, at: At<'_>, outcome: &mut Outcome) {
        let mut options = csv::ReaderBuilder::new();
        let mut reader = options.delimiter(columns.delimiter).has_headers(false).flexible(true).from_reader(bytes);
        let mut record = csv::ByteRecord::new();
        // Reading from memory cannot fail.
        while reader.read_byte_record(&mut record).unwrap_or(false) {
            let line = record.position().map_or(1, csv::Position::line);
            self.row(&record, columns, At { position: at.position + line - 1, ..at }, outcome);
        }
    }

    fn row(&self, record: &csv::ByteRecord, columns: &Columns, at: At<'_>, outcome: &mut Outcome) {
        if record.len() != columns.roles.len() {
            return at.skip(Bad::Columns, outcome);
        }
        let mut captured = Captured::default();
        for (cell, role) in record.iter().zip(&columns.roles) {
            let Some(role) = *role else { continue };
            let Ok(text) = std::str::from_utf8(cell) else { return at.skip(Bad::NotUtf8, outcome) };
            captured.cell(role, text);
        }
        self.record(&captured, at, outcome);
    }

    /// One record, whatever it was read from.
    fn record(&self, captured: &Captured<'_>, at: At<'_>, outcome: &mut Outcome) {
        let nothing = captured.texts.is_empty() && captured.links.is_empty();
        if captured.wrong || (nothing && self.job.fields.others == Others::Bad) {
            at.skip(Bad::BadField, outcome);
        }
        if nothing {
            let is_other = !captured.wrong && self.job.fields.others == Others::Expected;
            outcome.tally.no_posts += u64::from(is_other);
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
        self.post(captured, at, outcome);
    }

    /// Judges every text of a post, and the links beside it with the first.
    fn post(&self, captured: &Captured<'_>, at: At<'_>, outcome: &mut Outcome) {
        let attached: Vec<&str> = captured.links.iter().map(|link| &**link).collect();
        let named = captured.format.as_deref().and_then(format_of);
        let empty = [(usize::MAX, Cow::Borrowed(""))];
        let texts: &[(usize, Cow<'_, str>)] = if captured.texts.is_empty() { &empty } else { &captured.texts };
        let mut finding: Option<Finding<'_>> = None;
        for (which, (number, text)) in texts.iter().enumerate() {
            let field = self.job.fields.texts.get(*number);
            let format = named.or(field.map(|field| field.format)).unwrap_or_default();
            let attached: &[&str] = if which == 0 { &attached } else { &[] };
            let post = Post { text, format, attached };
            let field = field.filter(|_| self.job.fields.texts.len() > 1).map(|field| field.at.as_str());
            let report = self.check(self.job.checker, &post);
            outcome.tally.links += report.links.len() as u64;
            let Some(part) = self.part(&post, report, field) else { continue };
            match &mut finding {
                Some(whole) => whole.absorb(part),
                None => finding = Some(part),
            }
        }
        let Some(finding) = finding else { return };
        finding.count(&mut outcome.tally);
        finding.write(&captured.id(), (at.input, at.position), self.job.form, &mut outcome.bytes);
    }

    fn check(&self, checker: &Checker, post: &Post<'_>) -> Report {
        let report = checker.check(post, self.job.now);
        match self.job.reveal {
            Reveal::Nothing => report,
            Reveal::Links => report.with_raw(post),
        }
    }

    /// What of a report is to be told.
    fn part<'p>(&self, post: &Post<'_>, report: Report, field: Option<&'p str>) -> Option<Finding<'p>> {
        let Report { action, reason, generation, lists_id, links } = report;
        let told: Vec<(Option<Change>, LinkReport)> = match self.job.before {
            Some(before) => delta::changes(self.same, self.check(before, post).links, links),
            None if self.job.shown == Shown::All => links.into_iter().map(|link| (None, link)).collect(),
            None => {
                let told = links.into_iter().filter(|link| link.status != Status::Unlisted);
                told.map(|link| (None, link)).collect()
            }
        };
        let is_found = match self.job.before {
            Some(_) => !told.is_empty(),
            None => action > Action::Allow || told.iter().any(|(_, link)| link.status == Status::Listed),
        };
        if !is_found && self.job.shown == Shown::Findings {
            return None;
        }
        let links = told.into_iter().map(|(change, report)| FoundLink { field, change, report }).collect();
        Some(Finding { is_found, action, reason, generation, lists_id, links })
    }
}

impl At<'_> {
    fn skip(self, bad: Bad, outcome: &mut Outcome) {
        outcome.tally.skip(bad, || Place { input: self.input.to_owned(), position: self.position });
    }
}

/// The text format of that name, as platforms and media types call it.
fn format_of(name: &str) -> Option<TextFormat> {
    match name.trim().to_ascii_lowercase().as_str() {
        "plain" | "text" | "text/plain" => Some(TextFormat::Plain),
        "html" | "text/html" => Some(TextFormat::Html),
        "markdown" | "text/markdown" | "text/x-markdown" => Some(TextFormat::Markdown),
        _ => None,
    }
}
