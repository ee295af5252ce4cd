//! Hits of overrides that a server counts, written down in the state directory at a slow pace and at its end.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::lists::OverrideHits;
use crate::telemetry::clock;
use crate::telemetry::metrics::Metrics;

use super::session::Settings;

/// How often they are written down.
const PACE: Duration = Duration::from_mins(1);

/// Writes them down. What is left is written when this is dropped.
pub(super) struct HitsKeeper {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl HitsKeeper {
    /// Begins to, where there is a place for it.
    pub(super) fn start(settings: &Settings, metrics: &Metrics) -> anyhow::Result<Self> {
        let Ok(dir) = settings.state_dir() else { return Ok(Self { end: None, thread: None }) };
        let (path, metrics) = (OverrideHits::path_in(&dir), metrics.clone());
        let (end, ends) = mpsc::channel::<()>();
        let keep = move || {
            loop {
                let waited = ends.recv_timeout(PACE);
                write_down(&path, &metrics);
                if waited != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("linkgate-hits".into()).spawn(keep)?;
        Ok(Self { end: Some(end), thread: Some(thread) })
    }
}

impl Drop for HitsKeeper {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // It has nothing to give back.
            let _ = thread.join();
        }
    }
}

fn write_down(path: &Path, metrics: &Metrics) {
    let fresh = metrics.rulings.take();
    if fresh.is_empty() {
        return;
    }
    let written = OverrideHits::read(path).and_then(|mut kept| {
        kept.add(&fresh, clock::now());
        kept.write(path)
    });
    if let Err(error) = written {
        tracing::warn!(%error, "hits of overrides cannot be written down");
    }
}
