//! Spellings, names and redirects that lead into inner networks, and as many that do not: what is asked, and what is dialled.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::{Value, json};

use super::{Visit, World};
use crate::shared;

/// A URL, what the world says about it, and what is to come of it.
struct Case {
    id: String,
    url: String,
    /// Of the name server, by name.
    names: Value,
    /// Answers, each with its `url`.
    chain: Vec<Value>,
    outcome: &'static str,
    /// Of the outcome, if it is known.
    reason: Option<String>,
    /// Either outcome will do.
    lenient: bool,
    /// Never dialled.
    forbidden: BTreeSet<IpAddr>,
}

const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];
const ALLOWED: &str = "arrived";
/// Addresses of this machine in the little internet.
const OWN: [&str; 2] = ["9.9.4.4", "8.8.4.4"];

impl Case {
    /// One of the tables here. Who could be dialled and said nothing of use was allowed all the same.
    fn new(number: usize, url: &str, reason: &str) -> Self {
        let outcome = if [ALLOWED, "garbled"].contains(&reason) { "allow" } else { "deny" };
        Self {
            id: number.to_string(),
            url: url.into(),
            names: json!({}),
            chain: Vec::new(),
            outcome,
            reason: Some(reason.into()),
            lenient: false,
            forbidden: BTreeSet::new(),
        }
    }
}

/// Runs all cases in one world.
fn visit(world: World, cases: &[Case]) -> Visit {
    let mut world =
        world.with("own", json!(OWN.map(|address| format!("{address}/32")))).name("good.test", json!([["8.8.8.8"]]));
    for case in cases {
        for (name, said) in case.names.as_object().unwrap() {
            world = world.name(name, said.clone());
        }
        for answer in &case.chain {
            let mut told = answer.clone();
            if let Some(location) = answer["location"].as_str() {
                told["headers"] = json!([["Location", location]]);
            }
            world = world.route(place(answer), told);
        }
    }
    let lines: Vec<String> = cases.iter().map(|case| json!({ "id": case.id, "url": case.url }).to_string()).collect();
    world.run(&["inspect", "fetch"], &lines.join("\n"))
}

/// `host/path` of an answer's URL.
fn place(answer: &Value) -> &str {
    let url = answer["url"].as_str().unwrap();
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

/// What is not as it should be.
fn wrong(cases: &[Case], visit: &Visit) -> Vec<String> {
    let answers = visit.lines();
    assert_eq!(answers.len(), cases.len(), "{}", visit.ran.stderr);
    let mut wrong = Vec::new();
    for (case, answer) in cases.iter().zip(&answers) {
        assert_eq!(answer["id"], case.id);
        let connects = answer["connects"].as_array().unwrap().iter().map(|ip| ip.as_str().unwrap().parse().unwrap());
        let connects: BTreeSet<IpAddr> = connects.collect();
        let as_said = case.lenient || answer["outcome"] == case.outcome;
        let as_reasoned = case.reason.as_ref().is_none_or(|reason| answer["reason"] == **reason);
        let said_dialled = connects.iter().all(|ip| visit.dialled().iter().any(|(dialled, _)| dialled == ip));
        if !as_said || !as_reasoned || !connects.is_disjoint(&case.forbidden) || !said_dialled {
            let expected = case.reason.as_deref().unwrap_or(case.outcome);
            wrong.push(format!("{} {:?} should be {expected}: {answer}", case.id, case.url));
        }
    }
    let forbidden: BTreeSet<IpAddr> = cases.iter().flat_map(|case| case.forbidden.iter().copied()).collect();
    wrong.extend(
        visit.dialled().iter().filter(|(ip, _)| forbidden.contains(ip)).map(|place| format!("dialled {place:?}")),
    );
    wrong
}

/// Nothing of the public internet, whatever was expected of single cases.
fn is_inner(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_multicast()
                || v4.is_broadcast()
                || v4.is_documentation()
                || (a == 100 && b & 0xc0 == 64)
                || a == 198 && b & 0xfe == 18
        }
        IpAddr::V6(v6) => {
            let [a, b, ..] = v6.segments();
            // All but global unicast and the translators' prefix.
            (a & 0xe000 != 0x2000 && (a, b) != (0x64, 0xff9b)) || a == 0x2002 || (a == 0x2001 && b < 0x200)
        }
    }
}

fn check(world: World, cases: &[Case]) -> Visit {
    let visit = visit(world, cases);
    let mut wrong = wrong(cases, &visit);
    wrong.extend(visit.dialled().iter().filter(|(ip, _)| is_inner(*ip)).map(|place| format!("dialled {place:?}")));
    wrong.extend(OWN.iter().flat_map(|own| {
        let own: IpAddr = own.parse().unwrap();
        visit.dialled().into_iter().filter(move |(ip, _)| *ip == own).map(|place| format!("dialled {place:?}"))
    }));
    assert!(wrong.is_empty(), "{wrong:#?}");
    visit
}

#[test]
fn addresses_are_judged_in_every_spelling() {
    let cases: Vec<Case> = LITERALS.iter().enumerate().map(|(at, (url, reason))| Case::new(at, url, reason)).collect();
    check(World::new(), &cases);
}

#[test]
fn names_are_judged_by_all_that_the_name_server_says() {
    let mut cases = Vec::new();
    for (at, (url, names, reason)) in NAMES.iter().enumerate() {
        let names = serde_json::from_str(names).unwrap();
        cases.push(Case { names, ..Case::new(at, url, reason) });
    }
    let visit = check(World::new(), &cases);
    // One resolution for each type of address: what was judged is what is dialled.
    assert_eq!(visit.times_asked("flips.test"), 2);
    assert_eq!(visit.times_asked("host.internal"), 0);
    assert_eq!(visit.times_asked("single"), 0);
    assert!(!visit.fields().contains("Authorization"), "{}", visit.fields());
}

#[test]
fn redirects_are_judged_like_any_link() {
    let names = json!({ "start.test": [["8.8.8.8"]], "two.test": [["1.1.1.1"]], "inner.test": [["10.0.0.9"]],
        "listed.test": [["1.0.0.1"]], "flips-late.test": [["1.1.1.1"], ["127.0.0.1"]], "mixed.test": [["1.1.1.1", "::1"]] });
    let mut cases = Vec::new();
    for (at, (location, reason)) in REDIRECTS.iter().enumerate() {
        let url = format!("https://start.test/{at}/x");
        let chain = vec![json!({ "url": url, "status": STATUSES[at % STATUSES.len()], "location": location })];
        cases.push(Case { names: names.clone(), chain, ..Case::new(at, &url, reason) });
    }
    // Thirty in a row, and ten.
    for (length, reason) in [(30, "hops"), (9, ALLOWED), (10, "hops")] {
        let url = |hop: usize| format!("https://start.test/{length}-{hop}");
        let answer = |hop| json!({ "url": url(hop), "status": 302, "location": url(hop + 1) });
        cases.push(Case { chain: (0..length).map(answer).collect(), ..Case::new(1000 + length, &url(0), reason) });
    }
    let raw = |extra: &str| format!("HTTP/1.1 302 Said\r\n{extra}Content-Length: 0\r\nConnection: close\r\n\r\n");
    for (at, (extra, reason)) in [
        ("", ALLOWED),
        ("Location: https://two.test/\r\nLocation: http://127.0.0.1/\r\n", "garbled"),
        ("Location: https://two.test/\r\nLocation: https://two.test/\r\n", ALLOWED),
        ("Location: \r\n", "loop"),
        ("Refresh: 0; url=http://169.254.169.254/\r\n", "link_local"),
        ("Refresh: 0; url=https://two.test/\r\n", ALLOWED),
    ]
    .into_iter()
    .enumerate()
    {
        let url = format!("https://start.test/raw/{at}");
        let chain = vec![json!({ "url": url, "raw": raw(extra) })];
        cases.push(Case { chain, ..Case::new(2000 + at, &url, reason) });
    }
    let visit = check(World::new(), &cases);
    let listed: Vec<String> = visit.requests().into_iter().filter(|request| request.contains("listed.test")).collect();
    assert!(listed.is_empty(), "{listed:?}");
    assert!(!visit.dialled().iter().any(|(ip, _)| ip.to_string() == "1.0.0.1"));
    for unsafe_field in ["Authorization", "Cookie", "Referer"] {
        assert!(!visit.fields().contains(unsafe_field), "{unsafe_field}");
    }
}

/// What others have collected.
#[test]
fn vectors_of_others() {
    let Some(path) = shared("security/ssrf_vectors.jsonl") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.replace("$OWN_IP", OWN[0]).replace("$LOCAL_PUBLIC_IP", OWN[1]);
    let mut groups: Vec<Vec<Case>> = Vec::new();
    for line in text.lines() {
        let case = read(&serde_json::from_str(line).unwrap());
        match groups.iter_mut().find(|group| group.iter().all(|other| !contradicts(&case, other))) {
            Some(group) => group.push(case),
            None => groups.push(vec![case]),
        }
    }
    let mut all = Vec::new();
    for group in &groups {
        all.extend(wrong(group, &visit(World::new(), group)));
    }
    let cases: usize = groups.iter().map(Vec::len).sum();
    eprintln!("{cases} vectors in {} worlds", groups.len());
    assert!(all.is_empty(), "{all:#?}");
}

fn read(vector: &Value) -> Case {
    let text = |key: &str| vector[key].as_str().unwrap().to_owned();
    let addresses = vector["forbidden_connect"].as_array().unwrap().iter();
    Case {
        id: text("id"),
        url: text("url"),
        names: vector.get("dns").cloned().unwrap_or(json!({})),
        chain: vector["chain"].as_array().cloned().unwrap_or_default(),
        outcome: if vector["expect"] == "deny" { "deny" } else { "allow" },
        reason: None,
        lenient: vector["lenient_ok"] == true,
        forbidden: addresses.map(|address| address.as_str().unwrap().parse().unwrap()).collect(),
    }
}

/// Whether both cannot be in one world: another answer for the same, or one may dial what the other may not.
fn contradicts(one: &Case, other: &Case) -> bool {
    let (names, others) = (one.names.as_object().unwrap(), other.names.as_object().unwrap());
    // A script in turns is used up by the first who asks.
    let in_turns = |said: &Value| said.as_array().is_some_and(|turns| turns.len() > 1);
    let names_differ =
        names.iter().any(|(name, said)| others.get(name).is_some_and(|had| had != said || in_turns(said)));
    let places_differ =
        one.chain.iter().any(|answer| other.chain.iter().any(|had| place(answer) == place(had) && answer != had));
    let said = |case: &Case| case.names.to_string();
    let may_dial = |case: &Case, names: &str| case.forbidden.iter().any(|ip| names.contains(&format!("\"{ip}\"")));
    names_differ || places_differ || may_dial(one, &said(other)) || may_dial(other, &said(one))
}

/// A URL with an address, and what comes of it.
const LITERALS: &[(&str, &str)] = &[
    ("http://127.0.0.1/", "loopback"),
    ("http://127.1/", "loopback"),
    ("http://2130706433/", "loopback"),
    ("http://0x7f000001/", "loopback"),
    ("http://0177.0.0.1/", "loopback"),
    ("http://127.0.0.1./", "loopback"),
    ("http://①②⑦.⓪.⓪.①/", "loopback"),
    ("http://127。0。0。1/", "loopback"),
    ("http://%31%32%37.0.0.1/", "loopback"),
    ("http:\\\\127.0.0.1\\", "loopback"),
    ("http://good.test@127.0.0.1/", "loopback"),
    ("http://good.test:80@127.0.0.1:80/", "loopback"),
    ("http://0/", "this_network"),
    ("http://0.0.0.0/", "this_network"),
    ("http://10.0.0.9/", "private"),
    ("http://172.16.0.1/", "private"),
    ("http://172.31.255.254/", "private"),
    ("http://192.168.1.1/", "private"),
    ("http://3232235777/", "private"),
    ("http://169.254.169.254/latest/meta-data/", "link_local"),
    ("http://0xa9fea9fe/", "link_local"),
    ("http://100.64.0.1/", "shared"),
    ("http://100.100.100.200/", "shared"),
    ("http://168.63.129.16/", "metadata"),
    ("http://192.0.0.192/", "protocol"),
    ("http://192.0.2.1/", "documentation"),
    ("http://198.51.100.1/", "documentation"),
    ("http://203.0.113.1/", "documentation"),
    ("http://198.18.0.2/", "benchmark"),
    ("http://198.18.0.1/", "benchmark"),
    ("http://192.88.99.1/", "protocol"),
    ("http://224.0.0.1/", "multicast"),
    ("http://240.0.0.1/", "reserved"),
    ("http://255.255.255.255/", "reserved"),
    ("http://8.8.4.4/", "own"),
    ("http://[::]/", "embedded"),
    ("http://[::1]/", "loopback"),
    ("http://[::ffff:127.0.0.1]/", "embedded"),
    ("http://[::ffff:8.8.8.8]/", "embedded"),
    ("http://[::ffff:0:10.0.0.9]/", "embedded"),
    ("http://[::10.0.0.9]/", "embedded"),
    ("http://[64:ff9b::a9fe:a9fe]/", "link_local"),
    ("http://[64:ff9b:1::8.8.8.8]/", "embedded"),
    ("http://[2002:a00:9::]/", "embedded"),
    ("http://[2001:0:808:808:0:0:f5ff:fff6]/", "protocol"),
    ("http://[2001:db8::1]/", "documentation"),
    ("http://[3fff::1]/", "documentation"),
    ("http://[fc00::1]/", "private"),
    ("http://[fd00:ec2::254]/", "private"),
    ("http://[fe80::1]/", "link_local"),
    ("http://[fec0::1]/", "private"),
    ("http://[ff02::1]/", "multicast"),
    ("http://[5f00::1]/", "reserved"),
    ("http://[100::1]/", "reserved"),
    ("http://8.8.8.8:22/", "port"),
    ("http://8.8.8.8:6379/", "port"),
    ("http://8.8.8.8:8080/", "port"),
    ("https://[2606:4700::1111]:8443/", "port"),
    ("ftp://8.8.8.8/", "not_http"),
    ("file:///etc/passwd", "not_http"),
    ("gopher://8.8.8.8/", "not_http"),
    ("http://[fe80::1%25eth0]/", "not_canonical"),
    ("http://256.1.1.1/", "not_canonical"),
    ("http://8.8.8.8:99999/", "not_canonical"),
    ("http://8.8.8.8/", ALLOWED),
    ("http://8.8.8.8:80/", ALLOWED),
    ("http://8.8.8.8:443/", "garbled"),
    ("http://134744072/", ALLOWED),
    ("http://0x08080808/", ALLOWED),
    ("http://010.8.8.8/", ALLOWED),
    ("http://8.8.8.8./", ALLOWED),
    ("http://user:secret@8.8.8.8/", ALLOWED),
    ("http://8.8.8.8/@127.0.0.1/", ALLOWED),
    ("http://8.8.8.8/?u=http://127.0.0.1/", ALLOWED),
    ("http://8.8.8.8#@127.0.0.1/", ALLOWED),
    ("http://8.8.8.8\\@127.0.0.1/", ALLOWED),
    ("http://127.0.0.1@8.8.8.8/", ALLOWED),
    ("http://1.0.0.0/", ALLOWED),
    ("http://9.255.255.255/", ALLOWED),
    ("http://11.0.0.0/", ALLOWED),
    ("http://100.63.255.255/", ALLOWED),
    ("http://100.128.0.0/", ALLOWED),
    ("http://126.255.255.255/", ALLOWED),
    ("http://128.0.0.1/", ALLOWED),
    ("http://168.63.129.17/", ALLOWED),
    ("http://169.253.255.255/", ALLOWED),
    ("http://169.255.0.0/", ALLOWED),
    ("http://172.15.255.255/", ALLOWED),
    ("http://172.32.0.0/", ALLOWED),
    ("http://192.0.1.0/", ALLOWED),
    ("http://192.0.3.0/", ALLOWED),
    ("http://192.88.98.255/", ALLOWED),
    ("http://192.167.255.255/", ALLOWED),
    ("http://192.169.0.0/", ALLOWED),
    ("http://198.17.255.255/", ALLOWED),
    ("http://198.20.0.0/", ALLOWED),
    ("http://198.51.99.255/", ALLOWED),
    ("http://203.0.112.255/", ALLOWED),
    ("http://203.0.114.0/", ALLOWED),
    ("http://223.255.255.255/", ALLOWED),
    ("http://8.8.4.5/", ALLOWED),
    ("http://[64:ff9b::808:808]/", ALLOWED),
    ("http://[2001:200::]/", ALLOWED),
    ("http://[2001:db7:ffff::]/", ALLOWED),
    ("http://[2001:db9::]/", ALLOWED),
    ("http://[2003::1]/", ALLOWED),
    ("http://[2606:4700::1111]/", ALLOWED),
    ("http://[2606:4700:0:0:0:0:0:1111]:80/", ALLOWED),
    ("http://[2a00:1450::1]/", ALLOWED),
    ("http://[3ffe:ffff::]/", ALLOWED),
    ("http://[3fff:1000::]/", ALLOWED),
];

/// A URL with a name, what the name server says, and what comes of it.
const NAMES: &[(&str, &str, &str)] = &[
    ("http://inner.test/", r#"{"inner.test": [["10.0.0.9"]]}"#, "private"),
    ("http://loopback.test/", r#"{"loopback.test": [["127.0.0.1"]]}"#, "loopback"),
    ("http://loopback6.test/", r#"{"loopback6.test": [["::1"]]}"#, "loopback"),
    ("http://mapped.test/", r#"{"mapped.test": [["::ffff:10.0.0.9"]]}"#, "embedded"),
    ("http://nat64.test/", r#"{"nat64.test": [["64:ff9b::7f00:1"]]}"#, "loopback"),
    ("http://metadata.test/", r#"{"metadata.test": [["169.254.169.254"]]}"#, "link_local"),
    ("http://own.test/", r#"{"own.test": [["8.8.4.4"]]}"#, "own"),
    ("http://own2.test/", r#"{"own2.test": [["9.9.4.4", "1.1.1.1"]]}"#, "own"),
    ("http://last.test/", r#"{"last.test": [["8.8.8.8", "1.1.1.1", "10.0.0.1"]]}"#, "private"),
    ("http://first.test/", r#"{"first.test": [["192.168.1.1", "8.8.8.8"]]}"#, "private"),
    ("http://other-type.test/", r#"{"other-type.test": [["8.8.8.8", "fe80::1"]]}"#, "link_local"),
    ("http://alias.test/", r#"{"alias.test": {"cname": "inner-a.test"}, "inner-a.test": [["10.0.0.9"]]}"#, "private"),
    (
        "http://alias2.test/",
        r#"{"alias2.test": {"cname": "b.test"}, "b.test": {"cname": "db.internal"}, "db.internal": [["10.1.2.3"]]}"#,
        "private",
    ),
    ("http://first-inner.test/", r#"{"first-inner.test": [["127.0.0.1"], ["8.8.8.8"]]}"#, "loopback"),
    ("http://nobody.test/", r#"{"nobody.test": {"rcode": "NXDOMAIN"}}"#, "unresolved"),
    ("http://trouble.test/", r#"{"trouble.test": {"rcode": "SERVFAIL"}}"#, "unresolved"),
    ("http://refused.test/", r#"{"refused.test": {"rcode": "REFUSED"}}"#, "unresolved"),
    ("http://empty.test/", r#"{"empty.test": [[]]}"#, "unresolved"),
    ("http://cut.test/", r#"{"cut.test": {"rcode": "TRUNCATED"}}"#, "unresolved"),
    ("http://round.test/", r#"{"round.test": {"cname": "round.test"}}"#, "unresolved"),
    ("http://silent.test/", r#"{"silent.test": {"rcode": "TIMEOUT"}}"#, "timeout"),
    ("http://public.test:25/", r#"{"public.test": [["8.8.8.8"]]}"#, "port"),
    ("https://public.test:8443/", r#"{"public.test": [["8.8.8.8"]]}"#, "port"),
    ("http://localhost/", r#"{"localhost": [["8.8.8.8"]]}"#, "name"),
    ("http://a.localhost/", r#"{"a.localhost": [["8.8.8.8"]]}"#, "name"),
    ("http://single/", r#"{"single": [["8.8.8.8"]]}"#, "name"),
    ("http://single./", r#"{"single": [["8.8.8.8"]]}"#, "name"),
    ("http://host.internal/", r#"{"host.internal": [["8.8.8.8"]]}"#, "name"),
    ("http://HOST.INTERNAL./", r#"{"host.internal": [["8.8.8.8"]]}"#, "name"),
    ("http://printer.local/", r#"{"printer.local": [["8.8.8.8"]]}"#, "name"),
    ("http://nas.home.arpa/", r#"{"nas.home.arpa": [["8.8.8.8"]]}"#, "name"),
    ("http://hidden.onion/", r#"{"hidden.onion": [["8.8.8.8"]]}"#, "name"),
    ("https://listed.test/x", r#"{"listed.test": [["1.0.0.1"]]}"#, "listed"),
    ("https://a.listed.test/", r#"{"a.listed.test": [["1.0.0.1"]]}"#, "listed"),
    ("http://good.test/", "{}", ALLOWED),
    ("https://good.test/", "{}", ALLOWED),
    ("http://good.test./", "{}", ALLOWED),
    ("http://GOOD.test:80/", "{}", ALLOWED),
    ("https://user:secret@good.test/", "{}", ALLOWED),
    ("http://good.test/127.0.0.1", "{}", ALLOWED),
    ("http://two-of-them.test/", r#"{"two-of-them.test": [["8.8.8.8", "1.1.1.1"]]}"#, ALLOWED),
    ("http://both-types.test/", r#"{"both-types.test": [["8.8.8.8", "2606:4700::1111"]]}"#, ALLOWED),
    ("http://only-v6.test/", r#"{"only-v6.test": [["2606:4700::1111"]]}"#, ALLOWED),
    (
        "http://fine-alias.test/",
        r#"{"fine-alias.test": {"cname": "fine-a.test"}, "fine-a.test": [["1.1.1.1"]]}"#,
        ALLOWED,
    ),
    // What a name points to is judged by its addresses alone.
    (
        "http://fine-alias2.test/",
        r#"{"fine-alias2.test": {"cname": "cdn.internal"}, "cdn.internal": [["1.1.1.1"]]}"#,
        ALLOWED,
    ),
    ("http://flips.test/", r#"{"flips.test": [["8.8.8.8"], ["127.0.0.1"]]}"#, ALLOWED),
    ("http://127.0.0.1.wild.test/", r#"{"127.0.0.1.wild.test": [["8.8.8.8"]]}"#, ALLOWED),
    ("http://localhost.test/", r#"{"localhost.test": [["8.8.8.8"]]}"#, ALLOWED),
    ("http://internal.test/", r#"{"internal.test": [["8.8.8.8"]]}"#, ALLOWED),
    ("http://local.good.test/", r#"{"local.good.test": [["8.8.8.8"]]}"#, ALLOWED),
    ("http://onion.test/", r#"{"onion.test": [["8.8.8.8"]]}"#, ALLOWED),
    ("http://notlisted.test/", r#"{"notlisted.test": [["8.8.8.8"]]}"#, ALLOWED),
    ("http://listed.good.test/", r#"{"listed.good.test": [["8.8.8.8"]]}"#, ALLOWED),
    ("http://xn--krz-hoa.test/", r#"{"xn--krz-hoa.test": [["8.8.8.8"]]}"#, ALLOWED),
    ("http://kürz.test/", r#"{"xn--krz-hoa.test": [["8.8.8.8"]]}"#, ALLOWED),
    ("http://-dash.test/", r#"{"-dash.test": [["8.8.8.8"]]}"#, ALLOWED),
    ("http://under_score.test/", r#"{"under_score.test": [["8.8.8.8"]]}"#, ALLOWED),
];

/// Where `https://start.test/N/x` says to go on, and what comes of it.
const REDIRECTS: &[(&str, &str)] = &[
    ("http://127.0.0.1/", "loopback"),
    ("http://127.0.0.1:6379/", "loopback"),
    ("//127.0.0.1/", "loopback"),
    ("\\\\127.0.0.1\\x", "loopback"),
    ("/\\127.0.0.1/", "loopback"),
    ("http:\\\\2130706433/", "loopback"),
    ("http://good.test@127.0.0.1/", "loopback"),
    ("http://[::ffff:7f00:1]/", "embedded"),
    ("http://169.254.169.254/latest/meta-data/", "link_local"),
    ("http://localhost/", "name"),
    ("http://inner.test/", "private"),
    ("http://mixed.test/", "loopback"),
    ("http://two.test:22/", "port"),
    ("file:///etc/passwd", "not_http"),
    ("javascript:alert(1)", "not_http"),
    ("tel:112", "not_http"),
    ("https://listed.test/x", "listed"),
    ("https://LISTED.test./%78", "listed"),
    ("https://two.test/?next=https://listed.test/x", "listed"),
    ("#top", "loop"),
    ("http://8.8.4.4/", "own"),
    ("http://10.0.0.9\r\nX: y", "private"),
    ("https://two.test/final", ALLOWED),
    ("http://two.test/", ALLOWED),
    ("//two.test/", ALLOWED),
    ("/elsewhere", ALLOWED),
    ("../y/./z?a#b", ALLOWED),
    ("?a=b", ALLOWED),
    ("\\elsewhere", ALLOWED),
    ("https://two.test\r\nSet-Cookie: a=b", ALLOWED),
    ("/%0d%0aX-Injected:%201", ALLOWED),
    ("http://user:secret@two.test/", ALLOWED),
    ("http://127.0.0.1@two.test/", ALLOWED),
    ("https://two.test/?next=http://127.0.0.1/", ALLOWED),
    ("http://1.1.1.1/", ALLOWED),
    ("http://[2606:4700::1111]/", ALLOWED),
    ("http://flips-late.test/", ALLOWED),
];
