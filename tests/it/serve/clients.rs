//! Real clients: of the platform that the proxy stands in front of, and of the check API.

use std::process::Command;

use super::Serving;
use super::nginx::Nginx;
use crate::root;

#[test]
fn a_mastodon_client_posts_and_is_refused_as_its_user_can_read() {
    let Some(python) = python("Mastodon.py") else { return };
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

#[test]
fn clients_of_the_api_find_what_is_listed_and_its_description_true() {
    let Some(python) = python("pysafebrowsing and schemathesis") else { return };
    let config = "[api]\nuris_search = true\n".to_owned()
        + &super::keys::key("all", super::keys::SHA256, "scopes = [\"check\", \"explain\", \"reveal\", \"admin\"]");
    let server = Serving::start(&config);
    let cases = std::env::vars().find(|(name, _)| name == "LINKGATE_TEST_EXAMPLES");
    let cases = cases.map_or_else(|| "20".to_owned(), |(_, cases)| cases);
    let url = format!("http://{}", server.api);
    let script = root().join("tests/api_clients.py");
    let ran = Command::new(python).args(["-I", "-B"]).arg(script).args([&*url, "test", &*cases]).output().unwrap();
    let told = String::from_utf8_lossy(&ran.stdout) + String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{told}");
    assert!(told.contains("safe browsing listed: right") && told.contains("No issues found"), "{told}");
    let log = server.log.lock().unwrap();
    assert!(!log.contains("panicked") && !log.contains("listed.example"), "{log}");
}

/// The Python that `tests/run` sets up.
fn python(what: &str) -> Option<std::path::PathBuf> {
    let python = root().join("target/python/bin/python");
    if !python.exists() {
        eprintln!("left out: {what}, since target/python is not there; run tests/run");
        return None;
    }
    Some(python)
}
