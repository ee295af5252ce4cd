//! Spellings of a route under which back ends may find the same handler: inspected, or refused.

use super::nginx::Nginx;
use super::{Serving, raw, request};

const LISTED: &[u8] = b"status=https%3A%2F%2Flisted.example%2Fa";
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// Method, target and status: 422 is seen, 400 and 501 are refused for what they are.
const SPELLINGS: [(&str, &str, u16); 67] = [
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
    ("POST", "/api/v1/statuses.xml", 422),
    ("POST", "/api/v1/statuses/index.php", 422),
    ("POST", "/api/v1/statuses?format=json", 422),
    ("POST", "/api/v1/STATUSES.JSON", 422),
    ("POST", "/api/v1/statuses%2Ejson", 400),
    ("POST", "/api/v1/statuses%2F", 400),
    ("POST", "/api/v1/statuses;.json", 400),
    ("POST", "/api/v1/;/statuses", 400),
    ("POST", "/;a=b/api/v1/statuses", 400),
    ("POST", "/..;/api/v1/statuses", 400),
    ("POST", "http://localhost/api/v1/statuses", 422),
    ("POST", "HTTP://LOCALHOST/api/v1/statuses", 422),
    ("POST", "http://localhost//api/v1/statuses", 400),
    ("POST", "http://elsewhere/api/v1/statuses", 400),
    ("POST", "http://localhost", 422),
    ("POST", "/settings/profile", 422),
    ("POST", "localhost/api/v1/statuses", 400),
    ("TRACE", "/api/v1/statuses", 501),
];

/// By which some back ends do something else than the request line says.
const OVERRIDES: [(&str, &str, &str); 22] = [
    ("POST", "/?_method=put", "status=hello"),
    ("POST", "/?a=b&_method=delete", "status=hello"),
    ("POST", "/?a=b;_method=delete", "status=hello"),
    ("POST", "/?_METHOD=put", "status=hello"),
    ("POST", "/?%5fmethod=put", "status=hello"),
    ("POST", "/?X-HTTP-Method-Override=PUT", "status=hello"),
    ("POST", "/?_method=post&_method=put", "status=hello"),
    ("POST", "/", "_method=put&status=hello"),
    ("POST", "/", "status=hello&_Method=put"),
    ("POST", "/", "_method=get&_method=put"),
    ("GET", "/wp-json/wp/v2/posts?_method=POST&content=https%3A%2F%2Flisted.example", ""),
    ("GET", "/?content=a&_Method=POST", ""),
    ("GET", "/?%5Fmethod=POST", ""),
    ("GET", "/?a=b;_method=POST", ""),
    ("HEAD", "/?_method=POST", ""),
    ("OPTIONS", "/?_method=POST", ""),
    ("GET", "/?x-http-method=POST", ""),
    ("POST", "/api/v1/statuses", "_method=put&status=hello"),
    ("POST", "/settings/profile?_method=patch", "a=b"),
    ("POST", "/settings", "_method=patch"),
    ("POST", "/SETTINGS/profile", "_method=patch"),
    ("PUT", "/settings/profile", "_method=patch"),
];
const NO_OVERRIDES: [(&str, &str, &str); 8] = [
    ("GET", "/?method=POST&_methods=a", ""),
    ("GET", "/?a=_method", ""),
    ("GET", "/?a=_method=POST", ""),
    ("GET", "/_method=POST", ""),
    ("POST", "/?method=put", "method=put&status=_method"),
    ("POST", "/", "_method_=put&a[_method]=put"),
    // Pages of Mastodon itself; what stands in them is read all the same.
    ("POST", "/settings/profile", "_method=patch&account%5Bnote%5D=hello"),
    ("POST", "/auth/sign_out", "_method=delete"),
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
    for (method, target, body) in OVERRIDES {
        assert_eq!(request(server.proxy(), method, target, &[FORM], body.as_bytes()).status, 400, "{target} {body}");
    }
    for host in ["localhost.", "LOCALHOST", "localhost:80"] {
        let head = format!("POST /api/v1/statuses HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        let rest = format!("{}: {}\r\nContent-Length: {}\r\n\r\n", FORM.0, FORM.1, LISTED.len());
        let status = raw(server.proxy(), &[head.as_bytes(), rest.as_bytes(), LISTED].concat()).status;
        assert_eq!(status, 422, "{host}");
    }
    assert_eq!(nginx.got(), Vec::<serde_json::Value>::new());
    for (method, target, body) in NO_OVERRIDES {
        assert_eq!(request(server.proxy(), method, target, &[FORM], body.as_bytes()).status, 200, "{target} {body}");
    }
}

/// A repository that is imported cannot be read, whatever the router of the platform makes of the path.
#[test]
fn no_spelling_imports_a_repository() {
    let nginx = Nginx::start();
    let start = |more: &str| {
        Serving::start(&format!(
            "[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://{}\"\nplatform = \"atproto\"\n{more}",
            nginx.address
        ))
    };
    let server = start("");
    let archive = [("Content-Type", "application/vnd.ipld.car")];
    let status =
        |server: &Serving, path: &str| request(server.proxy(), "POST", path, &archive, b"\xa1\x61a\x60").status;
    for path in [
        "/xrpc/com.atproto.repo.importRepo",
        "/xrpc/com.atproto.repo.importRepo/",
        "/XRPC/com.atproto.repo.importRepo",
        "/xrpc/COM.atproto.repo.importrepo",
        "/xrpc/com.atproto.repo.importRepo?a=b",
        "/xrpc/com.atproto.repo.import%52epo",
        "/xrpc//com.atproto.repo.importRepo",
        "/xrpc/com.atproto.repo.importRepo;a",
    ] {
        assert_eq!(status(&server, path), 400, "{path}");
    }
    assert_eq!(nginx.got(), Vec::<serde_json::Value>::new());
    assert_eq!(status(&server, "/xrpc/com.atproto.repo.importRepos"), 200);
    assert_eq!(status(&start("pass_imports = true\n"), "/xrpc/com.atproto.repo.importRepo"), 200);
}
