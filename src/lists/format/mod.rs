//! The formats that lists come in: one file each, or one for a few that are alike.

mod adblock;
mod dnsmasq;
mod fediverse;
mod hosts;
mod house;
mod json;
mod jsonl;
mod misp;
mod plain;
mod row;
mod rpz;
mod sha256;
mod simple;
mod stix;
mod table;
mod threatexchange;

pub(super) use dnsmasq::is_rule as is_dnsmasq_rule;
pub(super) use house::is_header as is_house_header;

use super::body::without_bom;
use super::error::ListError;
use super::intake::Intake;
use super::report::LineReport;

/// A format of list files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Format {
    /// Names, URLs, addresses, one per line.
    Plain,
    /// `/etc/hosts`.
    Hosts,
    /// The house format as CSV.
    HouseCsv,
    /// The house format as JSON lines.
    HouseJsonl,
    /// SHA-256 of Safe Browsing expressions in hex, or as JSON lines.
    Sha256,
    /// SHA-256 or prefixes of them, one after another without anything between.
    Sha256Raw,
    /// Adblock and `AdGuard` rules about hosts and pages.
    Adblock,
    /// Names with stars that cover the name behind them too.
    Wildcard,
    /// dnsmasq settings.
    Dnsmasq,
    /// A table with columns of its own.
    Csv,
    /// `domains` of a squidGuard tree; a tree is a directory of such files.
    SquidDomains,
    /// `urls` of a squidGuard tree.
    SquidUrls,
    /// `expressions` of a squidGuard tree: refused.
    SquidExpressions,
    /// e2guardian lists.
    E2guardian,
    /// DNS response policy zones.
    Rpz,
    /// STIX 2.1 bundles and TAXII envelopes.
    Stix21,
    /// MISP events; a feed is a directory of such files.
    MispEvent,
    /// MISP exports as CSV.
    MispCsv,
    /// MISP warning lists: known good values, never compiled.
    MispWarninglist,
    /// `ThreatExchange` indicators.
    ThreatExchange,
    /// Mastodon's `domain_blocks.csv`.
    Mastodon,
    /// Lemmy's `blocked_urls`.
    Lemmy,
    /// Ozone's stream of link rules.
    Ozone,
    /// First labels of registrable domains, under any suffix.
    Labels,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 24] = [
        Self::Plain,
        Self::Hosts,
        Self::HouseCsv,
        Self::HouseJsonl,
        Self::Sha256,
        Self::Sha256Raw,
        Self::Adblock,
        Self::Wildcard,
        Self::Dnsmasq,
        Self::Csv,
        Self::SquidDomains,
        Self::SquidUrls,
        Self::SquidExpressions,
        Self::E2guardian,
        Self::Rpz,
        Self::Stix21,
        Self::MispEvent,
        Self::MispCsv,
        Self::MispWarninglist,
        Self::ThreatExchange,
        Self::Mastodon,
        Self::Lemmy,
        Self::Ozone,
        Self::Labels,
    ];

    /// The name that commands, configuration and reports use.
    pub fn name(self) -> &'static str {
        self.names().first().copied().unwrap_or("plain")
    }

    /// The format of that name or synonym; case and `-` for `_` do not matter.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase().replace('-', "_");
        Self::ALL.into_iter().find(|format| format.names().contains(&name.as_str()))
    }

    /// The first name of each.
    pub(super) fn known_names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &["plain", "domains", "urls", "text", "txt", "rspamd", "domain_list", "url_list"],
            Self::Hosts => &["hosts", "hosts_file"],
            Self::HouseCsv => &["house", "house_csv", "linkgate"],
            Self::HouseJsonl => &["house_jsonl", "jsonl", "linkgate_jsonl", "house_json"],
            Self::Sha256 => &["sha256", "sha256_hex", "hashes", "hash"],
            Self::Sha256Raw => &["sha256_raw", "sha256_prefixes", "prefix_table", "raw"],
            Self::Adblock => &["adblock", "adguard", "abp", "ublock"],
            Self::Wildcard => &["wildcard", "wildcards", "blocky"],
            Self::Dnsmasq => &["dnsmasq"],
            Self::Csv => &["csv", "tsv", "table", "columns"],
            Self::SquidDomains => &["squidguard", "squidguard_domains", "urlblacklist", "squid_domains"],
            Self::SquidUrls => &["squidguard_urls", "squid_urls"],
            Self::SquidExpressions => &["squidguard_expressions", "squid_expressions"],
            Self::E2guardian => &["e2guardian", "e2g", "dansguardian"],
            Self::Rpz => &["rpz", "zone"],
            Self::Stix21 => &["stix21", "stix", "stix2", "stix_21", "stix2.1", "taxii", "taxii21"],
            Self::MispEvent => &["misp_event", "misp", "misp_json", "misp_feed", "misp_events"],
            Self::MispCsv => &["misp_csv", "misp_feed_csv", "misp_export"],
            Self::MispWarninglist => &["misp_warninglist", "misp_warning_list", "warninglist"],
            Self::ThreatExchange => &["threatexchange", "threat_exchange", "threat_updates"],
            Self::Mastodon => &["mastodon", "domain_blocks", "mastodon_domain_blocks", "mastodon_csv"],
            Self::Lemmy => &["lemmy", "blocked_urls", "lemmy_blocked_urls"],
            Self::Ozone => &["ozone", "ozone_safelink", "safelink"],
            Self::Labels => &["labels", "label", "label_list"],
        }
    }

    /// Whether `host`, `url` and `url_prefix` entries of such lists cover the `www.` twin if nobody says.
    pub fn covers_www_twin(self) -> bool {
        !matches!(self, Self::Hosts | Self::Rpz | Self::Dnsmasq)
    }
}

/// Reads the body in that format.
pub(super) fn read(body: &[u8], format: Format, mut intake: Intake<'_>) -> Result<LineReport, ListError> {
    let text = without_bom(body);
    match format {
        Format::Plain => plain::read(text, &mut intake),
        Format::Hosts => hosts::read(text, &mut intake),
        Format::HouseCsv => house::read(text, &mut intake)?,
        Format::HouseJsonl => jsonl::read(text, &mut intake)?,
        Format::Sha256 => sha256::read(text, &mut intake),
        Format::Sha256Raw => sha256::read_raw(body, &mut intake)?,
        Format::Adblock => adblock::read(text, &mut intake),
        Format::Wildcard => simple::read_wildcards(text, &mut intake),
        Format::Dnsmasq => dnsmasq::read(text, &mut intake),
        Format::Csv => table::read(text, &mut intake)?,
        Format::SquidDomains => simple::read_domains(text, &mut intake),
        Format::SquidUrls => simple::read_urls(text, &mut intake),
        Format::SquidExpressions => simple::read_expressions(text, &mut intake),
        Format::E2guardian => simple::read_e2guardian(text, &mut intake),
        Format::Rpz => rpz::read(text, &mut intake),
        Format::Stix21 => stix::read(text, &mut intake)?,
        Format::MispEvent => misp::read_events(text, &mut intake)?,
        Format::MispCsv => misp::read_csv(text, &mut intake)?,
        Format::MispWarninglist => misp::read_warninglist(text, &mut intake)?,
        Format::ThreatExchange => threatexchange::read(text, &mut intake)?,
        Format::Mastodon => fediverse::read_mastodon(text, &mut intake)?,
        Format::Lemmy => fediverse::read_lemmy(text, &mut intake)?,
        Format::Ozone => fediverse::read_ozone(text, &mut intake)?,
        Format::Labels => simple::read_labels(text, &mut intake),
    }
    Ok(intake.finish())
}
