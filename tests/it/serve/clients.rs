//! A real client of the platform that the proxy stands in front of.

use std::io::Write as _;
use std::process::Command;

use super::Serving;
use super::nginx::Nginx;
use crate::root;

#[test]
fn a_mastodon_client_posts_and_is_refused_as_its_user_can_read() {
    let python = root().join("target/python/bin/python");
    if !python.exists() {
        writeln!(std::io::stderr(), "left out: Mastodon.py, since target/python is not there; run tests/run").unwrap();
        return;
    }
    let nginx = Nginx::start();
    let server = Serving::start(&format!(
        "[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://{}\"\nplatform = \"mastodon\"\n",
        nginx.address
    ));
    let script = root().join("tests/real_clients.py");
    let url = format!("http://{}", server.proxy());
    let ran = Command::new(python).args(["-I", "-B"]).arg(script).arg(url).output().unwrap();
    let told = String::from_utf8(ran.stdout).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 18, "{told}{}", String::from_utf8_lossy(&ran.stderr));
    for line in lines {
        if line.starts_with("fine") {
            assert!(line.ends_with(": done"), "{line}");
        } else {
            assert!(line.contains("422") && line.contains("This was not published"), "{line}");
        }
    }
    let got = nginx.got_after(9);
    assert!(!got.iter().any(|got| got["body"].as_str().unwrap().contains("listed")), "{got:?}");
}
