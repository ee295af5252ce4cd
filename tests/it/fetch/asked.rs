//! Who is asked at all: by default only hosts of the table, and never one that is listed.

use serde_json::Value;

use super::{Visit, World};

/// A shortener that leads to a stranger, who leads to a listed page.
fn visit(follow: &str) -> (Value, Visit) {
    let world =
        World::new().host("short.test", "8.8.8.8").host("stranger.test", "1.1.1.1").host("listed.test", "1.0.0.1");
    let world = world.redirect("short.test/a", "https://stranger.test/b");
    let world = world.redirect("stranger.test/b", "https://listed.test/c");
    let path = world.path().join("shorteners.txt");
    std::fs::write(&path, "short.test\n").unwrap();
    let tables = format!("follow = \"{follow}\"\n[tables]\nshorteners = '{}'\n", path.display());
    let visit = world
        .settings(&tables)
        .run(&["check", "--follow", "--json", "see https://www.short.test/a https://short.test/a"], "");
    let report: Value = serde_json::from_str(&visit.ran.stdout).unwrap();
    (report["reports"][0]["links"][1].clone(), visit)
}

#[test]
fn strangers_are_asked_only_if_that_is_wanted() {
    for (follow, status, strangers_asked) in
        [("known", "unlisted", false), ("none", "unlisted", false), ("all", "listed", true)]
    {
        let (link, visit) = visit(follow);
        assert_eq!(link["status"], status, "{follow}: {link}");
        let asked = |host: &str| visit.requests().iter().any(|request| request.contains(host));
        assert!(asked("short.test"), "{follow}: {:?}", visit.requests());
        assert_eq!(asked("stranger.test"), strangers_asked, "{follow}: {:?}", visit.requests());
        let dialled = |address: &str| visit.dialled().iter().any(|(ip, _)| ip.to_string() == address);
        assert_eq!(dialled("1.1.1.1"), strangers_asked, "{follow}");
        assert!(!dialled("1.0.0.1") && !asked("listed.test"), "{follow}");
        assert_eq!(visit.times_asked("listed.test"), 0, "{follow}: not even its name");
    }
}
