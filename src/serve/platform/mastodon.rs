//! Mastodon's client API, which Pleroma, Akkoma, `GoToSocial`, Pixelfed and Friendica speak too.
//!
//! Source: Mastodon's own documentation, `methods/statuses`, `methods/media`, `methods/accounts`, `methods/streaming`, its
//! error handler, which answers `{"error": …}`, and its routes: pages for people change and delete by forms with `_method`.
//!
//! All its fields are plain text to the reader of links, bios in HTML too: nothing is a link by its place.

use http::StatusCode;

use super::{Platform, Shape, Treatment, route};

const UPLOADS: [&str; 3] = ["POST /api/v1/media", "POST /api/v2/media", "PATCH /api/v1/accounts/update_credentials"];
/// Pages for people, none of which publishes a status.
pub(super) const FORMS: [&str; 12] = [
    "POST /auth",
    "POST /auth/**",
    "POST /settings/**",
    "POST /admin/**",
    "POST /oauth/**",
    "POST /filters",
    "POST /filters/**",
    "POST /invites/**",
    "POST /relationships",
    "POST /disputes/**",
    "POST /statuses_cleanup",
    "POST /severed_relationships/**",
];
const STREAMS: [&str; 2] = ["GET /api/v1/streaming", "GET /api/v1/streaming/**"];

pub(super) fn platform() -> Platform {
    let (uploads, forms) = (route::all(&UPLOADS, Treatment::Upload), route::all(&FORMS, Treatment::Form));
    Platform {
        name: "mastodon",
        fields: Vec::new(),
        routes: uploads.chain(forms).chain(route::all(&STREAMS, Treatment::Upgrade)).collect(),
        refusal: Shape {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            content_type: "application/json; charset=utf-8".into(),
            template: r#"{"error":"{message} ({id})"}"#.into(),
        },
    }
}
