//! Every setting, its default and what it means.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::lists::Override;
use crate::serve::TlsFiles;
use crate::verdict::Policy;

use super::doors::{self, ApiSetting, KeySetting, ProxySetting, Serve, Telemetry};
use super::follow::{self, CacheSetting, FetchSetting};
use super::lists::{self, GuardSetting, ListSetting};
use super::webhook::{self, WebhookSetting};

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `[state]`
    pub state: State,
    /// `[extract]`
    pub extract: Extract,
    /// `[policy]`
    pub policy: Policy,
    /// `[tables]`
    pub tables: Tables,
    /// `[serve]`
    pub serve: Serve,
    /// `[tls]`
    pub tls: TlsFiles,
    /// `[api]`
    pub api: ApiSetting,
    /// `[proxy]`
    pub proxy: ProxySetting,
    /// `[fetch]`
    pub fetch: FetchSetting,
    /// `[cache]`
    pub cache: CacheSetting,
    /// `[webhook]`
    pub webhook: WebhookSetting,
    /// `[telemetry]`
    pub telemetry: Telemetry,
    /// `[guards]`
    pub guards: GuardSetting,
    /// `[[lists]]`; none means the demo list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<ListSetting>,
    /// `[[overrides]]`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// `[[keys]]`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeySetting>,
}

/// What is kept between runs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each field is described in `DOCS`, which the help prints")]
pub struct State {
    pub dir: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
}

/// How much of a post is looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each field is described in `DOCS`, which the help prints")]
pub struct Extract {
    pub links_max: usize,
    pub candidates_max: usize,
}

impl Default for Extract {
    fn default() -> Self {
        Self { links_max: 200, candidates_max: 1_000 }
    }
}

/// Files in place of the tables in the program.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each field is described in `DOCS`, which the help prints")]
pub struct Tables {
    pub wrappers: Option<PathBuf>,
    pub aliases: Option<PathBuf>,
    pub tracking: Option<PathBuf>,
    pub suffixes: Option<PathBuf>,
    pub shorteners: Option<PathBuf>,
}

/// Every key with what it means, in the order of the default file. A test holds it complete.
pub(super) fn docs() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    DOCS.iter().chain(doors::DOCS).chain(follow::DOCS).chain(webhook::DOCS).chain(lists::DOCS)
}

/// The sections in double brackets, with the keys of their items and what an item must have.
pub(super) const ARRAYS: [Array; 3] = [
    Array {
        name: "lists",
        meaning: "One [[lists]] for each list; without any, the demo list is used.",
        keys: lists::KEYS,
        sections: &[],
        required: &[("name", ""), ("path", "")],
    },
    Array {
        name: "overrides",
        meaning: "The operator's own rulings; `linkgate override add` keeps them out of this file.",
        keys: OVERRIDE_KEYS,
        sections: &[],
        required: &[("value", ""), ("scope", "domain"), ("action", "allow"), ("reason", ""), ("author", "")],
    },
    Array {
        name: "keys",
        meaning: "One [[keys]] for each that may ask the check API; `linkgate keys new NAME` makes a key and these lines.",
        keys: KEY_KEYS,
        sections: &["policy"],
        required: &[("name", ""), ("sha256", "")],
    },
];

/// A section in double brackets.
pub(super) struct Array {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    pub(super) keys: &'static [ItemKey],
    /// Those of its keys that are sections of the configuration again.
    pub(super) sections: &'static [&'static str],
    pub(super) required: &'static [(&'static str, &'static str)],
}

/// A key of an item: its name, its default or else an example, as TOML, and a few words.
pub(super) type ItemKey = (&'static str, &'static str, &'static str);

const OVERRIDE_KEYS: &[ItemKey] = &[
    ("id", r#""""#, "given by the place in the file; leave it out"),
    ("value", r#""fine.example""#, "a host, URL, address, network or label, by `scope`"),
    ("scope", r#""domain""#, "as of entries of lists"),
    ("action", r#""allow""#, r#"or "flag", "hold", "reject""#),
    ("reason", r#""listed by mistake, reported to the source""#, "stands on the record"),
    ("author", r#""t-and-s""#, "who decided"),
    ("approver", r#""lead""#, "a second person; without one csam and the like stay as they are"),
    ("expires", r#""2027-01-31""#, "its last day; required below reject, at most 90 days away"),
];

const KEY_KEYS: &[ItemKey] = &[
    ("name", r#""composer""#, "whose it is"),
    ("sha256", r#""…""#, "of the key, which stands nowhere"),
    ("scopes", r#"["check"]"#, r#"and "explain", "reveal", "admin""#),
    ("tenant", r#""platform""#, "keys of one tenant share budgets; its own name if absent"),
    ("expires", r#""2027-01-31""#, "its last day"),
    ("lists", r#"["partner"]"#, "that answer it; all if absent"),
    ("policy", r#"{ not_canonical = "hold" }"#, "values of [policy] that are others for it"),
    ("requests_per_minute", "6000", "no end if absent"),
    ("links_per_day", "5000000", "looked up; no end if absent"),
    ("hits_per_day", "1000", "distinct entries; whoever meets more is reading the list out"),
];

const DOCS: &[(&str, &str)] = &[
    ("state.dir", "Where generations, overrides and keys are kept. Default: $XDG_STATE_HOME/linkgate."),
    ("state.key_file", "File with the state key, 32 bytes or 64 hex digits. Default: made in <dir>/key/."),
    ("extract.links_max", "Links looked at in one post; more make it undetermined: too many links."),
    ("extract.candidates_max", "Names without a scheme looked at in one post."),
    ("policy.min_confidence", "Entries below this confidence (0 to 100) lead to flag at most."),
    ("policy.not_canonical", "A link that no parser takes for a URL: allow, flag, hold or reject."),
    ("policy.too_many_links", "A post with more links than are looked at."),
    ("policy.prefix_unconfirmed", "Only a part of a hash matched."),
    ("policy.redirect_unfinished", "A redirect was not followed to its end in time."),
    ("policy.limit", "A link that carries more URLs than are looked at, or is too long."),
    ("policy.category.csam", "Child sexual abuse material."),
    ("policy.category.csam_advertising", "Adverts for it."),
    ("policy.category.invite_pyramid", "Schemes that reward spreading invitations to it."),
    ("policy.category.exploitation", "Sexual exploitation of children by other means."),
    ("policy.category.malware", "Malicious software."),
    ("policy.category.phishing", "Phishing."),
    ("policy.category.spam", "Unwanted advertising."),
    ("policy.category.test", "Entries made to test that the way from list to verdict works."),
    ("policy.category.other", "Anything else."),
    ("policy.min_sources.csam", "Lists that have to say so; what fewer say leads to flag at most."),
    ("policy.min_sources.csam_advertising", "The same for csam_advertising."),
    ("policy.min_sources.invite_pyramid", "The same for invite_pyramid."),
    ("policy.min_sources.exploitation", "The same for exploitation."),
    ("policy.min_sources.malware", "The same for malware."),
    ("policy.min_sources.phishing", "The same for phishing."),
    ("policy.min_sources.spam", "The same for spam."),
    ("policy.min_sources.test", "The same for test."),
    ("policy.min_sources.other", "The same for other."),
    ("tables.wrappers", "File in place of the built-in table of URL wrappers."),
    ("tables.aliases", "File in place of the built-in table of host aliases."),
    ("tables.tracking", "File in place of the built-in table of tracking parameters."),
    ("tables.suffixes", "File in place of the built-in Public Suffix List."),
    ("tables.shorteners", "File in place of the built-in table of link shorteners."),
];
