//! Lists for those alone who have a token or a certificate, as the configuration gives them.

use super::{Stand, list};

#[test]
fn tokens_and_certificates_of_the_configuration_are_shown_to_the_source() {
    let stand = Stand::new();
    stand.publish("partner.csv", &list("one", 3), 1_000);
    let [certificate, key] = ["client.pem", "client.key"].map(|name| stand.mirror.file(name).display().to_string());
    let certificate = format!("client_cert_file = '{certificate}'\nclient_key_file = '{key}'\n");
    let token = |name: &str, text: &str| format!("token_file = '{}'\n", stand.files.file(name, text).display());
    let [right, wrong] = [token("right", "s3cret\n"), token("wrong", "secret\n")];
    for (place, settings, expected) in [
        ("club", "", "status: "),
        ("club", &*right, "status: "),
        ("club", &*certificate, "version 1, 3 entries answers now"),
        ("paid", &*certificate, "status: "),
        ("paid", &*wrong, "status: "),
        ("paid", &*right, "unchanged, version 1, 3 entries"),
    ] {
        let config = stand.config(settings);
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, text.replace("/partner.csv", &format!("/{place}/partner.csv"))).unwrap();
        let ran = stand.run(&["lists", "fetch", "partner"]);
        let told = ran.stdout + &ran.stderr;
        assert!(told.contains(expected), "{place} {settings}: {told}");
        assert!(!told.contains("s3cret") && !told.contains("one-"), "{told}");
        assert_eq!(ran.code == 0, !expected.starts_with("status"), "{place} {settings}: {told}");
    }
    // What is wrong with one list is no matter of others.
    let missing = format!(
        "token_file = '/no/such/file'\nrequired = false\n[[lists]]\nname = \"own\"\npath = '{}'\n",
        stand.files.file("own.txt", "own.example\n").display()
    );
    stand.config(&missing);
    let ran = stand.run(&["lists", "fetch"]);
    assert!(
        ran.code == 2 && ran.stdout.contains("own: version 1") && ran.stderr.contains("partner: settings: "),
        "{} {}",
        ran.stdout,
        ran.stderr
    );
    assert_eq!(stand.run(&["config", "check"]).code, 2);
    let server = stand.serve();
    assert_eq!(crate::serve::json(&server.check(r#"{"text":"https://own.example/"}"#))["action"], "reject");
    crate::serve::wait_until("what is wrong", || {
        crate::serve::get(server.api, "/metrics")
            .body
            .contains("list_updates_total{list=\"partner\",outcome=\"settings\"} 1")
    });
    drop(server);
    // A token is for encrypted ways alone.
    let config = stand.config(&right);
    let text = std::fs::read_to_string(&config).unwrap().replace("https://", "http://");
    std::fs::write(&config, text).unwrap();
    let ran = stand.run(&["lists", "fetch", "partner"]);
    assert!(ran.code == 2 && ran.stderr.contains("token"), "{} {}", ran.code, ran.stderr);
    assert_eq!(stand.run(&["check", "https://one-1.example/"]).code, 1);
}
