//! The tables that evasion meets, loaded once and never changed.

use std::sync::Arc;

use super::alias::Aliases;
use super::rule::row::Sheet;
use super::rule::{NamedError, RuleError};
use super::suffix::{SuffixError, Suffixes};
use super::tracking::{Tracking, TrackingError, TrackingView};
use super::wrapper::Wrappers;

/// The texts that tables are read from.
#[derive(Clone, Copy)]
pub struct TableTexts<'a> {
    /// `wrappers.toml`
    pub wrappers: &'a str,
    /// `aliases.toml`
    pub aliases: &'a str,
    /// `tracking.txt`
    pub tracking: &'a str,
    /// `public_suffix_list.dat`
    pub suffixes: &'a str,
}

impl TableTexts<'static> {
    /// The texts that stand in `lists/` and come with the program.
    pub fn shipped() -> Self {
        Self {
            wrappers: include_str!("../../lists/wrappers.toml"),
            aliases: include_str!("../../lists/aliases.toml"),
            tracking: include_str!("../../lists/tracking.txt"),
            suffixes: include_str!("../../lists/public_suffix_list.dat"),
        }
    }
}

/// What is known about hosts: wrappers, aliases, tracking parameters, public suffixes.
///
/// ```
/// # use linkgate::canonical::Tables;
/// let tables = Tables::shipped()?;
/// assert_eq!(tables.suffixes().registrable("www.listed.example"), Some("listed.example"));
/// # Ok::<(), linkgate::canonical::TableError>(())
/// ```
pub struct Tables {
    wrappers: Wrappers,
    aliases: Aliases,
    tracking: Tracking,
    suffixes: Arc<Suffixes>,
    inner_schemes: Vec<Box<str>>,
    id: [u8; 32],
}

/// Why tables cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// A table is not TOML, or a row has keys that rows do not have.
    #[error("the table of {table} is not of the form that its head describes, line {line}")]
    Form {
        /// The table.
        table: &'static str,
        /// Where. What the parser says would quote the line, which may be of a list given by mistake.
        line: usize,
    },
    /// A rule does not make sense.
    #[error("the rule `{rule}` in the table of {table} cannot be used")]
    Rule {
        /// The table.
        table: &'static str,
        /// The name of the rule.
        rule: String,
        /// Why.
        #[source]
        source: RuleError,
    },
    /// The table of tracking parameters has a bad row.
    #[error("the table of tracking parameters has a row that cannot be read")]
    Tracking(#[from] TrackingError),
    /// The public suffix list cannot be read.
    #[error("the public suffix list cannot be read")]
    Suffixes(#[from] SuffixError),
}

impl Tables {
    /// The tables that come with the program.
    pub fn shipped() -> Result<Self, TableError> {
        Self::parse(&TableTexts::shipped())
    }

    /// Reads tables.
    pub fn parse(texts: &TableTexts<'_>) -> Result<Self, TableError> {
        let suffixes = Arc::new(Suffixes::parse(texts.suffixes)?);
        let wrappers = rules(WRAPPERS, texts.wrappers, &suffixes, Wrappers::new)?;
        let aliases = rules(ALIASES, texts.aliases, &suffixes, Aliases::new)?;
        let inner_schemes = wrappers.schemes().chain(aliases.deep_link_schemes()).chain(NAMING_HOSTS);
        Ok(Self {
            inner_schemes: inner_schemes.map(Into::into).collect(),
            wrappers,
            aliases,
            tracking: Tracking::parse(texts.tracking)?,
            suffixes,
            id: id(texts),
        })
    }

    /// URLs that lead to others.
    pub fn wrappers(&self) -> &Wrappers {
        &self.wrappers
    }

    /// Places with several names.
    pub fn aliases(&self) -> &Aliases {
        &self.aliases
    }

    /// Parameters that do not matter.
    pub fn tracking(&self) -> TrackingView<'_> {
        TrackingView { tracking: &self.tracking, wrappers: &self.wrappers, aliases: &self.aliases }
    }

    /// Schemes beside `http` and `https` whose links are looked for inside others.
    pub fn inner_schemes(&self) -> &[Box<str>] {
        &self.inner_schemes
    }

    /// Where registrable domains begin.
    pub fn suffixes(&self) -> &Suffixes {
        &self.suffixes
    }

    /// A digest of the texts: what was matched under other tables must be matched again.
    pub fn id(&self) -> [u8; 32] {
        self.id
    }
}

fn rules<T>(
    table: &'static str,
    text: &str,
    suffixes: &Arc<Suffixes>,
    make: fn(&Sheet, Arc<Suffixes>) -> Result<T, NamedError>,
) -> Result<T, TableError> {
    let form = |error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        TableError::Form { table, line: before.map_or(1, |before| before.matches('\n').count() + 1) }
    };
    let sheet = toml::from_str(text).map_err(form)?;
    make(&sheet, Arc::clone(suffixes)).map_err(|(rule, source)| TableError::Rule { table, rule, source })
}

fn id(texts: &TableTexts<'_>) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&super::RULES_VERSION.to_le_bytes());
    for text in [texts.wrappers, texts.aliases, texts.tracking, texts.suffixes] {
        // With its length, so that text cannot move from one table to the next unseen.
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// Schemes of the URL standard that name a host.
const NAMING_HOSTS: [&str; 3] = ["ftp", "ws", "wss"];
const WRAPPERS: &str = "wrappers";
const ALIASES: &str = "aliases";

#[cfg(test)]
mod tests;
