//! `POST /v4/threatMatches:find`: the look-up of Safe Browsing v4, for clients that speak it already.

use std::borrow::Cow;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::check::{Object, Post};
use crate::serve::answer::{self, Answer, Problem};

use super::access::Asker;
use super::check::Judging;
use super::threat::{CACHE_SECONDS, Threat};
use super::{ApiDoor, Sent, json};

const NO_ENTRIES: Problem = Problem::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "no_threat_entries",
    r#"send {"threatInfo":{"threatEntries":[{"url"}]}}, each entry with a url and no hash"#,
);
const TOO_MANY_ENTRIES: Problem =
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_threat_entries", "send fewer URLs at once");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'j> {
    #[serde(borrow)]
    threat_info: Object<ThreatInfo<'j>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ThreatInfo<'j> {
    #[serde(default)]
    threat_types: Vec<String>,
    #[serde(default)]
    platform_types: Vec<String>,
    #[serde(borrow)]
    threat_entries: Vec<Object<ThreatEntry<'j>>>,
}

#[derive(Serialize, Deserialize)]
struct ThreatEntry<'j> {
    #[serde(borrow)]
    url: Cow<'j, str>,
}

#[derive(Serialize)]
struct Found<'j> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    matches: Vec<ThreatMatch<'j>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ThreatMatch<'j> {
    threat_type: &'static str,
    platform_type: &'static str,
    threat_entry_type: &'static str,
    threat: &'j ThreatEntry<'j>,
    threat_entry_metadata: Metadata,
    cache_duration: String,
}

#[derive(Serialize)]
struct Metadata {
    entries: Vec<MetadataEntry>,
}

/// Both in base64.
#[derive(Serialize)]
struct MetadataEntry {
    key: String,
    value: String,
}

pub(super) async fn answer(door: &ApiDoor, asker: Asker, sent: Sent<'_>) -> Result<Answer, Problem> {
    let (metrics, max) = (door.metrics.clone(), door.limits.threat_entries_max);
    json::judge(door, sent, 1, move |text| {
        let Asked { threat_info: Object(threat_info) } = json::parse(text, NO_ENTRIES)?;
        if threat_info.threat_entries.len() > max {
            return Err(TOO_MANY_ENTRIES);
        }
        let judging = Judging::new(&asker, &metrics);
        let mut matches = Vec::new();
        for Object(entry) in &threat_info.threat_entries {
            let report = judging.report(&Post { attached: &[&entry.url], ..Post::default() })?;
            let threat = Threat::of(&report, &judging.view.snapshot().policy);
            matches.extend(threat.map(|threat| told(&threat, entry, &threat_info)));
        }
        Ok(answer::json(&Found { matches }))
    })
    .await
}

fn told<'j>(threat: &Threat<'_>, entry: &'j ThreatEntry<'j>, asked: &ThreatInfo<'_>) -> ThreatMatch<'j> {
    let base64 = |text: &str| data_encoding::BASE64.encode(text.as_bytes());
    let entries = threat.metadata().into_iter();
    ThreatMatch {
        threat_type: threat.word(&asked.threat_types),
        platform_type: platform(&asked.platform_types),
        threat_entry_type: "URL",
        threat: entry,
        threat_entry_metadata: Metadata {
            entries: entries.map(|(key, value)| MetadataEntry { key: base64(key), value: base64(&value) }).collect(),
        },
        cache_duration: format!("{CACHE_SECONDS}s"),
    }
}

/// A link is listed for every platform; a client is told one that it asked for.
fn platform(asked: &[String]) -> &'static str {
    const PLATFORMS: [&str; 8] =
        ["ANY_PLATFORM", "ALL_PLATFORMS", "WINDOWS", "LINUX", "ANDROID", "OSX", "IOS", "CHROME"];
    PLATFORMS.into_iter().find(|platform| asked.iter().any(|one| one == platform)).unwrap_or(PLATFORMS[0])
}
