//! One list as text in, its entries as values out: `inspect list`, for people who debug lists.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::{Located, Tables};
use crate::index::{Builder, Entry, Index, IndexError, Keys, Scope, StateKey};

use super::body;
use super::compile;
use super::date::{self, Day};
use super::detect::detect;
use super::error::ListError;
use super::format::{self, Format};
use super::intake::Intake;
use super::options::{Column, Columns, Options, PlainMeans, Position, RootUrlMeans};
use super::report::LineReport;

/// What to inspect. Fields that are not known are ignored.
#[derive(Clone, Deserialize)]
pub struct Request {
    /// The list.
    #[serde(default)]
    pub input: Input,
    /// The content as base64, in place of that of `input`: for lists that are not UTF-8.
    pub input_b64: Option<String>,
    /// How to read it.
    #[serde(default)]
    pub options: Value,
    /// URLs to look up in it.
    #[serde(default)]
    pub urls: Vec<String>,
}

/// A list as text.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Input {
    /// Its lines, in a format to be found out.
    Content(String),
    /// Its lines, and perhaps the name of its format.
    WithFormat {
        /// The name, or `auto`.
        #[serde(default)]
        format: String,
        /// The lines.
        #[serde(default)]
        content: String,
    },
}

impl Default for Input {
    fn default() -> Self {
        Self::Content(String::new())
    }
}

impl Request {
    /// The name of the format, and the list.
    fn list(&self) -> Result<(&str, Cow<'_, [u8]>), InspectError> {
        let (name, content) = match &self.input {
            Input::Content(content) => ("auto", content),
            Input::WithFormat { format, content } => (format.as_str(), content),
        };
        let body = match &self.input_b64 {
            Some(text) => Cow::Owned(data_encoding::BASE64.decode(text.as_bytes()).map_err(|_| InspectError::Base64)?),
            None => Cow::Borrowed(content.as_bytes()),
        };
        Ok((name, body))
    }
}

/// Why a list cannot be inspected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// It is not what `inspect list` takes.
    #[error("the input must be {{\"input\": {{\"format\": …, \"content\": …}}, \"options\": {{…}}, \"urls\": […]}}")]
    Request,
    /// `input_b64` is none.
    #[error("`input_b64` is no base64")]
    Base64,
    /// It is no list.
    #[error("the list cannot be read")]
    List(#[from] ListError),
    /// It is too large for an index.
    #[error("the list cannot be looked up")]
    Index(#[from] IndexError),
}

/// What a list says. It has no `Debug`: it holds what may be listed.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// Its format, as given or as found out.
    pub format: &'static str,
    /// Its entries.
    pub entries: Vec<Inspected>,
    /// Numbers of the lines, records or objects that were refused.
    pub rejected_lines: Vec<u64>,
    /// Numbers of those that were ignored.
    pub ignored_lines: Vec<u64>,
    /// The URLs that were asked for.
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    pub answers: Option<Vec<MatchAnswer>>,
    /// The values alone, if there was one line and it was not refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
    /// There was one line and it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected: Option<bool>,
    /// The list as a whole would be refused, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<&'static str>,
}

/// One entry in words.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Inspected {
    /// The scope; a prefix is told as the `url` with a slash at its end.
    pub kind: String,
    /// The value in canonical form.
    pub value: String,
    /// The scope as it is.
    pub scope: String,
    /// The category, if the list gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<&'static str>,
}

/// Whether a URL is listed.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct MatchAnswer {
    /// As asked.
    pub url: String,
    /// Whether an entry matches that no exception of the list covers.
    pub hit: bool,
}

/// Inspects the list of one request.
///
/// # Errors
/// If the request does not have the right form, or names no known format.
pub fn inspect(request: &Value, tables: &Arc<Tables>) -> Result<Inspection, InspectError> {
    let request = Request::deserialize(request).map_err(|_| InspectError::Request)?;
    let (name, body) = request.list()?;
    let body = body.as_ref();
    let format = match name {
        "auto" | "" => detect(body),
        name => Format::from_name(name).ok_or_else(|| ListError::UnknownFormat { known: Format::known_names() })?,
    };
    let options = options(&request);
    let now = request.options.get("now").and_then(Value::as_str).and_then(|now| date::seconds(now, Day::Begins));
    let mut entries = Vec::new();
    let mut keep = |entry: Entry| {
        let expired = now.is_some_and(|now| entry.valid_until.is_some_and(|until| until <= now));
        if !expired {
            entries.push(entry);
        }
    };
    let report = format::read(body, format, Intake::new(&options, tables, &mut keep))?;
    let answers = match request.urls.as_slice() {
        [] => None,
        urls => {
            let index = index_of(&entries, format, &options, tables)?;
            Some(urls.iter().map(|url| answer(url, &index, tables, now.unwrap_or(0))).collect())
        }
    };
    let refused = body::check(body, format, &options).err().map(|error| error.code());
    Ok(told(format, &entries, &report, answers, refused))
}

fn told(
    format: Format,
    entries: &[Entry],
    report: &LineReport,
    answers: Option<Vec<MatchAnswer>>,
    refused: Option<&'static str>,
) -> Inspection {
    let entries: Vec<Inspected> = entries.iter().map(Inspected::of).collect();
    let one_line = report.lines == 1;
    let rejected = one_line && report.refused() == 1;
    let values = (one_line && !rejected).then(|| entries.iter().map(|entry| entry.value.clone()).collect());
    let sorted = |mut lines: Vec<u64>| {
        lines.sort_unstable();
        lines
    };
    Inspection {
        format: format.name(),
        rejected_lines: sorted(report.refused.values().flat_map(|tally| tally.lines.iter().copied()).collect()),
        ignored_lines: sorted(report.ignored.values().flat_map(|tally| tally.lines.iter().copied()).collect()),
        answers,
        values,
        rejected: rejected.then_some(true),
        refused,
        entries,
    }
}

impl Inspected {
    fn of(entry: &Entry) -> Self {
        let prefix = if entry.exception { "allow_" } else { "" };
        let kind = match entry.scope {
            Scope::UrlPrefix => Scope::Url,
            other => other,
        };
        Self {
            kind: format!("{prefix}{}", kind.name()),
            value: entry.target.expose().into_owned(),
            scope: format!("{prefix}{}", entry.scope.name()),
            category: entry.category.map(crate::index::Category::name),
        }
    }
}

/// The key does not matter: the index lives as long as the answer takes.
fn index_of(entries: &[Entry], format: Format, options: &Options, tables: &Arc<Tables>) -> Result<Index, IndexError> {
    let mut builder = Builder::new(Keys::derive(&StateKey::new([0; StateKey::LEN])), Arc::clone(tables));
    let number = builder.list(compile::list("inspected", "", format, options))?;
    for entry in entries {
        builder.add(number, entry)?;
    }
    Ok(builder.finish())
}

fn answer(url: &str, index: &Index, tables: &Tables, now: i64) -> MatchAnswer {
    let mut located: Vec<Located> = Vec::new();
    tables.resolve_into(url, &mut located);
    let hit = located.iter().any(|located| {
        let mut hits = Vec::new();
        index.look_up(&located.url, now, &mut hits);
        !hits.is_empty() && !hits.iter().any(|hit| hit.exception)
    });
    MatchAnswer { url: url.to_owned(), hit }
}

/// Options as the caller writes them; what is not known is ignored.
fn options(request: &Request) -> Options {
    let given = &request.options;
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    let mut options = Options { lines_named_max: usize::MAX, ..Options::default() };
    if matches!(text("plain_means"), Some("exact" | "host")) {
        options.plain_means = PlainMeans::Exact;
    }
    if text("root_url_means") == Some("host") {
        options.root_url_means = RootUrlMeans::Host;
    }
    options.www_twin = given.get("www_twin").and_then(Value::as_bool);
    options.delimiter = text("delimiter").and_then(|text| text.bytes().next());
    options.header = given.get("header").and_then(Value::as_bool);
    if let Some(statuses) = given.get("statuses").and_then(Value::as_array) {
        options.statuses = statuses.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    }
    if let Some(columns) = given.get("columns").and_then(Value::as_object) {
        options.columns = Columns(columns.iter().filter_map(|(name, place)| column(name, place)).collect());
    }
    options
}

fn column(name: &str, place: &Value) -> Option<(Column, Position)> {
    let position = match place {
        Value::String(name) => Position::Named(name.clone()),
        other => Position::At(usize::try_from(other.as_u64()?).ok()?),
    };
    Some((Column::from_foreign_name(name)?, position))
}
