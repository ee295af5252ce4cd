//! The life of a subscription, as the manual shows it.

use serde_json::Value;

use super::{Stand, list};
use crate::serve::{get, json, wait_until};

const BY: [&str; 4] = ["--author", "ann", "--reason", "a test"];

fn action(server: &crate::serve::Serving, host: &str) -> String {
    let answer = server.check(&format!(r#"{{"text":"https://{host}/"}}"#));
    json(&answer)["action"].as_str().unwrap_or("none").to_owned()
}

#[test]
fn a_list_arrives_changes_and_blocks_without_a_hand() {
    let stand = Stand::new();
    stand.publish("partner.csv", &list("one", 10), 1_000);
    stand.config("");
    let server = stand.serve();
    wait_until("the first version", || get(server.api, "/readyz").status == 200);
    assert_eq!(action(&server, "one-3.example"), "reject");
    assert_eq!(action(&server, "new.example"), "allow");
    // An entry is added, another one taken back.
    stand.publish("partner.csv", &(list("one", 9) + "new.example,domain\n"), 2_000);
    wait_until("the second version", || action(&server, "new.example") == "reject");
    assert_eq!(action(&server, "one-9.example"), "allow");
    // What is no list changes nothing, and is named.
    std::fs::write(stand.mirror.file("partner.csv"), "<html>please log in</html>").unwrap();
    wait_until("the refusal", || stand.state()["last_error"]["code"] == "signature_wrong");
    assert_eq!(action(&server, "new.example"), "reject");
    let lists = get(server.api, "/v1/lists").status;
    assert_eq!(lists, 403, "without keys lists are shown to nobody");
    // Whoever has to go back does it in a moment, and the version that was left does not come again.
    stand.publish("partner.csv", &(list("one", 9) + "new.example,domain\n"), 2_000);
    let ran = stand.run(&[&["lists", "rollback", "partner"][..], &BY].concat());
    assert_eq!((ran.code, &*ran.stdout), (0, "list partner: version 1 answers now\n"), "{}", ran.stderr);
    wait_until("the version before", || action(&server, "new.example") == "allow");
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    assert_eq!(action(&server, "one-9.example"), "reject");
    let status = stand.run(&["lists", "status"]).stdout;
    assert!(status.contains("went back from; the next one is taken"), "{status}");
    let ran = stand.run(&["audit", "verify"]);
    assert_eq!((ran.code, &*ran.stdout), (0, "3 lines, each as it was written\n"), "{}", ran.stderr);
    let record = std::fs::read_to_string(stand.files.path().join("state/linkgate/audit.jsonl")).unwrap();
    assert!(
        record.contains("\"who\":\"ann\"") && record.contains("a test") && !record.contains(".example"),
        "{record}"
    );
}

/// Whoever asks a source is replaced while its list is taken, again and again: each version that answers is on the record.
#[test]
fn a_version_is_on_the_record_whoever_ends_meanwhile() {
    let stand = Stand::new();
    let book = stand.files.path().join("state/linkgate/lists/partner/book.json");
    let book = || std::fs::read_to_string(&book).map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
    stand.config("[serve]\nwatch_ms = 50\n");
    let config = stand.files.path().join("linkgate.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    stand.publish("partner.csv", &list("v0", 300_000), 1_000);
    let server = stand.serve();
    for version in 1..=4 {
        wait_until("a version", || {
            let bytes_max = 1_000_000_000 + server.count("\"reloaded\"");
            std::fs::write(&config, text.replace("poll_s", &format!("bytes_max = {bytes_max}\npoll_s"))).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(80));
            book()["last"].as_u64() >= Some(version)
        });
        stand.publish("partner.csv", &list(&"v".repeat(usize::try_from(version).unwrap()), 300_000), 1_000 + version);
    }
    std::fs::write(&config, &text).unwrap();
    wait_until("the last version", || book()["last"] == 5);
    let record = || std::fs::read_to_string(stand.files.path().join("state/linkgate/audit.jsonl")).unwrap_or_default();
    wait_until("the record", || record().matches("\"did\":\"list_update\"").count() == 5);
}

#[test]
fn what_is_lost_of_a_list_is_fetched_again() {
    let stand = Stand::new();
    stand.publish("partner.csv", &list("one", 10), 1_000);
    stand.config("[serve]\nwatch_ms = 100\n");
    let server = stand.serve();
    wait_until("the first version", || action(&server, "one-3.example") == "reject");
    // What is only noted of its source keeps nothing up.
    let place = stand.files.path().join("state/linkgate/lists/partner");
    std::fs::write(place.join("notes.json"), "{").unwrap();
    assert_eq!(stand.state()["state"], "live");
    stand.publish("partner.csv", &list("two", 10), 2_000);
    wait_until("the second version", || action(&server, "two-3.example") == "reject");
    drop(server);
    // Now its source is asked once a day.
    let config = stand.files.path().join("linkgate.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("poll_s = 1\n", "poll_s = 86400\n")).unwrap();
    let server = stand.serve();
    wait_until("its next turn", || {
        stand.state()["last_error"].is_null() && action(&server, "two-3.example") == "reject"
    });
    std::thread::sleep(std::time::Duration::from_secs(1));
    for file in std::fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().path()) {
        if file.file_name().unwrap().to_str().unwrap().starts_with('2') {
            std::fs::write(file, "damaged").unwrap();
        }
    }
    server.signal("HUP");
    server.wait_for("answers on");
    assert_eq!(action(&server, "two-3.example"), "reject");
    let is_impaired = || server.figure("linkgate_list_impaired{list=\"partner\"}");
    wait_until("the version as its source has it", || is_impaired() == Some(0.0));
    assert_eq!(action(&server, "two-3.example"), "reject");
}

#[test]
fn what_is_suspicious_waits_for_people() {
    let stand = Stand::new();
    stand.publish("partner.csv", &list("one", 200), 1_000);
    stand.config("approvers = 2\n");
    assert_eq!(stand.run(&["lists", "fetch"]).stdout, "partner: version 1, 200 entries answers now\n");
    stand.publish("partner.csv", &list("one", 2_000), 2_000);
    let ran = stand.run(&["lists", "fetch"]);
    assert!(ran.stdout.contains("version 2, 2000 entries waits for approval (grew)"), "{}", ran.stdout);
    let state = stand.state();
    assert_eq!((&state["state"], &state["number"]), (&"quarantined".into(), &1.into()), "{state}");
    assert_eq!((&state["pending"]["code"], &state["pending"]["number"]), (&"grew".into(), &2.into()));
    assert_eq!(stand.run(&["check", "https://one-1000.example/"]).code, 0);

    let posts = stand
        .files
        .file("posts.jsonl", "{\"text\":\"https://one-1000.example/\"}\n{\"text\":\"https://one-1.example/\"}\n");
    let ran = stand.run(&["lists", "preview", "partner", "--posts", posts.to_str().unwrap()]);
    assert!(ran.stdout.contains("1800 entries added, 0 entries removed"), "{}", ran.stdout);
    assert!(ran.stdout.contains("1 of 2 posts would newly match"), "{}", ran.stdout);
    assert!(!ran.stdout.contains(".example"), "{}", ran.stdout);

    let approve = |author: &str| stand.run(&["lists", "approve", "partner", "--author", author, "--reason", "a test"]);
    assert!(approve("ann").stdout.contains("it takes a second person"));
    let again = approve("ann");
    assert!(again.code == 2 && again.stderr.contains("it takes a second person"), "{}", again.stderr);
    assert_eq!(stand.run(&["check", "https://one-1000.example/"]).code, 0);
    assert!(approve("ben").stdout.contains("it answers now"));
    assert_eq!(stand.run(&["check", "https://one-1000.example/"]).code, 1);
    assert_eq!(
        stand.run(&["lists", "diff", "partner", "2", "1"]).stdout.lines().next(),
        Some("0 entries added, 1800 entries removed")
    );
}

#[test]
fn one_entry_that_waits_delays_no_other() {
    let stand = Stand::new();
    let text = list("one", 3) + "wikipedia.org,domain\n";
    stand.publish("partner.csv", &text, 1_000);
    stand.config("");
    assert_eq!(stand.run(&["lists", "fetch"]).stdout, "partner: version 1, 3 entries, 1 entry held back answers now\n");
    assert_eq!(stand.run(&["check", "https://one-1.example/"]).code, 1);
    assert_eq!(stand.run(&["check", "https://wikipedia.org/"]).code, 0);
    let book = std::fs::read(stand.files.path().join("state/linkgate/lists/partner/book.json")).unwrap();
    let book: Value = serde_json::from_slice(&book).unwrap();
    let held = &book["versions"]["1"]["held"][0];
    assert_eq!(held["code"], "protected_host", "{book}");
    let entry = held["entry"].as_str().unwrap();
    let ran = stand.run(&[&["lists", "approve", "partner", "--entry", entry][..], &BY].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(stand.run(&["check", "https://wikipedia.org/"]).code, 1);
}

/// A new list acts on a part of hosts at first, always on the same ones, and is told on all.
#[test]
fn a_list_is_rolled_out_host_by_host() {
    let stand = Stand::new();
    stand.publish("partner.csv", &list("one", 200), 1_000);
    let acted_on = |share: &str| -> Vec<usize> {
        stand.config(&format!("rollout_share = {share}\n"));
        stand.run(&["lists", "fetch"]);
        let text: Vec<String> = (0..200).map(|number| format!("https://one-{number}.example/")).collect();
        let ran = stand.run(&["check", "--json", &text.join(" ")]);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        let links = report["reports"][0]["links"].as_array().unwrap();
        assert!(links.len() == 200 && links.iter().all(|link| link["status"] == "listed"), "{share}");
        (0..200).filter(|number| links[*number]["action"] == "reject").collect()
    };
    assert_eq!(acted_on("0.0").len(), 0);
    let tenth = acted_on("0.1");
    assert!((5..=40).contains(&tenth.len()), "{tenth:?}");
    let half = acted_on("0.5");
    assert!((70..=130).contains(&half.len()) && tenth.iter().all(|number| half.contains(number)), "{half:?}");
    assert_eq!(acted_on("1.0").len(), 200);
}
