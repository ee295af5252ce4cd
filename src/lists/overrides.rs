//! The operator's own rulings: what they may say, and the sealed file that keeps them.
//!
//! A ruling that lowers an action is a hole in the wall: it reaches no further than a registrable domain, has an author,
//! a reason and an end. What entries of grave categories ask for it lowers only once a second person has approved it.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::canonical::Tables;
use crate::index::{Action, Entry, Scope, SealError, StateKey, Target, atomic};

use super::intake::Intake;
use super::options::Options;
use super::override_hits::OverrideHits;
use super::report::Refusal;
use super::value;

/// A ruling that lowers an action holds at most this long, in days.
pub const LOWERING_MAX_DAYS: i64 = 90;
const SEAL: &str = "linkgate 2026 overrides";

/// An operator's own ruling on a value.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Stands in reports. Drawn at random when a ruling is added: it must not tell the value.
    #[serde(default)]
    pub id: String,
    /// A host, URL, address, network or label, by scope.
    pub value: String,
    /// Which links it rules.
    pub scope: Scope,
    /// What to do with posts that have such a link.
    pub action: Action,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub author: String,
    /// The second person who approved it. Without one, a ruling that lowers an action says nothing of entries of
    /// [grave](crate::index::Category::is_grave) categories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
    /// When it ends; required for those that lower an action.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "moment_or_day")]
    pub expires: Option<Timestamp>,
}

/// When a ruling ends that is given as a moment, or as a day: who says "until the 31st" means through it.
pub fn ending(text: &str) -> Option<Timestamp> {
    let day_over = || text.parse::<Date>().ok()?.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok();
    text.parse().ok().or_else(|| day_over().map(|midnight| midnight.timestamp()))
}

/// The same in a configuration.
///
/// # Errors
/// If it is neither.
pub fn moment_or_day<'d, D: Deserializer<'d>>(input: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<String>::deserialize(input)? else { return Ok(None) };
    let unread = || D::Error::custom("expected \"2027-01-31\" or \"2027-01-31T12:00:00Z\"");
    ending(&text).map(Some).ok_or_else(unread)
}

impl std::fmt::Debug for Override {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The value may be a listed URL.
        f.debug_struct("Override").field("scope", &self.scope).field("action", &self.action).finish_non_exhaustive()
    }
}

/// What may be told of a ruling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OverrideSummary {
    /// Stands in reports.
    pub id: String,
    /// Which links it rules.
    pub scope: Scope,
    /// What to do with posts that have such a link.
    pub action: Action,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub author: String,
    /// Who approved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
    /// Whether it says nothing of grave entries until a second person approves it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub waits: bool,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// How often it decided, as far as servers have told.
    pub hits: u64,
    /// When it decided last, as far as servers have told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_hit: Option<Timestamp>,
}

/// Why a ruling is not taken. Never shows its value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OverrideError {
    /// The value does not fit the scope.
    #[error("the value cannot be used with scope {scope}: {why}")]
    Value {
        /// The scope's name.
        scope: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Too wide to lower anything.
    #[error(
        "a ruling below `reject` may cover a registrable domain at most, not a public suffix, label, network or hash; give a host or URL"
    )]
    TooWide,
    /// It would hold for ever, or too long.
    #[error(
        "a ruling ends in the future, and one below `reject` at most {LOWERING_MAX_DAYS} days from now; set `expires`"
    )]
    Expiry,
    /// Nobody would know later why it is there.
    #[error("a ruling needs an author and a reason")]
    Unexplained,
    /// Two pairs of eyes are wanted.
    #[error("the one who approves a ruling is another than its author")]
    SamePerson,
    /// There is nothing to approve.
    #[error("that ruling waits for nobody: it was approved before, or it lowers no action")]
    NotWaiting,
    /// There is none of that id.
    #[error("there is no ruling of that id; `linkgate override list` shows them")]
    Unknown,
    /// There is one already.
    #[error(
        "there is a ruling of that scope on that value already; take it back with `linkgate override remove` first"
    )]
    Exists,
    /// The file cannot be read or written.
    #[error("the file of overrides cannot be used")]
    Io(#[from] io::Error),
    /// The file is sealed with another key, or damaged.
    #[error("the file of overrides cannot be opened")]
    Sealed(#[from] SealError),
}

impl Override {
    /// The value in canonical form, if it fits the scope.
    fn target(&self, tables: &Tables) -> Option<Target> {
        self.read(tables).ok().map(|(_, target)| target)
    }

    fn read(&self, tables: &Tables) -> Result<(Scope, Target), OverrideError> {
        let options = Options::default();
        let refused = |why: Refusal| OverrideError::Value { scope: self.scope.name(), why: why.text() };
        let mut nothing = |_: Entry| {};
        let mut intake = Intake::new(&options, tables, &mut nothing);
        value::scoped(self.scope, &self.value, &mut intake).map_err(refused)
    }

    /// The ruling as an index keeps it, if it may be made at `now`, in seconds since the Unix epoch.
    ///
    /// One that has ended is taken: it holds no more, and that is no fault.
    ///
    /// # Errors
    /// If the value does not fit the scope, or the ruling reaches too far or too long.
    pub fn to_entry(&self, tables: &Tables, now: i64) -> Result<Entry, OverrideError> {
        if self.author.trim().is_empty() || self.reason.trim().is_empty() {
            return Err(OverrideError::Unexplained);
        }
        if self.approver.as_deref().is_some_and(|approver| !self.may_be_approved_by(approver)) {
            return Err(OverrideError::SamePerson);
        }
        let (scope, target) = self.read(tables)?;
        if self.action < Action::Reject {
            self.check_lowering(&target, tables, now)?;
        }
        Ok(Entry {
            scope,
            exception: false,
            target,
            id: Some(self.id.as_str().into()),
            category: None,
            confidence: None,
            action: Some(self.action),
            source_ref: None,
            valid_from: None,
            valid_until: self.expires.map(Timestamp::as_second),
            jurisdiction: None,
            // As entries are that somebody does not agree with.
            disputed: self.waits(),
        })
    }

    /// Whether it says nothing of grave entries until a second person approves it.
    pub fn waits(&self) -> bool {
        self.action < Action::Reject && self.approver.is_none()
    }

    fn may_be_approved_by(&self, who: &str) -> bool {
        let name = |text: &str| text.trim().to_lowercase();
        !name(who).is_empty() && name(who) != name(&self.author)
    }

    fn check_lowering(&self, target: &Target, tables: &Tables, now: i64) -> Result<(), OverrideError> {
        let narrow = match target {
            Target::Host(name) => tables.suffixes().registrable(name).is_some(),
            Target::Url(_) | Target::Ip(_) => true,
            _ => false,
        };
        if !narrow {
            return Err(OverrideError::TooWide);
        }
        let latest = now + LOWERING_MAX_DAYS * 24 * 60 * 60;
        match self.expires {
            Some(at) if at.as_second() <= latest => Ok(()),
            _ => Err(OverrideError::Expiry),
        }
    }
}

/// The rulings kept in the state directory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Overrides(Vec<Override>);

impl Overrides {
    /// Where the file stands in a state directory.
    pub fn path_in(state_dir: &Path) -> PathBuf {
        state_dir.join("overrides.sealed")
    }

    /// Opens the file.
    ///
    /// # Errors
    /// If it cannot be read, or not with this key.
    pub fn open(path: &Path, key: &StateKey) -> Result<Self, OverrideError> {
        let plain = key.unseal(SEAL, &std::fs::read(path)?)?;
        serde_json::from_slice(&plain).map_err(|_| OverrideError::Sealed(SealError::Broken))
    }

    /// Replaces the file, whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&self, path: &Path, key: &StateKey) -> Result<(), OverrideError> {
        let sealed = key.seal(SEAL, &serde_json::to_vec(self).map_err(io::Error::from)?)?;
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        Ok(atomic::write_atomically(path, |file| file.write_all(&sealed))?)
    }

    /// All of them, also those that have ended.
    pub fn all(&self) -> &[Override] {
        &self.0
    }

    /// Adds one.
    ///
    /// # Errors
    /// If it may not be made at `now`, or there is one of that scope on that value.
    pub fn add(&mut self, mut new: Override, tables: &Tables, now: i64) -> Result<(), OverrideError> {
        let entry = new.to_entry(tables, now)?;
        if new.expires.is_some_and(|at| at.as_second() <= now) {
            return Err(OverrideError::Expiry);
        }
        if self.0.iter().any(|one| one.scope == new.scope && one.target(tables).as_ref() == Some(&entry.target)) {
            return Err(OverrideError::Exists);
        }
        let mut random = [0; 5];
        getrandom::fill(&mut random).map_err(|_| SealError::NoRandom)?;
        new.id = format!("override-{}", data_encoding::HEXLOWER.encode(&random));
        self.0.push(new);
        Ok(())
    }

    /// The one of that id, approved by somebody.
    ///
    /// # Errors
    /// If there is none, it waits for nobody, or it is the author who approves.
    pub fn approve(&mut self, id: &str, who: &str) -> Result<&Override, OverrideError> {
        let one = self.0.iter_mut().find(|one| one.id == id).ok_or(OverrideError::Unknown)?;
        if !one.waits() {
            return Err(OverrideError::NotWaiting);
        }
        if !one.may_be_approved_by(who) {
            return Err(OverrideError::SamePerson);
        }
        one.approver = Some(who.trim().to_owned());
        Ok(one)
    }

    /// Removes those on a value in whatever spelling, or with that id, of one scope or of all; gives them back.
    pub fn remove(&mut self, value_or_id: &str, scope: Option<Scope>, tables: &Tables) -> Vec<Override> {
        let is_meant = |one: &mut Override| {
            let asked = Override { value: value_or_id.to_owned(), ..one.clone() };
            let same = one.id == value_or_id || one.value == value_or_id;
            let meant = same || asked.target(tables).is_some_and(|target| one.target(tables) == Some(target));
            meant && scope.is_none_or(|scope| scope == one.scope)
        };
        self.0.extract_if(.., is_meant).collect()
    }

    /// What may be told of them.
    pub fn summaries(&self, hits: &OverrideHits) -> Vec<OverrideSummary> {
        let summary = |one: &Override| OverrideSummary {
            id: one.id.clone(),
            scope: one.scope,
            action: one.action,
            reason: one.reason.clone(),
            author: one.author.clone(),
            approver: one.approver.clone(),
            waits: one.waits(),
            expires: one.expires,
            hits: hits.of(&one.id).map_or(0, |counted| counted.hits),
            last_hit: hits.of(&one.id).and_then(|counted| Timestamp::from_second(counted.last_at).ok()),
        };
        self.0.iter().map(summary).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn ruling(scope: &str, value: &str, action: Action, days: Option<i64>) -> Override {
        Override {
            id: String::new(),
            value: value.to_owned(),
            scope: Scope::from_name(scope).unwrap(),
            action,
            reason: "a mistake".to_owned(),
            author: "t-and-s".to_owned(),
            approver: None,
            expires: days.map(|days| Timestamp::from_second(NOW + days * 86_400).unwrap()),
        }
    }

    #[test]
    fn what_lowers_an_action_is_narrow_and_ends() {
        let tables = Tables::shipped().unwrap();
        for (scope, value, action, days, taken) in [
            ("domain", "a.example", Action::Allow, Some(30), true),
            ("domain", "a.example", Action::Allow, Some(90), true),
            ("domain", "a.example", Action::Allow, Some(91), false),
            ("domain", "a.example", Action::Allow, None, false),
            ("domain", "a.example", Action::Flag, None, false),
            ("domain", "co.uk", Action::Allow, Some(30), false),
            ("label", "name", Action::Allow, Some(30), false),
            ("cidr", "192.0.2.0/24", Action::Hold, Some(30), false),
            ("url", "a.example/p", Action::Allow, Some(30), true),
            ("ip", "192.0.2.1", Action::Allow, Some(30), true),
            ("domain", "a.example", Action::Reject, None, true),
            ("label", "name", Action::Reject, None, true),
            ("domain", "not a host", Action::Reject, None, false),
        ] {
            let found = ruling(scope, value, action, days).to_entry(&tables, NOW);
            assert_eq!(found.is_ok(), taken, "{scope} {value} {action:?} {days:?}: {:?}", found.err());
        }
        let unsigned = Override { author: " ".to_owned(), ..ruling("domain", "a.example", Action::Reject, None) };
        assert!(matches!(unsigned.to_entry(&tables, NOW), Err(OverrideError::Unexplained)));
    }

    #[test]
    fn the_second_person_is_another() {
        let tables = Tables::shipped().unwrap();
        let mut kept = Overrides::default();
        kept.add(ruling("domain", "a.example", Action::Allow, Some(30)), &tables, NOW).unwrap();
        kept.add(ruling("domain", "b.example", Action::Reject, None), &tables, NOW).unwrap();
        let [lowers, raises] = [0, 1].map(|number: usize| kept.all()[number].id.clone());
        for (id, who, expected) in [
            (&lowers, "t-and-s", Some(OverrideError::SamePerson)),
            (&lowers, " T-and-S ", Some(OverrideError::SamePerson)),
            (&lowers, " ", Some(OverrideError::SamePerson)),
            (&raises, "somebody else", Some(OverrideError::NotWaiting)),
            (&"override-0".to_owned(), "somebody else", Some(OverrideError::Unknown)),
            (&lowers, "somebody else", None),
            (&lowers, "a third", Some(OverrideError::NotWaiting)),
        ] {
            let told = kept.approve(id, who).err().map(|error| error.to_string());
            assert_eq!(told, expected.map(|error| error.to_string()), "{who}");
        }
        let entries: Vec<Entry> = kept.all().iter().map(|one| one.to_entry(&tables, NOW).unwrap()).collect();
        assert!(entries.iter().all(|entry| !entry.disputed));
        let mut alone = ruling("domain", "a.example", Action::Allow, Some(30));
        assert!(alone.to_entry(&tables, NOW).unwrap().disputed);
        alone.approver = Some("T-AND-S".to_owned());
        assert!(matches!(alone.to_entry(&tables, NOW), Err(OverrideError::SamePerson)));
    }

    #[test]
    fn the_file_opens_with_its_key_only_and_shows_no_value() {
        let tables = Tables::shipped().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = Overrides::path_in(dir.path());
        let (key, other) = (StateKey::new([1; 32]), StateKey::new([2; 32]));
        let mut kept = Overrides::default();
        kept.add(ruling("domain", "a.example", Action::Allow, Some(30)), &tables, NOW).unwrap();
        let again = kept.add(ruling("domain", "a.example", Action::Reject, None), &tables, NOW);
        assert!(matches!(again, Err(OverrideError::Exists)));
        kept.save(&path, &key).unwrap();
        assert_eq!(Overrides::open(&path, &key).unwrap(), kept);
        assert!(matches!(Overrides::open(&path, &other), Err(OverrideError::Sealed(_))));
        let file = std::fs::read(&path).unwrap();
        assert!(memchr::memmem::find(&file, b"a.example").is_none());
        assert!(!serde_json::to_string(&kept.summaries(&OverrideHits::default())).unwrap().contains("a.example"));
        assert_eq!(kept.remove("a.example", Some(Scope::Host), &tables).len(), 0);
        assert_eq!(kept.remove("A.EXAMPLE.", None, &tables).len(), 1);
    }
}
