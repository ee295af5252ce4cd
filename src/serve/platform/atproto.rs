//! A personal data server of the AT Protocol, as Bluesky runs them.
//!
//! Source: the lexicons `com.atproto.repo.*`, `com.atproto.sync.subscribeRepos`, `app.bsky.*`, and the server's own error
//! payload. Clients hide the message of 5xx answers, so a refusal is a 400.

use http::StatusCode;

use super::{Generic, Holds, Platform, Shape, Treatment, fields, route};

/// Links in a record, wherever the record stands.
const LINKS: [&str; 6] = [
    "/facets/*/features/*/uri",
    "/embed/external/uri",
    "/embed/media/external/uri",
    "/entities/*/value",
    "/website",
    "/url",
];
/// `createRecord` and `putRecord`; `applyWrites`; chat messages, one and many.
const RECORDS: [&str; 4] = ["/record", "/writes/*/value", "/message", "/items/*/message"];
const BLOBS: &str = "POST /xrpc/com.atproto.repo.uploadBlob";
/// A whole repository in one archive of CBOR: its records cannot be read here.
const IMPORT: &str = "POST /xrpc/com.atproto.repo.importRepo";
const STREAM: &str = "GET /xrpc/com.atproto.sync.subscribeRepos";

pub(super) fn platform(generic: &Generic) -> Platform {
    let import = if generic.pass_imports { Treatment::Pass } else { Treatment::Refuse };
    let routes = [(BLOBS, Treatment::Pass), (IMPORT, import), (STREAM, Treatment::Upgrade)];
    let in_records = RECORDS.iter().flat_map(|record| LINKS.iter().map(move |link| format!("{record}{link}")));
    Platform {
        name: "atproto",
        fields: fields(Holds::Link, in_records).collect(),
        routes: routes.into_iter().filter_map(|(rule, treatment)| route::all(&[rule], treatment).next()).collect(),
        refusal: Shape {
            status: StatusCode::BAD_REQUEST,
            content_type: "application/json; charset=utf-8".into(),
            template: r#"{"error":"InvalidRequest","message":"{message} ({id})"}"#.into(),
        },
    }
}
