//! The formats that lists come in: one file each.

mod hosts;
mod house;
mod jsonl;
mod plain;
mod row;
mod sha256;
mod table;

pub(super) use house::is_header as is_house_header;

use super::body::without_bom;
use super::error::ListError;
use super::intake::Intake;
use super::report::LineReport;

/// A format of list files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Format {
    /// Names, URLs, addresses, one per line.
    Plain,
    /// `/etc/hosts`.
    Hosts,
    /// The house format as CSV.
    HouseCsv,
    /// The house format as JSON lines.
    HouseJsonl,
    /// SHA-256 of Safe Browsing expressions in hex, or as JSON lines.
    Sha256,
    /// SHA-256 or prefixes of them, one after another without anything between.
    Sha256Raw,
    /// A table with columns of its own.
    Csv,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 7] =
        [Self::Plain, Self::Hosts, Self::HouseCsv, Self::HouseJsonl, Self::Sha256, Self::Sha256Raw, Self::Csv];

    /// The name that commands, configuration and reports use.
    pub fn name(self) -> &'static str {
        self.names().first().copied().unwrap_or("plain")
    }

    /// The format of that name or synonym; case and `-` for `_` do not matter.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase().replace('-', "_");
        Self::ALL.into_iter().find(|format| format.names().contains(&name.as_str()))
    }

    /// All names, the first one first.
    pub(super) fn known_names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &["plain", "domains", "urls", "text", "txt"],
            Self::Hosts => &["hosts", "hosts_file"],
            Self::HouseCsv => &["house", "house_csv", "linkgate"],
            Self::HouseJsonl => &["house_jsonl", "jsonl", "linkgate_jsonl"],
            Self::Sha256 => &["sha256", "sha256_hex", "hashes"],
            Self::Sha256Raw => &["sha256_raw", "sha256_prefixes", "prefix_table"],
            Self::Csv => &["csv", "tsv", "table"],
        }
    }

    /// Whether `host`, `url` and `url_prefix` entries of such lists cover the `www.` twin if nobody says.
    pub fn covers_www_twin(self) -> bool {
        !matches!(self, Self::Hosts)
    }
}

/// Reads the body in that format.
pub(super) fn read(body: &[u8], format: Format, mut intake: Intake<'_>) -> Result<LineReport, ListError> {
    let text = without_bom(body);
    match format {
        Format::Plain => plain::read(text, &mut intake),
        Format::Hosts => hosts::read(text, &mut intake),
        Format::HouseCsv => house::read(text, &mut intake)?,
        Format::HouseJsonl => jsonl::read(text, &mut intake)?,
        Format::Sha256 => sha256::read(text, &mut intake),
        Format::Sha256Raw => sha256::read_raw(body, &mut intake)?,
        Format::Csv => table::read(text, &mut intake)?,
    }
    Ok(intake.finish())
}
