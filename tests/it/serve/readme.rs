//! Deployments as README shows them: its own lines, run.

use super::nginx::Nginx;
use super::{FORM, Serving, json, request};
use crate::{Home, root};

/// The code blocks of README in that language.
fn blocks(language: &str) -> Vec<String> {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let all = readme.split("```").skip(1).step_by(2);
    all.filter_map(|block| Some(block.strip_prefix(language)?.strip_prefix('\n')?.to_owned())).collect()
}

#[test]
fn every_configuration_is_one() {
    let configurations = blocks("toml");
    assert!(configurations.len() >= 4, "{configurations:?}");
    for text in configurations {
        let home = Home::new();
        let text = text.replace('…', &"0".repeat(64));
        // Certificates are the operator's own.
        let text: String =
            text.lines().filter(|line| !line.contains("_file = ")).map(|line| line.to_owned() + "\n").collect();
        let path = home.file("linkgate.toml", &text);
        let checked = home.run(&["--config", path.to_str().unwrap(), "config", "check"]);
        assert_eq!(checked.code, 0, "{text}{}", checked.stderr);
    }
}

#[test]
fn nginx_in_front_of_the_proxy_tells_who_a_client_is() {
    let platform = Nginx::start();
    let behind = blocks("toml").into_iter().find(|block| block.contains("trusted_proxies")).unwrap();
    let behind =
        behind.replace("127.0.0.1:8081", "127.0.0.1:0").replace("127.0.0.1:3000", &platform.address.to_string());
    let server = Serving::start(&behind);
    let front = Nginx::front(&blocks("nginx")[0].replace("127.0.0.1:8081", &server.proxy().to_string()));
    let send = |status: &str| {
        let forged = [("Content-Type", FORM), ("X-Forwarded-For", "192.0.2.1"), ("X-Real-IP", "192.0.2.1")];
        request(front.address, "POST", "/api/v1/statuses", &forged, format!("status={status}").as_bytes())
    };
    let refused = send("see https://listed.example/a");
    assert_eq!(refused.status, 422);
    assert!(json(&refused)["error"].as_str().unwrap().starts_with("This was not published"), "{refused:?}");
    assert_eq!(send("see https://fine.example/a").status, 200);
    let got = platform.got_after(1);
    assert_eq!(got.len(), 1);
    assert_eq!((&got[0]["for"], &got[0]["proto"]), (&"127.0.0.1, 127.0.0.1".into(), &"http".into()));
    assert_eq!(got[0]["host"], "localhost");
}
