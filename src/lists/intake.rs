//! Where every format hands in its lines: one place that counts them and passes entries on.

use crate::canonical::{Tables, canonical};
use crate::index::{Entry, Scope, Target};

use super::guard::{Door, Passage};
use super::line::{has, lines, trimmed};
use super::options::Options;
use super::report::{Ignored, LineReport, Refusal, Remark, Unit};

/// What became of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// It gave at least one entry.
    Taken,
    /// It was never meant to.
    Ignored(Ignored),
}

/// What a format says of one line.
pub(super) type Outcome = Result<Line, Refusal>;

/// Counts lines and passes entries on.
pub(super) struct Intake<'i> {
    pub(super) options: &'i Options,
    pub(super) tables: &'i Tables,
    sink: &'i mut dyn FnMut(Entry),
    report: LineReport,
    /// The line at hand.
    line: u64,
    door: Door<'i>,
    /// What became of the entries of the line at hand.
    at_hand: AtHand,
}

/// Entries of one line, after the guards.
#[derive(Default)]
struct AtHand {
    is_let_in: bool,
    refused: Option<Refusal>,
}

impl<'i> Intake<'i> {
    pub(super) fn new(options: &'i Options, tables: &'i Tables, sink: &'i mut dyn FnMut(Entry)) -> Self {
        let door = options.guards.as_deref().map_or(Door::Open, Door::Warning);
        Self { options, tables, sink, report: LineReport::default(), line: 0, door, at_hand: AtHand::default() }
    }

    /// The same with guards that hold entries back.
    pub(super) fn behind(self, door: Door<'i>) -> Self {
        Self { door, ..self }
    }

    /// Whether somebody else decides about top-level names, which are refused otherwise.
    pub(super) fn holds_top_levels(&self) -> bool {
        matches!(self.door, Door::Holding(_))
    }

    /// Says what is counted; lines, if nobody says.
    pub(super) fn counts(&mut self, unit: Unit) {
        self.report.unit = unit;
    }

    /// The list names known good values.
    pub(super) fn is_guard(&mut self) {
        self.report.guard = true;
    }

    pub(super) fn declares_version(&mut self, version: &str) {
        // Reports show it: it must not be able to hold anything but a version or a date.
        let is_version = |byte: u8| byte.is_ascii_digit() || b" ._-:+TZ".contains(&byte);
        if !version.is_empty() && version.len() <= VERSION_MAX_BYTES && version.bytes().all(is_version) {
            self.report.declared_version.get_or_insert_with(|| version.to_owned());
        }
    }

    /// Passes an entry of the line at hand on.
    pub(super) fn give(&mut self, mut entry: Entry) {
        // Ids stand on the record, in the log and in events, where no place may be told.
        entry.id = entry.id.filter(|id| !tells_a_place(id));
        let max = self.options.lines_named_max;
        match self.door.ask(&entry, self.tables) {
            Passage::Free => {}
            Passage::Remarked(remark) => self.remark(remark),
            Passage::Held(hold) => {
                self.at_hand.is_let_in = true;
                return self.report.held.entry(hold).or_default().add(self.line, max);
            }
            Passage::Refused(reason) => {
                self.at_hand.refused = Some(reason);
                return;
            }
        }
        self.at_hand.is_let_in = true;
        self.report.entries += 1;
        (self.sink)(entry);
    }

    /// Passes an entry on that says nothing beside its value.
    pub(super) fn give_bare(&mut self, (scope, target): (Scope, Target)) {
        self.give(Entry::new(scope, target));
    }

    /// Counts something worth knowing about the line at hand.
    pub(super) fn remark(&mut self, remark: Remark) {
        let max = self.options.lines_named_max;
        self.report.remarks.entry(remark).or_default().add(self.line, max);
    }

    /// Reads one line and counts what became of it.
    pub(super) fn line(&mut self, number: u64, read: impl FnOnce(&mut Self) -> Outcome) {
        self.line = number;
        self.at_hand = AtHand::default();
        let outcome = match (read(self), &self.at_hand) {
            (Ok(Line::Taken), AtHand { is_let_in: false, refused: Some(reason) }) => Err(*reason),
            (outcome, _) => outcome,
        };
        let max = self.options.lines_named_max;
        self.report.lines += 1;
        match outcome {
            Ok(Line::Taken) => self.report.taken += 1,
            Ok(Line::Ignored(reason)) => self.report.ignored.entry(reason).or_default().add(number, max),
            Err(reason) => self.report.refused.entry(reason).or_default().add(number, max),
        }
    }

    /// Reads a text line by line. Blank lines, lines that are no text and lines that are too long never reach `read`.
    pub(super) fn each_line(&mut self, body: &[u8], mut read: impl FnMut(&mut Self, &str) -> Outcome) {
        for (number, bytes) in (1..).zip(lines(body)) {
            self.line(number, |intake| match text_of(bytes, intake.options)? {
                "" => Ok(Line::Ignored(Ignored::Blank)),
                text => read(intake, text),
            });
        }
    }

    pub(super) fn finish(self) -> LineReport {
        self.report
    }
}

/// Whether an id that a publisher gives may be the address of something, written in whatever way.
fn tells_a_place(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:#+=".contains(&byte);
    let is_word = |label: &str| label.len() > 1 && label.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_host =
        |part: &str| part.contains('.') && (part.split('.').skip(1).any(is_word) || canonical(part).is_some());
    !id.bytes().all(is_plain) || id.contains("::") || id.contains("xn--") || id.split(':').any(is_host)
}

/// The text of a line without outer white space.
pub(super) fn text_of<'l>(bytes: &'l [u8], options: &Options) -> Result<&'l str, Refusal> {
    if bytes.len() > options.line_max_bytes {
        return Err(Refusal::TooLong);
    }
    let text = trimmed(std::str::from_utf8(bytes).map_err(|_| Refusal::NotUtf8)?);
    if has(text, |byte| byte < b' ' && byte != b'\t') {
        return Err(Refusal::Control);
    }
    Ok(text)
}

/// A longer version than this is none.
const VERSION_MAX_BYTES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_tell_a_place_are_none() {
        for id in [
            "bad.example",
            "https://bad.example/x",
            "bad.example/x",
            "a@bad.example",
            "192.0.2.1",
            "x%2Fy",
            "b\u{fc}d.example",
            "bad\u{3002}example",
            "bad[.]example",
            "bad dot example",
            "bad,example",
            "p:bad.example",
            "1.bad.example.2026",
            "2001:db8::1",
            "xn--bd-jia",
        ] {
            assert!(tells_a_place(id), "{id}");
        }
        let uuid = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
        for id in ["p-18", "IWF.2026.0001", uuid, "v1.2", "A:17", "", "17", "2026_08-c#4"] {
            assert!(!tells_a_place(id), "{id}");
        }
    }
}
