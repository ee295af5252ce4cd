//! The settings of lists: `[[lists]]`, one for each subscription, and `[guards]`, what no update may do by itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::index::{Category, Mode};
use crate::lists::CategoryWords;
use crate::verdict::ListActions;

/// One list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListSetting {
    /// Unique; stands in reports.
    pub name: String,
    /// A source file, a directory of such, or a compiled index; `-` is handed over on standard input of `lists fetch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// Where it is downloaded from, in place of `path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its format; detected if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// `enforce` or `report`.
    #[serde(default)]
    pub mode: Mode,
    /// The share of hosts, by a keyed hash of the host, on which it is enforced; on others it is only told. 0 to 1.
    #[serde(default = "whole")]
    pub rollout_share: f64,
    /// Whether nothing is ready without it.
    #[serde(default = "yes")]
    pub required: bool,
    /// The category of entries that give none.
    #[serde(default = "csam")]
    pub default_category: Category,
    /// What its own words for categories mean: `{ "childabuse" = "csam" }`.
    #[serde(default, skip_serializing_if = "CategoryWords::is_empty")]
    pub categories: CategoryWords,
    /// What its entries lead to by category, where that is not what the policy says: `{ spam = "allow" }`.
    #[serde(default, skip_serializing_if = "ListActions::is_empty")]
    pub actions: ListActions,
    /// Whether `host`, `url` and `url_prefix` entries cover the `www.` twin; by format if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub www_twin: Option<bool>,
    /// What a bare name means: `domain` or `exact`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain_means: Option<String>,
    /// What the root of a URL alone means: `page` or `host`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_url_means: Option<String>,
    /// Whether `label` entries reach below private suffixes too.
    #[serde(default)]
    pub label_private: bool,
    /// Under what licence it is used; for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// How it is to be handled; for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling: Option<String>,
    /// How often its source is asked, in seconds, if that one does not say.
    #[serde(default = "twice_a_day")]
    pub poll_s: u32,
    /// How old it may be until it counts as stale, in seconds; a week if it is downloaded, for ever if not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_s: Option<u32>,
    /// File with the bearer token for its source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// File with the certificate that its source is shown, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_cert_file: Option<PathBuf>,
    /// File with the key of that certificate, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_key_file: Option<PathBuf>,
    /// Authorities that are trusted for its source besides those of the system, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Networks of the operator's own in which its source may be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_nets: Vec<IpNet>,
    /// Where the whole hashes behind its prefixes are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_hash_url: Option<String>,
    /// How that is asked: `safe_browsing` or `files`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_hash_shape: Option<HashShape>,
    /// What is asked for in the shape `safe_browsing`, as its source names it; everything if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub full_hash_threat_types: Vec<String>,
    /// The minisign key whose signature it must have, beside it under the same name and `.minisig`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minisign_key: Option<String>,
    /// Whether it must have a SHA-256 file beside it, under the same name and `.sha256`.
    #[serde(default)]
    pub sha256: bool,
    /// How large it may be when unpacked, in bytes.
    #[serde(default = "a_gibibyte")]
    pub bytes_max: u64,
    /// A link that it must match, or it is not the list that it is said to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<String>,
    /// A link that it must not match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anti_canary: Option<String>,
    /// How many people approve what waits: 1 or 2.
    #[serde(default = "one")]
    pub approvers: u8,
}

/// How whole hashes are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HashShape {
    /// As `fullHashes:find` of Safe Browsing, version 4.
    SafeBrowsing,
    /// One file for each prefix.
    Files,
}

/// What single lists lead to, by their names.
pub fn actions_by_list(lists: &[ListSetting]) -> BTreeMap<String, ListActions> {
    let own = lists.iter().filter(|list| !list.actions.is_empty());
    own.map(|list| (list.name.clone(), list.actions.clone())).collect()
}

/// What a verdict depends on that neither the text of a list nor what its index says of it tells.
pub fn readings(lists: &[ListSetting]) -> impl Serialize {
    let reading = |list: &ListSetting| {
        let means = (list.format.clone(), list.plain_means.clone(), list.root_url_means.clone());
        (list.name.clone(), means, list.categories.clone(), list.actions.clone())
    };
    lists.iter().map(reading).collect::<Vec<_>>()
}

fn csam() -> Category {
    Category::Csam
}

fn yes() -> bool {
    true
}

fn whole() -> f64 {
    1.0
}

fn twice_a_day() -> u32 {
    12 * 60 * 60
}

fn a_gibibyte() -> u64 {
    1 << 30
}

fn one() -> u8 {
    1
}

pub(super) const KEYS: &[&str] = &[
    "name",
    "path",
    "url",
    "format",
    "mode",
    "rollout_share",
    "required",
    "default_category",
    "categories",
    "actions",
    "www_twin",
    "plain_means",
    "root_url_means",
    "label_private",
    "licence",
    "handling",
    "poll_s",
    "stale_s",
    "token_file",
    "client_cert_file",
    "client_key_file",
    "ca_file",
    "allow_nets",
    "full_hash_url",
    "full_hash_shape",
    "full_hash_threat_types",
    "minisign_key",
    "sha256",
    "bytes_max",
    "canary",
    "anti_canary",
    "approvers",
];

/// What no update of any list may do by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each field is described in `DOCS`, which the help prints")]
pub struct GuardSetting {
    pub protect: Vec<String>,
    pub growth_max_share: f64,
    pub shrink_max_share: f64,
    pub bad_lines_max_share: f64,
    pub newly_matched_max_share: f64,
    pub sample_links: u32,
}

impl Default for GuardSetting {
    fn default() -> Self {
        Self {
            protect: Vec::new(),
            growth_max_share: 0.3,
            shrink_max_share: 0.3,
            bad_lines_max_share: 0.01,
            newly_matched_max_share: 0.001,
            sample_links: 10_000,
        }
    }
}

/// Every key with what it means.
pub(super) const DOCS: &[(&str, &str)] = &[
    (
        "guards.protect",
        "Hosts that no list may take as a whole without approval, besides those of lists/protected.txt.",
    ),
    ("guards.growth_max_share", "A list that grows by more than this share of its entries waits for approval."),
    ("guards.shrink_max_share", "A list that shrinks by more than this share of its entries waits for approval."),
    ("guards.bad_lines_max_share", "An update with a larger share of lines that cannot be used is refused, 0 to 1."),
    (
        "guards.newly_matched_max_share",
        "An update that newly matches a larger share of the links checked lately waits for approval, 0 to 1.",
    ),
    (
        "guards.sample_links",
        "So many of the links checked lately are kept, as digests that tell nothing without the key; 0: none.",
    ),
];
