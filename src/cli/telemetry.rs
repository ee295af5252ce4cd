//! What `linkgate serve` tells of itself: to whom, how much, and what is in use.

use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use tracing::level_filters::LevelFilter;

use crate::config::{LogLevel, Telemetry};
use crate::serve::{Api, Inherited, Watchers};
use crate::telemetry::clock;
use crate::telemetry::metrics::{self, Metrics};
use crate::telemetry::trace::{self, Tracing};

use super::usage;

/// Figures have no key in front of them: that others reach them has to be said.
pub(super) fn may_tell(telemetry: &Telemetry, inherited: &Inherited) -> anyhow::Result<()> {
    let Some(configured) = telemetry.listen else { return Ok(()) };
    let mut addresses: Vec<SocketAddr> = inherited.telemetry().collect();
    if addresses.is_empty() {
        addresses.push(configured);
    }
    match addresses.iter().find(|address| !address.ip().is_loopback()) {
        Some(address) if !telemetry.allow_remote => Err(usage(format!(
            "telemetry.listen is {address}, which can be reached from other machines without a key; \
             if that is wanted, set allow_remote = true below [telemetry]"
        ))),
        _ => Ok(()),
    }
}

/// Begins to send traces, if that is wanted.
pub(super) fn tracing(telemetry: &Telemetry) -> anyhow::Result<Option<Tracing>> {
    let Some(endpoint) = &telemetry.otlp_endpoint else { return Ok(None) };
    let ratio = telemetry.otlp_ratio;
    ensure!((0.0..=1.0).contains(&ratio), "telemetry.otlp_ratio is not between 0.0 and 1.0");
    let options = trace::Options { endpoint: endpoint.clone(), ratio };
    Tracing::begin(&options).context("telemetry.otlp_endpoint").map(Some)
}

pub(super) fn watchers(telemetry: &Telemetry) -> Watchers {
    if telemetry.allow_remote { Watchers::Anywhere } else { Watchers::Here }
}

/// Tells figures and the log what is in use.
pub(super) fn tell(metrics: &Metrics, api: &Api) {
    let (snapshot, now) = (api.checker.snapshot(), clock::now());
    metrics.lists.generation.set(snapshot.generation);
    metrics.lists.clear();
    for list in snapshot.lists() {
        let entries: u64 = list.entries.values().sum();
        let label = metrics::List { list: list.name.clone() };
        metrics.lists.entries.get_or_create(&label).set(i64::try_from(entries).unwrap_or(i64::MAX));
        metrics.lists.read_at.get_or_create(&label).set(now);
        let written_at = api.written_at.get(&list.name);
        if let Some(&written_at) = written_at {
            metrics.lists.written_at.get_or_create(&label).set(written_at);
        }
        let age_s = written_at.map(|written_at| now - written_at);
        tracing::info!(list = list.name, generation = snapshot.generation, entries, age_s, "list in use");
    }
}

pub(super) fn level(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}
