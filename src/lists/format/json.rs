//! What JSON formats share: documents whose objects are read one by one, so that a bad one costs only itself.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::lists::error::ListError;
use crate::lists::intake::{Intake, Outcome};
use crate::lists::report::{Refusal, Unit};

/// Reads a document. Deeper nesting than 128 is refused by the parser.
pub(super) fn document<'d, T: Deserialize<'d>>(text: &'d [u8], format: &'static str) -> Result<T, ListError> {
    serde_json::from_slice(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Eof => ListError::CutOff,
        _ => ListError::Malformed { format, line: error.line() as u64 },
    })
}

/// Whether a document is an array.
pub(super) fn is_array(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"[")
}

/// Reads an object of a document.
pub(super) fn object<'d, T: Deserialize<'d>>(raw: &'d RawValue) -> Result<T, Refusal> {
    serde_json::from_str(raw.get()).map_err(|_| Refusal::Malformed)
}

/// Reads every object and counts it; objects are numbered from 1.
pub(super) fn each<'d>(
    objects: impl IntoIterator<Item = &'d RawValue>,
    intake: &mut Intake<'_>,
    mut read: impl FnMut(&mut Intake<'_>, u64, &'d RawValue) -> Outcome,
) {
    intake.counts(Unit::Object);
    for (number, raw) in (1..).zip(objects) {
        intake.line(number, |intake| read(intake, number, raw));
    }
}

/// Words that an object is tagged with, in their order: alone, in lists, or as `text` or `name` of objects.
///
/// Whatever is none of that says nothing, and costs nobody an entry.
#[derive(Default)]
pub(super) struct Words(Vec<String>);

impl Words {
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Those of a field in which commas stand between them.
    pub(super) fn separated(text: &str) -> Self {
        Self(text.split(',').map(str::to_owned).collect())
    }

    fn gather(&mut self, value: Value) {
        match value {
            Value::String(word) => self.0.push(word),
            Value::Array(items) => items.into_iter().for_each(|item| self.gather(item)),
            Value::Object(mut fields) => {
                let named = ["data", "text", "name"].into_iter().find_map(|name| fields.remove(name));
                self.gather(named.unwrap_or_default());
            }
            _ => {}
        }
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut words = Self::default();
        words.gather(Value::deserialize(deserializer)?);
        Ok(words)
    }
}

/// A number or text, as text: exchanges do not agree on how to write ids and versions.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Loose {
    /// Text.
    Text(String),
    /// A number.
    Number(serde_json::Number),
    /// A truth value.
    Truth(bool),
}

impl Loose {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Truth(truth) => truth.to_string(),
        }
    }

    /// Whether it says yes in any of the usual ways.
    pub(super) fn is_yes(&self) -> bool {
        matches!(self.text().as_str(), "true" | "1" | "True")
    }

    /// A confidence in percent.
    pub(super) fn percent(&self) -> Option<u8> {
        self.text().parse().ok().filter(|percent| *percent <= 100)
    }
}
