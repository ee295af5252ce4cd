//! Spellings of a route under which back ends may find the same handler: inspected, or refused.

use super::nginx::Nginx;
use super::{Serving, request};

const LISTED: &[u8] = b"status=https%3A%2F%2Flisted.example%2Fa";
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// Method, target and status: 422 is seen, 400 and 501 are refused for what they are.
const SPELLINGS: [(&str, &str, u16); 50] = [
    ("POST", "/api/v1/statuses", 422),
    ("POST", "/api/v1/statuses/", 422),
    ("POST", "/api/v1/statuses.json", 422),
    ("POST", "/API/V1/STATUSES", 422),
    ("POST", "/Api/v1/Statuses", 422),
    ("POST", "/api/v1/statuses?a=b", 422),
    ("POST", "/api/v1/statuses?", 422),
    ("POST", "/api/v2/statuses", 422),
    ("POST", "/api/v1/statuses%20", 422),
    ("POST", "/api/v1/statuses~", 422),
    ("POST", "/api/v1/statuses/1/translate", 422),
    ("POST", "/api/v1/caf%C3%A9", 422),
    ("POST", "/", 422),
    ("PUT", "/api/v1/statuses/1", 422),
    ("PATCH", "/api/v1/statuses/1", 422),
    ("PATCH", "/api/v1/accounts/update_credentials", 422),
    ("POST", "/api/v1/media", 422),
    ("POST", "/api/v2/media", 422),
    ("PUT", "/api/v1/media/1", 422),
    ("DELETE", "/api/v1/statuses/1", 422),
    ("OPTIONS", "/api/v1/statuses", 422),
    ("GET", "/api/v1/statuses", 422),
    ("HEAD", "/api/v1/statuses", 422),
    ("QUERY", "/api/v1/statuses", 422),
    ("POST", "/api/v1/statuses?status=https%3A%2F%2Flisted.example", 422),
    ("POST", "//api/v1/statuses", 400),
    ("POST", "/api//v1/statuses", 400),
    ("POST", "/api/v1/statuses//", 400),
    ("POST", "/./api/v1/statuses", 400),
    ("POST", "/api/./v1/statuses", 400),
    ("POST", "/x/../api/v1/statuses", 400),
    ("POST", "/api/v1/statuses/.", 400),
    ("POST", "/api/v1/statuses/..", 400),
    ("POST", "/%61pi/v1/statuses", 400),
    ("POST", "/api/v1/%73tatuses", 400),
    ("POST", "/api%2Fv1/statuses", 400),
    ("POST", "/api%2fv1%2fstatuses", 400),
    ("POST", "/api/v1/%2e/statuses", 400),
    ("POST", "/api/%2E%2E/api/v1/statuses", 400),
    ("POST", "/api%5Cv1%5Cstatuses", 400),
    ("POST", "/api/v1/statuses;a=b", 400),
    ("POST", "/api/v1;x/statuses", 400),
    ("POST", "/api/v1/statuses%3Bjson", 400),
    ("POST", "/api/v1/statuses%00", 400),
    ("POST", "/api/v1/statuses%0A", 400),
    ("POST", "/api/v1/statuses%09", 400),
    ("POST", "/api/v1/%2573tatuses", 400),
    ("POST", "/api/v1/statuses%ff", 400),
    ("POST", "/api/v1/statuses%C0%AF", 400),
    ("TRACE", "/api/v1/statuses", 501),
];

#[test]
fn no_spelling_passes_unread() {
    let nginx = Nginx::start();
    let server = Serving::start(&format!(
        "[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://{}\"\nplatform = \"mastodon\"\n",
        nginx.address
    ));
    for (method, target, status) in SPELLINGS {
        assert_eq!(request(server.proxy(), method, target, &[FORM], LISTED).status, status, "{method} {target}");
    }
    for name in ["X-HTTP-Method-Override", "x-http-method", "X-Method-Override"] {
        let fields = [FORM, (name, "PUT")];
        assert_eq!(request(server.proxy(), "POST", "/api/v1/statuses", &fields, b"status=hello").status, 400, "{name}");
    }
    for target in ["/?_method=put", "/?a=b&_method=delete"] {
        assert_eq!(request(server.proxy(), "POST", target, &[FORM], b"status=hello").status, 400, "{target}");
    }
    assert_eq!(nginx.got(), Vec::<serde_json::Value>::new());
}
