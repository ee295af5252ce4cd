//! Real clients: of the platforms that the proxy stands in front of, and of the check API.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

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

/// A script that has a platform: it prints its port, reads the addresses of proxies before it, and tells what came of it.
struct Script {
    child: Child,
    output: BufReader<ChildStdout>,
    port: String,
}

impl Script {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut port = String::new();
        output.read_line(&mut port).unwrap();
        Self { child, output, port: port.trim_end().to_owned() }
    }

    /// A proxy before it.
    fn proxy(&self, preset: &str, more: &str) -> Serving {
        Serving::start(&format!(
            "[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://127.0.0.1:{}\"\nplatform = \"{preset}\"\n{more}",
            self.port
        ))
    }

    fn told(mut self, addresses: &str) -> String {
        self.child.stdin.take().unwrap().write_all(addresses.as_bytes()).unwrap();
        let mut told = String::new();
        self.output.read_to_string(&mut told).unwrap();
        assert!(self.child.wait().unwrap().success(), "{told}");
        told
    }
}

#[test]
fn websockets_of_a_real_library_go_through() {
    let Some(python) = python("websockets") else { return };
    let script = root().join("tests/real_sockets.py");
    for (preset, path) in [("mastodon", "/api/v1/streaming"), ("atproto", "/xrpc/com.atproto.sync.subscribeRepos")] {
        let platform = Script::start(Command::new(&python).args(["-I", "-B"]).arg(&script).arg(path));
        let server = platform.proxy(preset, "");
        let told = platform.told(&format!("ws://{}\n", server.proxy()));
        let expected = [
            "subprotocol: two",
            "text: done",
            "large: done",
            "empty: done",
            "many: done",
            "ping: done",
            "close: 4001 as you wish",
            "greeting: welcome",
            "at once: done",
            "refused: 403",
            "elsewhere: 426",
            "spelled oddly: 400",
        ];
        assert_eq!(told.lines().collect::<Vec<_>>(), expected, "{preset}");
    }
}

#[test]
fn a_bluesky_server_stores_what_is_fine_and_never_sees_the_rest() {
    let packages = root().join("target/node");
    if !packages.join("complete").exists() {
        eprintln!("left out: a server of Bluesky, since target/node is not there; run tests/run full");
        return;
    }
    let script = root().join("tests/real_pds.mjs");
    let platform = Script::start(Command::new("node").arg(script).arg(packages));
    let server = platform.proxy("atproto", "");
    let importing = platform.proxy("atproto", "pass_imports = true\n");
    let told = platform.told(&format!("http://{}\nhttp://{}\n", server.proxy(), importing.proxy()));
    let of = |kind: &str| told.lines().filter_map(|line| line.strip_prefix(kind)).collect::<Vec<_>>();
    let refusal = "400 InvalidRequest This was not published.";
    let (fine, listed) = (of("fine "), of("listed "));
    assert_eq!((fine.len(), listed.len()), (12, 12), "{told}");
    assert!(fine.iter().all(|line| line.ends_with(": stored")), "{fine:#?}");
    assert!(listed.iter().all(|line| line.contains(&format!(": {refusal}"))), "{listed:#?}");
    // Besides one that is quoted, and the other one that was written with the last.
    assert_eq!(of("records: "), ["14, listed: 0"]);
    assert_eq!((of("account: "), of("login: ")), (vec!["someone.test"], vec!["true"]));
    assert!(of("import: ")[0].starts_with(refusal) && of("allowed import: ") == ["true"], "{told}");
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
