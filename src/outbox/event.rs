//! An event as others read it: `CloudEvents` 1.0, JSON, everything in one object.

use serde::Serialize;
use serde_json::Value;

use super::{CheckId, EventId};

const SPEC_VERSION: &str = "1.0";
const SOURCE: &str = "/linkgate";
const CHECK_SETTLED: &str = "linkgate.check.settled";
const LIST_CHANGED: &str = "linkgate.list.changed";
const JSON: &str = "application/json";

/// What the platform is told about a check that is finished.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Ids, verdicts, actions: no link.
    pub data: Value,
}

/// What the platform is told when other entries of a list answer than before.
#[derive(Debug, Clone, PartialEq)]
pub struct ListChange {
    /// The name of the list.
    pub list: String,
    /// Which of its changes it is.
    pub number: u64,
    /// When, in seconds since the Unix epoch.
    pub at: i64,
    /// Ids and numbers: no value of an entry.
    pub data: Value,
}

#[derive(Serialize)]
struct Envelope<'a> {
    specversion: &'static str,
    id: String,
    source: &'static str,
    r#type: &'static str,
    subject: &'a str,
    time: String,
    datacontenttype: &'static str,
    data: &'a Value,
}

impl Event {
    /// The bytes that are delivered, the same with every attempt.
    pub(super) fn body(&self, check: CheckId, now: i64) -> Vec<u8> {
        body(EventId::of(check), (CHECK_SETTLED, &check.to_string()), now, &self.data)
    }
}

impl ListChange {
    /// The same under its id.
    pub(super) fn body(&self, id: EventId) -> Vec<u8> {
        body(id, (LIST_CHANGED, &self.list), self.at, &self.data)
    }
}

fn body(id: EventId, (r#type, subject): (&'static str, &str), at: i64, data: &Value) -> Vec<u8> {
    let envelope = Envelope {
        specversion: SPEC_VERSION,
        id: id.to_string(),
        source: SOURCE,
        r#type,
        subject,
        time: jiff::Timestamp::from_second(at).unwrap_or_default().to_string(),
        datacontenttype: JSON,
        data,
    };
    // A value that is JSON already can be written.
    serde_json::to_vec(&envelope).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_has_what_the_format_asks_for() {
        let (check, data) = (CheckId(32), json!({"action": "reject"}));
        let body: Value = serde_json::from_slice(&Event { data }.body(check, 1_800_000_000)).unwrap();
        let expected = json!({
            "specversion": "1.0",
            "id": EventId::of(check).to_string(),
            "source": "/linkgate",
            "type": "linkgate.check.settled",
            "subject": "00000000000000000000000010",
            "time": "2027-01-15T08:00:00Z",
            "datacontenttype": "application/json",
            "data": {"action": "reject"},
        });
        assert_eq!(body, expected);

        let change = ListChange { list: "partner".into(), number: 2, at: 1_800_000_000, data: json!({"number": 2}) };
        let body: Value = serde_json::from_slice(&change.body(EventId(32))).unwrap();
        let expected = json!({
            "specversion": "1.0",
            "id": "00000000000000000000000010",
            "source": "/linkgate",
            "type": "linkgate.list.changed",
            "subject": "partner",
            "time": "2027-01-15T08:00:00Z",
            "datacontenttype": "application/json",
            "data": {"number": 2},
        });
        assert_eq!(body, expected);
    }
}
