//! `linkgate self-test`: the canary of each list through every door of the server that runs, as a dated certificate.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Request, StatusCode};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::check::{Canary, Checker, Report};
use crate::serve::Platform;
use crate::telemetry::clock;
use crate::verdict::Action;

use super::args::Arguments;
use super::pinned;
use super::probe::{Asker, Entrance};
use super::session::{Session, Settings};
use super::{Exit, canaries, platform};

#[derive(Debug, Clone, Args)]
pub(super) struct SelfTestArguments {
    /// Print the certificate as JSON.
    #[arg(long)]
    pub(super) json: bool,
    /// Where the check API is, if not at serve.listen.
    #[arg(long, value_name = "ADDR")]
    pub(super) api: Option<SocketAddr>,
    /// Where the proxy is, if not at proxy.listen.
    #[arg(long, value_name = "ADDR")]
    pub(super) proxy: Option<SocketAddr>,
    /// File with a key of the check API, if it has keys.
    #[arg(long, value_name = "FILE")]
    pub(super) api_key_file: Option<PathBuf>,
}

/// What was found. No link stands in it.
#[derive(Serialize)]
struct Certificate {
    at: Timestamp,
    version: &'static str,
    generation: u64,
    lists_id: String,
    doors: Vec<Proof>,
    passed: bool,
}

/// One list at one door.
#[derive(Serialize)]
struct Proof {
    door: &'static str,
    list: String,
    /// Whether the canary was matched; at the proxy, whether it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<bool>,
    /// Whether the link was matched that must not be.
    #[serde(skip_serializing_if = "Option::is_none")]
    anti_seen: Option<bool>,
    /// Why there was nothing to see.
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<&'static str>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// The doors, in the order in which they are tried.
struct Doors {
    checker: Checker,
    asker: Asker,
    api: Api,
    proxy: Option<(Entrance, Platform)>,
}

/// The check API, and the key for it if there is one.
struct Api {
    entrance: Entrance,
    key: Option<HeaderValue>,
}

pub(super) fn run(arguments: &Arguments, given: &SelfTestArguments) -> anyhow::Result<Exit> {
    let settings = Settings::load(arguments)?;
    let Session { checker, .. } = Session::of(&settings, arguments, &[])?;
    let snapshot = checker.snapshot();
    let doors = Doors::of(&settings, given, checker)?;
    let canaries = canaries::of(&settings.loaded.config, &[]);
    let proofs: Vec<Proof> = canaries.iter().flat_map(|canary| doors.prove(canary)).collect();
    let certificate = Certificate {
        at: Timestamp::from_second(clock::now()).unwrap_or_default(),
        version: env!("CARGO_PKG_VERSION"),
        generation: snapshot.generation,
        lists_id: snapshot.lists_id().to_owned(),
        // What proves nothing is no pass.
        passed: proofs.iter().any(|proof| proof.seen == Some(true)) && proofs.iter().all(Proof::is_right),
        doors: proofs,
    };
    let mut out = io::stdout().lock();
    if given.json {
        writeln!(out, "{}", serde_json::to_string(&certificate)?)?;
    } else {
        out.write_all(told(&certificate).as_bytes())?;
    }
    Ok(if certificate.passed { Exit::Quiet } else { Exit::Failed })
}

impl Doors {
    fn of(settings: &Settings, given: &SelfTestArguments, checker: Checker) -> anyhow::Result<Self> {
        let config = &settings.loaded.config;
        let tls = pinned::client(&config.tls)?;
        let entrance = |address: SocketAddr| Entrance { address, tls: tls.clone() };
        let key = given.api_key_file.as_ref().map(|path| {
            let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
            let mut field = HeaderValue::from_str(&format!("Bearer {}", text.trim())).context("--api-key-file")?;
            field.set_sensitive(true);
            anyhow::Ok(field)
        });
        let proxy = match given.proxy.or(config.proxy.listen) {
            Some(address) => Some((entrance(address), platform::of(&config.proxy)?)),
            None => None,
        };
        let api = Api { entrance: entrance(given.api.unwrap_or(config.serve.listen)), key: key.transpose()? };
        Ok(Self { checker, asker: Asker::new()?, api, proxy })
    }

    fn prove(&self, canary: &Canary) -> Vec<Proof> {
        let sight = canary.sight(&self.checker, clock::now());
        let none = Proof {
            door: "checker",
            list: canary.list.clone(),
            seen: None,
            anti_seen: None,
            skipped: None,
            error: None,
        };
        let (Some(link), true) = (&canary.link, sight.seen.is_some()) else {
            let skipped = Some("no_canary");
            return vec![Proof { anti_seen: sight.anti_seen, skipped, ..none }];
        };
        let list = || canary.list.clone();
        let (seen, anti_seen) = (sight.seen, sight.anti_seen);
        let api = Proof { door: "api", list: list(), ..Proof::of(self.at_api(canary, link)) };
        let mut proofs = vec![Proof { seen, anti_seen, ..none }, api];
        if let Some((entrance, platform)) = &self.proxy {
            let proof = if sight.action < Action::Hold {
                // Sent, it would be published.
                Proof { skipped: Some("not_refused_by_policy"), ..Proof::of(Ok((None, None))) }
            } else {
                let answer = self.asker.ask(entrance, platform.probe(link));
                Proof::of(answer.map(|answer| (Some(platform.is_refusal(&answer)), None)))
            };
            proofs.push(Proof { door: "proxy", list: list(), ..proof });
        }
        proofs
    }

    fn at_api(&self, canary: &Canary, link: &str) -> anyhow::Result<(Option<bool>, Option<bool>)> {
        let anti_seen = canary.anti_link.as_ref().map(|link| self.is_seen_at_api(&canary.list, link)).transpose()?;
        Ok((Some(self.is_seen_at_api(&canary.list, link)?), anti_seen))
    }

    fn is_seen_at_api(&self, list: &str, link: &str) -> anyhow::Result<bool> {
        let mut request = Request::post("/v1/check").body(Bytes::from(json!({ "links": [link] }).to_string()))?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(key) = &self.api.key {
            request.headers_mut().insert(AUTHORIZATION, key.clone());
        }
        let answer = self.asker.ask(&self.api.entrance, request)?;
        if answer.status() != StatusCode::OK {
            let problem: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
            let code = problem.get("code").and_then(Value::as_str).unwrap_or_default();
            let hint = if code == "no_key" { "; give one by --api-key-file" } else { "" };
            anyhow::bail!("{} {code}{hint}", answer.status().as_u16());
        }
        let report: Report = serde_json::from_slice(answer.body()).map_err(|_| anyhow::anyhow!("no report"))?;
        Ok(report.tells_of(list))
    }
}

impl Proof {
    /// What a door said.
    fn of(said: anyhow::Result<(Option<bool>, Option<bool>)>) -> Self {
        let (error, (seen, anti_seen)) = match said {
            Ok(seen) => (None, seen),
            Err(error) => (Some(format!("{error:#}")), (None, None)),
        };
        Self { door: "", list: String::new(), seen, anti_seen, skipped: None, error }
    }

    fn is_right(&self) -> bool {
        self.error.is_none() && self.seen != Some(false) && self.anti_seen != Some(true)
    }
}

fn told(certificate: &Certificate) -> String {
    let line = |proof: &Proof| {
        let what = match (&proof.error, proof.skipped, proof.seen) {
            (Some(error), ..) => error.clone(),
            (_, Some(skipped), _) => format!("not tried: {}", skipped.replace('_', " ")),
            (.., Some(true)) => "the canary is seen".to_owned(),
            _ => "the canary is NOT seen".to_owned(),
        };
        let anti = if proof.anti_seen == Some(true) { ", and so is what must not be" } else { "" };
        format!("{:<8} {}: {what}{anti}\n", proof.door, proof.list)
    };
    let lines: String = certificate.doors.iter().map(line).collect();
    let outcome = if certificate.passed { "passed" } else { "failed" };
    let Certificate { at, version, generation, lists_id, .. } = certificate;
    format!("{lines}{outcome} at {at}, linkgate {version}, generation {generation}, lists {lists_id}\n")
}
