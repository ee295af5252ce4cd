//! MISP: events as JSON, exports as CSV, and warning lists.

use std::rc::Rc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::index::{Entry, Scope, Target};
use crate::lists::error::ListError;
use crate::lists::intake::{Intake, Line, Outcome};
use crate::lists::report::{Ignored, Refusal};
use crate::lists::value;

use super::json::{self, Loose, Words};
use super::table;

/// Reads an event, a list of events, or what a search answers.
pub(super) fn read_events(text: &[u8], intake: &mut Intake<'_>) -> Result<(), ListError> {
    let mut attributes = Vec::new();
    for answer in answers(text)? {
        // A search puts what it found into one more layer.
        let inner = answer.response.map_or(Ok(Vec::new()), |raw| answers(raw.get().as_bytes()))?;
        answer.gather(&mut attributes);
        for answer in inner {
            answer.gather(&mut attributes);
        }
    }
    json::each(attributes.iter().map(|(_, raw)| *raw), intake, |intake, number, raw| {
        let at = usize::try_from(number).unwrap_or(0).saturating_sub(1);
        let event = attributes.get(at).map(|(event, _)| &**event);
        json::object::<Attribute>(raw)?.take(event, intake)
    });
    Ok(())
}

/// One answer or several.
fn answers(text: &[u8]) -> Result<Vec<Answer<'_>>, ListError> {
    if json::is_array(text) {
        return json::document(text, "misp_event");
    }
    json::document(text, "misp_event").map(|answer| vec![answer])
}

/// What stands around events; or an event without its wrapping, as `pymisp` writes one.
#[derive(Deserialize)]
struct Answer<'d> {
    #[serde(rename = "Event", borrow)]
    event: Option<Event<'d>>,
    #[serde(borrow)]
    response: Option<&'d RawValue>,
    uuid: Option<String>,
    #[serde(rename = "Tag", default)]
    tags: Words,
    #[serde(rename = "Attribute", borrow, default)]
    attributes: Vec<&'d RawValue>,
    #[serde(rename = "Object", borrow, default)]
    objects: Vec<Object<'d>>,
}

#[derive(Deserialize)]
struct Event<'d> {
    uuid: Option<String>,
    #[serde(rename = "Tag", default)]
    tags: Words,
    #[serde(rename = "Attribute", borrow, default)]
    attributes: Vec<&'d RawValue>,
    #[serde(rename = "Object", borrow, default)]
    objects: Vec<Object<'d>>,
}

#[derive(Deserialize)]
struct Object<'d> {
    #[serde(rename = "Attribute", borrow, default)]
    attributes: Vec<&'d RawValue>,
}

impl<'d> Answer<'d> {
    fn gather(self, out: &mut Vec<(Rc<About>, &'d RawValue)>) {
        let bare = Event { uuid: self.uuid, tags: self.tags, attributes: self.attributes, objects: self.objects };
        for event in std::iter::once(bare).chain(self.event) {
            let about = Rc::new(About { uuid: event.uuid, tags: event.tags });
            let inner = event.objects.into_iter().flat_map(|object| object.attributes);
            out.extend(event.attributes.into_iter().chain(inner).map(|raw| (Rc::clone(&about), raw)));
        }
    }
}

/// What an event says of all its attributes.
struct About {
    uuid: Option<String>,
    tags: Words,
}

/// One attribute of an event.
#[derive(Deserialize)]
struct Attribute {
    uuid: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    value: String,
    to_ids: Option<Loose>,
    deleted: Option<Loose>,
    event_uuid: Option<String>,
    category: Option<String>,
    #[serde(rename = "Tag", default)]
    tags: Words,
}

impl Attribute {
    fn take(&self, event: Option<&About>, intake: &mut Intake<'_>) -> Outcome {
        if self.deleted.as_ref().is_some_and(Loose::is_yes) {
            return Ok(Line::Ignored(Ignored::Deleted));
        }
        let Some(found) = meaning(&self.kind, &self.value, intake) else {
            return Ok(Line::Ignored(Ignored::OtherType));
        };
        if !self.to_ids.as_ref().is_some_and(Loose::is_yes) {
            return Ok(Line::Ignored(Ignored::NotForDetection));
        }
        let (scope, target) = found?;
        let source_ref = self.event_uuid.as_deref().or(event.and_then(|event| event.uuid.as_deref())).map(Into::into);
        // What stands nearest says most; MISP's own categories are about something else, unless the operator knows better.
        let words = self.tags.iter().chain(event.into_iter().flat_map(|event| event.tags.iter()));
        let category = intake.options.categories.first(words.chain(self.category.as_deref()));
        let id = self.uuid.as_deref().map(Into::into);
        intake.give(Entry { id, category, source_ref, ..Entry::new(scope, target) });
        Ok(Line::Taken)
    }
}

/// What an attribute names; `None` if no link has such a thing.
fn meaning(kind: &str, value: &str, intake: &mut Intake<'_>) -> Option<Result<(Scope, Target), Refusal>> {
    // Composite values: the first part is the name, the second says where it led.
    let first = value.split('|').next().unwrap_or("");
    Some(match kind {
        "url" | "uri" => value::page(value, intake),
        "domain" | "hostname" => value::bare_host(value, intake),
        "domain|ip" | "hostname|port" => value::bare_host(first, intake),
        "ip-dst" => value::scoped(Scope::Ip, value, intake),
        "ip-dst|port" => value::scoped(Scope::Ip, first, intake),
        _ => return None,
    })
}

/// Reads an export as CSV: `uuid,event_id,category,type,value,comment,to_ids,date,…`.
pub(super) fn read_csv(text: &[u8], intake: &mut Intake<'_>) -> Result<(), ListError> {
    let mut places: Option<[Option<usize>; 6]> = None;
    table::records(text, b',', intake, |intake, record| {
        let field = |at: Option<usize>| {
            at.and_then(|at| record.get(at)).and_then(|field| std::str::from_utf8(field).ok()).map(str::to_owned)
        };
        let Some([uuid, kind, value, to_ids, category, tags]) = places else {
            places =
                Some(["uuid", "type", "value", "to_ids", "category", "attribute_tag"].map(|name| {
                    record.iter().position(|field| field.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
                }));
            return Ok(Line::Ignored(Ignored::Header));
        };
        let attribute = Attribute {
            uuid: field(uuid),
            kind: field(kind).ok_or(Refusal::Malformed)?,
            value: field(value).filter(|value| !value.is_empty()).ok_or(Refusal::Empty)?,
            // Without the column the export was made for detection.
            to_ids: to_ids.map_or(Some(Loose::Truth(true)), |at| field(Some(at)).map(Loose::Text)),
            deleted: None,
            event_uuid: None,
            category: field(category),
            tags: Words::separated(&field(tags).unwrap_or_default()),
        };
        attribute.take(None, intake)
    })?;
    match places {
        Some([_, Some(_), Some(_), ..]) => Ok(()),
        Some(_) => Err(ListError::NoValueColumn),
        None => Err(ListError::Empty),
    }
}

/// Reads a warning list: values that are known to be good, as exceptions.
pub(super) fn read_warninglist(text: &[u8], intake: &mut Intake<'_>) -> Result<(), ListError> {
    let list: WarningList<'_> = json::document(text, "misp_warninglist")?;
    intake.is_guard();
    if let Some(version) = &list.version {
        intake.declares_version(&version.text());
    }
    let kind = list.kind.as_deref().unwrap_or("string");
    json::each(list.list.iter().copied(), intake, |intake, _, raw| {
        let value: String = json::object(raw)?;
        let (scope, target) = match kind {
            "hostname" => value::scoped(Scope::Domain, &value, intake)?,
            "cidr" => value::scoped(Scope::Cidr, &value, intake)?,
            "string" => value::plain(&value, intake)?,
            "substring" => return Err(Refusal::Substring),
            "regex" | "regexp" => return Err(Refusal::Regex),
            _ => return Err(Refusal::UnknownScope),
        };
        intake.give(Entry { exception: true, ..Entry::new(scope, target) });
        Ok(Line::Taken)
    });
    Ok(())
}

#[derive(Deserialize)]
struct WarningList<'d> {
    #[serde(rename = "type")]
    kind: Option<String>,
    version: Option<Loose>,
    #[serde(borrow)]
    list: Vec<&'d RawValue>,
}

#[cfg(test)]
mod tests {
    use crate::lists::Format;
    use crate::lists::tests::{Seen, seen};

    fn check(kind: &str, value: &str, expected: &Seen) {
        let text = format!(
            r#"{{"Event":{{"uuid":"e","Attribute":[{{"uuid":"a","type":"{kind}","to_ids":true,"value":"{value}"}}]}}}}"#
        );
        assert_eq!(seen(&text, Format::MispEvent), *expected, "{kind} {value}");
    }

    #[test]
    fn attributes() {
        check("url", "https://bad.example/a?id=7", &Seen::entry("url bad.example/a?id=7"));
        check("domain", "bad.example", &Seen::entry("domain bad.example"));
        check("hostname", "x.bad.example", &Seen::entry("domain x.bad.example"));
        check("domain|ip", "bad.example|192.0.2.1", &Seen::entry("domain bad.example"));
        check("ip-dst", "192.0.2.0/24", &Seen::entry("cidr 192.0.2.0/24"));
        check("ip-src", "192.0.2.1", &Seen::ignored("OtherType"));
        check("md5", "d41d8cd98f00b204e9800998ecf8427e", &Seen::ignored("OtherType"));
        check("domain", "com", &Seen::refused("TooWide"));
        check("uri", "/only/a/path", &Seen::refused("NotAUrl"));
    }

    #[test]
    fn events_in_every_wrapping() {
        for text in [
            r#"[{"Event":{"Object":[{"Attribute":[{"type":"domain","to_ids":"1","value":"bad.example"}]}]}}]"#,
            r#"{"response":[{"Event":{"Attribute":[{"type":"domain","to_ids":1,"value":"bad.example"}]}}]}"#,
            r#"{"response":{"Attribute":[{"type":"domain","to_ids":true,"value":"bad.example"}]}}"#,
            r#"{"uuid":"e","Object":[{"Attribute":[{"type":"domain","to_ids":true,"value":"bad.example"}]}]}"#,
        ] {
            assert_eq!(seen(text, Format::MispEvent), Seen::entry("domain bad.example"), "{text}");
        }
        for (text, expected) in [
            (r#"{"Event":{"Attribute":[{"type":"domain","to_ids":false,"value":"a.example"}]}}"#, "NotForDetection"),
            (
                r#"{"Event":{"Attribute":[{"type":"domain","to_ids":true,"deleted":true,"value":"a.example"}]}}"#,
                "Deleted",
            ),
        ] {
            assert_eq!(seen(text, Format::MispEvent), Seen::ignored(expected), "{text}");
        }
    }

    #[test]
    fn exports_as_csv() {
        let text = "uuid,event_id,category,type,value,comment,to_ids,date\na,1,\"Network activity\",\"url\",\"http://bad.example/x\",\"\",1,20260101\nb,1,x,domain,good.example,,0,20260101\n";
        let expected = ["url bad.example/x", "ignored: Header", "ignored: NotForDetection"];
        assert_eq!(seen(text, Format::MispCsv), Seen::entries(&expected));
    }

    #[test]
    fn warning_lists_except() {
        for (text, expected) in [
            (r#"{"type":"hostname","list":["Good.example."]}"#, Seen::entry("allow_domain good.example")),
            (r#"{"type":"cidr","list":["192.0.2.0/24"]}"#, Seen::entry("allow_cidr 192.0.2.0/24")),
            (r#"{"type":"string","list":["http://good.example/a"]}"#, Seen::entry("allow_url good.example/a")),
            (r#"{"type":"substring","list":["good"]}"#, Seen::refused("Substring")),
            (r#"{"type":"regex","list":["/good/"]}"#, Seen::refused("Regex")),
            (r#"{"type":"hostname","list":[7]}"#, Seen::refused("Malformed")),
        ] {
            assert_eq!(seen(text, Format::MispWarninglist), expected, "{text}");
        }
    }
}
