//! What the operator's own rulings did: counted by a server, never by value, and shown with them.

use super::{Serving, get, json, nginx, wait_until};
use crate::Home;

#[test]
fn rulings_are_counted_and_the_counts_kept() {
    let upstream = nginx::Nginx::start();
    let lists = Home::new();
    let path = lists.file("own.csv", "value,scope,category\nlisted.test,domain,csam\nmild.test,domain,malware\n");
    let server = Serving::start(&format!(
        "[[lists]]\nname = \"own\"\npath = {path:?}\n[serve]\nwatch_ms = 100\n\
         [proxy]\nlisten = \"127.0.0.1:0\"\nplatform = \"mastodon\"\nupstream = \"http://{}\"\n",
        upstream.address
    ));
    let config = server.home.path().join("linkgate.toml");
    let run = |arguments: &[&str]| server.home.run(&[&["--config", config.to_str().unwrap()], arguments].concat());
    let soon = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24)).to_string();
    let add = |value: &str| {
        let ruling = ["override", "add", value, "--scope", "domain", "--action", "allow", "--expires", &soon];
        let added = run(&[&ruling[..], &["--author", "one", "--reason", "wrong"]].concat());
        assert_eq!(added.code, 0, "{}", added.stderr);
        added.stdout.split([' ', ';']).nth(1).unwrap().to_owned()
    };
    let action = |host: &str| {
        let answer = server.check(&format!(r#"{{"text":"https://{host}/ and again https://{host}/"}}"#));
        json(&answer)["action"].as_str().unwrap().to_owned()
    };
    let [grave, mild] = ["listed.test", "mild.test"].map(add);
    wait_until("the ruling on what is mild", || action("mild.test") == "allow");
    assert_eq!(action("listed.test"), "reject", "one person alone");
    let figure = |id: &str| server.figure(&format!("linkgate_override_hits_total{{override=\"{id}\"}}"));
    assert_eq!((figure(&mild), figure(&grave)), (Some(1.0), None));
    assert_eq!(run(&["override", "approve", &grave, "--author", "two", "--reason", "wrong indeed"]).code, 0);
    wait_until("the second person", || action("listed.test") == "allow");
    let passed = super::post(server.proxy(), "/api/v1/statuses", super::FORM, b"status=https%3A%2F%2Flisted.test%2F");
    assert_eq!((passed.status < 400, figure(&grave)), (true, Some(2.0)), "{passed:?}");
    let figures = get(server.api, "/metrics").body;
    assert!(!figures.contains("listed.test") && !figures.contains("mild.test"));
    server.signal("TERM");
    let hits = |id: &str| {
        let listed: serde_json::Value = serde_json::from_str(&run(&["override", "list", "--json"]).stdout).unwrap();
        let one = listed.as_array().unwrap().iter().find(|one| one["id"] == id).unwrap().clone();
        (one["hits"].as_u64().unwrap(), one["approver"].clone(), one["waits"].clone())
    };
    wait_until("the counts", || hits(&mild).0 == 1);
    assert_eq!(hits(&grave), (2, "two".into(), serde_json::Value::Null));
    assert_eq!(hits(&mild).2, true);
    let kept = std::fs::read_to_string(server.home.path().join("state/linkgate/override-hits.json")).unwrap();
    assert!(kept.contains(&mild) && !kept.contains(".test"), "{kept}");
}
