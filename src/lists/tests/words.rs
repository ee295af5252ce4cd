//! The category that each format gives an entry, where the operator says what the list's words mean.

use std::collections::BTreeMap;

use super::*;
use crate::index::Category;

fn options() -> Options {
    let table = [("childabuse", "csam"), ("Gambling", "other"), ("spam", "malware"), ("tlp:red", "phishing")];
    let table: BTreeMap<_, _> = table.map(|(word, value)| (word.to_owned(), value.to_owned())).into();
    Options { categories: table.try_into().unwrap(), default_category: Category::Test, ..Options::default() }
}

/// The category of the one entry, and whether its word was remarked on.
fn check(format: Format, text: &str, expected: &str) {
    let (options, mut found) = (options(), Vec::new());
    let report = read(text.as_bytes(), format, &options, tables(), &mut |entry| found.push(entry.category));
    let report = report.unwrap_or_else(|error| panic!("{error}: {text}"));
    let unknown = if report.remarks.contains_key(&Remark::UnknownCategory) { " (remark)" } else { "" };
    let named: Vec<&str> = found.iter().map(|one| one.map_or("-", Category::name)).collect();
    assert_eq!(named.join(",") + unknown, expected, "{text}");
}

#[test]
fn rows() {
    for (word, expected) in [
        ("childabuse", "csam"),
        ("CHILDABUSE", "csam"),
        ("gambling", "other"),
        ("spam", "malware"),
        ("Phishing", "phishing"),
        ("dating", "- (remark)"),
        ("", "-"),
    ] {
        check(Format::HouseCsv, &format!("value,category\na.example,{word}\n"), expected);
        check(Format::Csv, &format!("url,category\nhttps://a.example/x,{word}\n"), expected);
        check(Format::HouseJsonl, &format!("{{\"value\":\"a.example\",\"category\":\"{word}\"}}\n"), expected);
        let silent = expected.trim_end_matches(" (remark)");
        check(Format::E2guardian, &format!("#listcategory: \"{word}\"\na.example\n"), silent);
        let event = format!(
            r#"{{"events":[{{"id":1,"eventType":"addRule","url":"a.example","pattern":"domain","reason":"{word}"}}]}}"#
        );
        check(Format::Ozone, &event, silent);
    }
}

/// Of tags only the table counts: our own words can mean anything there.
#[test]
fn tags_of_indicators() {
    for (fields, expected) in [
        (r#""labels":["tlp:green","childabuse","gambling"]"#, "csam"),
        (r#""labels":["gambling"],"indicator_types":["childabuse"]"#, "other"),
        (r#""indicator_types":["ChildAbuse"]"#, "csam"),
        (r#""labels":["csam","phishing"]"#, "-"),
        (r#""labels":7,"indicator_types":{"odd":[null]}"#, "-"),
        (r#""labels":null"#, "-"),
    ] {
        let pattern = r#""type":"indicator","pattern":"[domain-name:value = 'a.example']""#;
        check(Format::Stix21, &format!(r#"{{"objects":[{{{pattern},{fields}}}]}}"#), expected);
    }
}

#[test]
fn tags_of_attributes() {
    for (of_event, of_attribute, expected) in [
        (r#"[{"name":"tlp:red"}]"#, r#""Tag":[{"name":"tlp:green"},{"name":"childabuse"}]"#, "csam"),
        (r#"[{"name":"TLP:RED"}]"#, r#""Tag":[]"#, "phishing"),
        (r#"[{"name":"tlp:red"}]"#, r#""category":"gambling""#, "phishing"),
        ("[]", r#""category":"gambling""#, "other"),
        ("[]", r#""category":"Network activity""#, "-"),
        ("null", r#""Tag":"odd""#, "-"),
    ] {
        let attribute = format!(r#"{{"type":"domain","to_ids":true,"value":"a.example",{of_attribute}}}"#);
        let inner = format!(r#""Tag":{of_event},"Attribute":[{attribute}]"#);
        check(Format::MispEvent, &format!(r#"{{"Event":{{{inner}}}}}"#), expected);
        check(Format::MispEvent, &format!("{{{inner}}}"), expected);
        let inside = format!(r#""Tag":{of_event},"Object":[{{"Attribute":[{attribute}]}}]"#);
        check(Format::MispEvent, &format!(r#"{{"Event":{{{inside}}}}}"#), expected);
    }
    for (category, tags, expected) in [
        ("gambling", "tlp:green,ChildAbuse", "csam"),
        ("gambling", "", "other"),
        ("Network activity", "tlp:green", "-"),
    ] {
        let text = format!(
            "uuid,event_id,category,type,value,comment,to_ids,date,attribute_tag\nu,1,{category},domain,a.example,,1,20260101,\"{tags}\"\n"
        );
        check(Format::MispCsv, &text, expected);
    }
}

#[test]
fn tags_of_members() {
    for (fields, expected) in [
        (r#""tags":{"data":[{"text":"other_tag"},{"text":"childabuse"}]}"#, "csam"),
        (r#""tags":["gambling","childabuse"]"#, "other"),
        (r#""descriptors":{"data":[{"tags":{"data":[]}},{"tags":{"data":[{"text":"ChildAbuse"}]}}]}"#, "csam"),
        (r#""tags":{"data":[{"text":"gambling"}]},"descriptors":{"data":[{"tags":["childabuse"]}]}"#, "other"),
        (r#""tags":{"data":[{"text":"csam"}]}"#, "-"),
        (r#""tags":false"#, "-"),
    ] {
        let text = format!(r#"{{"data":[{{"type":"DOMAIN","indicator":"a.example",{fields}}}]}}"#);
        check(Format::ThreatExchange, &text, expected);
    }
}
