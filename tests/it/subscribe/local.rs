//! Lists at hand: in files, or handed over. They pass the same guards, and versions of them are kept too.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::list;
use crate::download::signed::{Form, Publisher};
use crate::serve::{API, Serving, get, json, wait_until};
use crate::{Home, Ran, finish};

const BY: [&str; 4] = ["--author", "ann", "--reason", "a test"];

/// An installation with a list in a file, and one that is handed over.
struct Desk(Home);

impl Desk {
    fn new(text: &str, more: &str) -> Self {
        let desk = Self(Home::new());
        let path = desk.0.file("own.csv", text);
        desk.0.file(
            "linkgate.toml",
            format!(
                "[[lists]]\nname = \"own\"\npath = '{}'\n{more}\n[[lists]]\nname = \"handed\"\npath = \"-\"\nrequired = false\n",
                path.display()
            ),
        );
        desk
    }

    /// A server that looks at its files often.
    fn serve(&self) -> Serving {
        let config = self.0.path().join("linkgate.toml");
        let text = fs::read_to_string(&config).unwrap();
        if !text.contains("[serve]") {
            fs::write(&config, text + "[serve]\nwatch_ms = 100\n").unwrap();
        }
        let arguments = ["--config", config.to_str().unwrap(), "serve", "--listen", "127.0.0.1:0"];
        Serving::spawn(Home::new(), self.0.command(&arguments), &[API])
    }

    fn run_with(&self, arguments: &[&str], stdin: &str) -> Ran {
        let config = self.0.path().join("linkgate.toml");
        finish(self.0.command(&[&["--config", config.to_str().unwrap()], arguments].concat()), stdin.as_bytes())
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }

    fn check(&self, host: &str) -> i32 {
        self.run(&["check", &format!("https://{host}/")]).code
    }

    fn place(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join("state/linkgate/lists").join(name)
    }

    fn state(&self) -> Value {
        serde_json::from_str::<Value>(&self.run(&["lists", "status", "--json"]).stdout).unwrap()[0].clone()
    }
}

fn action(server: &Serving, host: &str) -> String {
    let checked = json(&server.check(&format!(r#"{{"text":"https://{host}/"}}"#)));
    checked["action"].as_str().unwrap().to_owned()
}

fn reloaded(server: &Serving) {
    let before = server.count("\"reloaded\"");
    server.signal("HUP");
    wait_until("a reload", || server.count("\"reloaded\"") > before);
}

#[test]
fn a_file_is_guarded_like_a_download() {
    let desk = Desk::new(&(list("one", 200) + "wikipedia.org,domain\n"), "");
    assert_eq!((desk.check("one-3.example"), desk.check("wikipedia.org")), (1, 0));
    let told = desk.run(&["check", "x"]).stderr;
    assert!(told.contains("own: 1 entry held back; see `linkgate lists preview own`"), "{told}");
    let posts = desk.0.file("posts.jsonl", "{\"text\":\"wikipedia.org\"}\n{\"text\":\"one-3.example x.test\"}\n");
    let preview = desk.run(&["lists", "preview", "own", "--posts", posts.to_str().unwrap()]).stdout;
    assert!(preview.contains("1 of 2 posts would newly match"), "{preview}");
    for (text, code) in [
        ("<html>sign in</html>", "html"),
        ("", "empty"),
        (&*(list("one", 200) + &"no host at all\n".repeat(9)), "too_many_bad_lines"),
    ] {
        desk.0.file("own.csv", text);
        let ran = desk.run(&["check", "https://one-3.example/"]);
        assert_eq!(ran.code, 1, "{code}");
        assert!(ran.stderr.contains(code) && ran.stderr.contains("answers on"), "{code}: {}", ran.stderr);
        let state = desk.state();
        assert_eq!((&state["last_error"]["code"], &state["number"]), (&code.into(), &1.into()), "{state}");
    }
    for (text, code) in [(list("one", 20), "shrank"), (list("one", 0), "emptied")] {
        desk.0.file("own.csv", text);
        assert_eq!(desk.check("one-3.example"), 1, "{code}");
        let state = desk.state();
        assert_eq!((&state["pending"]["code"], &state["state"]), (&code.into(), &"quarantined".into()), "{state}");
    }
    // What was emptied on purpose can be approved, and what was approved is on the record.
    assert_eq!(desk.run(&[&["lists", "approve", "own"][..], &BY].concat()).code, 0);
    assert_eq!(desk.check("one-3.example"), 0);
    assert_eq!(desk.run(&[&["lists", "rollback", "own"][..], &BY].concat()).code, 0);
    assert_eq!(desk.check("one-3.example"), 1);
    assert!(desk.run(&["audit", "verify"]).stdout.starts_with("3 lines"), "{}", desk.run(&["audit", "verify"]).stdout);
}

#[test]
fn a_version_that_waits_can_be_refused_and_an_approval_taken_back() {
    let desk = Desk::new(&(list("one", 200) + "wikipedia.org,domain\n"), "");
    desk.check("x.example");
    let book: Value = serde_json::from_slice(&fs::read(desk.place("own").join("book.json")).unwrap()).unwrap();
    let entry = book["versions"]["1"]["held"][0]["entry"].as_str().unwrap().to_owned();
    for (what, expected) in [("approve", 1), ("refuse", 0)] {
        let ran = desk.run(&[&["lists", what, "own", "--entry", &entry][..], &BY].concat());
        assert_eq!((ran.code, desk.check("wikipedia.org")), (0, expected), "{what}: {}", ran.stderr);
    }
    desk.0.file("own.csv", list("two", 2_000));
    desk.check("x.example");
    let preview = desk.run(&["lists", "preview", "own"]).stdout;
    assert!(preview.starts_with("version 2, 2000 entries: grew"), "{preview}");
    let other = desk.run(&[&["lists", "approve", "own", "--version", "3"][..], &BY].concat());
    assert!(other.code == 2 && other.stderr.contains("version 2"), "{}", other.stderr);
    assert_eq!(desk.run(&[&["lists", "refuse", "own", "--version", "2"][..], &BY].concat()).code, 0);
    let ran = desk.run(&["check", "https://two-1.example/"]);
    assert!(ran.code == 0 && ran.stderr.contains("somebody refused"), "{} {}", ran.code, ran.stderr);
    assert!(desk.state()["pending"].is_null());
    // What cannot be is no matter for the record.
    let lines = || fs::read_to_string(desk.0.path().join("state/linkgate/audit.jsonl")).unwrap().lines().count();
    let before = lines();
    for what in ["approve", "refuse"] {
        let ran = desk.run(&[&["lists", what, "own", "--entry", "nobody"][..], &BY].concat());
        assert!(ran.code == 2 && lines() == before, "{what}: {}", ran.stderr);
    }
    let told = desk.run(&[&["lists", "refuse", "own"][..], &BY].concat());
    assert!(told.code == 2 && told.stderr.contains("waits for approval"), "{}", told.stderr);
}

#[test]
fn a_list_that_is_handed_over_never_touches_the_disk_in_clear() {
    let desk = Desk::new("other.example\n", "");
    let ran = desk.run_with(&["lists", "fetch", "handed"], &list("secret", 3));
    assert_eq!((ran.code, &*ran.stdout), (0, "handed: version 1, 3 entries answers now\n"), "{}", ran.stderr);
    assert_eq!(desk.check("secret-1.example"), 1);
    // Without its name nobody waits for standard input.
    assert_eq!(desk.run(&["lists", "fetch"]).code, 0);
    let ran = desk.run_with(&["lists", "fetch", "handed"], "<html>");
    assert!(ran.code == 2 && ran.stderr.contains("the version from before answers on"), "{}", ran.stderr);
    assert_eq!(desk.check("secret-1.example"), 1);
    let mut files = Vec::new();
    all_files(&desk.place(""), &mut files);
    assert!(files.len() > 5, "{files:?}");
    for file in files {
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"secret"), "{}", file.display());
    }
}

fn all_files(dir: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all_files(&path, files) } else { files.push(path) }
    }
}

#[test]
fn a_list_on_standard_input_is_for_one_run() {
    let home = Home::new();
    let ran = home.run_with(&["check", "--lists", "-", "https://given.example/"], b"given.example\n");
    assert_eq!((ran.code, ran.stdout.contains("stdin entry")), (1, true), "{}{}", ran.stdout, ran.stderr);
    let ran = home.run_with(&["lists", "compile", "hosts:-", "--out", "/dev/null"], b"0.0.0.0 given.example\n");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for arguments in [
        &["check", "--lists", "-"][..],
        &["check", "--lists", "-", "--jsonl"],
        &["check", "--lists", "-", "--lists", "plain:-", "x"],
        &["rescan", "-", "--lists", "-"],
        &["serve", "--lists", "-"],
    ] {
        let ran = home.run_with(arguments, b"given.example\n");
        assert!(ran.code == 64 && ran.stderr.contains("standard input"), "{arguments:?}: {} {}", ran.code, ran.stderr);
    }
}

#[test]
fn what_is_lost_of_one_list_takes_no_other_down_and_comes_back() {
    let desk = Desk::new(&list("one", 3), "");
    desk.run_with(&["lists", "fetch", "handed"], "given.example\n");
    assert_eq!((desk.check("one-1.example"), desk.check("given.example")), (1, 1));
    // Of one that is handed over nothing can be read again.
    fs::write(desk.place("handed").join("book.json"), "{").unwrap();
    let ran = desk.run(&["check", "https://one-1.example/"]);
    assert!(ran.code == 1 && ran.stderr.contains("is damaged") && ran.stderr.contains("left out"), "{}", ran.stderr);
    let status = desk.run(&["lists", "status"]);
    assert!(
        status.code == 2 && status.stderr.contains("handed: ") && status.stderr.contains("damaged"),
        "{}",
        status.stderr
    );
    // A file is read again.
    for file in fs::read_dir(desk.place("own")).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_some() && file.extension() != Some("json".as_ref()) {
            fs::remove_file(file).unwrap();
        }
    }
    assert_eq!(desk.check("one-1.example"), 1);
    // Where the file is gone too, the version before answers, and that is told.
    desk.0.file("own.csv", list("two", 3));
    assert_eq!((desk.check("two-1.example"), desk.check("one-1.example")), (1, 0));
    fs::remove_file(desk.0.path().join("own.csv")).unwrap();
    for file in fs::read_dir(desk.place("own")).unwrap().map(|entry| entry.unwrap().path()) {
        if file.file_name().unwrap().to_str().unwrap().starts_with('2') {
            fs::write(file, "damaged").unwrap();
        }
    }
    let ran = desk.run(&["check", "https://one-1.example/"]);
    assert!(ran.code == 1 && ran.stderr.contains("what answered before answers on"), "{} {}", ran.code, ran.stderr);
}

#[test]
fn settings_that_lose_a_list_are_told_and_change_nothing() {
    let desk = Desk::new(&list("one", 300), "");
    desk.check("x.example");
    let config = desk.0.path().join("linkgate.toml");
    let text = fs::read_to_string(&config).unwrap();
    desk.0.file("linkgate.toml", text.replacen("\n\n", "\nformat = \"sha256\"\n\n", 1));
    let ran = desk.run(&["check", "https://one-1.example/"]);
    assert!(ran.code == 1 && ran.stderr.contains("answers on"), "{} {}", ran.code, ran.stderr);
    // A host of one's own is protected at once.
    desk.0.file("linkgate.toml", format!("{text}[guards]\nprotect = [\"one-7.example\"]\n"));
    assert_eq!((desk.check("one-7.example"), desk.check("one-8.example")), (0, 1));
    desk.0.file("linkgate.toml", &text);
    assert_eq!(desk.check("one-7.example"), 1);
}

#[test]
fn changes_are_told_by_the_ids_of_entries_and_posts_are_checked_by_them() {
    let desk = Desk::new(&list("one", 3), "");
    desk.check("x.example");
    desk.0.file("own.csv", list("one", 2) + "new.example,domain\n");
    desk.check("x.example");
    let ran = desk.run(&["lists", "changes", "--entries"]);
    let lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let count = |line: usize, what: &str| lines[line][what].as_array().unwrap().len();
    assert_eq!(
        (lines.len(), count(0, "added"), count(1, "added"), count(1, "removed")),
        (2, 3, 1, 1),
        "{}",
        ran.stdout
    );
    assert_eq!((&lines[1]["list"], &lines[1]["from"], &lines[1]["to"]), (&"own".into(), &1.into(), &2.into()));
    assert!(!ran.stdout.contains(".example"), "{}", ran.stdout);
    let after = desk.run(&["lists", "changes", "own", "--after", "1"]).stdout;
    assert_eq!(after.lines().count(), 1, "{after}");

    let [old, new] = ["old.lgx", "new.lgx"].map(|name| desk.0.path().join(name).to_str().unwrap().to_owned());
    for (version, out) in [(&["--version", "1"][..], &old), (&[], &new)] {
        let ran = desk.run(&[&["lists", "export", "own", "--out", out][..], version].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    let posts = desk.0.file(
        "posts.jsonl",
        "{\"id\":1,\"text\":\"new.example\"}\n{\"id\":2,\"text\":\"one-2.example one-1.example\"}\n",
    );
    let ran = desk.run(&["rescan", posts.to_str().unwrap(), "--only-new", &old, &new, "--progress", "none"]);
    let changes: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<(&Value, &Value)> = changes.iter().map(|line| (&line["id"], &line["links"][0]["change"])).collect();
    assert_eq!(told, [(&1.into(), &"added".into()), (&2.into(), &"removed".into())], "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn a_file_grows_old_only_where_that_is_said() {
    let desk = Desk::new(&list("one", 3), "");
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    let file = fs::File::options().write(true).open(desk.0.path().join("own.csv")).unwrap();
    file.set_modified(old).unwrap();
    assert_eq!(desk.state()["state"], "live");
    assert!(desk.state()["age_s"].as_u64().unwrap() > 60_000_000);
    let config = desk.0.path().join("linkgate.toml");
    let text = fs::read_to_string(&config).unwrap();
    desk.0.file("linkgate.toml", text.replacen("\n\n", "\nstale_s = 86400\n\n", 1));
    assert_eq!(desk.state()["state"], "stale");
}

#[test]
fn a_running_server_answers_on_whatever_becomes_of_its_files() {
    let desk = Desk::new(&list("one", 3), "");
    let server = desk.serve();
    let action = || action(&server, "one-1.example");
    assert_eq!(action(), "reject");
    let reloaded = || reloaded(&server);
    for damage in ["book.json", "notes.json"] {
        fs::write(desk.place("own").join(damage), "{").unwrap();
        reloaded();
        assert_eq!(action(), "reject", "{damage}");
    }
    fs::remove_dir_all(desk.place("own")).unwrap();
    fs::remove_file(desk.0.path().join("own.csv")).unwrap();
    reloaded();
    assert_eq!(action(), "reject");
    // It is there again, and is taken.
    desk.0.file("own.csv", list("two", 3));
    wait_until("what came", || action() == "allow");
}

#[test]
fn a_running_server_leaves_no_newer_version_for_an_older_one_and_takes_up_what_is_mended() {
    let desk = Desk::new(&list("one", 3), "");
    desk.check("x.example");
    desk.0.file("own.csv", list("two", 3));
    let server = desk.serve();
    let answers = || [action(&server, "one-1.example"), action(&server, "two-1.example")];
    let is_impaired = || server.figure("linkgate_list_impaired{list=\"own\"}");
    assert_eq!((answers(), is_impaired()), (["allow".into(), "reject".into()], Some(0.0)));
    fs::remove_file(desk.0.path().join("own.csv")).unwrap();
    let mut files = Vec::new();
    all_files(&desk.place("own"), &mut files);
    files.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with('2'));
    let kept: Vec<Vec<u8>> = files.iter().map(|path| fs::read(path).unwrap()).collect();
    for path in &files {
        fs::write(path, "damaged").unwrap();
    }
    reloaded(&server);
    assert_eq!((answers(), is_impaired()), (["allow".into(), "reject".into()], Some(1.0)));
    // Whoever starts now has the older one alone.
    assert_eq!((desk.check("one-1.example"), &desk.state()["number"]), (1, &1.into()));
    for (path, kept) in files.iter().zip(kept) {
        fs::write(path, kept).unwrap();
    }
    wait_until("what was mended", || is_impaired() == Some(0.0));
    assert_eq!(answers(), ["allow", "reject"].map(String::from));
}

#[test]
fn what_is_handed_over_again_is_taken_up_at_once() {
    let desk = Desk::new(&list("one", 3), "");
    desk.run_with(&["lists", "fetch", "handed"], "given.example\n");
    for file in fs::read_dir(desk.place("handed")).unwrap().map(|entry| entry.unwrap().path()) {
        if file.file_name().unwrap().to_str().unwrap().starts_with('1') {
            fs::write(file, "damaged").unwrap();
        }
    }
    let server = desk.serve();
    assert_eq!(server.figure("linkgate_list_impaired{list=\"handed\"}"), Some(1.0));
    let ran = desk.run_with(&["lists", "fetch", "handed"], "given.example\n");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let began = std::time::Instant::now();
    wait_until("the list", || action(&server, "given.example") == "reject");
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn what_answers_by_its_former_settings_is_told() {
    let desk = Desk::new(&list("one", 3), "");
    let server = desk.serve();
    fs::remove_file(desk.0.path().join("own.csv")).unwrap();
    fs::write(desk.place("own").join("book.json"), "{").unwrap();
    let config = desk.0.path().join("linkgate.toml");
    let text = fs::read_to_string(&config).unwrap();
    desk.0.file("linkgate.toml", text.replacen("\n\n", "\nmode = \"report\"\n\n", 1));
    server.wait_for("what answered before answers on, by its former settings");
    assert_eq!(action(&server, "one-1.example"), "reject");
    assert_eq!(server.figure("linkgate_list_impaired{list=\"own\"}"), Some(1.0));
}

#[test]
fn what_an_administrator_writes_belongs_to_the_service() {
    const SERVICE: u32 = 65_534;
    let desk = Desk::new(&list("one", 3), "");
    let state = desk.0.path().join("state/linkgate");
    fs::create_dir_all(&state).unwrap();
    if chown(&state, Some(SERVICE), Some(SERVICE)).is_err() {
        eprintln!("nobody may give files away here: this case was not run");
        return;
    }
    desk.check("one-1.example");
    let mut files = Vec::new();
    all_files(&state, &mut files);
    assert!(files.len() >= 8 && files.contains(&state.join("key/state.key")), "{files:?}");
    for path in files.iter().flat_map(|path| path.ancestors()).filter(|path| path.starts_with(&state)) {
        assert_eq!(fs::metadata(path).unwrap().uid(), SERVICE, "{}", path.display());
    }
}

#[test]
fn a_directory_whose_files_are_still_written_is_waited_for() {
    let desk = Desk::new("", "");
    let dir = desk.0.path().join("own.csv");
    fs::remove_file(&dir).unwrap();
    fs::create_dir(&dir).unwrap();
    let whole = (0..1_000).fold(String::new(), |all, number| all + &format!("one-{number}.example\n"));
    let path = dir.join("domains");
    fs::write(&path, &whole[..9_000]).unwrap();
    let writer = std::thread::spawn(move || {
        for part in whole.as_bytes()[9_000..].chunks(3_000) {
            std::thread::sleep(std::time::Duration::from_millis(60));
            fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(part).unwrap();
        }
    });
    assert_eq!(desk.check("one-999.example"), 1);
    writer.join().unwrap();
    assert_eq!(desk.state()["number"], 1);
}

#[test]
fn a_list_in_a_file_is_proven_as_a_download_is() {
    let publisher = Publisher::new();
    let key = format!("minisign_key = {:?}\nsha256 = true\n", publisher.public);
    let desk = Desk::new(&list("one", 3), &key);
    let sign = |text: &str, comment: &str| {
        let path = desk.0.file("own.csv", text);
        publisher.sign(&path, comment, Form::Hashed);
        let digest = Command::new("sha256sum").arg(&path).output().unwrap().stdout;
        desk.0.file("own.csv.sha256", digest);
    };
    let code = || desk.state()["last_error"]["code"].as_str().map(str::to_owned);
    assert_eq!(code().as_deref(), Some("digest_missing"));
    sign(&list("one", 3), "timestamp:1000\tfile:own.csv");
    assert_eq!((desk.check("one-1.example"), code()), (1, None));
    // Another list of the same publisher, an older one, one of somebody else.
    sign(&list("two", 3), "timestamp:2000\tfile:spam.csv");
    assert_eq!(code().as_deref(), Some("signature_other_file"));
    sign(&list("two", 3), "timestamp:900\tfile:own.csv");
    assert_eq!(code().as_deref(), Some("version_backwards"));
    desk.0.file("own.csv", list("two", 3));
    Publisher::new().sign(&desk.0.path().join("own.csv"), "timestamp:2000\tfile:own.csv", Form::Hashed);
    assert_eq!(code().as_deref(), Some("signature_other_key"));
    assert_eq!((desk.check("one-1.example"), desk.check("two-1.example")), (1, 0));
    // A running server takes it once what stands beside it is there.
    let server = desk.serve();
    desk.0.file("own.csv", list("three", 3));
    std::thread::sleep(std::time::Duration::from_millis(600));
    assert_eq!(action(&server, "three-1.example"), "allow");
    sign(&list("three", 3), "timestamp:3000\tfile:own.csv");
    wait_until("the signature", || action(&server, "three-1.example") == "reject");
    // Where nothing can stand beside it, nothing can be asked for.
    let config = desk.0.path().join("linkgate.toml");
    let text = fs::read_to_string(&config).unwrap();
    desk.0.file("linkgate.toml", text.replace("path = \"-\"", "path = \"-\"\nsha256 = true"));
    let ran = desk.run(&["check", "x"]);
    assert!(ran.code == 2 && ran.stderr.contains("none beside standard input"), "{} {}", ran.code, ran.stderr);
}

#[test]
fn a_list_that_begins_with_our_name_is_a_list() {
    let desk = Desk::new("linkgate.example\none.example\n", "");
    assert_eq!((desk.check("linkgate.example"), desk.check("one.example")), (1, 1));
    // One that is compiled is known all the same.
    let out = desk.0.path().join("own.lgx");
    let out = out.to_str().unwrap();
    let own = desk.0.path().join("own.csv");
    assert_eq!(desk.run(&["lists", "compile", own.to_str().unwrap(), "--out", out]).code, 0);
    let ran = desk.run(&["check", "--lists", out, "https://linkgate.example/"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
}

#[test]
fn what_is_wrong_with_a_compiled_list_takes_no_other_down() {
    let desk = Desk::new(&list("one", 3), "");
    let text = desk.0.file("old.txt", "old.example\n");
    let out = desk.0.path().join("old.lgx");
    assert_eq!(desk.run(&["lists", "compile", text.to_str().unwrap(), "--out", out.to_str().unwrap()]).code, 0);
    let config = desk.0.path().join("linkgate.toml");
    let former = fs::read_to_string(&config).unwrap();
    desk.0.file("linkgate.toml", format!("{former}[[lists]]\nname = \"compiled\"\npath = '{}'\n", out.display()));
    let server = desk.serve();
    let is_impaired = || server.figure("linkgate_list_impaired{list=\"compiled\"}");
    assert_eq!((action(&server, "old.example"), is_impaired()), ("reject".into(), Some(0.0)));
    let mut bytes = fs::read(&out).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&out, &bytes).unwrap();
    desk.0.file("own.csv", list("two", 3));
    wait_until("the other list", || action(&server, "two-1.example") == "reject");
    assert_eq!((action(&server, "one-1.example"), action(&server, "old.example")), ("allow".into(), "reject".into()));
    assert_eq!((is_impaired(), get(server.api, "/readyz").status), (Some(1.0), 200));
    drop(server);
    // Whoever starts now has it not, and is not ready.
    let server = desk.serve();
    assert_eq!(get(server.api, "/readyz").status, 503);
    assert_eq!(server.figure("linkgate_list_impaired{list=\"compiled\"}"), Some(1.0));
    let ran = desk.run(&["check", "https://two-1.example/"]);
    assert!(ran.code == 2 && ran.stderr.contains("compiled"), "{} {}", ran.code, ran.stderr);
    // It is compiled anew, and taken.
    assert_eq!(desk.run(&["lists", "compile", text.to_str().unwrap(), "--out", out.to_str().unwrap()]).code, 0);
    wait_until("the list compiled anew", || get(server.api, "/readyz").status == 200);
    assert_eq!(
        [action(&server, "old.example"), action(&server, "two-1.example")],
        ["reject", "reject"].map(String::from)
    );
}

#[test]
fn a_compiled_list_under_another_name_answers_on_and_is_proven() {
    let desk = Desk::new(&list("one", 3), "");
    let publisher = Publisher::new();
    let compile = |name: &str| {
        let text = desk.0.file("inner.txt", format!("{name}.example\n"));
        let out = desk.0.path().join("outer.lgx");
        let ran = desk.run(&["lists", "compile", text.to_str().unwrap(), "--out", out.to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        out
    };
    let out = compile("old");
    publisher.sign(&out, "timestamp:1000\tfile:outer.lgx", Form::Hashed);
    let config = desk.0.path().join("linkgate.toml");
    let former = fs::read_to_string(&config).unwrap();
    let proven = format!("path = '{}'\nminisign_key = {:?}\n", out.display(), publisher.public);
    desk.0.file("linkgate.toml", format!("{former}[[lists]]\nname = \"outer\"\n{proven}"));
    let server = desk.serve();
    let is_ready = || get(server.api, "/readyz").status == 200;
    let is_impaired = || server.figure("linkgate_list_impaired{list=\"outer\"}") == Some(1.0);
    assert!(is_ready() && action(&server, "old.example") == "reject");
    // One that is signed by nobody, and none at all.
    compile("new");
    wait_until("what is not proven", is_impaired);
    assert_eq!([action(&server, "old.example"), action(&server, "new.example")], ["reject", "allow"].map(String::from));
    publisher.sign(&out, "timestamp:2000\tfile:outer.lgx", Form::Hashed);
    wait_until("its signature", || action(&server, "new.example") == "reject");
    fs::remove_file(&out).unwrap();
    wait_until("what is gone", is_impaired);
    assert!(is_ready() && action(&server, "new.example") == "reject");
}

#[test]
fn lists_that_wait_for_another_are_told() {
    let desk = Desk::new(&list("one", 3), "");
    desk.check("x.example");
    let lock = desk.0.path().join("state/linkgate/generation.json");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    let server = desk.serve();
    assert_eq!(server.figure("linkgate_list_impaired{list=\"own\"}"), Some(1.0));
}

#[test]
fn a_pipe_is_no_place_for_a_list() {
    let desk = Desk::new("", "");
    let path = desk.0.path().join("own.csv");
    fs::remove_file(&path).unwrap();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let ran = desk.run(&["check", "https://one-1.example/"]);
    assert!(ran.code == 2 && ran.stderr.contains("neither a file nor a directory"), "{} {}", ran.code, ran.stderr);
}

#[test]
fn a_file_that_is_still_written_is_waited_for() {
    let desk = Desk::new(&list("one", 1_000), "");
    desk.check("x.example");
    let whole = list("one", 1_000) + "new.example,domain\n";
    let path = desk.0.file("own.csv", &whole[..9_000]);
    let rest = whole.clone();
    let writer = std::thread::spawn(move || {
        for part in rest.as_bytes()[9_000..].chunks(5_000) {
            std::thread::sleep(std::time::Duration::from_millis(60));
            fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(part).unwrap();
        }
    });
    assert_eq!(desk.check("one-999.example"), 1);
    writer.join().unwrap();
    let state = desk.state();
    assert_eq!((&state["number"], &state["entries"]["domain"]), (&2.into(), &1_001.into()), "{state}");
}
