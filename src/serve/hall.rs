//! Where connections arrive and are led to workers, until the server is to end.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::{self, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, mpsc};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, interval, sleep};

use crate::telemetry::metrics::Metrics;
use crate::telemetry::{clock, log};

use super::connection::Shared;
use super::handover::{self, HandoverError};
use super::limits::{CONNECTIONS_MAX, SUCCESSOR_TIMEOUT_MS};
use super::listener::Listener;
use super::note::hit;
use super::places::Places;
use super::server::Prepare;
use super::supervisor;
use super::worker::{Arrival, Worker};

/// How long connections that have begun may take to arrive when the server ends.
const ARRIVAL: Duration = Duration::from_millis(250);
/// How often it is told how many lines the log was spared.
const FLOODS_INTERVAL: Duration = Duration::from_secs(1);
/// Between two looks whether anybody is left.
const GLANCE: Duration = Duration::from_millis(20);

/// Why the server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Told,
    HandedOver,
}

/// What an operator can say to a running server. It is heard from the moment that this is made, and acted upon once the server
/// serves: SIGHUP and SIGUSR2 would otherwise end a process that is still starting.
pub struct Signals {
    runtime: Runtime,
    hup: Signal,
    usr2: Signal,
}

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// If the operating system does not let it.
    pub fn listen() -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let entered = runtime.enter();
        let (hup, usr2) = (signal(SignalKind::hangup())?, signal(SignalKind::user_defined2())?);
        drop(entered);
        Ok(Self { runtime, hup, usr2 })
    }
}

/// What an operator, or whoever runs the service, says to a server that serves.
pub(super) struct Orders {
    hup: Signal,
    usr2: Signal,
    term: Signal,
    int: Signal,
}

impl Orders {
    /// The runtime on which they are heard, and what is heard.
    pub(super) fn new(signals: Signals) -> io::Result<(Runtime, Self)> {
        let Signals { runtime, hup, usr2 } = signals;
        let entered = runtime.enter();
        let (term, int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        drop(entered);
        Ok((runtime, Self { hup, usr2, term, int }))
    }
}

/// The place itself.
pub(super) struct Hall<'h> {
    pub(super) arrivals: mpsc::Receiver<Arrival>,
    pub(super) workers: &'h [Worker],
    pub(super) shared: &'h Shared,
    pub(super) places: Places,
    /// All sockets once more, for a successor.
    pub(super) listeners: Vec<(&'static str, Listener)>,
    /// What a successor shall find is written down by it.
    pub(super) before_handover: Prepare,
}

impl Hall<'_> {
    /// Lets connections in until there is a reason to end.
    pub(super) async fn attend(&mut self, orders: &mut Orders, bell: &Notify) -> End {
        let mut successor: Option<Successor> = None;
        let mut floods = interval(FLOODS_INTERVAL);
        loop {
            tokio::select! {
                Some(arrival) = self.arrivals.recv() => self.assign(arrival),
                _ = orders.hup.recv() => bell.notify_one(),
                _ = orders.usr2.recv(), if successor.is_none() => successor = Some(self.start_successor()),
                outcome = outcome(&mut successor) => {
                    successor = None;
                    if is_handed_over(outcome, &self.shared.metrics) {
                        return End::HandedOver;
                    }
                }
                _ = floods.tick() => log::tell_floods(clock::now()),
                _ = orders.term.recv() => break,
                _ = orders.int.recv() => break,
            }
        }
        let Some(successor) = successor else { return End::Told };
        successor.cancelled.store(true, Ordering::Relaxed);
        let outcome = successor.outcome.await.unwrap_or(Err(HandoverError::Cancelled));
        if is_handed_over(outcome, &self.shared.metrics) { End::HandedOver } else { End::Told }
    }

    fn start_successor(&self) -> Successor {
        tracing::info!("starting a successor");
        let listeners: io::Result<Vec<_>> =
            self.listeners.iter().map(|(door, listener)| Ok((*door, listener.again()?))).collect();
        let cancelled = Arc::<AtomicBool>::default();
        let (within, flag) = (Duration::from_millis(self.shared.limits.successor_timeout_ms), Arc::clone(&cancelled));
        let prepare = Arc::clone(&self.before_handover);
        let start = move || {
            let at_least = prepare();
            handover::start((&listeners.map_err(HandoverError::Start)?, at_least), within, &flag)
        };
        Successor { outcome: spawn_blocking(start), cancelled }
    }

    /// Waits until nobody is connected any more, or idle clients have had their time.
    pub(super) async fn drain(&mut self, end: End) {
        let began = Instant::now();
        let arrival = if end == End::Told { ARRIVAL } else { Duration::ZERO };
        let (mut over, mut glance) =
            (Box::pin(sleep(Duration::from_millis(self.shared.limits.idle_grace_ms))), interval(GLANCE));
        loop {
            tokio::select! {
                Some(arrival) = self.arrivals.recv() => self.assign(arrival),
                _ = glance.tick() => {
                    if began.elapsed() >= arrival && self.open() == 0 {
                        return;
                    }
                }
                () = &mut over => return,
            }
        }
    }

    /// Takes what was accepted before the entrances were closed.
    pub(super) async fn empty(&mut self) {
        while let Some(arrival) = self.arrivals.recv().await {
            self.assign(arrival);
        }
    }

    /// How many connections are open.
    pub(super) fn open(&self) -> usize {
        self.workers.iter().map(Worker::open).sum()
    }

    /// Hands a connection to the worker with the fewest.
    fn assign(&self, arrival: Arrival) {
        let Shared { limits, metrics, .. } = self.shared;
        let Some(place) = self.places.take(&arrival.door, limits) else { return hit(metrics, CONNECTIONS_MAX) };
        if let Some(worker) = self.workers.iter().min_by_key(|worker| worker.open()) {
            worker.take(arrival, place);
        }
    }
}

/// A process that may take over.
struct Successor {
    outcome: JoinHandle<Result<u32, HandoverError>>,
    cancelled: Arc<AtomicBool>,
}

/// What became of the successor, if one was started.
async fn outcome(successor: &mut Option<Successor>) -> Result<u32, HandoverError> {
    match successor {
        Some(successor) => (&mut successor.outcome).await.unwrap_or(Err(HandoverError::Cancelled)),
        None => pending().await,
    }
}

fn is_handed_over(outcome: Result<u32, HandoverError>, metrics: &Metrics) -> bool {
    match outcome {
        Ok(pid) => {
            supervisor::succeeded_by(pid);
            tracing::info!(pid, "handed over to a successor");
            true
        }
        Err(error) => {
            if matches!(error, HandoverError::Late) {
                hit(metrics, SUCCESSOR_TIMEOUT_MS);
            }
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(%error, cause, "not handed over, this process goes on");
            false
        }
    }
}
