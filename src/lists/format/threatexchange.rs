//! `ThreatExchange`: indicators with descriptors, as pages of descriptors or of `threat_updates`.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::index::{Entry, Scope, Target};
use crate::lists::date::{self, Day};
use crate::lists::error::ListError;
use crate::lists::intake::{Intake, Line, Outcome};
use crate::lists::report::{Ignored, Refusal};
use crate::lists::value;

use super::json::{self, Loose, Words};

pub(super) fn read(text: &[u8], intake: &mut Intake<'_>) -> Result<(), ListError> {
    let page: Page<'_> = json::document(text, "threatexchange")?;
    let newest = newest(&page.data);
    json::each(page.data.iter().copied(), intake, |intake, number, raw| {
        let indicator: Indicator = json::object(raw)?;
        let id = indicator.id.as_ref().map(Loose::text);
        if id.is_some_and(|id| newest.get(&id).is_some_and(|(_, newest)| *newest != number)) {
            return Ok(Line::Ignored(Ignored::Superseded));
        }
        indicator.take(intake)
    });
    Ok(())
}

/// The newest update of every indicator: a stream of updates can have several.
fn newest(data: &[&RawValue]) -> HashMap<String, (Option<i64>, u64)> {
    let mut newest: HashMap<String, (Option<i64>, u64)> = HashMap::new();
    for (number, raw) in (1..).zip(data) {
        let Ok(Indicator { id: Some(id), last_updated, .. }) = json::object::<Indicator>(raw) else { continue };
        let updated = last_updated.and_then(|moment| date::seconds(&moment.text(), Day::Begins));
        let known = newest.entry(id.text()).or_insert((updated, number));
        if updated >= known.0 {
            *known = (updated, number);
        }
    }
    newest
}

#[derive(Deserialize)]
struct Page<'d> {
    #[serde(borrow)]
    data: Vec<&'d RawValue>,
}

#[derive(Deserialize)]
struct Indicator {
    id: Option<Loose>,
    #[serde(rename = "indicator", alias = "raw_indicator")]
    value: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    last_updated: Option<Loose>,
    should_delete: Option<Loose>,
    status: Option<String>,
    confidence: Option<Loose>,
    expired_on: Option<Loose>,
    #[serde(default)]
    tags: Words,
    descriptors: Option<Many<Descriptor>>,
}

#[derive(Deserialize)]
struct Many<T> {
    #[serde(default = "Vec::new")]
    data: Vec<T>,
}

/// What one member says of an indicator.
#[derive(Deserialize)]
struct Descriptor {
    owner: Option<Owner>,
    status: Option<String>,
    confidence: Option<Loose>,
    #[serde(default)]
    tags: Words,
    #[serde(default)]
    reactions: Vec<Reaction>,
}

#[derive(Deserialize)]
struct Owner {
    id: Option<Loose>,
}

#[derive(Deserialize)]
struct Reaction {
    key: Option<String>,
}

impl Indicator {
    fn take(&self, intake: &mut Intake<'_>) -> Outcome {
        if self.should_delete.as_ref().is_some_and(Loose::is_yes) {
            return Ok(Line::Ignored(Ignored::Deleted));
        }
        let text = self.value.as_deref().ok_or(Refusal::Empty)?;
        let Some(found) = meaning(self.kind.as_deref().unwrap_or(""), text, intake) else {
            return Ok(Line::Ignored(Ignored::OtherType));
        };
        if !self.lists(intake) {
            return Ok(Line::Ignored(Ignored::OtherStatus));
        }
        let words = self.tags.iter().chain(self.descriptors().flat_map(|one| one.tags.iter()));
        let category = intake.options.categories.first(words);
        intake.give(Entry { category, ..self.entry(found?) });
        Ok(Line::Taken)
    }

    /// Whether any member's status lists it. Without a status, being sent is the status.
    fn lists(&self, intake: &Intake<'_>) -> bool {
        let mut statuses =
            self.descriptors().filter_map(|one| one.status.as_deref()).chain(self.status.as_deref()).peekable();
        statuses.peek().is_none()
            || statuses.any(|status| intake.options.statuses.iter().any(|wanted| wanted.eq_ignore_ascii_case(status)))
    }

    fn descriptors(&self) -> impl Iterator<Item = &Descriptor> {
        self.descriptors.iter().flat_map(|many| &many.data)
    }

    fn entry(&self, (scope, target): (Scope, Target)) -> Entry {
        let owner = self.descriptors().find_map(|one| one.owner.as_ref()?.id.as_ref());
        let highest = self.descriptors().filter_map(|one| one.confidence.as_ref()?.percent()).max();
        let disputed = self
            .descriptors()
            .flat_map(|one| &one.reactions)
            .any(|reaction| reaction.key.as_deref() == Some("DISAGREE_WITH_TAGS"));
        Entry {
            id: self.id.as_ref().map(|id| id.text().into()),
            confidence: self.confidence.as_ref().and_then(Loose::percent).or(highest),
            valid_until: self.expired_on.as_ref().and_then(|moment| date::seconds(&moment.text(), Day::Ends)),
            source_ref: owner.map(|id| id.text().into()),
            disputed,
            ..Entry::new(scope, target)
        }
    }
}

/// What an indicator names; `None` if no link has such a thing.
fn meaning(kind: &str, text: &str, intake: &mut Intake<'_>) -> Option<Result<(Scope, Target), Refusal>> {
    Some(match kind {
        "URI" | "RAW_URI" | "URL" | "UNCLICKABLE_URL" => value::page(text, intake),
        "DOMAIN" => value::bare_host(text, intake),
        "IP_ADDRESS" | "IP_SUBNET" => value::scoped(Scope::Ip, text, intake),
        "HASH_URL_MD5" => value::scoped(Scope::Md5Url, text, intake),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::lists::Format;
    use crate::lists::tests::{Seen, seen};

    #[test]
    fn indicators() {
        for (input, expected) in [
            (
                r#""type":"DOMAIN","raw_indicator":"bad.example","status":"MALICIOUS""#,
                Seen::entry("domain bad.example"),
            ),
            (r#""type":"URI","indicator":"https://bad.example/a?id=7""#, Seen::entry("url bad.example/a?id=7")),
            (r#""type":"UNCLICKABLE_URL","indicator":"[h]ttps://bad.example/a""#, Seen::entry("url bad.example/a")),
            (r#""type":"IP_ADDRESS","indicator":"192.0.2.1","status":"SUSPICIOUS""#, Seen::entry("ip 192.0.2.1")),
            (
                r#""type":"HASH_URL_MD5","indicator":"2f5d8f6e5c6ff3014c5f448f9ab4f11d""#,
                Seen::entry("md5_url 2f5d8f6e5c6ff3014c5f448f9ab4f11d"),
            ),
            (
                r#""type":"DOMAIN","indicator":"bad.example","descriptors":{"data":[{"status":"UNKNOWN"},{"status":"MALICIOUS"}]}"#,
                Seen::entry("domain bad.example"),
            ),
            (r#""type":"DOMAIN","indicator":"good.example","status":"NON_MALICIOUS""#, Seen::ignored("OtherStatus")),
            (r#""type":"DOMAIN","indicator":"gone.example","should_delete":true"#, Seen::ignored("Deleted")),
            (
                r#""type":"HASH_SHA1","indicator":"da39a3ee5e6b4b0d3255bfef95601890afd80709""#,
                Seen::ignored("OtherType"),
            ),
            (r#""type":"DOMAIN","indicator":"com""#, Seen::refused("TooWide")),
            (r#""type":"DOMAIN""#, Seen::refused("Empty")),
            (r#""type":"DOMAIN","indicator":7"#, Seen::refused("Malformed")),
        ] {
            let text = format!(r#"{{"data":[{{"id":"1",{input}}}],"paging":{{}}}}"#);
            assert_eq!(seen(&text, Format::ThreatExchange), expected, "{input}");
        }
    }

    #[test]
    fn the_last_update_counts() {
        let text = r#"{"data":[
            {"id":1,"type":"DOMAIN","indicator":"a.example","last_updated":2,"should_delete":true},
            {"id":1,"type":"DOMAIN","indicator":"a.example","last_updated":1},
            {"id":2,"type":"DOMAIN","indicator":"b.example","last_updated":1}]}"#;
        let expected = ["domain b.example", "ignored: Deleted", "ignored: Superseded"];
        assert_eq!(seen(text, Format::ThreatExchange), Seen::entries(&expected));
    }
}
