//! Canaries: sent through the doors of a real server, and looked for by itself.

use serde_json::Value;

use super::nginx::Nginx;
use super::{Serving, get, wait_until};
use crate::{Home, Ran};

const CANARY: &str = "https://canary-of-mine.test/";

fn proxy(upstream: &Nginx, more: &str) -> String {
    format!(
        "[proxy]\nlisten = \"127.0.0.1:0\"\nplatform = \"mastodon\"\nupstream = \"http://{}\"\n{more}\n",
        upstream.address
    )
}

/// A list with the canary, its opposite, and more settings.
fn list(lists: &Home, name: &str, entry: &str, more: &str) -> String {
    let path = lists.file(&format!("{name}.txt"), format!("{entry}\nmore.test\n"));
    let path = path.to_str().unwrap();
    format!(
        "[[lists]]\nname = \"{name}\"\npath = {path:?}\ncanary = \"{CANARY}\"\n\
         anti_canary = \"https://fine-of-mine.test/\"\n{more}\n"
    )
}

fn self_test(server: &Serving, more: &[&str]) -> Ran {
    let config = server.home.path().join("linkgate.toml");
    let [api, door] = [server.api, server.proxy.unwrap_or(server.api)].map(|address| address.to_string());
    let mut all = vec!["--config", config.to_str().unwrap(), "self-test", "--api", &api];
    if server.proxy.is_some() {
        all.extend(["--proxy", &door]);
    }
    let ran = server.home.run(&[&all, more].concat());
    assert!(!ran.stdout.contains("of-mine") && !ran.stderr.contains("of-mine"), "{}{}", ran.stdout, ran.stderr);
    ran
}

/// What the server tells of a canary that it looked for itself.
fn sight(server: &Serving, list: &str, door: &str) -> Option<f64> {
    server.figure(&format!("linkgate_canary_seen{{list=\"{list}\",door=\"{door}\"}}"))
}

/// Without looks of the server's own.
const ONLY_BY_COMMAND: &str = "[serve]\nself_test_s = 0\n";

/// Door, list and what was seen, a line each.
fn proofs(certificate: &Value) -> Vec<String> {
    let proofs = certificate["doors"].as_array().unwrap().iter();
    proofs
        .map(|proof| {
            let said = ["seen", "anti_seen", "skipped", "error"].iter().filter(|name| !proof[**name].is_null());
            let said: Vec<String> = said.map(|name| format!("{name}={}", proof[*name])).collect();
            format!("{} {} {}", proof["door"].as_str().unwrap(), proof["list"].as_str().unwrap(), said.join(" "))
        })
        .collect()
}

fn certificate(server: &Serving, more: &[&str]) -> (Value, i32) {
    let ran = self_test(server, &[&["--json"], more].concat());
    (serde_json::from_str(&ran.stdout).unwrap(), ran.code)
}

#[test]
fn every_door_sees_the_canary_of_every_list() {
    let (upstream, lists) = (Nginx::start(), Home::new());
    let plain = lists.file("plain.txt", "plain.test\n");
    let settings = [
        list(&lists, "acts", "canary-of-mine.test", ""),
        format!("[[lists]]\nname = \"bare\"\npath = {plain:?}\n"),
        list(&lists, "tells", "https://canary-of-mine.test/", "mode = \"report\""),
        proxy(&upstream, ""),
    ];
    let server = Serving::start(&settings.concat());
    let (told, code) = certificate(&server, &[]);
    assert_eq!(
        proofs(&told),
        [
            "checker acts seen=true anti_seen=false",
            "api acts seen=true anti_seen=false",
            "proxy acts seen=true",
            "checker bare skipped=\"no_canary\"",
            "checker tells seen=true anti_seen=false",
            "api tells seen=true anti_seen=false",
            "proxy tells seen=true",
        ]
    );
    assert_eq!((code, &told["passed"]), (0, &Value::Bool(true)));
    assert!(told["at"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    assert_eq!(told["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(told["generation"], 1);
    assert!(upstream.got().is_empty(), "{:?}", upstream.got());
    let said = self_test(&server, &[]);
    assert!(
        said.stdout.contains("proxy    acts: the canary is seen\n") && said.stdout.contains("\npassed at "),
        "{}",
        said.stdout
    );
    wait_until("the timer", || server.figure("linkgate_self_test_timestamp_seconds").unwrap() > 1e9);
    for door in ["checker", "api", "proxy"] {
        assert_eq!([sight(&server, "acts", door), sight(&server, "bare", door)], [Some(1.0), None], "{door}");
    }
    assert_eq!(sight(&server, "tells", "proxy"), Some(1.0), "another list has it refused");
    assert!(upstream.got().is_empty(), "{:?}", upstream.got());
    assert_eq!(get(server.api, "/readyz").status, 200);
}

#[test]
fn a_door_that_lets_it_pass_is_found_out_and_nothing_is_published() {
    let (upstream, lists) = (Nginx::start(), Home::new());
    let settings =
        [list(&lists, "acts", "canary-of-mine.test", ""), proxy(&upstream, "pass = [\"POST /api/v1/statuses\"]")];
    let server = Serving::start(&(settings.concat() + ONLY_BY_COMMAND));
    let (told, code) = certificate(&server, &[]);
    assert_eq!(proofs(&told)[2], "proxy acts seen=false");
    assert_eq!((code, &told["passed"]), (2, &Value::Bool(false)));
    let got = upstream.got_after(1);
    assert!(got[0].to_string().contains("visibility=direct") && got[0]["self_test"] == "1", "{got:?}");
    // What a list only tells is not even sent.
    let config = [list(&lists, "acts", "canary-of-mine.test", "mode = \"report\""), settings[1].clone()].concat();
    server.home.file("linkgate.toml", config);
    let (told, code) = certificate(&server, &[]);
    assert_eq!((&*proofs(&told)[2], code), ("proxy acts skipped=\"not_refused_by_policy\"", 0));
    assert_eq!(upstream.got().len(), 1);
    let nobody = server.home.run(&["self-test", "--json"]);
    assert_eq!(nobody.code, 2, "without a canary nothing is proven: {}", nobody.stdout);
}

#[test]
fn each_platform_is_asked_as_its_clients_ask() {
    let (upstream, lists) = (Nginx::start(), Home::new());
    for (number, (platform, route)) in [
        ("mastodon", "POST /api/v1/statuses"),
        ("atproto", "POST /xrpc/com.atproto.repo.createRecord"),
        ("generic", "POST /linkgate-self-test"),
    ]
    .into_iter()
    .enumerate()
    {
        for (more, seen, code) in [(String::new(), true, 0), (format!("pass = [\"{route}\"]"), false, 2)] {
            let door = proxy(&upstream, &more).replace("mastodon", platform);
            let settings = [&*list(&lists, "acts", "canary-of-mine.test", ""), &door, ONLY_BY_COMMAND];
            let server = Serving::start(&settings.concat());
            let (told, ended) = certificate(&server, &[]);
            assert_eq!((&*proofs(&told)[2], ended), (&*format!("proxy acts seen={seen}"), code), "{platform}");
        }
        let got = upstream.got_after(number + 1);
        assert_eq!((got.len(), &got[number]["self_test"]), (number + 1, &"1".into()), "{platform}");
    }
}

#[test]
fn an_api_with_keys_wants_one() {
    let (lists, keys) = (Home::new(), Home::new());
    let digest = data_encoding::HEXLOWER.encode(&linkgate::serve::digest(b"lg_secret"));
    let key = format!("[[keys]]\nname = \"self-test\"\nsha256 = \"{digest}\"\n");
    let server = Serving::start(&[list(&lists, "acts", "canary-of-mine.test", ""), key].concat());
    let (told, code) = certificate(&server, &[]);
    assert_eq!((&*proofs(&told)[1], code), ("api acts error=\"401 no_key; give one by --api-key-file\"", 2));
    for (text, expected) in [("lg_secret\n", 0), ("lg_other", 2)] {
        let file = keys.file("key", text);
        let (told, code) = certificate(&server, &["--api-key-file", file.to_str().unwrap()]);
        assert_eq!((code, told["passed"] == true), (expected, expected == 0), "{told}");
        assert!(!told.to_string().contains("lg_"), "{told}");
    }
}

#[test]
fn nothing_is_ready_while_the_canary_of_a_required_list_is_unseen() {
    let lists = Home::new();
    let settings = [
        list(&lists, "must", "other.test", ""),
        list(&lists, "may", "other.test", "required = false"),
        "[serve]\nwatch_ms = 100\n".to_owned(),
    ];
    // By its settings of now neither would have been taken.
    let without = settings.concat().replace("\ncanary", "\n#canary").replace("\nanti_canary", "\n#anti_canary");
    let server = Serving::start(&without);
    server.home.file("linkgate.toml", settings.concat());
    wait_until("the settings", || get(server.api, "/readyz").status == 503);
    let ready = get(server.api, "/readyz");
    assert_eq!(ready.status, 503);
    assert!(ready.body.contains("canary_unseen") && !ready.body.contains("of-mine"), "{}", ready.body);
    let seen = |list: &str| sight(&server, list, "checker");
    wait_until("the figure", || seen("must") == Some(0.0));
    assert_eq!(server.check("{\"text\":\"https://other.test/\"}").status, 200);
    let (told, code) = certificate(&server, &[]);
    assert_eq!((&*proofs(&told)[0], code), ("checker must seen=false anti_seen=false", 2));
    lists.file("must.txt", "canary-of-mine.test\nmore.test\n");
    wait_until("readiness", || get(server.api, "/readyz").status == 200);
    wait_until("the figure", || seen("must") == Some(1.0));
    assert_eq!(seen("may"), Some(0.0));
    // What it must not match turns the figure, not the server.
    server.home.file("linkgate.toml", settings.concat().replace("fine-of-mine", "more"));
    wait_until("the figure", || seen("must") == Some(0.0));
    assert_eq!(get(server.api, "/readyz").status, 200);
}

#[test]
fn canaries_are_looked_for_from_time_to_time_or_not_at_all() {
    let lists = Home::new();
    let of = |period: u32| {
        Serving::start(&format!("{}[serve]\nself_test_s = {period}\n", list(&lists, "acts", "canary-of-mine.test", "")))
    };
    let at = |server: &Serving| server.figure("linkgate_self_test_timestamp_seconds").unwrap();
    let (often, never) = (of(1), of(0));
    wait_until("the first time", || at(&often) > 0.0);
    let first = at(&often);
    wait_until("another time", || at(&often) > first);
    assert_eq!((at(&never), sight(&never, "acts", "checker")), (0.0, None));
}

#[test]
fn a_door_that_lets_it_pass_makes_a_server_unready_by_itself() {
    let (upstream, lists) = (Nginx::start(), Home::new());
    let door = proxy(&upstream, "pass = [\"POST /api/v1/statuses\"]");
    for (more, ready) in [("required = false", 200), ("", 503)] {
        let settings = [list(&lists, "acts", "canary-of-mine.test", more), door.clone()];
        let server = Serving::start(&settings.concat());
        wait_until("the figure", || sight(&server, "acts", "proxy") == Some(0.0));
        assert_eq!([sight(&server, "acts", "checker"), sight(&server, "acts", "api")], [Some(1.0), Some(1.0)]);
        let answer = get(server.api, "/readyz");
        assert_eq!((answer.status, answer.body.contains("canary_unseen")), (ready, ready == 503), "{more}");
        assert!(!server.log().contains("of-mine"), "{}", server.log());
    }
    assert!(upstream.got().iter().all(|got| got["self_test"] == "1"), "{:?}", upstream.got());
}

/// What cannot be asked says nothing of lists: without a key it is left out, with a wrong one the figure tells.
#[test]
fn an_api_with_keys_is_asked_with_the_key_that_is_set_for_it() {
    let (lists, keys) = (Home::new(), Home::new());
    let key = |name: &str, more: &str| {
        let digest = data_encoding::HEXLOWER.encode(&linkgate::serve::digest(name.as_bytes()));
        format!("[[keys]]\nname = \"{name}\"\nsha256 = \"{digest}\"\n{more}\n")
    };
    let other = lists.file("other.txt", "other.test\n");
    let settings = [
        list(&lists, "acts", "canary-of-mine.test", ""),
        format!("[[lists]]\nname = \"other\"\npath = {other:?}\n"),
        key("lg_all", "hits_per_day = 1"),
        key("lg_some", "lists = [\"other\"]"),
        "[telemetry]\nlisten = \"127.0.0.1:0\"\n".to_owned(),
    ]
    .concat();
    for (text, expected) in
        [(None, None), (Some("lg_all\n"), Some(1.0)), (Some("lg_some"), None), (Some("lg_nobody"), Some(0.0))]
    {
        let file = text.map(|text| keys.file("key", text));
        let set = file.map(|path| format!("[serve]\nself_test_api_key_file = {path:?}\n"));
        let server = Serving::start(&(settings.clone() + &set.unwrap_or_default()));
        wait_until("the timer", || server.figure("linkgate_self_test_timestamp_seconds").unwrap() > 1e9);
        assert_eq!(
            (sight(&server, "acts", "api"), sight(&server, "acts", "checker")),
            (expected, Some(1.0)),
            "{text:?}"
        );
        assert_eq!(get(server.figures.unwrap(), "/readyz").status, 200, "{text:?}");
        assert!(!server.log().contains("lg_"), "{}", server.log());
        // The command takes the same key unless it is given another.
        let (told, code) = certificate(&server, &[]);
        assert_eq!(code == 0, text.is_some_and(|text| text != "lg_nobody"), "{told}");
    }
}
