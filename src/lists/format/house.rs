//! The house format as CSV: comments, a header with the names of the columns, one record per entry.

use crate::lists::error::ListError;
use crate::lists::intake::{Intake, Line};
use crate::lists::options::Column;
use crate::lists::report::{Ignored, Remark};

use super::row::Words;
use super::table::{self, Layout};

pub(super) fn read(text: &[u8], intake: &mut Intake<'_>) -> Result<(), ListError> {
    let mut layout: Option<Layout> = None;
    table::records(text, b',', intake, |intake, record| match &layout {
        Some(layout) => table::take(record, layout, intake),
        None if record.get(0).is_some_and(|first| first.starts_with(b"#")) => Ok(Line::Ignored(Ignored::Comment)),
        None => {
            let names = record.iter().map(|name| std::str::from_utf8(name).ok().and_then(Column::from_name));
            let columns: Vec<Option<Column>> = names.collect();
            for _ in columns.iter().filter(|column| column.is_none()) {
                intake.remark(Remark::UnknownColumn);
            }
            layout = Some(Layout { words: Words::House, columns });
            Ok(Line::Ignored(Ignored::Header))
        }
    })?;
    match layout {
        Some(layout) if layout.has_values() => Ok(()),
        Some(_) => Err(ListError::NoValueColumn),
        None => Err(ListError::Empty),
    }
}

/// Whether a record's text is a header of the house format.
pub(in crate::lists) fn is_header(line: &str) -> bool {
    let names: Vec<&str> = line.split(',').map(|name| name.trim().trim_matches('"')).collect();
    let known = names.iter().filter(|name| Column::from_name(name).is_some()).count();
    names.iter().any(|name| name.eq_ignore_ascii_case("value"))
        && (known == names.len() || names.iter().any(|name| name.eq_ignore_ascii_case("scope")))
}
