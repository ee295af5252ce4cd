//! One case as JSON in, what becomes of it out: `inspect guard`, for people who want to know before a list does it.

use std::collections::HashSet;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::canonical::Tables;
use crate::index::{Entry, Keys, Scope, StateKey};
use crate::lists::body;
use crate::lists::date::{self, Day};
use crate::lists::detect::detect;
use crate::lists::format::{self, Format};
use crate::lists::intake::{Intake, Line};
use crate::lists::options::Options;
use crate::lists::report::{LineReport, Refusal};
use crate::lists::value;

use super::code::{Outcome, UpdateCode};
use super::entry::EntryRuling;
use super::known::Guards;
use super::read::{Door, GuardedList, Passage, read_guarded};
use super::update::{Presence, Replay, Signature, UpdateFacts, UpdateRuling};

/// A case. Fields that are not known are ignored.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Case {
    Entry(EntryCase),
    Update(Box<UpdateCase>),
}

/// An entry as a list has it.
#[derive(Deserialize)]
struct EntryCase {
    entry: String,
    /// A scope; without one the text decides, as in a plain list.
    entry_type: Option<String>,
    #[serde(default)]
    config: Config,
}

/// What the operator has set.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Config {
    protect: Vec<String>,
}

/// Facts about an update; what is absent is not known.
#[derive(Default, Deserialize)]
#[serde(default)]
struct UpdateCase {
    base_count: Option<u64>,
    update_count: Option<u64>,
    replay: Option<ReplayCase>,
    has_test_entry: Option<bool>,
    has_invalid_entry: Option<bool>,
    body: Option<String>,
    format: Option<String>,
    /// How long the body is by what its server said, in bytes.
    content_length: Option<u64>,
    bad_line_ratio: Option<f64>,
    /// Of the live version and of the update: numbers or dates.
    version: Option<(Value, Value)>,
    /// Which body was signed, and which one came.
    signature_of: Option<Value>,
    body_of: Option<Value>,
    /// Whether there is a signature.
    signed: Option<bool>,
    /// What became of it: `valid` or true, `missing` or null; everything else is wrong.
    #[serde(deserialize_with = "present")]
    signature: Option<Value>,
    /// What the body's SHA-256 should be, in hex.
    sha256: Option<String>,
    /// When what was signed runs out, and the moment to judge that by if it is not the present one.
    expires: Option<String>,
    now: Option<String>,
    config: Config,
}

#[derive(Deserialize)]
struct ReplayCase {
    posts: u64,
    newly_blocked: u64,
}

/// What becomes of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// What becomes of it.
    pub outcome: Outcome,
    /// Why; none if it goes live.
    pub code: Option<String>,
}

/// Why a case cannot be judged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardInputError {
    /// It is not what `inspect guard` takes.
    #[error("the case must be {{\"kind\": \"entry\", \"entry\": …}} or {{\"kind\": \"update\", …}}")]
    Case,
    /// A scope, format, version or date that there is not.
    #[error("the field `{0}` has a value that cannot be read")]
    Field(&'static str),
}

/// Judges one case at `now`, in seconds since the Unix epoch.
///
/// # Errors
/// If it does not have the right form.
pub fn judge(case: &Value, guards: &Guards, tables: &Tables, now: i64) -> Result<Judged, GuardInputError> {
    match Case::deserialize(case).map_err(|_| GuardInputError::Case)? {
        Case::Entry(case) => entry(&case, &guards.protecting(&case.config.protect), tables),
        Case::Update(case) => {
            let guards = guards.protecting(&case.config.protect);
            let facts = case.facts(&guards, tables, now)?;
            Ok(Judged::of(guards.update(&facts)))
        }
    }
}

impl Judged {
    fn of(ruling: UpdateRuling) -> Self {
        let (outcome, code) = match ruling {
            UpdateRuling::Accept => return Self::accepted(),
            UpdateRuling::Reject(code) => (Outcome::Reject, code),
            UpdateRuling::Quarantine(code) => (Outcome::Quarantine, code),
        };
        Self { outcome, code: Some(code.code().to_owned()) }
    }

    fn accepted() -> Self {
        Self { outcome: Outcome::Accept, code: None }
    }

    /// By the name that reports in JSON have for it.
    fn refused(reason: Refusal) -> Self {
        let name = serde_json::to_value(reason).ok().and_then(|name| name.as_str().map(str::to_owned));
        Self { outcome: Outcome::RejectEntry, code: name }
    }
}

/// An entry is what one line of a list would be. The strictest of what it gives decides.
fn entry(case: &EntryCase, guards: &Guards, tables: &Tables) -> Result<Judged, GuardInputError> {
    let mut found = None;
    let mut ask = |entry: &Entry| {
        let ruling = guards.entry(entry, tables);
        found = found.take().filter(|before| *before != EntryRuling::Accept).or(Some(ruling));
        Passage::Free
    };
    let (options, mut sink) = (Options::default(), |_| {});
    let intake = Intake::new(&options, tables, &mut sink).behind(Door::Holding(&mut ask));
    let report = read_entry(case, intake)?;
    Ok(match found {
        Some(EntryRuling::Accept) => Judged::accepted(),
        Some(EntryRuling::Refuse(reason)) => Judged::refused(reason),
        Some(EntryRuling::Hold(hold)) => Judged { outcome: Outcome::Quarantine, code: Some(hold.code().to_owned()) },
        // A comment or nothing at all is no entry.
        None => Judged::refused(report.refused.keys().next().copied().unwrap_or(Refusal::Empty)),
    })
}

fn read_entry(case: &EntryCase, mut intake: Intake<'_>) -> Result<LineReport, GuardInputError> {
    let text = body::without_bom(case.entry.as_bytes());
    let Some(kind) = &case.entry_type else {
        return format::read(text, Format::Plain, intake).map_err(|_| GuardInputError::Field("entry"));
    };
    let kind = kind.to_ascii_lowercase();
    let (kind, exception) = kind.strip_prefix("allow_").map_or((kind.as_str(), false), |kind| (kind, true));
    let scope = Scope::from_name(kind).ok_or(GuardInputError::Field("entry_type"))?;
    intake.each_line(text, |intake, text| {
        let (scope, target) = value::scoped(scope, text, intake)?;
        intake.give(Entry { exception, ..Entry::new(scope, target) });
        Ok(Line::Taken)
    });
    Ok(intake.finish())
}

impl UpdateCase {
    fn facts(&self, guards: &Guards, tables: &Tables, now: i64) -> Result<UpdateFacts, GuardInputError> {
        let presence = |has: bool| if has { Presence::Present } else { Presence::Absent };
        let (base_version, new_version) = self.versions()?;
        let facts = UpdateFacts {
            base_entries: self.base_count,
            base_version,
            new_version,
            signature: self.signature(),
            expires_and_now: self.expires_and_now(now)?,
            test_entry: self.has_test_entry.map(presence),
            invalid_entry: self.has_invalid_entry.map(presence),
            replay: self.replay.as_ref().map(|one| Replay { posts: one.posts, newly_matched: one.newly_blocked }),
            ..UpdateFacts::default()
        };
        let facts = self.read(facts, guards, tables)?;
        // What the case says of the body goes before what was found in it.
        let (new_entries, bad_share) = (self.update_count.or(facts.new_entries), self.bad_line_ratio);
        Ok(UpdateFacts { new_entries, bad_share: bad_share.unwrap_or(facts.bad_share), ..facts })
    }

    /// Reads the body, if there is one, as an update would be.
    fn read(&self, facts: UpdateFacts, guards: &Guards, tables: &Tables) -> Result<UpdateFacts, GuardInputError> {
        let Some(text) = &self.body else { return Ok(facts) };
        if self.content_length.is_some_and(|length| length != text.len() as u64) {
            return Ok(UpdateFacts { unreadable: Some(UpdateCode::CutOff), ..facts });
        }
        let format = match self.format.as_deref() {
            None | Some("auto") => detect(text.as_bytes()),
            Some(name) => Format::from_name(name).ok_or(GuardInputError::Field("format"))?,
        };
        // The key does not matter: nobody approves anything here.
        let (options, keys, approved) = (Options::default(), Keys::derive(&StateKey::new([0; 32])), HashSet::new());
        let list = GuardedList { name: "inspected", format, options: &options, keys: &keys, approved: &approved };
        let read = body::unpack(text.as_bytes(), &options)
            .and_then(|text| read_guarded(&text, &list, guards, tables, &mut |_| {}));
        Ok(facts.with_read(read.as_ref()))
    }

    fn versions(&self) -> Result<(Option<String>, Option<String>), GuardInputError> {
        let Some((base, new)) = &self.version else { return Ok((None, None)) };
        let text = |version: &Value| match version {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text.clone())),
            Value::Number(number) => Ok(Some(number.to_string())),
            _ => Err(GuardInputError::Field("version")),
        };
        Ok((text(base)?, text(new)?))
    }

    fn signature(&self) -> Option<Signature> {
        let (signed_body, body) = (self.signature_of.as_ref(), self.body_of.as_ref());
        let stated = self.signature.as_ref().map(|signature| match signature {
            Value::Null => Signature::Missing,
            Value::Bool(true) => Signature::Right,
            Value::String(text) if text == "valid" => Signature::Right,
            Value::String(text) if text == "missing" => Signature::Missing,
            _ => Signature::Wrong,
        });
        let signed = self.signed.map(|signed| if signed { Signature::Right } else { Signature::Missing });
        let same = body.map(|body| match signed_body {
            None => Signature::Missing,
            Some(signed) if signed == body => Signature::Right,
            Some(_) => Signature::Wrong,
        });
        let digest = self.sha256.as_ref().zip(self.body.as_ref()).map(|(digest, body)| {
            let own = data_encoding::HEXLOWER.encode(&Sha256::digest(body));
            if own.eq_ignore_ascii_case(digest) { Signature::Right } else { Signature::Wrong }
        });
        let proofs = [stated, signed, same, digest];
        proofs.into_iter().flatten().reduce(|before, next| if before == Signature::Right { next } else { before })
    }

    fn expires_and_now(&self, now: i64) -> Result<Option<(i64, i64)>, GuardInputError> {
        let Some(expires) = &self.expires else { return Ok(None) };
        let expires = date::seconds(expires, Day::Ends).ok_or(GuardInputError::Field("expires"))?;
        let stated = self.now.as_ref().map(|now| date::seconds(now, Day::Begins).ok_or(GuardInputError::Field("now")));
        Ok(Some((expires, stated.transpose()?.unwrap_or(now))))
    }
}

/// A field that is null is there; only one that is not written is absent.
fn present<'d, D: Deserializer<'d>>(input: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(input).map(Some)
}
