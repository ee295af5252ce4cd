//! Which versions answer: those of the store, or, where it cannot give the one that should, what answered until now.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{IfMissing, ListSetting};
use crate::index::Index;
use crate::lists::{LastError, in_words};
use crate::store::{Listing, Live, Store, StoreError};

use super::kept::{self, Looked};
use super::session::{Settings, warn};

/// What is known before lists are opened.
#[derive(Clone, Copy, Default)]
pub(super) struct Before<'b> {
    /// How the lists in files did.
    pub(super) looked: &'b [Looked],
    /// What a server answers from until now.
    pub(super) former: &'b [Used],
}

/// A list that answers. Clones share its index.
#[derive(Clone)]
pub(super) struct Used {
    pub(super) index: Arc<Index>,
    /// When its source was last seen, in seconds since the Unix epoch.
    pub(super) seen_at: i64,
    /// Digest of the settings by which it was read.
    settings: String,
    /// Digest of the tables under which it was made.
    tables: [u8; 32],
}

/// A list that does not answer.
pub(super) struct Absent {
    pub(super) name: String,
    /// Why.
    pub(super) why: String,
}

/// The lists that answer, and those that should.
#[derive(Default)]
pub(super) struct Answering {
    pub(super) live: Vec<Used>,
    pub(super) absent: Vec<Absent>,
    /// Why lists do not answer as they should, by their names: not at all, by an earlier version or by former settings.
    pub(super) impaired: BTreeMap<String, LastError>,
}

impl Used {
    pub(super) fn of(live: Live, listing: &Listing, settings: &Settings) -> Self {
        let tables = settings.tables.id();
        // Where the version itself is not wrong, its settings are: it answers by others, whichever they were.
        let is_by_others = live.trouble.is_some() && !live.is_earlier;
        let settings = if is_by_others { String::new() } else { listing.read_by() };
        Self { index: Arc::new(live.index), seen_at: live.seen_at, settings, tables }
    }

    fn is_of(&self, list: &str) -> bool {
        matches!(self.index.lists(), [one] if one.name == list)
    }

    fn is_version(&self, version: &str) -> bool {
        matches!(self.index.lists(), [one] if one.version == version)
    }
}

/// What became of one list.
enum Answer {
    /// It answers; and why not by the version or settings that it should, if it does not.
    By(Used, Option<LastError>),
    /// It does not.
    None(LastError),
}

impl Settings {
    /// The versions that answer. What is wrong with a list is told; others do not suffer from it.
    pub(super) fn answering(&self, before: Before<'_>) -> anyhow::Result<Answering> {
        let mut answering = Answering::default();
        let kept = self.kept()?;
        if kept.is_empty() {
            return Ok(answering);
        }
        let store = self.store(IfMissing::Make)?;
        for setting in kept {
            let name = &setting.name;
            let listing = self.listing(setting)?;
            let looked = before.looked.iter().find(|one| one.name == *name);
            let wrong = match self.answer(&store, (setting, &listing), (looked, before.former))? {
                Answer::By(used, wrong) => {
                    let told = wrong.as_ref().map(|wrong| format!("{}: {}", wrong.code, wrong.text));
                    if let Some(told) = told.or_else(|| looked.and_then(Looked::told)) {
                        let former = if used.settings == listing.read_by() { "" } else { ", by its former settings" };
                        warn(&format!("{name}: {told}; what answered before answers on{former}"));
                    }
                    answering.live.push(used);
                    wrong
                }
                Answer::None(wrong) => {
                    let why = format!("list {name:?}: {}", wrong.text);
                    answering.absent.push(Absent { name: name.clone(), why });
                    Some(wrong)
                }
            };
            answering.impaired.extend(wrong.map(|wrong| (name.clone(), wrong)));
        }
        Ok(answering)
    }

    fn answer(
        &self,
        store: &Store,
        (setting, listing): (&ListSetting, &Listing),
        (looked, former): (Option<&Looked>, &[Used]),
    ) -> anyhow::Result<Answer> {
        let name = &setting.name;
        let former = former.iter().find(|used| used.is_of(name) && used.tables == self.tables.id()).cloned();
        // An earlier version is for whoever has nothing better.
        let has_better = || {
            let book = store.book(name).ok();
            let version = book.as_ref().and_then(|book| book.live()).map(|(_, live)| &*live.version);
            former.as_ref().is_some_and(|used| version.is_some_and(|version| used.is_version(version)))
        };
        let wrong = match store.live(listing) {
            Ok(Some(Live { trouble: Some(trouble), is_earlier: true, .. })) if has_better() => wrong(&trouble),
            Ok(Some(live)) => {
                let wrong = live.trouble.as_ref().map(wrong);
                return Ok(Answer::By(Used::of(live, listing, self), wrong));
            }
            Ok(None) => kept::without_version(store, setting, looked)?,
            Err(error) => wrong(&error),
        };
        Ok(match former {
            Some(used) => Answer::By(used, Some(wrong)),
            None => Answer::None(wrong),
        })
    }
}

impl Answering {
    /// Whether a list may come to answer as it should by itself.
    pub(super) fn may_pass(&self) -> bool {
        self.impaired.values().any(|wrong| may_pass(&wrong.code))
    }
}

/// Whether what has that name may pass without anybody changing a setting or a list: locks end, files are mended, a disk has
/// room again.
pub(super) fn may_pass(code: &str) -> bool {
    code.starts_with("state_") || code == "unreadable"
}

/// What is told of an error.
pub(super) fn wrong(error: &StoreError) -> LastError {
    LastError { code: error.code().into(), line: error.line(), text: in_words(error) }
}
