//! Reading a list behind guards: what may live goes on, what must wait is held and told by its id.

use std::collections::HashSet;

use serde::Serialize;

use crate::canonical::Tables;
use crate::index::{Category, Entry, Keys, Scope};
use crate::lists::body;
use crate::lists::error::ListError;
use crate::lists::format::{self, Format};
use crate::lists::intake::Intake;
use crate::lists::options::Options;
use crate::lists::report::{LineReport, Refusal, Remark};

use super::code::Hold;
use super::entry::EntryRuling;
use super::known::Guards;

/// A list and how it is to be read.
#[derive(Clone, Copy)]
pub struct GuardedList<'l> {
    /// Its name within the index: entry ids depend on it.
    pub name: &'l str,
    /// Its format.
    pub format: Format,
    /// How it is to be read.
    pub options: &'l Options,
    /// The keys of the index that it goes into: entry ids depend on them.
    pub keys: &'l Keys,
    /// Ids by their values of entries that a human has approved: they go live although they would have to wait.
    pub approved: &'l HashSet<String>,
}

/// An entry that waits for a human.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Its id by its value, by which it is approved; it tells nothing of the value. Its publisher cannot give it to another.
    pub id: String,
    /// Its publisher's own id, if there is one.
    pub own_id: Option<String>,
    /// What it would match.
    pub scope: Scope,
    /// What it is about.
    pub category: Category,
    /// Why it waits.
    pub code: Hold,
}

/// What came of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct GuardedRead {
    /// The account of its lines; entries that wait are counted apart from those that go live.
    pub lines: LineReport,
    /// The entries that wait, each once and at most `held_max_entries` of them.
    pub held: Vec<Held>,
}

impl GuardedRead {
    /// Adds what came of another file of the same list.
    pub(in crate::lists) fn absorb(&mut self, other: Self, options: &Options) {
        self.lines.absorb(&other.lines, options);
        let new = other.held.into_iter().filter(|held| !self.held.iter().any(|known| known.id == held.id));
        self.held.extend(new.collect::<Vec<_>>());
    }
}

/// Reads a list that is already unpacked. Entries that may go live are given to `sink`.
///
/// Whether they do is for [`Guards::update`] to say: until then they are only a draft.
///
/// # Errors
/// If the body is no list of that format, or if nothing of it could be taken. Entries may have been given by then.
pub fn read_guarded(
    body: &[u8],
    list: &GuardedList<'_>,
    guards: &Guards,
    tables: &Tables,
    sink: &mut dyn FnMut(Entry),
) -> Result<GuardedRead, ListError> {
    body::check(body, list.format, list.options)?;
    let mut holding = Holding { guards, list, held: Vec::new(), seen: HashSet::new() };
    let mut ask = |entry: &Entry| match guards.entry(entry, tables) {
        EntryRuling::Accept => Passage::Free,
        EntryRuling::Refuse(reason) => Passage::Refused(reason),
        EntryRuling::Hold(hold) => holding.hold(entry, hold),
    };
    let intake = Intake::new(list.options, tables, sink).behind(Door::Holding(&mut ask));
    let lines = format::read(body, list.format, intake)?;
    if lines.guard {
        return Err(ListError::GuardList);
    }
    if lines.entries == 0 && lines.held() == 0 {
        return Err(ListError::NothingTaken { refused: lines.refused(), ignored: lines.ignored() });
    }
    Ok(GuardedRead { lines, held: holding.held })
}

/// Where entries pass the guards on their way in.
pub(in crate::lists) enum Door<'d> {
    /// No guards.
    Open,
    /// They say what they think and let everything pass.
    Warning(&'d Guards),
    /// They hold back what must wait.
    Holding(&'d mut dyn FnMut(&Entry) -> Passage),
}

/// What guards say to an entry.
pub(in crate::lists) enum Passage {
    Free,
    Remarked(Remark),
    Held(Hold),
    Refused(Refusal),
}

impl Door<'_> {
    pub(in crate::lists) fn ask(&mut self, entry: &Entry, tables: &Tables) -> Passage {
        match self {
            Self::Open => Passage::Free,
            Self::Warning(guards) => match guards.entry(entry, tables) {
                EntryRuling::Hold(hold) => hold.remark().map_or(Passage::Free, Passage::Remarked),
                EntryRuling::Accept | EntryRuling::Refuse(_) => Passage::Free,
            },
            Self::Holding(ask) => ask(entry),
        }
    }
}

/// Entries held back so far.
struct Holding<'h> {
    guards: &'h Guards,
    list: &'h GuardedList<'h>,
    held: Vec<Held>,
    /// Ids of those that are named already: lists repeat themselves.
    seen: HashSet<String>,
}

impl Holding<'_> {
    fn hold(&mut self, entry: &Entry, code: Hold) -> Passage {
        let id = self.list.keys.derived_id(self.list.name, entry);
        if self.list.approved.contains(&id) {
            return Passage::Free;
        }
        if self.held.len() < self.guards.options.held_max_entries && self.seen.insert(id.clone()) {
            let category = entry.category.unwrap_or(self.list.options.default_category);
            let own_id = entry.id.is_some().then(|| self.list.keys.id_of(self.list.name, entry));
            self.held.push(Held { id, own_id, scope: entry.scope, category, code });
        }
        Passage::Held(code)
    }
}
