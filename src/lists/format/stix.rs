//! STIX 2.1 bundles and TAXII envelopes: indicators whose patterns are single values joined by OR.

mod pattern;

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::index::{Entry, Scope, Target};
use crate::lists::date::{self, Day};
use crate::lists::error::ListError;
use crate::lists::intake::{Intake, Line, Outcome};
use crate::lists::report::{Ignored, Refusal, Remark};
use crate::lists::value;

use super::json::{self, Loose, Words};
use pattern::Comparison;

pub(super) fn read(text: &[u8], intake: &mut Intake<'_>) -> Result<(), ListError> {
    let bundle: Bundle<'_> = json::document(text, "stix21")?;
    let newest = newest_versions(&bundle.objects);
    json::each(bundle.objects.iter().copied(), intake, |intake, number, raw| {
        let head: Head = json::object(raw)?;
        if head.id.as_ref().is_some_and(|id| newest.get(id).is_some_and(|(_, newest)| *newest != number)) {
            return Ok(Line::Ignored(Ignored::Superseded));
        }
        if head.kind.as_deref() != Some("indicator") {
            return Ok(Line::Ignored(Ignored::OtherType));
        }
        if head.revoked {
            return Ok(Line::Ignored(Ignored::Deleted));
        }
        indicator(&json::object(raw)?, intake)
    });
    Ok(())
}

/// A bundle or a TAXII envelope.
#[derive(Deserialize)]
struct Bundle<'d> {
    #[serde(borrow)]
    objects: Vec<&'d RawValue>,
}

/// What every object has.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: Option<String>,
    id: Option<String>,
    modified: Option<String>,
    #[serde(default)]
    revoked: bool,
}

#[derive(Deserialize)]
struct Indicator {
    id: Option<String>,
    pattern: Option<String>,
    pattern_type: Option<String>,
    valid_from: Option<String>,
    valid_until: Option<String>,
    confidence: Option<Loose>,
    created_by_ref: Option<String>,
    #[serde(default)]
    labels: Words,
    #[serde(rename = "indicator_types", default)]
    types: Words,
}

/// The number of the newest version of every object that there is more than one of, and of all others.
fn newest_versions(objects: &[&RawValue]) -> HashMap<String, (Option<Timestamp>, u64)> {
    let mut newest: HashMap<String, (Option<Timestamp>, u64)> = HashMap::new();
    for (number, raw) in (1..).zip(objects) {
        let Ok(Head { id: Some(id), modified, .. }) = json::object::<Head>(raw) else { continue };
        let modified = modified.and_then(|text| text.parse().ok());
        let known = newest.entry(id).or_insert((modified, number));
        if modified >= known.0 {
            *known = (modified, number);
        }
    }
    newest
}

fn indicator(indicator: &Indicator, intake: &mut Intake<'_>) -> Outcome {
    if indicator.pattern_type.as_deref().is_some_and(|language| language != "stix") {
        return Ok(Line::Ignored(Ignored::OtherLanguage));
    }
    let comparisons = pattern::comparisons(indicator.pattern.as_deref().ok_or(Refusal::Empty)?)?;
    let (mut taken, mut refused, mut foreign) = (false, None, false);
    for comparison in &comparisons {
        match meaning(comparison, intake) {
            Some(Ok(found)) => {
                let entry = entry(indicator, found, intake);
                intake.give(entry);
                taken = true;
            }
            Some(Err(reason)) => refused = Some(reason),
            None => foreign = true,
        }
    }
    match (taken, refused) {
        (false, Some(reason)) => Err(reason),
        (false, None) => Ok(Line::Ignored(Ignored::OtherType)),
        (true, reason) => {
            if reason.is_some() || foreign {
                intake.remark(Remark::PartOfLine);
            }
            Ok(Line::Taken)
        }
    }
}

/// What a comparison names; `None` if no link has such a thing.
fn meaning(comparison: &Comparison, intake: &mut Intake<'_>) -> Option<Result<(Scope, Target), Refusal>> {
    let value = &comparison.value;
    Some(match comparison.path.as_str() {
        "url:value" => value::page(value, intake),
        "domain-name:value" => value::bare_host(value, intake),
        "ipv4-addr:value" | "ipv6-addr:value" => value::scoped(Scope::Ip, value, intake),
        _ => return None,
    })
}

fn entry(indicator: &Indicator, (scope, target): (Scope, Target), intake: &mut Intake<'_>) -> Entry {
    let words = indicator.labels.iter().chain(indicator.types.iter());
    let category = intake.options.categories.first(words);
    let mut moment = |text: &Option<String>, day| {
        let read = text.as_deref().map(|text| date::seconds(text, day));
        if read == Some(None) {
            intake.remark(Remark::FieldUnread);
        }
        read.flatten()
    };
    Entry {
        category,
        id: indicator.id.as_deref().map(Into::into),
        valid_from: moment(&indicator.valid_from, Day::Begins),
        valid_until: moment(&indicator.valid_until, Day::Ends),
        confidence: indicator.confidence.as_ref().and_then(Loose::percent),
        source_ref: indicator.created_by_ref.as_deref().map(Into::into),
        ..Entry::new(scope, target)
    }
}

#[cfg(test)]
mod tests {
    use crate::lists::Format;
    use crate::lists::tests::{Seen, seen};

    fn check(pattern: &str, expected: &[&str]) {
        let pattern = pattern.replace('\\', "\\\\");
        let text = format!(
            r#"{{"type":"bundle","objects":[{{"type":"indicator","id":"indicator--1","pattern":"{pattern}","pattern_type":"stix"}}]}}"#
        );
        assert_eq!(seen(&text, Format::Stix21), Seen::entries(expected), "{pattern}");
    }

    #[test]
    fn patterns() {
        check("[url:value = 'http://bad.example/a']", &["url bad.example/a"]);
        check("[url:value = 'http://bad.example/it\\'s']", &["url bad.example/it's"]);
        check("[domain-name:value='bad.example']", &["domain bad.example"]);
        check("[domain-name:value == 'bad.example']", &["domain bad.example"]);
        check("([domain-name:value = 'bad.example'])", &["domain bad.example"]);
        check("[ipv4-addr:value = '192.0.2.0/24']", &["cidr 192.0.2.0/24"]);
        check("[ipv6-addr:value = '2001:db8::1']", &["ip 2001:db8::1"]);
        let two = ["domain a.example", "domain b.example"];
        check("[domain-name:value = 'a.example' OR domain-name:value = 'b.example']", &two);
        check("[domain-name:value = 'a.example'] OR [domain-name:value = 'b.example']", &two);
        check("[(domain-name:value = 'a.example') OR (domain-name:value = 'b.example')]", &two);
        check("[domain-name:value IN ('a.example', 'b.example')]", &two);
        check("[domain-name:value = 'a.example' OR file:name = 'b']", &["domain a.example"]);
        check("[file:hashes.'SHA-256' = 'aa']", &["ignored: OtherType"]);
        check("[file:name = 'a' AND file:size = 1]", &["ignored: OtherType"]);
        check("[domain-name:value = 'a.example' AND ipv4-addr:value = '192.0.2.1']", &["refused: Pattern"]);
        check("[domain-name:value = 'a.example'] FOLLOWEDBY [url:value = 'http://b.example/']", &["refused: Pattern"]);
        check("[domain-name:value = 'a.example'] WITHIN 5 SECONDS", &["refused: Pattern"]);
        check("[domain-name:value != 'a.example']", &["refused: Pattern"]);
        check("[NOT domain-name:value = 'a.example']", &["refused: Pattern"]);
        check("[domain-name:value NOT = 'a.example']", &["refused: Pattern"]);
        check("[domain-name:value IN ()]", &["refused: Pattern"]);
        check("[url:value = h'00']", &["refused: Pattern"]);
        check("[url:value LIKE 'http://bad.example/%']", &["refused: Wildcard"]);
        check("[url:value MATCHES '^http']", &["refused: Regex"]);
        check("[domain-name:value = 'com']", &["refused: TooWide"]);
        check("[domain-name:value = 'a.example'", &["refused: Pattern"]);
        check("", &["refused: Pattern"]);
    }

    #[test]
    fn the_newest_version_of_an_object_counts() {
        let text = r#"{"objects":[
            {"type":"indicator","id":"a","modified":"2026-01-01T00:00:00.5Z","pattern":"[domain-name:value='new.example']"},
            {"type":"indicator","id":"a","modified":"2026-01-01T00:00:00Z","pattern":"[domain-name:value='old.example']"},
            {"type":"indicator","id":"b","modified":"2026-01-01T00:00:00Z","pattern":"[domain-name:value='gone.example']"},
            {"type":"indicator","id":"b","modified":"2026-01-02T00:00:00Z","revoked":true,"pattern":"[domain-name:value='gone.example']"},
            {"type":"indicator","id":"c","pattern":"x","pattern_type":"snort"},
            {"type":"domain-name","id":"d","value":"seen.example"},
            {"type":7}]}"#;
        let expected = [
            "domain new.example",
            "refused: Malformed",
            "ignored: OtherType",
            "ignored: OtherLanguage",
            "ignored: Deleted",
            "ignored: Superseded",
        ];
        assert_eq!(seen(text, Format::Stix21), Seen::entries(&expected));
    }
}
