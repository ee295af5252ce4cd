//! Whole hashes behind prefixes: asked of the list's own publisher, in time or later, and told nothing but the prefix.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::runtime::{Builder, Runtime};

use super::{ANSWERED, PATIENT, SLOW, Stand, by, check, key, told};
use crate::serve::{FORM, Serving, get as fetch, post as send, wait_until};

const PREFIX_BYTES: usize = 5;
/// More than anything waits for one.
const STALLED: Duration = Duration::from_mins(1);

/// Somebody who knows whole hashes, in both shapes.
#[derive(Clone, Default)]
struct Publisher {
    asked: Arc<Mutex<Vec<String>>>,
    /// The last question of the second shape.
    last: Arc<Mutex<Value>>,
    says: Arc<Mutex<Says>>,
}

#[derive(Clone, Default)]
struct Says {
    hashes: Vec<[u8; 32]>,
    wait: Duration,
    is_down: bool,
}

/// A publisher that runs as long as this is held.
struct Running {
    publisher: Publisher,
    address: SocketAddr,
    _runtime: Runtime,
}

impl Publisher {
    async fn answer(&self, prefix: String) -> Says {
        self.asked.lock().unwrap().push(prefix);
        let says = self.says.lock().unwrap().clone();
        tokio::time::sleep(says.wait).await;
        says
    }
}

async fn file(State(publisher): State<Publisher>, Path(prefix): Path<String>) -> Response {
    let says = publisher.answer(prefix.clone()).await;
    let lines: Vec<_> =
        says.hashes.iter().map(|hash| HEXLOWER.encode(hash)).filter(|hash| hash.starts_with(&prefix)).collect();
    match (says.is_down, lines.is_empty()) {
        (true, _) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        (false, true) => StatusCode::NOT_FOUND.into_response(),
        (false, false) => lines.join("\n").into_response(),
    }
}

async fn find(State(publisher): State<Publisher>, Json(question): Json<Value>) -> Response {
    let asked = question["threatInfo"]["threatEntries"][0]["hash"].as_str().unwrap().to_owned();
    *publisher.last.lock().unwrap() = question;
    let says = publisher.answer(HEXLOWER.encode(&BASE64.decode(asked.as_bytes()).unwrap())).await;
    let found = |hash: &[u8; 32]| json!({"threatType": "LISTED", "threat": {"hash": BASE64.encode(hash)}});
    Json(json!({"matches": says.hashes.iter().map(found).collect::<Vec<_>>()})).into_response()
}

impl Running {
    fn start() -> Self {
        let publisher = Publisher::default();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let app = Router::new().route("/files/{prefix}", get(file)).route("/find", post(find));
        let app = app.with_state(publisher.clone());
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { publisher, address, _runtime: runtime }
    }

    /// It knows the whole hashes of these expressions.
    fn knows(&self, expressions: &[&str]) {
        *self.publisher.says.lock().unwrap() =
            Says { hashes: expressions.iter().map(|one| hash(one)).collect(), ..Says::default() };
    }

    fn is_down(&self) {
        self.publisher.says.lock().unwrap().is_down = true;
    }

    fn takes(&self, wait: Duration) {
        self.publisher.says.lock().unwrap().wait = wait;
    }

    fn asked(&self) -> Vec<String> {
        self.publisher.asked.lock().unwrap().clone()
    }

    /// A list of the prefixes of these expressions, of which this tells more.
    fn list(&self, stand: &Stand, name: &str, expressions: &[&str]) -> String {
        let path = list(stand, name, expressions);
        let url = format!("http://{}/files", self.address);
        format!("{path}full_hash_url = {url:?}\nfull_hash_shape = \"files\"\nallow_nets = [\"127.0.0.0/8\"]\n")
    }
}

fn hash(expression: &str) -> [u8; 32] {
    Sha256::digest(expression).into()
}

fn prefix(expression: &str) -> String {
    HEXLOWER.encode(&hash(expression)[..PREFIX_BYTES])
}

/// A list of prefixes of which nobody tells more.
fn list(stand: &Stand, name: &str, expressions: &[&str]) -> String {
    let lines: Vec<String> = expressions.iter().map(|one| format!("{},sha256\n", prefix(one))).collect();
    stand.files.file(&format!("{name}.csv"), format!("value,scope\n{}", lines.concat()));
    format!("[[lists]]\nname = {name:?}\npath = {:?}\n", stand.path(&format!("{name}.csv")))
}

/// No shortener is asked, and publishers are all the same.
const NO_SHORTENERS: &str = "[fetch]\nfollow = \"none\"\n[api]\ndeadline_ms = 1000\n";
const UNCONFIRMED: [&str; 4] = ["flag", "undetermined", "prefix_unconfirmed", "-"];
const LISTED: [&str; 4] = ["reject", "listed", "-", "-"];
const UNLISTED: [&str; 4] = ["allow", "unlisted", "-", "-"];

/// How often the publisher of a list told that.
fn counted(server: &Serving, list: &str, outcome: &str) -> Option<f64> {
    server.figure(&format!("linkgate_whole_hashes_total{{list=\"{list}\",outcome=\"{outcome}\"}}"))
}

#[test]
fn what_is_confirmed_is_listed_and_what_is_refuted_is_not_and_each_is_asked_once() {
    let (stand, running) = (Stand::new(), Running::start());
    running.knows(&["part.test/", "other.test/"]);
    let lists = running.list(&stand, "hashed", &["part.test/", "wrong.test/"]);
    // That others are looked at a second time has nothing to do with it.
    let all = NO_SHORTENERS.replace("[api]", "second_look_share = 1.0\n[api]");
    let server = stand.serve(&(all + &lists));
    for (number, (host, expected)) in
        [("part.test/a?b", LISTED), ("wrong.test/", UNLISTED), ("end.test/", UNLISTED)].into_iter().enumerate()
    {
        for _ in 0..2 {
            let (report, _) = check(&server, &stand.post(host));
            assert_eq!(told(&report), expected, "{host}");
            assert_eq!(report["check_id"], Value::Null, "{host}");
            let entries = report["links"][0]["matches"].as_array().unwrap();
            let scopes: Vec<_> = entries.iter().map(|one| (&one["list"], &one["scope"], &one["category"])).collect();
            let own = (&json!("hashed"), &json!("sha256"), &json!("csam"));
            assert_eq!(scopes, if expected == LISTED { vec![own] } else { vec![] }, "{host}");
        }
        let asked = [prefix("part.test/"), prefix("wrong.test/")];
        assert_eq!(running.asked(), asked[..2.min(number + 1)], "{host}");
    }
    for outcome in ["confirmed", "refuted"] {
        assert_eq!(counted(&server, "hashed", outcome), Some(2.0), "{outcome}");
    }
    assert_eq!(stand.web.counts(["part.test", "wrong.test"]), [0, 0]);
    assert_eq!((stand.events(), server.figure("linkgate_followups_pending")), (vec![], Some(0.0)));
}

#[test]
fn a_publisher_that_is_down_is_asked_again_and_told_of_late() {
    let (stand, running) = (Stand::new(), Running::start());
    running.knows(&["part.test/"]);
    running.is_down();
    let server =
        stand.serve(&(NO_SHORTENERS.to_owned() + &running.list(&stand, "hashed", &["part.test/", "wrong.test/"])));
    let posts = ["part.test/", "wrong.test/"].map(|host| check(&server, &stand.post(host)).0);
    assert!(posts.iter().all(|report| told(report) == UNCONFIRMED), "{posts:?}");
    // Errors are not kept: it is asked again in the background, and fails again.
    wait_until("another question", || running.asked().len() > 3);
    running.knows(&["part.test/"]);
    wait_until("events", || stand.events().len() == 2);
    super::wait_for_rest(&server);
    let events = stand.events();
    for (report, expected) in posts.iter().zip([LISTED, UNLISTED]) {
        let event =
            events.iter().map(|(_, event)| &event["data"]).find(|data| data["id"] == report["check_id"]).unwrap();
        assert_eq!((told(&event["report"]), &event["action_was"]), (expected, &json!("flag")));
        let path = format!("/v1/checks/{}", report["check_id"].as_str().unwrap());
        assert_eq!(super::body(&fetch(server.api, &path)), *event);
    }
    assert!(counted(&server, "hashed", "status") >= Some(3.0));
    let told = server.log() + &fetch(server.api, "/metrics").body;
    for secret in ["part.test", "/files", &prefix("part.test/"), &running.address.to_string()] {
        assert!(!told.contains(secret), "{secret}");
    }
}

#[test]
fn a_publisher_is_waited_for_within_the_deadline_and_no_longer() {
    let (stand, running) = (Stand::new(), Running::start());
    running.knows(&["part.test/", "late.test/"]);
    running.takes(Duration::from_millis(200));
    let lists = running.list(&stand, "hashed", &["part.test/", "late.test/"]);
    let server = stand.serve(&(NO_SHORTENERS.to_owned() + &lists));
    assert_eq!(told(&check(&server, &stand.post("part.test/")).0), LISTED);
    drop(server);
    running.takes(SLOW);
    let server = stand.serve(&("[fetch]\nfollow = \"none\"\n".to_owned() + &lists));
    let (report, took) = check(&server, &stand.post("late.test/"));
    assert_eq!(told(&report), UNCONFIRMED);
    assert!((Duration::from_millis(190)..ANSWERED * 2).contains(&took), "{took:?}");
    let event = stand.only_event();
    assert_eq!((&event["id"], told(&event["report"])), (&report["check_id"], LISTED));
    // Whoever stopped waiting did not make it ask twice.
    assert_eq!(running.asked(), [prefix("part.test/"), prefix("late.test/")]);
}

#[test]
fn what_is_certain_stays_so_whatever_a_publisher_tells() {
    let (stand, running) = (Stand::new(), Running::start());
    running.is_down();
    let server = stand.serve(&(NO_SHORTENERS.to_owned() + &running.list(&stand, "hashed", &["listed.test/"])));
    let lists = |report: &Value| {
        let matches = report["links"][0]["matches"].as_array().unwrap().iter();
        matches.map(|one| one["list"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (report, _) = check(&server, &stand.post("listed.test/"));
    assert_eq!((told(&report), lists(&report).len()), (LISTED, 2));
    running.knows(&[]);
    let (report, _) = check(&server, &stand.post("listed.test/"));
    assert_eq!((told(&report), lists(&report)), (LISTED, vec!["own".into()]));
}

#[test]
fn a_hidden_list_asks_nobody_and_says_nothing() {
    let (stand, running) = (Stand::new(), Running::start());
    running.knows(&["part.test/"]);
    let lists = running.list(&stand, "hashed", &["part.test/"]);
    let keys = key("one", "lists = [\"own\"]") + &key("two", "lists = [\"hashed\"]");
    let server = stand.serve(&(NO_SHORTENERS.to_owned() + &lists + &keys));
    let asks = |key: &str| {
        let answer = by(key, &server, "POST", "/v1/check", &stand.post("part.test/"));
        told(&super::body(&answer)).map(str::to_owned)
    };
    assert_eq!(asks("one"), UNLISTED);
    assert_eq!(running.asked().len(), 0);
    assert_eq!(asks("two"), LISTED);
    assert_eq!(asks("one"), UNLISTED);
    assert_eq!(running.asked().len(), 1);
}

#[test]
fn lists_without_a_publisher_stay_unconfirmed_and_ask_nobody_elses() {
    let (stand, running) = (Stand::new(), Running::start());
    running.knows(&["part.test/"]);
    let lists = running.list(&stand, "hashed", &["other.test/"]) + &list(&stand, "mute", &["part.test/"]);
    let server = stand.serve(&(NO_SHORTENERS.to_owned() + &lists));
    let (report, _) = check(&server, &stand.post("part.test/"));
    assert_eq!((told(&report), &report["check_id"]), (UNCONFIRMED, &Value::Null));
    assert_eq!(running.asked().len(), 0);
}

#[test]
fn a_place_that_a_list_may_name_is_followed_only_once_that_is_refuted() {
    let (stand, running) = (Stand::new(), Running::start());
    stand.files.file("shorteners.txt", "part.test\na.test\nb.test\n");
    stand.web.chain(&["part.test/1", "listed.test/4"]);
    stand.web.chain(&["a.test/1", "part.test/1"]);
    stand.web.chain(&["b.test/1", "end.test/5"]);
    running.is_down();
    let server = stand.serve(&(PATIENT.to_owned() + &running.list(&stand, "hashed", &["part.test/", "end.test/"])));
    let told_of = |place: &str| told(&check(&server, &stand.post(place)).0).map(str::to_owned);
    assert_eq!(told_of("part.test/1"), UNCONFIRMED);
    for place in ["a.test/1", "b.test/1"] {
        assert_eq!(told_of(place), ["flag", "undetermined", "prefix_unconfirmed", "listed"], "{place}");
    }
    assert_eq!(stand.web.counts(["a.test", "b.test", "part.test", "end.test"]), [1, 1, 0, 0]);
    running.knows(&["end.test/"]);
    for place in ["part.test/1", "a.test/1", "b.test/1"] {
        assert_eq!(told_of(place), ["reject", "listed", "-", "listed"], "{place}");
    }
    // What was asked before is remembered, what is refuted is asked, and what is listed never is.
    assert_eq!(stand.web.counts(["a.test", "b.test", "part.test", "end.test", "listed.test"]), [1, 1, 1, 0, 0]);
    wait_until("late verdicts", || stand.events().len() == 3);
    assert!(stand.events().iter().all(|(_, event)| event["data"]["report"]["action"] == "reject"));
}

#[test]
fn a_slow_publisher_holds_up_no_other_link_of_the_post() {
    let (stand, running) = (Stand::new(), Running::start());
    stand.web.chain(&["a.test/1", "listed.test/4"]);
    running.takes(STALLED);
    let server = stand.serve(&(PATIENT.to_owned() + &running.list(&stand, "hashed", &["part.test/"])));
    let text = format!("{} {}", stand.web.url("part.test/"), stand.web.url("a.test/1"));
    let (report, _) = check(&server, &json!({ "text": text }).to_string());
    let statuses = [0, 1].map(|at| report["links"][at]["status"].clone());
    assert_eq!((&report["action"], statuses), (&json!("reject"), [json!("undetermined"), json!("listed")]));
}

#[test]
fn late_verdicts_are_by_the_lists_of_that_moment() {
    let (stand, running) = (Stand::new(), Running::start());
    running.takes(STALLED);
    let more = NO_SHORTENERS.to_owned() + &running.list(&stand, "hashed", &["part.test/"]);
    let server = stand.serve(&more);
    let (report, _) = check(&server, &stand.post("part.test/"));
    assert_eq!(told(&report), UNCONFIRMED);
    // The entry is gone, and nobody has to be asked any more.
    running.list(&stand, "hashed", &["other.test/"]);
    super::reload::reload(&server);
    let event = stand.only_event();
    assert_eq!((&event["id"], told(&event["report"])), (&report["check_id"], UNLISTED));
    // From the reload that says so, another one is asked.
    let asked = running.asked().len();
    let second = Running::start();
    second.knows(&["other.test/"]);
    stand.config(&(NO_SHORTENERS.to_owned() + &second.list(&stand, "hashed", &["other.test/"])));
    super::reload::reload(&server);
    assert_eq!(told(&check(&server, &stand.post("other.test/")).0), LISTED);
    assert_eq!([running.asked().len(), second.asked().len()], [asked, 1]);
}

#[test]
fn the_shape_of_safe_browsing() {
    let (stand, running) = (Stand::new(), Running::start());
    running.knows(&["part.test/"]);
    let url = format!("http://{}/find", running.address);
    let lists = format!(
        "{}full_hash_url = {url:?}\nfull_hash_shape = \"safe_browsing\"\nfull_hash_threat_types = [\"LISTED\"]\n\
         allow_nets = [\"127.0.0.0/8\"]\n",
        list(&stand, "hashed", &["part.test/", "wrong.test/"])
    );
    let server = stand.serve(&(NO_SHORTENERS.to_owned() + &lists));
    assert_eq!(told(&check(&server, &stand.post("part.test/")).0), LISTED);
    assert_eq!(told(&check(&server, &stand.post("wrong.test/")).0), UNLISTED);
    assert_eq!(running.asked(), [prefix("part.test/"), prefix("wrong.test/")]);
    assert_eq!(running.publisher.last.lock().unwrap()["threatInfo"]["threatTypes"], json!(["LISTED"]));
}

#[test]
fn the_proxy_refuses_what_is_confirmed_in_time() {
    let (stand, running) = (Stand::new(), Running::start());
    let platform = crate::outbox::Receiver::start(|_| crate::outbox::answer("200 OK", ""));
    running.knows(&["part.test/"]);
    let server = stand.serve(&format!(
        "[fetch]\nfollow = \"none\"\n[proxy]\nlisten = \"127.0.0.1:0\"\nplatform = \"mastodon\"\ndeadline_ms = 1000\n\
         upstream = \"http://127.0.0.1:{}\"\n{}",
        platform.port,
        running.list(&stand, "hashed", &["part.test/", "wrong.test/"])
    ));
    let publish = |text: &str| {
        let body = format!("status=see+{}", text.replace('/', "%2F"));
        send(server.proxy(), "/api/v1/statuses", FORM, body.as_bytes()).status
    };
    assert_eq!(publish("part.test/x"), 422);
    assert_eq!(publish("wrong.test/x"), 200);
    // Neither is a bare name a way around.
    assert_eq!(publish("part.test"), 422);
    let marks: Vec<_> = platform.got().iter().map(|got| got.headers.get("linkgate-checked").cloned()).collect();
    assert_eq!(marks, [None]);
}

#[test]
fn the_command_line_asks_when_it_is_told_to() {
    let (stand, running) = (Stand::new(), Running::start());
    running.knows(&["part.test/"]);
    let lists = running.list(&stand, "hashed", &["part.test/", "wrong.test/"]);
    let told_of = |arguments: &[&str]| {
        let ran = crate::finish(stand.command(&lists, arguments), b"");
        let reports: Value = serde_json::from_str(&ran.stdout).unwrap();
        (ran.code, told(&reports["reports"][0]).map(str::to_owned))
    };
    let unconfirmed = (1, UNCONFIRMED.map(str::to_owned));
    assert_eq!(told_of(&["check", "--json", "http://part.test/"]), unconfirmed);
    assert_eq!(running.asked().len(), 0);
    assert_eq!(told_of(&["check", "--json", "--follow", "http://part.test/"]), (1, LISTED.map(str::to_owned)));
    assert_eq!(told_of(&["check", "--json", "--follow", "http://wrong.test/"]), (0, UNLISTED.map(str::to_owned)));
    assert_eq!(running.asked(), [prefix("part.test/"), prefix("wrong.test/")]);
    running.is_down();
    let began = Instant::now();
    assert_eq!(told_of(&["check", "--json", "--follow", "http://part.test/"]), unconfirmed);
    assert!(began.elapsed() < Duration::from_secs(10));
    // Lists on the command line stand in place of the configured ones, and of whom these ask.
    let given = stand.path("hashed.csv");
    let asked = running.asked().len();
    assert_eq!(told_of(&["check", "--json", "--follow", "--lists", &given, "http://part.test/"]), unconfirmed);
    assert_eq!(running.asked().len(), asked);
}

#[test]
fn settings_that_cannot_be_used_are_told() {
    let stand = Stand::new();
    stand.files.file("token", "a-token-of-the-publisher");
    let token = format!("token_file = {:?}\n", stand.path("token"));
    for (lines, expected) in [
        ("full_hash_url = \"https://hashes.test/\"\n", "`full_hash_url` and `full_hash_shape` go together"),
        ("full_hash_shape = \"files\"\n", "`full_hash_url` and `full_hash_shape` go together"),
        ("full_hash_url = \"ftp://hashes.test/\"\nfull_hash_shape = \"files\"\n", "is no address of a web server"),
        (
            &*format!("full_hash_url = \"http://hashes.test/\"\nfull_hash_shape = \"files\"\n{token}"),
            "a token is only sent",
        ),
        (
            "full_hash_url = \"https://hashes.test/\"\nfull_hash_shape = \"other\"\n",
            "expected `safe_browsing` or `files`",
        ),
    ] {
        let more = list(&stand, "hashed", &["part.test/"]) + lines;
        let ran = crate::finish(stand.command(&more, &["check", "--follow", "x"]), b"");
        assert_eq!(ran.code, 2, "{lines}");
        assert!(ran.stderr.contains(expected), "{lines}: {}", ran.stderr);
        assert!(!ran.stderr.contains("hashes.test"), "{}", ran.stderr);
    }
}
