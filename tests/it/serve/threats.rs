//! The look-ups of Safe Browsing v4 and Web Risk, as their clients send them.

use serde_json::{Value, json as value};

use super::keys::{SHA256, key};
use super::{Answer, Serving, get, json, post};

const FIND: &str = "/v4/threatMatches:find";

fn start() -> (crate::Home, Serving) {
    let lists = crate::Home::new();
    let list = lists.file(
        "own.csv",
        "value,scope,category\nabuse.test,domain,csam\nvirus.test,domain,malware\nfake.test,domain,phishing\n\
         advert.test,domain,spam\nboth.test,domain,malware\nboth.test,host,csam\n",
    );
    let quiet = lists.file("quiet.txt", "quiet.test\n");
    let config = format!(
        "lists = [{{ name = \"own\", path = \"{}\" }}, {{ name = \"quiet\", path = \"{}\", mode = \"report\" }}]\n\
         [api]\nuris_search = true\n[policy.category]\nspam = \"allow\"\n[serve.limits]\nthreat_entries_max = 3\n{}",
        list.display(),
        quiet.display(),
        key("a", SHA256, "")
    );
    (lists, Serving::start(&config))
}

fn find(server: &Serving, types: &[&str], urls: &[&str]) -> Answer {
    let entries: Vec<Value> = urls.iter().map(|url| value!({ "url": url })).collect();
    let asked = value!({"client": {"clientId": "x"}, "threatInfo": {"threatTypes": types, "threatEntries": entries}});
    post(server.api, &format!("{FIND}?key=test"), "application/json", asked.to_string().as_bytes())
}

#[test]
fn a_listed_link_is_told_in_a_word_that_the_client_knows() {
    let (_lists, server) = start();
    for (types, url, expected) in [
        (&["MALWARE", "SOCIAL_ENGINEERING"][..], "https://abuse.test/x", Some("SOCIAL_ENGINEERING")),
        (&["MALWARE", "SOCIAL_ENGINEERING"], "https://virus.test/", Some("MALWARE")),
        (&["MALWARE", "SOCIAL_ENGINEERING"], "https://fake.test/", Some("SOCIAL_ENGINEERING")),
        (&["MALWARE"], "https://abuse.test/", Some("MALWARE")),
        (&["SOCIAL_ENGINEERING"], "https://virus.test/", Some("SOCIAL_ENGINEERING")),
        (&["UNWANTED_SOFTWARE", "MALWARE"], "https://virus.test/", Some("MALWARE")),
        (&["THREAT_TYPE_UNSPECIFIED"], "https://abuse.test/", Some("SOCIAL_ENGINEERING")),
        (&["OF_TOMORROW"], "https://virus.test/", Some("MALWARE")),
        (&[], "https://abuse.test/", Some("SOCIAL_ENGINEERING")),
        (&["MALWARE", "SOCIAL_ENGINEERING"], "https://both.test/", Some("SOCIAL_ENGINEERING")),
        (&["MALWARE"], "hxxps://abuse[.]test", Some("MALWARE")),
        // Listed, and allowed by policy; told only, by the mode of its list; unlisted.
        (&["MALWARE"], "https://advert.test/", None),
        (&["MALWARE"], "https://quiet.test/", None),
        (&["MALWARE"], "https://fine.test/", None),
        // It cannot be told: to be flagged only.
        (&["MALWARE"], "no link", None),
        (&["MALWARE"], "", None),
    ] {
        let told = json(&find(&server, types, &[url]));
        assert_eq!(told["matches"][0]["threatType"].as_str(), expected, "{types:?} {url}: {told}");
        assert_eq!(told == value!({}), expected.is_none(), "{told}");
    }
    // It cannot be told and would not be published: it carries more URLs than are looked at.
    let many: Vec<String> = (0..100).map(|number| format!("u=https://b{number}.test/")).collect();
    let cut = format!("https://a.test/?{}", many.join("&"));
    let told = json(&find(&server, &["MALWARE"], &[&cut]));
    let reason = &told["matches"][0]["threatEntryMetadata"]["entries"][0];
    assert_eq!((&reason["key"], &reason["value"]), (&"cmVhc29u".into(), &"bGltaXQ=".into()), "{told}");
}

#[test]
fn what_the_words_leave_out_stands_beside_them() {
    let (_lists, server) = start();
    let told = json(&find(&server, &[], &["https://fine.test/", "https://both.test/", "https://virus.test/"]));
    let matches = told["matches"].as_array().unwrap();
    assert_eq!(matches.len(), 2, "{told}");
    assert_eq!(
        (&matches[0]["threat"]["url"], &matches[0]["cacheDuration"]),
        (&"https://both.test/".into(), &"300s".into())
    );
    assert_eq!((&matches[0]["platformType"], &matches[0]["threatEntryType"]), (&"ANY_PLATFORM".into(), &"URL".into()));
    let entries = matches[0]["threatEntryMetadata"]["entries"].as_array().unwrap();
    let plain = |text: &Value| data_encoding::BASE64.decode(text.as_str().unwrap().as_bytes()).unwrap();
    let pairs: Vec<_> = entries.iter().map(|one| [plain(&one["key"]), plain(&one["value"])]).collect();
    let expected = [["category", "csam"], ["category", "malware"], ["action", "reject"]];
    assert_eq!(pairs, expected.map(|pair| pair.map(|text| text.as_bytes().to_vec())));
}

#[test]
fn problems_are_told_as_these_clients_read_them() {
    let (_lists, server) = start();
    let four = &["https://abuse.test/"; 4];
    let ask = |path: &str, body: &str| post(server.api, path, "application/json", body.as_bytes());
    for (answer, status, code, name) in [
        (find(&server, &[], four), 413, "too_many_threat_entries", "INVALID_ARGUMENT"),
        (ask(FIND, "{}"), 401, "no_key", "UNAUTHENTICATED"),
        (ask("/v4/threatMatches:find?key=other", "{}"), 401, "bad_key", "UNAUTHENTICATED"),
        (ask("/v4/threatMatches:find?key=test&key=test", "{}"), 401, "no_key", "UNAUTHENTICATED"),
        (ask("/v4/threatMatches:find?key=t%65st", "{}"), 422, "no_threat_entries", "INVALID_ARGUMENT"),
        (
            ask("/v4/threatMatches:find?key=test", r#"{"threatInfo":{"threatEntries":[{"hash":"YQ=="}]}}"#),
            422,
            "no_threat_entries",
            "INVALID_ARGUMENT",
        ),
        (
            ask("/v4/threatMatches:find?key=test", r#"{"threatInfo":{"threatEntries":[["https://abuse.test/"]]}}"#),
            422,
            "no_threat_entries",
            "INVALID_ARGUMENT",
        ),
        (get(server.api, "/v1/uris:search?key=test"), 422, "no_uri", "INVALID_ARGUMENT"),
        (get(server.api, "/v1/uris:search?key=test&uri=a&uri=b"), 422, "no_uri", "INVALID_ARGUMENT"),
    ] {
        let problem = json(&answer);
        assert_eq!((answer.status, problem["code"].as_str().unwrap()), (status, code), "{problem}");
        let error = &problem["error"];
        assert_eq!((&error["code"], &error["status"]), (&status.into(), &name.into()), "{problem}");
        assert_eq!(error["message"], problem["detail"]);
    }
    assert_eq!(json(&find(&server, &[], &four[..3]))["matches"].as_array().unwrap().len(), 3);
    // Elsewhere a key in the target would stand in logs for no reason.
    assert_eq!(json(&ask("/v1/check?key=test", "{}"))["code"], "no_key");
    assert!(json(&ask("/v1/check?key=test", "{}")).get("error").is_none());
}

#[test]
fn web_risk_is_answered_where_it_is_on() {
    let (_lists, server) = start();
    let search = |query: &str| json(&get(server.api, &format!("/v1/uris:search?key=test&{query}")));
    let told = search("threatTypes=MALWARE&threatTypes=SOCIAL_ENGINEERING&uri=https%3A%2F%2Fabuse.test%2Fa%3Fb");
    assert_eq!(told["threat"]["threatTypes"], value!(["SOCIAL_ENGINEERING"]));
    let until: jiff::Timestamp = told["threat"]["expireTime"].as_str().unwrap().parse().unwrap();
    let seconds = until.as_second() - jiff::Timestamp::now().as_second();
    assert!((290..=300).contains(&seconds), "{seconds}");
    assert_eq!(
        search("threatTypes=MALWARE&uri=https%3A%2F%2Fabuse.test"),
        value!({"threat": {"threatTypes": ["MALWARE"],
        "expireTime": search("threatTypes=MALWARE&uri=https%3A%2F%2Fabuse.test")["threat"]["expireTime"]}})
    );
    assert_eq!(search("uri=https%3A%2F%2Ffine.test"), value!({}));
    let off = get(Serving::start("").api, "/v1/uris:search?uri=a");
    assert_eq!((off.status, json(&off)["code"].clone()), (404, "uris_search_off".into()));
    assert!(json(&off)["detail"].as_str().unwrap().contains("[api] uris_search = true"));
    assert!(!server.log.lock().unwrap().contains("abuse"));
}
