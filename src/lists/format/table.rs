//! Tables: records of quoted or unquoted fields, with the columns of the house or of strangers.

use csv::ByteRecord;

use crate::lists::error::ListError;
use crate::lists::intake::{Intake, Line, Outcome};
use crate::lists::line::LineCounter;
use crate::lists::options::{Column, Options, Position};
use crate::lists::report::{Ignored, Refusal, Remark, Unit};

use super::row::{Row, Words};

/// Reads a foreign table.
pub(super) fn read(text: &[u8], intake: &mut Intake<'_>) -> Result<(), ListError> {
    let delimiter = intake.options.delimiter.unwrap_or_else(|| delimiter(text));
    let mut layout = None;
    records(text, delimiter, intake, |intake, record| {
        if let Some(layout) = &layout {
            take(record, layout, intake)
        } else {
            let (found, is_header) = foreign_layout(record, intake.options);
            let outcome = if is_header { Ok(Line::Ignored(Ignored::Header)) } else { take(record, &found, intake) };
            layout = Some(found);
            outcome
        }
    })?;
    match layout {
        Some(layout) if layout.has_values() => Ok(()),
        Some(_) => Err(ListError::NoValueColumn),
        None => Err(ListError::Empty),
    }
}

/// What each field of a record is.
pub(super) struct Layout {
    pub(super) words: Words,
    /// `None` for a column that is not known.
    pub(super) columns: Vec<Option<Column>>,
}

impl Layout {
    pub(super) fn has_values(&self) -> bool {
        self.columns.contains(&Some(Column::Value))
    }
}

/// Reads record by record; comments and blank records never reach `read`.
pub(super) fn records(
    text: &[u8],
    delimiter: u8,
    intake: &mut Intake<'_>,
    mut read: impl FnMut(&mut Intake<'_>, &ByteRecord) -> Outcome,
) -> Result<(), ListError> {
    intake.counts(Unit::Record);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text);
    let (mut record, mut counter) = (ByteRecord::new(), LineCounter::new(text));
    let (mut start, mut number) = (0, 0);
    let max = intake.options.line_max_bytes;
    while reader.read_byte_record(&mut record).map_err(|_| ListError::CutOff)? {
        start = record.position().map_or(0, |position| position.byte() as usize);
        number = counter.line_of(start);
        if record.as_slice().len() > max && memchr::memchr2(b'\n', b'\r', record.as_slice()).is_some() {
            // A quote that nobody closes swallows the entries that follow it.
            return Err(ListError::Malformed { format: "csv", line: number });
        }
        intake.line(number, |intake| match record.get(0) {
            _ if record.as_slice().len() > max => Err(Refusal::TooLong),
            Some(first) if first.starts_with(b"#") && number > 1 => Ok(Line::Ignored(Ignored::Comment)),
            _ if record.iter().all(|field| field.trim_ascii().is_empty()) => Err(Refusal::Empty),
            _ => read(intake, &record),
        });
    }
    let last = text.get(start..).unwrap_or(&[]);
    let quotes = memchr::memchr_iter(b'"', last).count();
    let has_literal_quote = record.as_slice().contains(&b'"');
    if number > 0 && quotes % 2 == 1 && !has_literal_quote {
        return Err(ListError::CutOff);
    }
    Ok(())
}

/// Gives the entry of a record.
pub(super) fn take(record: &ByteRecord, layout: &Layout, intake: &mut Intake<'_>) -> Outcome {
    let mut row = Row::default();
    for (field, column) in record.iter().zip(&layout.columns) {
        let Some(column) = *column else { continue };
        match std::str::from_utf8(field) {
            Ok(text) => row.set(column, text),
            Err(_) if column == Column::Value => return Err(Refusal::NotUtf8),
            Err(_) => intake.remark(Remark::FieldUnread),
        }
    }
    row.take(layout.words, intake)
}

/// Where the columns are: as the options say, else by the names in the first record, else the first one.
fn foreign_layout(first: &ByteRecord, options: &Options) -> (Layout, bool) {
    let names: Vec<String> = first.iter().map(|field| String::from_utf8_lossy(field).trim().to_owned()).collect();
    let wanted = &options.columns.0;
    if wanted.is_empty() {
        let columns = by_name(&names);
        let is_header = options.header.unwrap_or_else(|| columns.contains(&Some(Column::Value)));
        let columns = if is_header { columns } else { vec![Some(Column::Value)] };
        return (Layout { words: Words::Foreign, columns }, is_header);
    }
    let place = |position: &Position| match position {
        Position::At(at) => Some(*at),
        Position::Named(name) => names.iter().position(|found| found.eq_ignore_ascii_case(name)),
    };
    let by_place = wanted.iter().any(|(_, position)| matches!(position, Position::Named(_)));
    let mut columns = Vec::new();
    for (column, position) in wanted {
        let Some(at) = place(position).filter(|at| *at < COLUMNS_MAX) else { continue };
        columns.resize(columns.len().max(at + 1), None);
        if let Some(slot) = columns.get_mut(at) {
            *slot = Some(*column);
        }
    }
    (Layout { words: Words::Foreign, columns }, options.header.unwrap_or(by_place))
}

/// Columns by their names in foreign tables; the likeliest name wins where two columns could hold the values.
fn by_name(names: &[String]) -> Vec<Option<Column>> {
    let mut columns: Vec<Option<Column>> = names.iter().map(|name| Column::from_foreign_name(name)).collect();
    let best = Column::value_names()
        .find_map(|wanted| names.iter().position(|name| name.trim_start_matches('#').eq_ignore_ascii_case(wanted)));
    for (at, column) in columns.iter_mut().enumerate() {
        if *column == Some(Column::Value) && Some(at) != best {
            *column = None;
        }
    }
    columns
}

/// What separates the fields of the first line: whichever mark it has most of.
pub(super) fn delimiter(text: &[u8]) -> u8 {
    let first = crate::lists::line::lines(text).next().unwrap_or(&[]);
    let count = |mark: u8| memchr::memchr_iter(mark, first).count();
    [b',', b'\t', b';', b'|'].into_iter().rev().max_by_key(|mark| count(*mark)).unwrap_or(b',')
}

/// A table is at most this wide.
const COLUMNS_MAX: usize = 1000;

#[cfg(test)]
mod tests {
    use crate::lists::Format;
    use crate::lists::tests::{Seen, seen};

    fn check(input: &str, expected: &[&str]) {
        assert_eq!(seen(input, Format::Csv), Seen::entries(expected), "{input:?}");
    }

    #[test]
    fn tables_of_strangers() {
        check("url,x\n\"http://bad.example/a,b\",\"said \"\"no\"\"\"\n", &["url bad.example/a,b", "ignored: Header"]);
        check("domain;x\nbad.example;1\n", &["domain bad.example", "ignored: Header"]);
        check("bad.example\tA\nworse.example\tB\n", &["domain bad.example", "domain worse.example"]);
        check(
            "type,value\nurl,http://bad.example\nhostname,a.example\n",
            &["url bad.example/", "host a.example", "ignored: Header"],
        );
        check(
            "type,value\nurl,bad.example/a/\nprefix,bad.example/b\n",
            &["url_prefix bad.example/a/", "url_prefix bad.example/b", "ignored: Header"],
        );
        check(
            "value,action\na.example,block\nb.example,allow\n",
            &["domain a.example", "allow_domain b.example", "ignored: Header"],
        );
        check("url,x\n,1\n", &["refused: Empty", "ignored: Header"]);
        check("type,value\nemail,a@b.example\n", &["ignored: Header", "ignored: OtherType"]);
    }
}
