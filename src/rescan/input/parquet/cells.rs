//! The values of one column, some rows at a time.

use std::fmt::Write as _;

use parquet::basic::{ConvertedType, LogicalType, TimeUnit};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::schema::types::ColumnDescriptor;

use crate::rescan::LINE_MAX_BYTES;
use crate::rescan::capture::Captured;
use crate::rescan::field::Role;
use crate::rescan::tally::Bad;

use super::Fault;
use super::columns::Column;

/// A column while it is being read, with the values of the rows at hand.
pub(super) struct Cells {
    role: Role,
    reading: Reading,
    reader: ColumnReader,
    /// The level of definition at which there is a value.
    level_of_values: i16,
    levels: Levels,
    values: Vec<Cell>,
    /// For each row the number of values up to its end.
    ends: Vec<usize>,
}

/// Where values are missing, and where rows begin: the levels of the Dremel paper.
#[derive(Default)]
struct Levels {
    definition: Vec<i16>,
    repetition: Vec<i16>,
}

/// A value.
enum Cell {
    /// Bytes that should be UTF-8.
    Text(ByteArray),
    /// A number, as JSON has it.
    Number(String),
    Wrong,
}

/// What values of a column mean, beside their bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Plain,
    Unsigned,
    /// A time, in so many of these units a second.
    PerSecond(i64),
    Days,
    /// A whole number of many bytes, the highest first.
    Decimal,
    Uuid,
    /// Nothing that a post is made of.
    Wrong,
}

impl Reading {
    fn of(column: Column, of: &ColumnDescriptor) -> Self {
        let is_list_of_ids = matches!(column.role, Role::Id(..)) && of.max_rep_level() > 0;
        if column.wrong || is_list_of_ids {
            return Self::Wrong;
        }
        let is_time = column.role == Role::Time;
        match (of.converted_type(), of.logical_type_ref()) {
            (ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64, _) => {
                Self::Unsigned
            }
            (ConvertedType::TIMESTAMP_MILLIS, _) if is_time => Self::PerSecond(1_000),
            (ConvertedType::TIMESTAMP_MICROS, _) if is_time => Self::PerSecond(1_000_000),
            (_, Some(LogicalType::Timestamp(time))) if is_time => Self::PerSecond(match time.unit {
                TimeUnit::MILLIS => 1_000,
                TimeUnit::MICROS => 1_000_000,
                TimeUnit::NANOS => 1_000_000_000,
            }),
            (ConvertedType::DATE, _) if is_time => Self::Days,
            (ConvertedType::DECIMAL, _) if of.type_scale() == 0 => Self::Decimal,
            (_, Some(LogicalType::Uuid)) => Self::Uuid,
            (ConvertedType::DECIMAL | ConvertedType::BSON | ConvertedType::INTERVAL, _)
            | (_, Some(LogicalType::Float16)) => Self::Wrong,
            _ => Self::Plain,
        }
    }

    fn of_i32(self, value: i32) -> Cell {
        Cell::Number(match self {
            Self::Wrong => return Cell::Wrong,
            Self::Unsigned => value.cast_unsigned().to_string(),
            Self::Days => (i64::from(value) * 86_400).to_string(),
            _ => value.to_string(),
        })
    }

    fn of_i64(self, value: i64) -> Cell {
        Cell::Number(match self {
            Self::Wrong => return Cell::Wrong,
            Self::Unsigned => value.cast_unsigned().to_string(),
            Self::PerSecond(units) => value.div_euclid(units).to_string(),
            _ => value.to_string(),
        })
    }

    fn of_float(self, value: f64) -> Cell {
        match self {
            Self::Plain if value.is_finite() => Cell::Number(serde_json::Value::from(value).to_string()),
            _ => Cell::Wrong,
        }
    }

    fn of_bytes(self, value: ByteArray) -> Cell {
        match self {
            Self::Plain => Cell::Text(value),
            Self::Decimal => whole_number(value.data()).map_or(Cell::Wrong, |number| Cell::Number(number.to_string())),
            Self::Uuid => Cell::Text(uuid(value.data()).into_bytes().into()),
            _ => Cell::Wrong,
        }
    }
}

impl Cells {
    pub(super) fn new(column: Column, reader: ColumnReader, of: &ColumnDescriptor) -> Self {
        Self {
            role: column.role,
            reading: Reading::of(column, of),
            reader,
            level_of_values: of.max_def_level(),
            levels: Levels::default(),
            values: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Reads the values of the next rows.
    pub(super) fn fill(&mut self, rows: usize) -> Result<(), Fault> {
        let Self { reading, reader, levels, values, .. } = self;
        let reading = *reading;
        levels.definition.clear();
        levels.repetition.clear();
        values.clear();
        let mut into = Into { rows, levels, values };
        match reader {
            ColumnReader::BoolColumnReader(reader) => into.pull(reader, |value| match reading {
                Reading::Plain => Cell::Number(value.to_string()),
                _ => Cell::Wrong,
            }),
            ColumnReader::Int32ColumnReader(reader) => into.pull(reader, |value| reading.of_i32(value)),
            ColumnReader::Int64ColumnReader(reader) => into.pull(reader, |value| reading.of_i64(value)),
            // Times of old writers, and never anything else.
            ColumnReader::Int96ColumnReader(reader) => into.pull(reader, |value| reading.of_i64(value.to_seconds())),
            ColumnReader::FloatColumnReader(reader) => into.pull(reader, |value| reading.of_float(value.into())),
            ColumnReader::DoubleColumnReader(reader) => into.pull(reader, |value| reading.of_float(value)),
            ColumnReader::ByteArrayColumnReader(reader) => into.pull(reader, |value| reading.of_bytes(value)),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                into.pull(reader, |value| reading.of_bytes(value.into()))
            }
        }?;
        self.find_ends();
        // The directory said that there are as many.
        if self.ends.len() == rows { Ok(()) } else { Err(Fault(Bad::CutOff)) }
    }

    fn find_ends(&mut self) {
        self.ends.clear();
        if self.level_of_values == 0 {
            self.ends.extend(1..=self.values.len());
            return;
        }
        let mut values = 0;
        for (number, &level) in self.levels.definition.iter().enumerate() {
            // Without levels of repetition each value is a row.
            let is_new = self.levels.repetition.get(number).is_none_or(|&level| level == 0);
            if is_new && number > 0 {
                self.ends.push(values);
            }
            values += usize::from(level == self.level_of_values);
        }
        if !self.levels.definition.is_empty() {
            self.ends.push(values);
        }
    }

    /// Adds what one of the rows at hand has here.
    pub(super) fn capture<'c>(&'c self, row: usize, captured: &mut Captured<'c>, bytes: &mut usize) -> Result<(), Bad> {
        let end = |row: usize| self.ends.get(row).copied().unwrap_or_default();
        let begin = row.checked_sub(1).map_or(0, end);
        for cell in self.values.get(begin..end(row)).unwrap_or_default() {
            match cell {
                Cell::Text(text) => {
                    *bytes += text.data().len();
                    if *bytes > LINE_MAX_BYTES {
                        return Err(Bad::TooLong);
                    }
                    captured.text(self.role, text.as_utf8().map_err(|_| Bad::NotUtf8)?);
                }
                Cell::Number(number) => captured.number(self.role, number),
                Cell::Wrong => captured.wrong = true,
            }
        }
        Ok(())
    }
}

/// Where values go.
struct Into<'c> {
    rows: usize,
    levels: &'c mut Levels,
    values: &'c mut Vec<Cell>,
}

impl Into<'_> {
    fn pull<T: DataType>(
        &mut self,
        reader: &mut ColumnReaderImpl<T>,
        cell: impl Fn(T::T) -> Cell,
    ) -> Result<(), ParquetError> {
        let mut read = Vec::new();
        let Levels { definition, repetition } = &mut *self.levels;
        reader.read_records(self.rows, Some(definition), Some(repetition), &mut read)?;
        self.values.extend(read.into_iter().map(cell));
        Ok(())
    }
}

/// Two's complement, the highest byte first.
fn whole_number(bytes: &[u8]) -> Option<i128> {
    let mut number = if bytes.first()? & 0x80 == 0 { 0 } else { -1 };
    for &byte in bytes {
        // A number that needs more bits is no id.
        number = i128::checked_mul(number, 256)? | i128::from(byte);
    }
    Some(number)
}

/// In groups of 8, 4, 4, 4 and 12 digits.
fn uuid(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (number, byte) in bytes.iter().enumerate() {
        text.push_str(if matches!(number, 4 | 6 | 8 | 10) { "-" } else { "" });
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_of_many_bytes() {
        for (bytes, expected) in [
            (&[][..], None),
            (&[0x7f], Some(127)),
            (&[0x80], Some(-128)),
            (&[0xff, 0xff], Some(-1)),
            (&[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Some(i128::from(u64::MAX))),
            (&[0xff; 16], Some(-1)),
            (&[0x7f; 17], None),
        ] {
            assert_eq!(whole_number(bytes), expected, "{bytes:?}");
        }
        assert_eq!(whole_number(&i128::MAX.to_be_bytes()), Some(i128::MAX));
        assert_eq!(whole_number(&i128::MIN.to_be_bytes()), Some(i128::MIN));
    }

    #[test]
    fn uuids_have_groups() {
        let bytes: Vec<u8> = (0..16).collect();
        assert_eq!(uuid(&bytes), "00010203-0405-0607-0809-0a0b0c0d0e0f");
    }
}
