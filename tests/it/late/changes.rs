//! Changes of lists, as the platform is told of them: each one, by ids of entries, under one id.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::{Stand, wait_for_rest};
use crate::finish;
use crate::outbox::webhook::judged;
use crate::serve::wait_until;

/// Nothing is followed: what is kept is kept for lists alone.
const CONFIG: &str = "[fetch]\nfollow = \"none\"\n[serve]\nwatch_ms = 200\n";

impl Stand {
    fn publish(&self, hosts: &[&str]) {
        let lines = hosts.iter().map(|host| format!("id-{host},{host}.listed.test,domain\n"));
        self.files.file("list.txt", "id,value,scope\n".to_owned() + &lines.collect::<String>());
    }

    fn roll_back(&self) {
        let by = ["--author", "ann", "--reason", "a test"];
        let mut command = self.command(CONFIG, &[&["lists", "rollback", "own"][..], &by].concat());
        command.env("XDG_STATE_HOME", self.path("state"));
        let ran = finish(command, b"");
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }

    fn notes(&self) -> PathBuf {
        self.files.path().join("state/linkgate/lists/own/notes.json")
    }

    /// Data of all changes, when there are so many.
    fn told_of(&self, count: usize) -> Vec<Value> {
        wait_until("changes", || self.changes().len() >= count);
        self.changes().into_iter().map(|(_, mut event)| event["data"].take()).collect()
    }

    /// The ids under which each change was told.
    fn ids(&self) -> BTreeMap<u64, BTreeSet<String>> {
        let mut ids: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
        for (id, event) in self.changes() {
            assert_eq!(event["id"], *id);
            ids.entry(event["data"]["number"].as_u64().unwrap()).or_default().insert(id);
        }
        ids
    }
}

/// The data of a change, but for its moment.
fn but_for_at(data: &Value) -> Value {
    let mut data = data.clone();
    assert!(data["at"].take().as_i64().unwrap() > 1_700_000_000);
    data
}

#[test]
fn a_change_of_a_file_or_by_a_command_is_told_by_ids() {
    let stand = Stand::new();
    stand.publish(&["a", "b"]);
    let server = stand.serve(CONFIG);
    stand.told_of(1);
    stand.publish(&["b", "c"]);
    stand.told_of(2);
    stand.roll_back();
    let told = stand.told_of(3);
    let expected = [
        json!({"list": "own", "number": 1, "at": null, "to": 1,
            "added": ["id-a", "id-b"], "removed": [], "added_count": 2, "removed_count": 0}),
        json!({"list": "own", "number": 2, "at": null, "from": 1, "to": 2,
            "added": ["id-c"], "removed": ["id-a"], "added_count": 1, "removed_count": 1}),
        json!({"list": "own", "number": 3, "at": null, "from": 2, "to": 1,
            "added": ["id-a"], "removed": ["id-c"], "added_count": 1, "removed_count": 1}),
    ];
    assert_eq!(told.iter().map(but_for_at).collect::<Vec<_>>(), expected);
    wait_for_rest(&server);
    let got = stand.hooks.got();
    assert_eq!(got.len(), 3);
    assert!(got.iter().all(|got| !String::from_utf8_lossy(&got.body).contains("listed")), "no value is told");
    let secret = format!("whsec_{}", BASE64.encode(&fs::read(stand.path("secret")).unwrap()));
    let Some(read) = judged(&got, &secret) else { return };
    for (read, data) in read.iter().zip(told) {
        assert_eq!((&read["type"], &read["subject"]), (&json!("linkgate.list.changed"), &json!("own")), "{read}");
        assert_eq!(read["data"], data);
    }
}

#[test]
fn a_change_has_one_id_whoever_tells_it_and_is_told_again_only_after_a_crash() {
    let stand = Stand::new();
    stand.publish(&["a", "b"]);
    let server = stand.serve(CONFIG);
    stand.publish(&["b", "c"]);
    stand.told_of(2);
    wait_for_rest(&server);
    drop(server);
    // While nobody is there to tell it.
    stand.roll_back();
    let server = stand.serve(CONFIG);
    assert_eq!(stand.told_of(3)[2]["number"], 3);
    wait_for_rest(&server);
    let is_noted = || fs::read_to_string(stand.notes()).unwrap().contains("\"told\":{\"number\":3,");
    wait_until("a note", is_noted);
    let ids = stand.ids();
    assert!(ids.keys().eq(&[1, 2, 3]) && ids.values().all(|ids| ids.len() == 1), "{ids:?}");
    drop(server);
    let server = stand.serve(CONFIG);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(stand.changes().len(), 3, "all of it was told");
    drop(server);

    // As if it had been killed after they were put in the queue and before that was noted.
    let mut notes: Value = serde_json::from_slice(&fs::read(stand.notes()).unwrap()).unwrap();
    notes["told"] = json!({"number": 1, "at": stand.told_of(3)[0]["at"]});
    fs::write(stand.notes(), notes.to_string()).unwrap();
    let _server = stand.serve(CONFIG);
    let told = stand.told_of(5);
    assert_eq!((&told[3]["number"], &told[4]["number"]), (&json!(2), &json!(3)));
    assert_eq!(stand.ids(), ids);
}

#[test]
fn of_many_ids_the_first_are_told_and_all_are_counted() {
    let stand = Stand::new();
    // Each takes 32 bytes with quotes and comma, and 64 KiB have room for 2,048.
    let line = |number: usize| format!("{number:0>29},h{number}.listed.test,domain\n");
    let text = |count: usize| "id,value,scope\n".to_owned() + &(0..count).map(line).collect::<String>();
    stand.files.file("list.txt", text(2_048));
    let server = stand.serve(CONFIG);
    let whole = stand.told_of(1).remove(0);
    let count = |data: &Value| (data["added"].as_array().unwrap().len(), data["added_count"].clone());
    assert_eq!((count(&whole), &whole["is_cut"]), ((2_048, json!(2_048)), &Value::Null));
    wait_for_rest(&server);
    // Moments are seconds.
    std::thread::sleep(Duration::from_millis(1_100));
    fs::remove_dir_all(stand.files.path().join("state/linkgate/lists")).unwrap();
    stand.files.file("list.txt", text(2_049));
    // What was kept of the list is lost: the numbers begin anew, and yet it is another event.
    let cut = stand.told_of(2).remove(1);
    assert_eq!((count(&cut), &cut["is_cut"], &cut["number"]), ((2_048, json!(2_049)), &json!(true), &json!(1)));
    assert_eq!(stand.ids()[&1].len(), 2);
}

#[test]
fn changes_are_told_once_the_outbox_can_be_opened() {
    let stand = Stand::new();
    let path = stand.files.path().join("state/linkgate/outbox.redb");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "no outbox at all\n".repeat(500)).unwrap();
    let server = stand.serve(CONFIG);
    assert_eq!(server.figure("linkgate_outbox_open"), Some(0.0));
    stand.publish(&["a"]);
    wait_until("a reload", || server.count("\"reloaded\"") > 0);
    assert_eq!(stand.changes().len(), 0);
    fs::remove_file(&path).unwrap();
    let told = stand.told_of(2);
    assert_eq!((&told[0]["to"], &told[1]["to"]), (&json!(1), &json!(2)));
}
