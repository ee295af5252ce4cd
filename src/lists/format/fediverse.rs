//! Lists that social platforms export: Mastodon's domain blocks, Lemmy's blocked URLs, Ozone's link rules.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::index::{Action, Entry, Scope};
use crate::lists::error::ListError;
use crate::lists::intake::{Intake, Line};
use crate::lists::report::{Ignored, Refusal};
use crate::lists::value;

use super::json::{self, Loose};
use super::table;

/// Reads `domain_blocks.csv`. A silenced instance is flagged, one that is only noted is not listed.
pub(super) fn read_mastodon(text: &[u8], intake: &mut Intake<'_>) -> Result<(), ListError> {
    let mut places: Option<(Option<usize>, Option<usize>)> = None;
    table::records(text, b',', intake, |intake, record| {
        let field = |at: usize| record.get(at).and_then(|field| std::str::from_utf8(field).ok()).unwrap_or("").trim();
        let Some((domain, severity)) = places else {
            let place =
                |name: &str| (0..record.len()).find(|at| field(*at).trim_start_matches('#').eq_ignore_ascii_case(name));
            places = Some((place("domain"), place("severity")));
            return Ok(Line::Ignored(Ignored::Header));
        };
        let action = match severity.map(field) {
            Some("noop") => return Ok(Line::Ignored(Ignored::OtherAction)),
            Some("silence") => Some(Action::Flag),
            _ => None,
        };
        let (scope, target) = value::scoped(Scope::Domain, domain.map_or("", field), intake)?;
        intake.give(Entry { action, ..Entry::new(scope, target) });
        Ok(Line::Taken)
    })?;
    match places {
        Some((Some(_), _)) => Ok(()),
        Some(_) => Err(ListError::NoValueColumn),
        None => Err(ListError::Empty),
    }
}

/// Reads an array of URLs without scheme, alone or as `blocked_urls` of a site.
pub(super) fn read_lemmy(text: &[u8], intake: &mut Intake<'_>) -> Result<(), ListError> {
    let list = if json::is_array(text) {
        json::document(text, "lemmy")?
    } else {
        json::document::<Site<'_>>(text, "lemmy")?.blocked_urls
    };
    json::each(list, intake, |intake, _, raw| {
        let text = match json::object(raw)? {
            BlockedUrl::Bare(url) | BlockedUrl::Row { url } => url,
        };
        if text.trim().is_empty() {
            return Err(Refusal::Empty);
        }
        // Lemmy drops the last slash, and blocks whatever goes on behind what is left.
        let found = match value::plain(&text, intake)? {
            (Scope::Url, _) if !text.contains(['?', '#']) => value::scoped(Scope::UrlPrefix, &text, intake)?,
            found => found,
        };
        intake.give_bare(found);
        Ok(Line::Taken)
    });
    Ok(())
}

#[derive(Deserialize)]
struct Site<'d> {
    #[serde(borrow)]
    blocked_urls: Vec<&'d RawValue>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum BlockedUrl {
    Bare(String),
    Row { url: String },
}

/// Reads a stream of link rules: the last event about a rule counts.
pub(super) fn read_ozone(text: &[u8], intake: &mut Intake<'_>) -> Result<(), ListError> {
    let stream: Events<'_> = json::document(text, "ozone")?;
    let mut last: HashMap<(String, String), u64> = HashMap::new();
    for (number, raw) in (1..).zip(&stream.events) {
        if let Ok(event) = json::object::<Event>(raw) {
            last.insert((event.url, event.pattern), number);
        }
    }
    json::each(stream.events.iter().copied(), intake, |intake, number, raw| {
        let event: Event = json::object(raw)?;
        let (url, pattern) = (event.url.clone(), event.pattern.clone());
        if last.get(&(url, pattern)) != Some(&number) {
            return Ok(Line::Ignored(Ignored::Superseded));
        }
        if event.kind.as_deref() == Some("removeRule") {
            return Ok(Line::Ignored(Ignored::Deleted));
        }
        let (scope, target) = match event.pattern.as_str() {
            "domain" => value::scoped(Scope::Domain, &event.url, intake)?,
            _ => value::page(&event.url, intake)?,
        };
        let mut entry = Entry::new(scope, target);
        entry.exception = event.action.as_deref() == Some("whitelist");
        entry.action = (event.action.as_deref() == Some("warn")).then_some(Action::Flag);
        entry.category = event.reason.as_deref().and_then(|word| intake.options.categories.category(word));
        entry.id = event.id.map(|id| id.text().into());
        entry.source_ref = event.by.map(Into::into);
        intake.give(entry);
        Ok(Line::Taken)
    });
    Ok(())
}

#[derive(Deserialize)]
struct Events<'d> {
    #[serde(borrow, alias = "rules")]
    events: Vec<&'d RawValue>,
}

#[derive(Deserialize)]
struct Event {
    id: Option<Loose>,
    #[serde(rename = "eventType")]
    kind: Option<String>,
    url: String,
    pattern: String,
    action: Option<String>,
    reason: Option<String>,
    #[serde(rename = "createdBy")]
    by: Option<String>,
}

#[cfg(test)]
mod tests {
    use crate::lists::Format;
    use crate::lists::tests::{Seen, seen};

    fn check(format: Format, text: &str, expected: &[&str]) {
        assert_eq!(seen(text, format), Seen::entries(expected), "{text}");
    }

    #[test]
    fn instances() {
        let text = "#domain,#severity,#reject_media\nbad.example,suspend,true\nloud.example,silence,false\nok.example,noop,false\nb*d.example,suspend,true\n";
        let expected = [
            "domain bad.example",
            "domain loud.example",
            "refused: Wildcard",
            "ignored: Header",
            "ignored: OtherAction",
        ];
        check(Format::Mastodon, text, &expected);
    }

    #[test]
    fn blocked_urls() {
        let expected = ["url_prefix bad.example/a", "domain worse.example"];
        check(Format::Lemmy, r#"["bad.example/a", "worse.example"]"#, &expected);
        check(Format::Lemmy, r#"{"blocked_urls":[{"url":"bad.example/a"},"worse.example"]}"#, &expected);
        check(Format::Lemmy, r#"["bad.example/a?id=7"]"#, &["url bad.example/a?id=7"]);
        check(Format::Lemmy, r#"["", 7]"#, &["refused: Empty", "refused: Malformed"]);
    }

    #[test]
    fn link_rules() {
        let text = r#"{"events":[
            {"id":1,"eventType":"addRule","url":"a.example","pattern":"domain","action":"block","reason":"csam"},
            {"id":2,"eventType":"removeRule","url":"a.example","pattern":"domain","action":"block"},
            {"id":3,"eventType":"addRule","url":"https://b.example/x","pattern":"url","action":"warn"},
            {"id":4,"eventType":"addRule","url":"c.example","pattern":"domain","action":"whitelist"}],"cursor":"4"}"#;
        let expected = ["url b.example/x", "allow_domain c.example", "ignored: Deleted", "ignored: Superseded"];
        check(Format::Ozone, text, &expected);
    }
}
