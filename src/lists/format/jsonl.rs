//! The house format as JSON lines: one object per entry, with the same names as the columns.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::lists::error::ListError;
use crate::lists::intake::{Intake, Line, Outcome};
use crate::lists::line::lines;
use crate::lists::options::Column;
use crate::lists::report::{Ignored, Refusal, Remark};

use super::row::{Row, Words};

pub(super) fn read(text: &[u8], intake: &mut Intake<'_>) -> Result<(), ListError> {
    intake.each_line(text, line);
    if is_cut_off(text) { Err(ListError::CutOff) } else { Ok(()) }
}

fn line(intake: &mut Intake<'_>, text: &str) -> Outcome {
    if text.starts_with('#') {
        return Ok(Line::Ignored(Ignored::Comment));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let parsed = RowSeed.deserialize(&mut json).and_then(|parsed| json.end().map(|()| parsed));
    let (row, unknown) = parsed.map_err(|_| Refusal::Malformed)?;
    for _ in 0..unknown {
        intake.remark(Remark::UnknownColumn);
    }
    row.take(Words::House, intake)
}

/// Whether the last line has no end and is no JSON.
pub(super) fn is_cut_off(text: &[u8]) -> bool {
    let ended = text.ends_with(b"\n") || text.ends_with(b"\r");
    let last = if ended { None } else { lines(text).last() };
    last.is_some_and(|last| {
        last.trim_ascii_start().starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(last).is_err()
    })
}

/// Reads an object into a row, and counts the names that it does not know.
struct RowSeed;

impl<'de> DeserializeSeed<'de> for RowSeed {
    type Value = (Row<'de>, usize);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RowSeed {
    type Value = (Row<'de>, usize);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut row, mut unknown) = (Row::default(), 0);
        while let Some(column) = map.next_key_seed(Name)? {
            if let Some(column) = column {
                if let Some(text) = map.next_value_seed(Scalar)? {
                    row.set(column, text);
                }
            } else {
                map.next_value::<IgnoredAny>()?;
                unknown += 1;
            }
        }
        Ok((row, unknown))
    }
}

/// The column that a name stands for, if it is known.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<Column>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<Column>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Column::from_name(name))
    }
}

/// A string, number, truth value or null, as text.
struct Scalar;

impl<'de> DeserializeSeed<'de> for Scalar {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scalar {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a number, true, false or null")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(if truth { "true" } else { "false" })))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(number.to_string())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(number.to_string())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use crate::lists::Format;
    use crate::lists::tests::{Seen, seen};

    #[test]
    fn objects_are_rows() {
        for (input, expected) in [
            (r#"{"value":"bad.example"}"#, Seen::entry("domain bad.example")),
            (r#"{"value":"bad.example","scope":"host","confidence":90}"#, Seen::entry("host bad.example")),
            (r#"{"value":"bad.example","more":{"a":[1]}}"#, Seen::entry("domain bad.example")),
            (r#"{"value":"b\u0061d.example","scope":"allow_host"}"#, Seen::entry("allow_host bad.example")),
            (r#"{"value":null}"#, Seen::refused("Empty")),
            (r#"{"scope":"host"}"#, Seen::refused("Empty")),
            (r#"{"value":["bad.example"]}"#, Seen::refused("Malformed")),
            (r#"["bad.example"]"#, Seen::refused("Malformed")),
            (r#"{"value":"bad.example"} x"#, Seen::refused("Malformed")),
            (r#"{"value":"bad.example","scope":"everything"}"#, Seen::refused("UnknownScope")),
        ] {
            assert_eq!(seen(&format!("{input}\n"), Format::HouseJsonl), expected, "{input}");
        }
    }
}
