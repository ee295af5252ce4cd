//! `linkgate self-test`: the canary of each list through every door of the server that runs, as a dated certificate.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use crate::telemetry::clock;

use super::args::Arguments;
use super::probe::Asker;
use super::prove::{Credentials, Doors, Places, Proof, Unarmed};
use super::session::{Session, Settings};
use super::{Exit, canaries};

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
    /// File with a key of the check API, if it has keys, in place of `serve.self_test_api_key_file`.
    #[arg(long, value_name = "FILE")]
    pub(super) api_key_file: Option<PathBuf>,
    /// File with the certificate to show, PEM, in place of `serve.self_test_cert_file`.
    #[arg(long, value_name = "FILE")]
    pub(super) client_cert_file: Option<PathBuf>,
    /// File with the key of that certificate, PEM, in place of `serve.self_test_key_file`.
    #[arg(long, value_name = "FILE")]
    pub(super) client_key_file: Option<PathBuf>,
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

pub(super) fn run(arguments: &Arguments, given: &SelfTestArguments) -> anyhow::Result<Exit> {
    let settings = Settings::load(arguments)?;
    let Session { checker, .. } = Session::of(&settings, arguments, &[])?;
    let snapshot = checker.snapshot();
    let config = &settings.loaded.config;
    let places =
        Places { api: Some(given.api.unwrap_or(config.serve.listen)), proxy: given.proxy.or(config.proxy.listen) };
    let set = Credentials::of(config);
    let credentials = Credentials {
        chain: given.client_cert_file.clone().or(set.chain),
        key: given.client_key_file.clone().or(set.key),
        api_key: given.api_key_file.clone().or(set.api_key),
    };
    let doors = Doors::of(config, places, &credentials, Unarmed::Asks)?;
    let proofs = doors.prove(&Asker::new()?, &checker, &canaries::of(config, &[]));
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
