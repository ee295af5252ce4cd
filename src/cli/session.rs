//! From arguments to a checker: configuration, tables, keys, lists, overrides, generation.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::Context as _;

use crate::canonical::{TableTexts, Tables};
use crate::check::{Checker, OVERRIDES, Snapshot};
use crate::config::{self, ConfigError, IfMissing, KeyOrigin, Loaded};
use crate::extract::{self, Extractor, TopLevels};
use crate::index::{Builder, Category, Index, Keys, List, StateKey};
use crate::lists::guard::Guards;
use crate::lists::{self, Account, Keyring, Override, Overrides, Source};
use crate::telemetry::clock;

use super::account;
use super::answering::{Answering, Before, Used};
use super::args::Arguments;
use super::generation;
use super::sampling::Sampling;

/// The demo list: reserved names only.
const DEMO: &str = include_str!("../../lists/demo.csv");
/// Where Linux packages put the configuration.
const USUAL_CONFIG: &str = "/etc/linkgate/linkgate.toml";

/// The configuration and what follows from it without reading a list.
pub(super) struct Settings {
    pub(super) loaded: Loaded,
    pub(super) tables: Arc<Tables>,
    pub(super) suffixes: String,
    pub(super) guards: OnceLock<Arc<Guards>>,
    key_for: KeyFor,
    /// No generation is numbered below.
    generation_min: u64,
}

/// What text lists are compiled under, which decides the ids of entries that have none of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyFor {
    /// A fresh key that nobody ever learns.
    OneRun,
    /// The key of the installation: the next run gives the same ids.
    ManyRuns,
}

/// Everything that a command needs to judge links.
pub(super) struct Session {
    pub(super) checker: Checker,
    /// When the files of lists were written, or versions taken, by the list.
    pub(super) written_at: BTreeMap<String, i64>,
    /// The lists of the configuration.
    pub(super) lists: Answering,
}

#[expect(clippy::disallowed_methods, reason = "the environment is handed to `config` from here")]
pub(super) fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

impl Settings {
    /// Reads the configuration file, the environment, the flags and the tables.
    pub(super) fn load(arguments: &Arguments) -> anyhow::Result<Self> {
        Self::load_for(arguments, KeyFor::OneRun)
    }

    /// The same, with the key for text lists.
    pub(super) fn load_for(arguments: &Arguments, key_for: KeyFor) -> anyhow::Result<Self> {
        let path = Self::config_path(arguments);
        let key_file =
            arguments.key_file.as_ref().map(|path| ("--key-file", "state.key_file", path.display().to_string()));
        let flags: Vec<_> = key_file.into_iter().collect();
        let environment =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let loaded = config::load(path.as_deref(), environment, &flags)?;
        let texts = Texts::read(&loaded.config.tables)?;
        let tables = Tables::parse(&texts.borrowed()).context("[tables] of the configuration")?;
        Ok(Self {
            loaded,
            tables: Arc::new(tables),
            suffixes: texts.suffixes,
            guards: OnceLock::new(),
            key_for,
            generation_min: 0,
        })
    }

    /// The same with another key for text lists.
    pub(super) fn with_key_for(self, key_for: KeyFor) -> Self {
        Self { key_for, ..self }
    }

    /// The same for whoever has told of this generation already.
    pub(super) fn not_before(self, generation_min: u64) -> Self {
        Self { generation_min, ..self }
    }

    /// The configuration file, if there is one.
    pub(super) fn config_path(arguments: &Arguments) -> Option<PathBuf> {
        let usual = || Some(PathBuf::from(USUAL_CONFIG)).filter(|path| path.exists());
        arguments.config.clone().or_else(|| variable("LINKGATE_CONFIG")).or_else(usual)
    }

    /// Where the key of the installation is, or would be made.
    pub(super) fn key_path(&self) -> Option<PathBuf> {
        let made = || Some(self.state_dir().ok()?.join("key").join("state.key"));
        self.loaded.config.state.key_file.clone().or_else(made)
    }

    /// Finds links as the configuration says.
    pub(super) fn extractor(&self, options: extract::Options) -> Extractor {
        Extractor::new(options, TopLevels::parse(&self.suffixes))
    }

    pub(super) fn extract_options(&self) -> extract::Options {
        let set = &self.loaded.config.extract;
        extract::Options {
            links_max: set.links_max,
            candidates_max: set.candidates_max,
            deep_link_schemes: self.tables.aliases().deep_link_schemes().map(Into::into).collect(),
            ..extract::Options::default()
        }
    }

    pub(super) fn state_dir(&self) -> Result<PathBuf, ConfigError> {
        self.loaded.config.state.directory(variable)
    }

    /// The installation's key, to write under; made, with a warning, if there is none yet.
    pub(super) fn key(&self) -> anyhow::Result<StateKey> {
        let (key, origin) = self.find_key(IfMissing::Make)?;
        if origin == KeyOrigin::Made {
            let place = self.state_dir()?.join("key").join("state.key");
            warn(&format!(
                "made a key: {}; move it away from the lists, and say where it is by [state] key_file",
                place.display()
            ));
        }
        Ok(key)
    }

    /// The installation's key, to open what was written under it.
    pub(super) fn existing_key(&self) -> anyhow::Result<StateKey> {
        Ok(self.find_key(IfMissing::Refuse)?.0)
    }

    fn find_key(&self, missing: IfMissing) -> Result<(StateKey, KeyOrigin), ConfigError> {
        config::state_key(self.loaded.config.state.key_file.as_deref(), missing, || self.state_dir())
    }

    /// The sources that a command works on: those given, else the configured ones, else the demo list.
    pub(super) fn sources(&self, given: &[String]) -> anyhow::Result<Vec<Source>> {
        if !given.is_empty() {
            account::reads_once(given, None)?;
            let source = |text: &String| Source::parse(text).map(|source| self.guarded(source));
            return given.iter().map(|text| source(text).map_err(super::usage)).collect();
        }
        if self.loaded.config.lists.is_empty() {
            return Ok(vec![Source::embedded("demo", DEMO)]);
        }
        self.compiled_lists()
    }

    /// The key for text lists; lists compiled already open with the installation's.
    pub(super) fn keyring(&self, sources: &[Source]) -> anyhow::Result<Keyring> {
        let open =
            if sources.iter().any(Source::is_compiled) { Some(Keys::derive(&self.existing_key()?)) } else { None };
        let build = match self.key_for {
            KeyFor::OneRun => random_key()?,
            KeyFor::ManyRuns => self.key()?,
        };
        Ok(Keyring { build: Keys::derive(&build), open })
    }

    pub(super) fn compile(&self, sources: &[Source]) -> anyhow::Result<lists::Compiled> {
        Ok(lists::compile(sources, self.keyring(sources)?, &self.tables)?)
    }
}

pub(super) fn random_key() -> anyhow::Result<StateKey> {
    let mut bytes = [0; StateKey::LEN];
    getrandom::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the operating system gives no random bytes"))?;
    Ok(StateKey::new(bytes))
}

/// All that links are looked up in.
pub(super) struct Lists {
    pub(super) snapshot: Snapshot,
    pub(super) written_at: BTreeMap<String, i64>,
}

impl Session {
    /// The same with every list that has to be there.
    pub(super) fn whole(settings: &Settings, arguments: &Arguments, given: &[String]) -> anyhow::Result<Self> {
        let session = Self::of(settings, arguments, given)?;
        let lists = &settings.loaded.config.lists;
        for (name, wrong) in session.lists.absent() {
            let why = format!("list {name:?}: {}", wrong.text);
            if lists.iter().any(|setting| setting.required && setting.name == name) {
                anyhow::bail!(why);
            }
            warn(&format!("{why}; it is left out"));
        }
        Ok(session)
    }

    /// Opens everything. `given` are the sources of `--lists`.
    pub(super) fn of(settings: &Settings, arguments: &Arguments, given: &[String]) -> anyhow::Result<Self> {
        let before = Before { looked: &settings.look_at_files(given, &Sampling::default())?, former: &[] };
        Self::after_a_look(settings, arguments, given, before)
    }

    /// The same after the lists in files were looked at.
    pub(super) fn after_a_look(
        settings: &Settings,
        arguments: &Arguments,
        given: &[String],
        before: Before<'_>,
    ) -> anyhow::Result<Self> {
        let lists = if given.is_empty() { settings.answering(before)? } else { Answering::default() };
        let Lists { mut snapshot, written_at } = settings.snapshot(arguments, given, lists.live.clone())?;
        if given.is_empty() {
            settings.tell_kept(arguments)?;
        }
        if given.is_empty() && settings.keeps_state() {
            snapshot = settings.numbered(snapshot)?;
        }
        let extractor = settings.extractor(settings.extract_options());
        Ok(Self { checker: Checker::new(extractor, snapshot), written_at, lists })
    }
}

impl Settings {
    /// Lists, overrides, policy and tables together, and when the files of lists were written. Nothing is written here.
    pub(super) fn snapshot(&self, arguments: &Arguments, given: &[String], live: Vec<Used>) -> anyhow::Result<Lists> {
        let are_live = given.is_empty() && !self.loaded.config.lists.is_empty();
        let sources = if are_live { Vec::new() } else { self.sources(given)? };
        self.snapshot_of(arguments, (given, &sources), live)
    }

    /// The same of other sources.
    pub(super) fn snapshot_of(
        &self,
        arguments: &Arguments,
        (given, sources): (&[String], &[Source]),
        live: Vec<Used>,
    ) -> anyhow::Result<Lists> {
        let mut compiled = self.compile(sources)?;
        let mut written_at = std::mem::take(&mut compiled.written_at);
        if !given.is_empty() || !self.loaded.config.lists.is_empty() {
            let texts = (0..).zip(sources).filter(|(_, source)| !source.is_compiled());
            for (report, (number, _)) in compiled.reports.iter().zip(texts) {
                let counts = Account::of(&report.lines, report.format);
                let wide = super::guards::told(&report.lines);
                account::tell(
                    (&report.name, &counts, &wide),
                    &account::explaining(arguments, given.get::<usize>(number)),
                );
            }
        }
        let policy = self.loaded.config.policy.clone();
        let mut indexes = compiled.into_indexes();
        for Used { index, seen_at, .. } in live {
            written_at.extend(index.lists().iter().filter_map(|list| Some((list.name.clone(), seen_at?))));
            indexes.push(index);
        }
        let configured: &[_] = if given.is_empty() { &self.loaded.config.lists } else { &[] };
        let actions = config::actions_by_list(configured);
        let snapshot = Snapshot::new(Arc::clone(&self.tables), indexes, policy).with_actions(actions);
        let snapshot = match self.overrides()? {
            Some(overrides) => snapshot.with_overrides(Arc::new(overrides)),
            None => snapshot,
        };
        Ok(Lists { snapshot, written_at })
    }

    /// Whether verdicts depend on anything that an operator set, now or before; without that no state is made.
    fn keeps_state(&self) -> bool {
        const DECIDING: [&str; 5] = ["lists", "overrides", "policy", "extract", "tables"];
        let set = |key: &String| DECIDING.iter().any(|section| key.starts_with(section));
        let kept = |dir: PathBuf| Overrides::path_in(&dir).exists() || generation::path_in(&dir).exists();
        self.loaded.origins.keys().any(set) || self.state_dir().is_ok_and(kept)
    }

    /// The overrides of the configuration and of the state directory, as an index of their own.
    fn overrides(&self) -> anyhow::Result<Option<Index>> {
        let mut entries = Vec::new();
        for (number, one) in self.loaded.config.overrides.iter().enumerate() {
            let one = Override { id: format!("config-{}", number + 1), ..one.clone() };
            let about = || format!("overrides[{}] in the configuration", number + 1);
            entries.push(one.to_entry(&self.tables, clock::now()).with_context(about)?);
        }
        if let Some(kept) = self.kept_overrides()? {
            for one in kept.all() {
                entries.push(one.to_entry(&self.tables, clock::now()).context("an override in the state directory")?);
            }
        }
        if entries.is_empty() {
            return Ok(None);
        }
        let mut builder = Builder::new(Keys::derive(&random_key()?), Arc::clone(&self.tables));
        let number = builder.list(List { default_category: Category::Other, ..List::new(OVERRIDES, "") })?;
        for entry in &entries {
            builder.add(number, entry)?;
        }
        Ok(Some(builder.finish()))
    }

    /// The overrides in the state directory, if there are any: no directory or key is made for asking.
    fn kept_overrides(&self) -> anyhow::Result<Option<Overrides>> {
        match self.state_dir().map(|dir| Overrides::path_in(&dir)) {
            Ok(path) if path.exists() => Ok(Some(Overrides::open(&path, &self.existing_key()?)?)),
            _ => Ok(None),
        }
    }

    /// The snapshot under its generation, which rises whenever anything that verdicts depend on has changed.
    fn numbered(&self, snapshot: Snapshot) -> anyhow::Result<Snapshot> {
        let config = &self.loaded.config;
        let lists: Vec<&List> = snapshot.indexes.iter().flat_map(|index| index.lists()).collect();
        let kept = self.kept_overrides()?.unwrap_or_default();
        let overrides = serde_json::to_vec(&(&config.overrides, &kept))?;
        let has_overrides = !config.overrides.is_empty() || !kept.all().is_empty();
        let overrides = if has_overrides {
            // Keyed: nobody shall guess values from what is kept beside the lists.
            let key = self.key()?.derive("linkgate 2026 fingerprint of overrides");
            blake3::keyed_hash(&key, &overrides).as_bytes().to_vec()
        } else {
            Vec::new()
        };
        let fields = [
            serde_json::to_vec(&lists)?,
            self.tables.id().to_vec(),
            serde_json::to_vec(&(&config.policy, config::readings(&config.lists), &config.extract))?,
            overrides,
        ];
        let mut hasher = blake3::Hasher::new();
        for field in &fields {
            hasher.update(&(field.len() as u64).to_le_bytes());
            hasher.update(field);
        }
        let state_dir = self.state_dir()?;
        let about = || format!("{} cannot be read or written", generation::path_in(&state_dir).display());
        let fingerprint = hasher.finalize();
        let generation =
            generation::advance(&state_dir, fingerprint.as_bytes(), self.generation_min).with_context(about)?;
        Ok(snapshot.at_generation(generation))
    }
}

pub(super) fn warn(message: &str) {
    // Nobody is left to tell if standard error is gone.
    let _ = writeln!(anstream::stderr(), "linkgate: {message}");
}

/// The texts of all tables: files where the configuration names them, else what comes with the program.
struct Texts {
    wrappers: String,
    aliases: String,
    tracking: String,
    suffixes: String,
}

impl Texts {
    fn read(files: &config::Tables) -> anyhow::Result<Self> {
        let shipped = TableTexts::shipped();
        let text = |file: &Option<PathBuf>, shipped: &str| match file {
            None => Ok(shipped.to_owned()),
            Some(path) => read_table(path),
        };
        Ok(Self {
            wrappers: text(&files.wrappers, shipped.wrappers)?,
            aliases: text(&files.aliases, shipped.aliases)?,
            tracking: text(&files.tracking, shipped.tracking)?,
            suffixes: text(&files.suffixes, shipped.suffixes)?,
        })
    }

    fn borrowed(&self) -> TableTexts<'_> {
        TableTexts {
            wrappers: &self.wrappers,
            aliases: &self.aliases,
            tracking: &self.tracking,
            suffixes: &self.suffixes,
        }
    }
}

pub(super) fn read_table(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("the table {} cannot be read", path.display()))
}
