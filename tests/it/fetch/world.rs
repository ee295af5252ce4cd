//! A little internet around one run of the program: `tests/internet`, with certificates.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};

use crate::{Home, Ran, finish, root};

/// The name server of the little internet.
const RESOLVER: &str = "198.18.0.2:53";
/// Where no proxy is: a client that heeds the variables of other programs would dial it.
const NO_PROXY: &str = "http://127.0.0.1:3128";

/// What there is to be found, and how the program is set.
pub(crate) struct World {
    home: Home,
    spec: Value,
    fetch: String,
    environment: Vec<(String, String)>,
}

/// What a run came to, and what was seen of it.
pub(crate) struct Visit {
    pub(crate) ran: Ran,
    events: Vec<Value>,
}

impl World {
    pub(crate) fn new() -> Self {
        let home = Home::new();
        let log = home.path().join("events.jsonl");
        let spec = json!({ "log": log, "dns": {}, "routes": {}, "ports": [22, 3128, 6379, 8080] });
        let fetch = "request_timeout_ms = 1500\nchain_timeout_ms = 4000\n".to_owned();
        let proxies = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        let mut environment: Vec<_> = proxies.map(|name| (name.to_owned(), NO_PROXY.to_owned())).into();
        environment.push(("LINKGATE_TEST_RESOLVER".into(), RESOLVER.into()));
        Self { home, spec, fetch, environment }
    }

    /// A key of the spec, as the head of `tests/internet` describes them.
    pub(crate) fn with(mut self, key: &str, value: Value) -> Self {
        self.spec[key] = value;
        self
    }

    /// What the name server says of a name.
    pub(crate) fn name(mut self, name: &str, said: Value) -> Self {
        self.spec["dns"][name] = said;
        self
    }

    /// A name with that one address.
    pub(crate) fn host(self, name: &str, address: &str) -> Self {
        self.name(name, json!([[address]]))
    }

    /// What a web server answers at `host/path`.
    pub(crate) fn route(mut self, at: &str, answer: Value) -> Self {
        self.spec["routes"][at] = answer;
        self
    }

    pub(crate) fn redirect(self, at: &str, to: &str) -> Self {
        self.route(at, json!({ "status": 302, "headers": [["Location", to]] }))
    }

    /// The lines of `[fetch]`, and tables behind it.
    pub(crate) fn settings(self, lines: &str) -> Self {
        Self { fetch: lines.into(), ..self }
    }

    /// A place for files of a test.
    pub(crate) fn path(&self) -> &Path {
        self.home.path()
    }

    /// Runs the program in the middle of it all.
    pub(crate) fn run(mut self, arguments: &[&str], stdin: &str) -> Visit {
        self.spec["tls"] = json!(self.certificate());
        let authority = self.path().join("authority.pem");
        let config =
            self.home.file("linkgate.toml", format!("[fetch]\nca_file = '{}'\n{}", authority.display(), self.fetch));
        let spec = self.home.file("spec.json", self.spec.to_string());
        let mut command = Command::new("python3");
        command.arg("-B").arg(root().join("tests/internet")).arg(spec).arg(env!("CARGO_BIN_EXE_linkgate"));
        command.arg("--config").arg(config).args(arguments).current_dir(root());
        command
            .env_clear()
            .env("PATH", env!("PATH"))
            .envs(self.environment.clone())
            .env("XDG_STATE_HOME", self.path().join("state"));
        let ran = finish(command, stdin.as_bytes());
        let log = std::fs::read_to_string(self.path().join("events.jsonl")).unwrap_or_default();
        let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(events.iter().any(|event| event["event"] == "ended"), "there was no internet: {}", ran.stderr);
        Visit { ran, events }
    }

    /// A certificate for every name and address of this world, from an authority that the program trusts.
    fn certificate(&self) -> [PathBuf; 2] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        self.home.file("authority.pem", params.self_signed(&key).unwrap().pem());
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = self.spec["dns"].as_object().unwrap().keys().cloned().collect();
        let signed = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
        [self.home.file("certificate.pem", signed.pem()), self.home.file("key.pem", key.serialize_pem())]
    }
}

impl Visit {
    /// The lines that the program printed, as JSON.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Every address and port to which a first packet was sent; the name server's is not among them.
    pub(crate) fn dialled(&self) -> BTreeSet<(IpAddr, u64)> {
        let place = |event: &Value| (event["ip"].as_str().unwrap().parse().unwrap(), event["port"].as_u64().unwrap());
        self.of("dialled").map(place).collect()
    }

    /// The requests that a web server got, as `GET http://host/path`.
    pub(crate) fn requests(&self) -> Vec<String> {
        let text = |event: &Value| format!("{} {}", event["method"].as_str().unwrap(), event["url"].as_str().unwrap());
        self.of("request").map(text).collect()
    }

    /// All fields of all requests.
    pub(crate) fn fields(&self) -> String {
        self.of("request").map(|event| event["headers"].to_string()).collect()
    }

    /// How often the name server was asked for a name.
    pub(crate) fn times_asked(&self, name: &str) -> usize {
        self.of("asked").filter(|event| event["name"] == name).count()
    }

    /// The most memory that the program held, and how long it ran.
    pub(crate) fn cost(&self) -> (u64, f64) {
        let ended = self.of("ended").next().unwrap();
        (ended["rss_max_kb"].as_u64().unwrap() * 1024, ended["seconds"].as_f64().unwrap())
    }

    fn of<'v>(&'v self, name: &'v str) -> impl Iterator<Item = &'v Value> {
        self.events.iter().filter(move |event| event["event"] == name)
    }
}
