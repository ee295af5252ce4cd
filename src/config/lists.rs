//! The settings of lists: `[[lists]]`, one for each list, and `[guards]`, what no update may do by itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::index::{Category, Mode};
use crate::lists::CategoryWords;
use crate::verdict::ListActions;

use super::settings::ItemKey;

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
    /// The name that the signature has to give the file, if it gives one; that of the address or path if this is not set, and any
    /// if it is `*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minisign_file: Option<String>,
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

/// Every key of `[[lists]]`, with its default or an example, and a few words.
pub(super) const KEYS: &[ItemKey] = &[
    ("name", r#""partner""#, "unique; stands in reports"),
    (
        "path",
        r#""/var/lib/linkgate/partner.csv""#,
        r#"a source file, a directory of such or a compiled index; "-": handed over to `lists fetch`"#,
    ),
    ("url", r#""https://lists.example/csam.csv""#, "where it is downloaded from, in place of `path`"),
    ("format", r#""plain""#, "detected if absent"),
    ("mode", r#""enforce""#, r#""report" is told and never acted on"#),
    ("rollout_share", "1.0", "the part of hosts on which it is enforced; on others it is only told"),
    ("required", "true", "nothing is ready without it"),
    ("default_category", r#""csam""#, "of entries without a category, or with one that nobody knows"),
    ("categories", r#"{ childabuse = "csam" }"#, "what its own words for categories mean"),
    ("actions", r#"{ spam = "allow" }"#, "what its entries lead to by category; by [policy.category] if absent"),
    ("www_twin", "true", "whether entries cover the host with or without `www.` too; by format if absent"),
    ("plain_means", r#""domain""#, r#"a bare name is that host and all below it; "exact": that host alone"#),
    ("root_url_means", r#""page""#, r#"a URL without a path is the front page; "host": the whole host"#),
    ("label_private", "false", "whether labels are listed below hosting suffixes too"),
    ("licence", r#""platforms only, not to be passed on""#, "for people"),
    ("handling", r#""TLP:AMBER""#, "for people"),
    ("poll_s", "43200", "how often its source is asked, if that one does not say"),
    ("stale_s", "604800", "without news it is stale after that; if absent: a week if it is downloaded, else never"),
    ("token_file", r#""/etc/linkgate/partner.token""#, "the bearer token for its source"),
    ("client_cert_file", r#""/etc/linkgate/partner.crt""#, "the certificate that its source is shown, PEM"),
    ("client_key_file", r#""/etc/linkgate/partner.key""#, "the key of that, PEM"),
    (
        "ca_file",
        r#""/etc/linkgate/partner-ca.crt""#,
        "authorities that its source may have besides those of the system, PEM",
    ),
    ("allow_nets", r#"["192.0.2.0/24"]"#, "networks of your own in which its source may be; else it must be public"),
    ("full_hash_url", r#""https://hashes.example/v1""#, "where whole hashes behind its prefixes are asked for"),
    ("full_hash_shape", r#""files""#, r#"how that is asked; or "safe_browsing""#),
    ("full_hash_threat_types", r#"["SOCIAL_ENGINEERING"]"#, r#"what "safe_browsing" asks for; everything if absent"#),
    ("minisign_key", r#""RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3""#, "it needs a .minisig of that"),
    ("minisign_file", r#""csam-2026.csv""#, "the name that the .minisig gives it; \"*\": any"),
    ("sha256", "false", "whether it needs a .sha256 beside it"),
    ("bytes_max", "1073741824", "its size when unpacked"),
    ("canary", r#""https://listed.test/""#, "a link that it must match"),
    ("anti_canary", r#""https://fine.example/""#, "a link that it must not match"),
    ("approvers", "1", "how many people approve what waits: 1 or 2"),
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
