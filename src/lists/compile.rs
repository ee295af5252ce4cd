//! Sources → an index, list after list, without keeping entries.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::Serialize;

use crate::canonical::Tables;
use crate::index::{Builder, Index, IndexError, Keys, List, Mode};

use super::error::{ListError, in_words};
use super::format::Format;
use super::options::Options;
use super::report::LineReport;
use super::source::{self, Loaded, Piece, Source};

/// The keys of a compilation.
pub struct Keyring {
    /// New indexes are built with it.
    pub build: Keys,
    /// Indexes that are compiled already are opened with it.
    pub open: Option<Keys>,
}

/// What came of a set of sources.
#[derive(Debug)]
pub struct Compiled {
    /// All text lists; `None` if every source was compiled already.
    pub built: Option<Index>,
    /// Sources that were compiled already.
    pub opened: Vec<Index>,
    /// One account per text list, in the order of the sources.
    pub reports: Vec<SourceReport>,
    /// When the files of lists were written, by the list's name within its index, in seconds since the Unix epoch.
    pub written_at: BTreeMap<String, i64>,
}

impl Compiled {
    /// All indexes, to be asked side by side.
    pub fn into_indexes(self) -> Vec<Arc<Index>> {
        self.built.into_iter().chain(self.opened).map(Arc::new).collect()
    }
}

/// The account of one text list.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SourceReport {
    /// Its name within the index.
    pub name: String,
    /// Its format, as given or as found out.
    pub format: &'static str,
    /// Its version.
    pub version: String,
    /// What became of its lines.
    pub lines: LineReport,
}

/// Compiles text lists into one index, and opens indexes that are compiled already.
///
/// # Errors
/// If any source is missing, unreadable, no list, or gives no entry: never an index without it.
pub fn compile(sources: &[Source], keys: Keyring, tables: &Arc<Tables>) -> Result<Compiled, ListError> {
    let mut builder = Builder::new(keys.build, Arc::clone(tables));
    let (mut opened, mut reports, mut names) = (Vec::<Index>::new(), Vec::new(), HashSet::new());
    let mut written_at = BTreeMap::new();
    for source in sources {
        let name = unused(&source.name, &mut names);
        let one = match source.load().map_err(|error| error.of(&source.label()))? {
            Loaded::Compiled(path) => {
                let keys = keys.open.clone().ok_or_else(|| ListError::KeyNeeded.of(&source.label()))?;
                let index = Index::open(&path, keys, Arc::clone(tables));
                let index = index.map_err(|error| ListError::Index(error).of(&source.label()))?;
                let written = index.lists().iter().filter_map(|list| Some((list.name.clone(), source.written_at()?)));
                written_at.extend(written);
                opened.push(index);
                continue;
            }
            Loaded::Lists(pieces) => {
                add(&mut builder, &Source { name: name.clone(), ..source.clone() }, &pieces, tables)
            }
        };
        reports.push(one.map_err(|error| error.of(&source.label()))?);
        written_at.extend(source.written_at().map(|written| (name, written)));
    }
    let built = (!reports.is_empty()).then(|| builder.finish());
    Ok(Compiled { built, opened, reports, written_at })
}

/// Adds one list to the index under construction.
fn add(builder: &mut Builder, source: &Source, pieces: &[Piece], tables: &Tables) -> Result<SourceReport, ListError> {
    let options = &source.options;
    let format = pieces.first().map_or(Format::Plain, |piece| piece.format);
    let version = source::version(pieces);
    let list =
        List { mode: source.mode, rollout_ppm: source.rollout_ppm, ..list(&source.name, &version, format, options) };
    let number = builder.list(list)?;
    let mut full: Option<IndexError> = None;
    let lines = read_pieces(pieces, options, tables, &mut |entry| {
        if full.is_none() {
            full = builder.add(number, &entry).err();
        }
    })?;
    match full {
        Some(error) => Err(error.into()),
        None if lines.guard => Err(ListError::GuardList),
        None => Ok(SourceReport { name: source.name.clone(), format: format.name(), version, lines }),
    }
}

/// What becomes of the lines of a list, without an index of it.
///
/// # Errors
/// If it is no list, or nothing of it could be taken.
pub fn account(source: &Source, pieces: &[Piece], tables: &Tables) -> Result<SourceReport, ListError> {
    let format = pieces.first().map_or(Format::Plain, |piece| piece.format).name();
    let lines = read_pieces(pieces, &source.options, tables, &mut |_| {})?;
    Ok(SourceReport { name: source.name.clone(), format, version: source::version(pieces), lines })
}

/// Reads all files of a list; one without entries is no fault as long as another has some.
fn read_pieces(
    pieces: &[Piece],
    options: &Options,
    tables: &Tables,
    sink: &mut dyn FnMut(crate::index::Entry),
) -> Result<LineReport, ListError> {
    if let [piece] = pieces {
        return super::read(&piece.text, piece.format, options, tables, sink);
    }
    let mut whole = LineReport::default();
    for piece in pieces {
        match super::body::check(&piece.text, piece.format, options) {
            Err(ListError::Empty) => continue,
            other => other?,
        }
        let report = super::format::read(&piece.text, piece.format, super::intake::Intake::new(options, tables, sink))?;
        whole.absorb(&report, options);
    }
    whole.judge(options)?;
    Ok(whole)
}

/// What the index is to know of a list.
pub(super) fn list(name: &str, version: &str, format: Format, options: &Options) -> List {
    let exact = options.plain_means == super::options::PlainMeans::Exact;
    List {
        mode: Mode::Enforce,
        default_category: options.default_category,
        www_twin: options.www_twin.unwrap_or(format.covers_www_twin() && !exact),
        label_private: options.label_private,
        ..List::new(name, version)
    }
}

/// The name, with a number behind it if another list has it already.
fn unused(name: &str, taken: &mut HashSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let free = std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken.contains(name));
    let free = free.unwrap_or_default();
    taken.insert(free.clone());
    free
}

/// One list as `lists status --json` tells of it.
#[derive(Debug, Clone, Serialize)]
pub struct SourceState {
    /// Its name.
    pub name: String,
    /// Its version; empty if it cannot be read.
    pub version: String,
    /// The number of its version, if versions of it are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Versions that one can go back to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<u64>,
    /// How many entries there are of each scope.
    pub entries: BTreeMap<String, u64>,
    /// How many entries are held back.
    #[serde(skip_serializing_if = "is_none")]
    pub held: u64,
    /// Whether its source has a version that somebody refused or went back from, which is not taken by itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub refuses: bool,
    /// Seconds since the file changed, or since its source was last seen to have this version.
    pub age_s: Option<u64>,
    /// `live`, `stale`, `quarantined` or `missing`.
    pub state: &'static str,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,
    /// The version that waits for approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<Waiting>,
    /// What became of its lines; none if it is compiled already.
    #[serde(skip)]
    pub reports: Vec<SourceReport>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives references")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

impl SourceState {
    /// One of which nothing is known.
    pub fn missing(name: &str) -> Self {
        let (name, version, entries, reports) = (name.to_owned(), String::new(), BTreeMap::new(), Vec::new());
        let (number, earlier, age_s, last_error, pending) = (None, Vec::new(), None, None, None);
        let (held, refuses, state) = (0, false, "missing");
        Self { name, version, number, earlier, entries, held, refuses, age_s, state, last_error, pending, reports }
    }
}

/// A version that waits for approval.
#[derive(Debug, Clone, Serialize)]
pub struct Waiting {
    /// Its number.
    pub number: u64,
    /// Its version.
    pub version: String,
    /// How many entries it has.
    pub entries: u64,
    /// Why it waits.
    pub code: String,
}

/// Why a list could not be read.
#[derive(Debug, Clone, Serialize)]
pub struct LastError {
    /// A short name of the reason.
    pub code: Cow<'static, str>,
    /// The line that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The reason in words, with what to do.
    #[serde(skip)]
    pub text: String,
}

/// The state of one source at `now`, in seconds since the Unix epoch.
pub fn status(source: &Source, keys: Keyring, tables: &Arc<Tables>, now: i64) -> SourceState {
    let age_s = source.written_at().map(|written| u64::try_from(now - written).unwrap_or(0));
    match compile(std::slice::from_ref(source), keys, tables) {
        Ok(compiled) => {
            let indexes = compiled.built.iter().chain(&compiled.opened);
            let lists: Vec<&List> = indexes.flat_map(Index::lists).collect();
            let mut entries = BTreeMap::new();
            for (scope, count) in lists.iter().flat_map(|list| &list.entries) {
                *entries.entry(scope.clone()).or_default() += count;
            }
            let version = lists.first().map(|list| list.version.clone()).unwrap_or_default();
            let reports = compiled.reports;
            SourceState { version, entries, age_s, state: "live", reports, ..SourceState::missing(&source.name) }
        }
        Err(error) => {
            let last_error = Some(LastError { code: error.code().into(), line: error.line(), text: in_words(&error) });
            SourceState { age_s, last_error, ..SourceState::missing(&source.name) }
        }
    }
}
