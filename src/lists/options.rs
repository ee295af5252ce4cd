//! How a list is to be read where its format leaves that open.

use std::sync::Arc;

use crate::index::Category;

use super::guard::Guards;
use super::line::trimmed;
use super::words::CategoryWords;

/// What the operator knows of a list and its file does not say.
#[derive(Debug, Clone)]
pub struct Options {
    /// What a bare name stands for in formats without a scope.
    pub plain_means: PlainMeans,
    /// What a URL without a path stands for.
    pub root_url_means: RootUrlMeans,
    /// Whether entries cover the `www.` twin; `None` leaves it to the format.
    pub www_twin: Option<bool>,
    /// Whether `label` entries reach below private suffixes too.
    pub label_private: bool,
    /// The category of entries that give none.
    pub default_category: Category,
    /// What the list's own words for categories mean.
    pub categories: CategoryWords,
    /// Which column of a foreign table is what.
    pub columns: Columns,
    /// What separates the columns of a foreign table; `None` finds out.
    pub delimiter: Option<u8>,
    /// Whether a foreign table begins with names of columns; `None` finds out.
    pub header: Option<bool>,
    /// `ThreatExchange` statuses that list an indicator.
    pub statuses: Vec<String>,
    /// Bytes of each hash in a raw table of SHA-256 prefixes.
    pub hash_bytes: usize,
    /// Whether too many bad lines refuse the whole list.
    pub bad_lines: BadLines,
    /// From this share of bad lines on there are too many.
    pub bad_lines_max_share: f64,
    /// A list is at most this long when unpacked.
    pub bytes_max: u64,
    /// A longer line is refused.
    pub line_max_bytes: usize,
    /// A report names this many lines of each reason.
    pub lines_named_max: usize,
    /// Guards that remark on what would wait in an update, and let it pass.
    pub guards: Option<Arc<Guards>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            plain_means: PlainMeans::default(),
            root_url_means: RootUrlMeans::default(),
            www_twin: None,
            label_private: false,
            default_category: Category::Csam,
            categories: CategoryWords::default(),
            columns: Columns::default(),
            delimiter: None,
            header: None,
            statuses: vec!["MALICIOUS".to_owned(), "SUSPICIOUS".to_owned()],
            hash_bytes: 32,
            bad_lines: BadLines::default(),
            bad_lines_max_share: 0.01,
            bytes_max: 1 << 30,
            line_max_bytes: 64 << 10,
            lines_named_max: 10,
            guards: None,
        }
    }
}

/// What a bare name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlainMeans {
    /// The host and everything below it, as organisations mean it.
    #[default]
    Domain,
    /// That host alone, as tools for DNS mean it.
    Exact,
}

/// What a URL without a path stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RootUrlMeans {
    /// The front page.
    #[default]
    Page,
    /// The whole host.
    Host,
}

/// Whether too many bad lines refuse the whole list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BadLines {
    /// They are told.
    #[default]
    Tolerate,
    /// They refuse it.
    Enforce,
}

/// What a column of a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[non_exhaustive]
pub enum Column {
    /// What is listed.
    Value,
    /// Which links it matches.
    Scope,
    /// What it is about.
    Category,
    /// 0 to 100.
    Confidence,
    /// What the list asks for.
    Action,
    /// The source's reference.
    SourceRef,
    /// From when on it holds.
    ValidFrom,
    /// Until when it holds.
    ValidUntil,
    /// Where it holds.
    Jurisdiction,
    /// Whether another organisation disagrees.
    Disputed,
    /// For people; not kept.
    Note,
    /// The source's own id of the entry.
    Id,
}

impl Column {
    /// All columns, in the order of the house format.
    pub const ALL: [Self; 12] = [
        Self::Value,
        Self::Scope,
        Self::Category,
        Self::Confidence,
        Self::Action,
        Self::SourceRef,
        Self::ValidFrom,
        Self::ValidUntil,
        Self::Jurisdiction,
        Self::Disputed,
        Self::Note,
        Self::Id,
    ];

    /// The name in the house format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Scope => "scope",
            Self::Category => "category",
            Self::Confidence => "confidence",
            Self::Action => "action",
            Self::SourceRef => "source_ref",
            Self::ValidFrom => "valid_from",
            Self::ValidUntil => "valid_until",
            Self::Jurisdiction => "jurisdiction",
            Self::Disputed => "disputed",
            Self::Note => "note",
            Self::Id => "id",
        }
    }

    /// The column of that name in the house format.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = trimmed(name);
        Self::ALL.into_iter().find(|column| column.name().eq_ignore_ascii_case(name))
    }

    /// The column that foreign tables call so.
    pub fn from_foreign_name(name: &str) -> Option<Self> {
        let name = name.trim().trim_start_matches('#').to_ascii_lowercase();
        Self::from_name(&name).or(match name.as_str() {
            "type" | "kind" | "ioc_type" | "indicator_type" => Some(Self::Scope),
            "expires" | "expiry" | "expires_at" | "expired_on" => Some(Self::ValidUntil),
            "reference" | "ref" => Some(Self::SourceRef),
            _ if VALUE_NAMES.contains(&name.as_str()) => Some(Self::Value),
            _ => None,
        })
    }

    /// What foreign tables call the column of values, the likeliest first.
    pub(super) fn value_names() -> impl Iterator<Item = &'static str> {
        VALUE_NAMES.into_iter()
    }
}

/// What foreign tables call the column of values, the likeliest first.
const VALUE_NAMES: [&str; 11] =
    ["value", "url", "uri", "domain", "host", "hostname", "indicator", "ioc", "ioc_value", "entry", "address"];

/// Where a column stands in a foreign table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// Under that name.
    Named(String),
    /// At that place, counted from 0.
    At(usize),
}

/// Which column of a foreign table is what; empty means by the names in its header.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns(pub Vec<(Column, Position)>);
