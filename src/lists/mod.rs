//! The way in for lists: files of many formats → entries, each line counted → an index.
//!
//! ```text
//! file ─► body (unpack, refuse what is no list) ─► format (lines → entries) ─► report ─► compile ─► index
//! ```
//!
//! Nothing here shows text of a list: errors, reports and logs carry names, counts and line numbers. Only
//! [`inspect()`], which echoes what its caller typed, gives values back.
//!
//! ```
//! # use linkgate::canonical::Tables;
//! # use linkgate::lists::{self, Format, Options};
//! let tables = Tables::shipped()?;
//! let mut entries = Vec::new();
//! let text = b"listed.example\nhttps://other.example/a\nnot a host\n";
//! let report = lists::read(text, Format::Plain, &Options::default(), &tables, &mut |entry| entries.push(entry))?;
//! assert_eq!((report.taken, report.refused(), report.lines), (2, 1, 3));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It does not fetch lists. [`verify`] and [`check_digest`] tell whether bytes that were fetched are their publisher's; what must
//! not go live by itself is decided in [`guard`].

#[doc = include_str!("../docs/list-formats.md")]
pub mod formats {}

mod body;
mod compile;
pub(crate) mod date;
mod detect;
mod directory;
mod error;
mod format;
pub mod guard;
mod guarded;
mod inspect;
mod intake;
mod line;
mod look;
mod options;
mod override_hits;
mod overrides;
mod refang;
mod report;
mod signed;
mod source;
mod value;
mod words;

pub use body::unpack;
pub use compile::{Compiled, Keyring, LastError, SourceReport, SourceState, Waiting, account, compile, status};
pub use detect::detect;
pub use error::{ListError, in_words};
pub use format::Format;
pub use guarded::{Behind, GuardedIndex, compile_guarded, each_id};
pub use inspect::{Input, InspectError, Inspected, Inspection, MatchAnswer, Request, inspect};
pub use look::Look;
pub use options::{BadLines, Column, Columns, Options, PlainMeans, Position, RootUrlMeans};
pub use override_hits::{Counted, OverrideHits};
pub use overrides::{LOWERING_MAX_DAYS, Override, OverrideError, OverrideSummary, Overrides, ending, moment_or_day};
pub use report::{Account, Ignored, LineReport, Refusal, Remark, Tally, Unit};
pub use signed::{Beside, ListKey, ListKeyError, Proof, Signed, SignedError, check_digest, verify};
pub use source::{Piece, Place, Source, version};
pub use words::{CategoryWords, WordsError};

use crate::canonical::Tables;
use crate::index::Entry;

/// Reads a list that is already unpacked, and gives every entry to `sink`.
///
/// # Errors
/// If the body as a whole is no list of that format, if too many lines are bad and the options say that this counts, or
/// if no line of it could be taken. Entries may have been given by then: throw them away.
pub fn read(
    body: &[u8],
    format: Format,
    options: &Options,
    tables: &Tables,
    sink: &mut dyn FnMut(Entry),
) -> Result<LineReport, ListError> {
    body::check(body, format, options)?;
    let report = format::read(body, format, intake::Intake::new(options, tables, sink))?;
    report.judge(options)?;
    Ok(report)
}

#[cfg(test)]
mod tests;
