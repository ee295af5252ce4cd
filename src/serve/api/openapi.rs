//! `GET /openapi.json`: the description of the API, with the limits in force filled in.

use bytes::Bytes;
use serde_json::Value;

use crate::serve::limits::Limits;

const TEXT: &str = include_str!("openapi.json");

/// Where which limit stands in the document.
fn places(limits: &Limits) -> [(&'static str, usize); 3] {
    [
        ("/components/schemas/Posts/properties/posts/maxItems", limits.posts_max),
        ("/components/schemas/ThreatInfo/properties/threatEntries/maxItems", limits.threat_entries_max),
        ("/components/schemas/UrlToExplain/properties/url/maxLength", limits.explain_url_max_chars),
    ]
}

/// The document under these limits.
pub(in crate::serve) fn document(limits: &Limits) -> Bytes {
    let mut document: Value = serde_json::from_str(TEXT).unwrap_or_default();
    for (place, limit) in places(limits) {
        if let Some(value) = document.pointer_mut(place) {
            *value = limit.into();
        }
    }
    if let Some(version) = document.pointer_mut("/info/version") {
        *version = env!("CARGO_PKG_VERSION").into();
    }
    document.to_string().into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use http::Method;

    use super::super::TASKS;
    use super::*;

    fn shipped() -> Value {
        serde_json::from_str(TEXT).unwrap()
    }

    #[test]
    fn every_path_is_described_and_every_description_has_a_path() {
        let document = shipped();
        let described: BTreeSet<(String, String)> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, item)| item.as_object().unwrap().keys().map(|method| (path.clone(), method.clone())))
            .collect();
        let served: BTreeSet<_> =
            TASKS.iter().map(|(path, method, _)| ((*path).to_owned(), method.as_str().to_lowercase())).collect();
        assert_eq!(described, served);
        for (path, method, task) in &TASKS {
            let operation = &document["paths"][path][method.as_str().to_lowercase()];
            let security = operation["security"].as_array().unwrap();
            let has = |name: &str| security.iter().any(|one| one.get(name).is_some());
            let open = matches!(path, &"/healthz" | &"/readyz" | &"/metrics" | &"/openapi.json");
            assert_eq!((has("bearer"), has("key")), (!open, task.is_of_google()), "{path}");
            assert_eq!(operation.get("requestBody").is_some(), *method == Method::POST, "{path}");
        }
    }

    #[test]
    fn it_names_nothing_that_it_does_not_have() {
        fn walk(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(fields) => {
                    found.extend(fields.get("$ref").map(|name| name.as_str().unwrap().to_owned()));
                    fields.values().for_each(|value| walk(value, found));
                }
                Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
                _ => {}
            }
        }
        let (document, mut names) = (shipped(), Vec::new());
        walk(&document, &mut names);
        assert!(names.len() > 50);
        for name in &names {
            assert!(document.pointer(name.trim_start_matches('#')).is_some(), "{name}");
        }
        for (kind, components) in document["components"].as_object().unwrap() {
            for name in components.as_object().unwrap().keys().filter(|_| kind != "securitySchemes") {
                assert!(names.contains(&format!("#/components/{kind}/{name}")), "{kind}/{name} is used nowhere");
            }
        }
    }

    #[test]
    fn limits_in_it_are_those_in_force() {
        let document = shipped();
        for (place, limit) in places(&Limits::default()) {
            assert_eq!(document.pointer(place), Some(&limit.into()), "{place}");
        }
        let others = Limits { posts_max: 1, threat_entries_max: 2, explain_url_max_chars: 3, ..Limits::default() };
        let told: Value = serde_json::from_slice(&super::document(&others)).unwrap();
        assert_eq!(places(&others).map(|(place, _)| told.pointer(place).unwrap().as_u64().unwrap()), [1, 2, 3]);
        assert_eq!(told["info"]["version"], env!("CARGO_PKG_VERSION"));
    }

    #[test]
    fn every_problem_that_the_api_tells_stands_in_it() {
        let sources = [
            include_str!("access.rs"),
            include_str!("check.rs"),
            include_str!("checks.rs"),
            include_str!("curate.rs"),
            include_str!("explain.rs"),
            include_str!("json.rs"),
            include_str!("mod.rs"),
            include_str!("status.rs"),
            include_str!("threat_matches.rs"),
            include_str!("uris.rs"),
        ];
        let responses = shipped()["components"]["responses"].to_string();
        for source in sources {
            let told = source.split("Problem::new(").skip(1);
            for code in told.map(|problem| problem.split('"').nth(1).unwrap()).filter(|code| *code != "not_found") {
                assert!(responses.contains(&format!("`{code}`")), "{code}");
            }
        }
    }
}
