//! Files that change under a running server: taken without a signal, whole or not at all.

use std::thread::sleep;
use std::time::Duration;

use super::{Serving, get, json, wait_until};
use crate::Home;

const WATCH: &str = "[serve]\nwatch_ms = 100\n";

fn action(server: &Serving, host: &str) -> String {
    json(&server.check(&format!(r#"{{"text":"https://{host}/"}}"#)))["action"].as_str().unwrap().to_owned()
}

fn is_listed(server: &Serving, host: &str) {
    wait_until(host, || action(server, host) == "reject");
}

#[test]
fn lists_and_configuration_are_taken_when_they_change() {
    let lists = Home::new();
    let path = lists.file("own.txt", "one.test\n");
    let tree = lists.path().join("tree");
    std::fs::create_dir_all(tree.join("csam")).unwrap();
    std::fs::write(tree.join("csam/domains"), "deep.test\n").unwrap();
    let settings =
        format!("[[lists]]\nname = \"own\"\npath = {path:?}\n[[lists]]\nname = \"tree\"\npath = {tree:?}\n{WATCH}");
    let server = Serving::start(&settings);
    assert_eq!((action(&server, "one.test"), action(&server, "two.test")), ("reject".into(), "allow".into()));
    // In its place, in a directory, and by another configuration.
    std::fs::rename(lists.file("new.txt", "two.test\n"), &path).unwrap();
    is_listed(&server, "two.test");
    assert_eq!(action(&server, "one.test"), "allow");
    std::fs::write(tree.join("csam/domains"), "deeper.test\n").unwrap();
    is_listed(&server, "deeper.test");
    let third = lists.file("third.txt", "three.test\n");
    server.home.file("linkgate.toml", format!("[[lists]]\nname = \"own\"\npath = {third:?}\n{WATCH}"));
    is_listed(&server, "three.test");
    assert_eq!(action(&server, "two.test"), "allow");
    // What is followed now is what the new configuration names.
    lists.file("third.txt", "four.test\n");
    is_listed(&server, "four.test");
    // Each reload raises the generation, which is written to the state directory: no reload follows of it.
    let reloads = server.count("\"reloaded\"");
    sleep(Duration::from_millis(700));
    assert_eq!(server.count("\"reloaded\""), reloads);
}

#[test]
fn a_list_of_the_command_line_and_overrides_are_followed_too() {
    let lists = Home::new();
    let path = lists.file("given.txt", "one.test\n");
    let server = Serving::start_with(WATCH, &["--lists", path.to_str().unwrap()]);
    lists.file("given.txt", "one.test\ntwo.test\n");
    is_listed(&server, "two.test");
    let ruling = ["override", "add", "three.test", "--scope", "domain", "--action", "reject"];
    let ruling = [&ruling[..], &["--reason", "r", "--author", "a"]].concat();
    assert_eq!(server.home.run(&ruling).code, 0);
    is_listed(&server, "three.test");
}

#[test]
fn what_cannot_be_read_is_told_once_and_changes_nothing() {
    let lists = Home::new();
    let path = lists.file("own.txt", "one.test\n");
    let server = Serving::start(&format!("[[lists]]\nname = \"own\"\npath = {path:?}\n{WATCH}"));
    std::fs::remove_file(&path).unwrap();
    server.wait_for("list not updated");
    sleep(Duration::from_millis(700));
    assert_eq!((server.count("\"list not updated\""), action(&server, "one.test")), (1, "reject".into()));
    lists.file("own.txt", "two.test\n");
    is_listed(&server, "two.test");
    let figures = get(server.api, "/metrics").body;
    let told = "linkgate_list_updates_total{list=\"own\",outcome=\"unreadable\"} 1\n";
    assert!(figures.contains(told), "{figures}");
}

#[test]
fn a_start_without_lists_ends_when_they_come() {
    let lists = Home::new();
    let path = lists.path().join("late.txt");
    let server = Serving::start(&format!("[[lists]]\nname = \"late\"\npath = {path:?}\n{WATCH}"));
    assert_eq!(get(server.api, "/readyz").status, 503);
    lists.file("late.txt", "one.test\n");
    wait_until("readiness", || get(server.api, "/readyz").status == 200);
}

#[test]
fn a_reload_that_failed_is_tried_again_and_no_generation_comes_twice() {
    let lists = Home::new();
    let path = lists.file("own.txt", "one.test\n");
    let server = Serving::start(&format!("[[lists]]\nname = \"own\"\npath = {path:?}\n{WATCH}"));
    let generation = || json(&server.check(r#"{"text":""}"#))["generation"].as_u64().unwrap();
    assert_eq!(generation(), 1);
    lists.file("own.txt", "two.test\n");
    is_listed(&server, "two.test");
    assert_eq!(generation(), 2);
    // The state cannot be read for a while, and is lost in the end; no file that is followed changes with it.
    let state = server.home.path().join("state/linkgate/generation.json");
    std::fs::remove_file(&state).unwrap();
    std::fs::create_dir(&state).unwrap();
    lists.file("own.txt", "three.test\n");
    server.wait_for("\"not reloaded\"");
    assert_eq!((action(&server, "two.test"), generation()), ("reject".into(), 2));
    std::fs::remove_dir(&state).unwrap();
    is_listed(&server, "three.test");
    assert_eq!((server.count("\"not reloaded\""), generation()), (1, 3));
}

#[test]
fn without_a_watch_only_the_signal_reloads() {
    let lists = Home::new();
    let path = lists.file("own.txt", "one.test\n");
    let server = Serving::start(&format!("[[lists]]\nname = \"own\"\npath = {path:?}\n[serve]\nwatch_ms = 0\n"));
    lists.file("own.txt", "two.test\n");
    sleep(Duration::from_millis(500));
    assert_eq!(action(&server, "two.test"), "allow");
    server.signal("HUP");
    is_listed(&server, "two.test");
    server.wait_for("\"reloaded\"");
    assert_eq!(server.count("\"reloaded\""), 1);
}
