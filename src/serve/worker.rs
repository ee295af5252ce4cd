//! Threads that serve connections, each with a runtime of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::runtime;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::telemetry::metrics;

use super::closing::Closing;
use super::connection::{self, Shared};
use super::door::Door;
use super::places::Place;
use super::proxy;

/// Between two looks for connections to the platform that are of no more use.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// A thread that serves connections.
pub(super) struct Worker {
    sender: mpsc::UnboundedSender<(Arrival, Place)>,
    open: Arc<AtomicUsize>,
    thread: thread::JoinHandle<()>,
}

/// A connection on its way to a worker.
pub(super) struct Arrival {
    pub(super) stream: std::net::TcpStream,
    pub(super) address: SocketAddr,
    pub(super) door: Arc<Door>,
}

impl Worker {
    pub(super) fn start(shared: Arc<Shared>, closing: Closing) -> io::Result<Self> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let open = Arc::new(AtomicUsize::new(0));
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let count = Arc::clone(&open);
        let work = move || runtime.block_on(work(receiver, shared, count, closing));
        let thread = thread::Builder::new().name("linkgate-worker".into()).spawn(work)?;
        Ok(Self { sender, open, thread })
    }

    /// How many connections it has.
    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    pub(super) fn take(&self, arrival: Arrival, place: Place) {
        self.open.fetch_add(1, Ordering::Relaxed);
        // It is there until it is joined.
        let _ = self.sender.send((arrival, place));
    }

    /// Waits until all of its connections are over; how many were cut off.
    pub(super) fn join(self) -> usize {
        drop(self.sender);
        let _ = self.thread.join();
        self.open.load(Ordering::Relaxed)
    }
}

async fn work(
    mut receiver: mpsc::UnboundedReceiver<(Arrival, Place)>,
    shared: Arc<Shared>,
    open: Arc<AtomicUsize>,
    closing: Closing,
) {
    let mut connections = JoinSet::new();
    // Besides, no timer is ever nearer than this one, so that none has to wake the loop that it is set from.
    let mut sweeps = interval(SWEEP_INTERVAL);
    loop {
        tokio::select! {
            _ = sweeps.tick() => proxy::close_stale().await,
            arrival = receiver.recv() => {
                let Some((Arrival { stream, address, door }, place)) = arrival else { break };
                let Ok(stream) = TcpStream::from_std(stream) else {
                    open.fetch_sub(1, Ordering::Relaxed);
                    continue;
                };
                let gauge = shared.metrics.connections.get_or_create_owned(&metrics::Door { door: door.name() });
                gauge.inc();
                let (shared, closing, open) = (Arc::clone(&shared), closing.clone(), Arc::clone(&open));
                connections.spawn(async move {
                    connection::serve(stream, address, door, shared, closing).await;
                    gauge.dec();
                    drop(place);
                    open.fetch_sub(1, Ordering::Relaxed);
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(Duration::from_millis(shared.limits.grace_ms), all).await;
}
