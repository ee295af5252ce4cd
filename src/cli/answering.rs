//! What answers for each list: its index, its version in the store, or, where neither can be used, what did until now.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{IfMissing, ListSetting};
use crate::index::{Index, Keys};
use crate::lists::{self, Keyring, LastError, Proof, Source, in_words};
use crate::store::{Listing, Live};
use crate::telemetry::clock;
use crate::update;

use super::kept::{self, Looked, Origin};
use super::session::{Settings, warn};
use super::subscriptions::{proof_of, source_of};

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
    /// As the configuration calls it.
    pub(super) name: String,
    pub(super) index: Arc<Index>,
    /// When its source was last seen, or its file written, in seconds since the Unix epoch.
    pub(super) seen_at: Option<i64>,
    /// Digest of the settings by which it was read.
    settings: String,
    /// Digest of the tables under which it was made.
    tables: [u8; 32],
}

/// The lists that answer, and those that should.
#[derive(Default)]
pub(super) struct Answering {
    pub(super) live: Vec<Used>,
    /// Why each does not answer as it should, by its name: not at all, by an earlier version or by former settings. Nothing
    /// where it does.
    pub(super) troubles: BTreeMap<String, Option<LastError>>,
}

impl Used {
    pub(super) fn of(live: Live, listing: &Listing, settings: &Settings) -> Self {
        let tables = settings.tables.id();
        // Where the version itself is not wrong, its settings are: it answers by others, whichever they were.
        let is_by_others = live.trouble.is_some() && !live.is_earlier;
        let settings = if is_by_others { String::new() } else { listing.read_by() };
        let (name, seen_at) = (listing.source.name.clone(), Some(live.seen_at));
        Self { name, index: Arc::new(live.index), seen_at, settings, tables }
    }

    /// What must have entries where this list has to be there. An index that is compiled names what is in it by itself.
    pub(super) fn in_it(&self) -> Vec<String> {
        let lists = self.index.lists();
        if lists.iter().any(|list| list.name == self.name) {
            return vec![self.name.clone()];
        }
        lists.iter().filter(|list| !list.entries.is_empty()).map(|list| list.name.clone()).collect()
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

impl Answer {
    /// What answered until now, if anything did.
    fn or(former: Option<&Used>, wrong: LastError) -> Self {
        match former {
            Some(used) => Self::By(used.clone(), Some(wrong)),
            None => Self::None(wrong),
        }
    }
}

impl Settings {
    /// The lists that answer. What is wrong with one is told; others do not suffer from it.
    pub(super) fn answering(&self, before: Before<'_>) -> anyhow::Result<Answering> {
        let mut answering = Answering::default();
        for setting in &self.loaded.config.lists {
            let name = &setting.name;
            let looked = before.looked.iter().find(|one| one.name == *name);
            let former = before.former.iter().find(|used| used.name == *name && used.tables == self.tables.id());
            let (read_by, answer) = if let Origin::Compiled(path) = kept::origin(setting)? {
                let source = source_of(setting, path)?;
                (String::new(), self.compiled((&source, &proof_of(setting)?), former))
            } else {
                let listing = self.listing(setting)?;
                (listing.read_by(), self.kept_in_store((setting, &listing), (looked, former))?)
            };
            let wrong = match answer {
                Answer::By(used, wrong) => {
                    let told = wrong.as_ref().map(|wrong| format!("{}: {}", wrong.code, wrong.text));
                    if let Some(told) = told.or_else(|| looked.and_then(Looked::told)) {
                        let former = if used.settings == read_by { "" } else { ", by its former settings" };
                        warn(&format!("{name}: {told}; what answered before answers on{former}"));
                    }
                    answering.live.push(used);
                    wrong
                }
                Answer::None(wrong) => Some(wrong),
            };
            answering.troubles.insert(name.clone(), wrong);
        }
        Ok(answering)
    }

    /// One that the operator has compiled.
    fn compiled(&self, (source, proof): (&Source, &Proof), former: Option<&Used>) -> Answer {
        if let Err(failure) = update::prove(source, proof, clock::now()) {
            return Answer::or(former, (&failure).into());
        }
        let opened = self.existing_key().map_err(|error| ("state_no_key".into(), format!("{error:#}")));
        let opened = opened.and_then(|key| {
            let keys = Keyring { build: Keys::derive(&key), open: Some(Keys::derive(&key)) };
            let compiled = lists::compile(std::slice::from_ref(source), keys, &self.tables);
            compiled.map_err(|error| (error.code().into(), in_words(&error)))
        });
        match opened.map(|compiled| compiled.into_indexes().pop()) {
            Ok(Some(index)) => {
                let (name, tables) = (source.name.clone(), self.tables.id());
                let used = Used { name, index, seen_at: source.written_at(), settings: String::new(), tables };
                Answer::By(used, None)
            }
            Ok(None) => {
                Answer::or(former, LastError { code: "empty".into(), line: None, text: "it has no index".into() })
            }
            Err((code, text)) => Answer::or(former, LastError { code, line: None, text }),
        }
    }

    /// One of which versions are kept.
    fn kept_in_store(
        &self,
        (setting, listing): (&ListSetting, &Listing),
        (looked, former): (Option<&Looked>, Option<&Used>),
    ) -> anyhow::Result<Answer> {
        let (name, store) = (&setting.name, self.store(IfMissing::Make)?);
        // An earlier version is for whoever has nothing better.
        let has_better = || {
            let book = store.book(name).ok();
            let version = book.as_ref().and_then(|book| book.live()).map(|(_, live)| &*live.version);
            former.is_some_and(|used| version.is_some_and(|version| used.is_version(version)))
        };
        let wrong = match store.live(listing) {
            Ok(Some(Live { trouble: Some(trouble), is_earlier: true, .. })) if has_better() => (&trouble).into(),
            Ok(Some(live)) => {
                let wrong = live.trouble.as_ref().map(LastError::from);
                return Ok(Answer::By(Used::of(live, listing, self), wrong));
            }
            Ok(None) => kept::without_version(&store, setting, looked)?,
            Err(error) => (&error).into(),
        };
        Ok(Answer::or(former, wrong))
    }
}

impl Answering {
    /// Whether a list may come to answer as it should by itself.
    pub(super) fn may_pass(&self) -> bool {
        self.troubles.values().flatten().any(|wrong| may_pass(&wrong.code))
    }

    /// Those that do not answer at all, and why.
    pub(super) fn absent(&self) -> impl Iterator<Item = (&str, &LastError)> {
        let is_live = |name: &str| self.live.iter().any(|used| used.name == name);
        let wrong = self.troubles.iter().filter_map(|(name, wrong)| Some((&**name, wrong.as_ref()?)));
        wrong.filter(move |(name, _)| !is_live(name))
    }
}

/// Whether what has that name may pass without anybody changing a setting or a list: locks end, files are mended, a disk has
/// room again.
pub(super) fn may_pass(code: &str) -> bool {
    code.starts_with("state_") || code == "unreadable"
}
