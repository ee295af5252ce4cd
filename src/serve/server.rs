//! The server: one loop that accepts for all doors, as many workers as cores, and an end in order.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, timeout};

use crate::telemetry::metrics::{self, Metrics};
use crate::telemetry::{clock, log};

use super::connection::{self, Peer};
use super::door::Door;
use super::limits::{CONNECTIONS_MAX, Limits};
use super::note::hit;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 4_096;
/// Between two attempts to accept when the process has no descriptors left.
const BREATH: Duration = Duration::from_millis(50);

const TELEMETRY_CONNECTIONS_MAX: usize = 32;
/// How often it is told how many lines the log was spared.
const FLOODS_INTERVAL: Duration = Duration::from_secs(1);

/// A listener and what answers behind it.
pub(super) struct Entrance {
    pub(super) listener: std::net::TcpListener,
    pub(super) door: Door,
}

/// Binds a listener.
///
/// # Errors
/// If the address is in use or not of this machine.
pub(super) fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// A thread that serves connections.
struct Worker {
    sender: mpsc::UnboundedSender<(Arrival, Place)>,
    open: Arc<AtomicUsize>,
    thread: thread::JoinHandle<()>,
}

/// A connection on its way to a worker.
struct Arrival {
    stream: std::net::TcpStream,
    peer: Peer,
    door: Door,
}

/// Held by a connection as long as it is open.
type Place = Arc<()>;

/// Room for connections. Those who look at figures have some of their own: they come when all else is full.
#[derive(Default)]
struct Places {
    doors: Place,
    telemetry: Place,
}

impl Places {
    fn take(&self, door: &Door, limits: &Limits) -> Option<Place> {
        let (places, max) = if door.is_telemetry() {
            (&self.telemetry, TELEMETRY_CONNECTIONS_MAX)
        } else {
            (&self.doors, limits.connections_max)
        };
        (Arc::strong_count(places) <= max).then(|| Arc::clone(places))
    }
}

/// Serves until SIGTERM or SIGINT, then answers what is under way. SIGHUP calls `reload`.
///
/// # Errors
/// If the operating system gives no thread, listener or signal.
pub(super) fn run(
    entrances: Vec<Entrance>,
    limits: &Arc<Limits>,
    metrics: &Metrics,
    threads: usize,
    reload: Arc<dyn Fn() + Send + Sync>,
) -> io::Result<()> {
    let (stop, stopped) = watch::channel(false);
    let workers: io::Result<Vec<Worker>> =
        (0..threads).map(|_| Worker::start(Arc::clone(limits), metrics.clone(), stopped.clone())).collect();
    let workers = workers?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let served = runtime.block_on(accept_all(entrances, &workers, limits, metrics, reload));
    let (began, connections) = (Instant::now(), open(&workers));
    tracing::info!(connections, grace_ms = limits.grace_ms, "draining");
    // Idle connections end at once, others when they are answered; who never ends is cut off.
    let _ = stop.send(true);
    let mut cut_off = 0;
    for Worker { sender, open, thread } in workers {
        drop(sender);
        let _ = thread.join();
        cut_off += open.load(Ordering::Relaxed);
    }
    // No window is open any more.
    log::tell_floods(i64::MAX);
    tracing::info!(connections, cut_off, took_ms = began.elapsed().as_millis() as u64, "drained");
    served
}

/// How many connections there are.
fn open(workers: &[Worker]) -> usize {
    workers.iter().map(|worker| worker.open.load(Ordering::Relaxed)).sum()
}

async fn accept_all(
    entrances: Vec<Entrance>,
    workers: &[Worker],
    limits: &Limits,
    metrics: &Metrics,
    reload: Arc<dyn Fn() + Send + Sync>,
) -> io::Result<()> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut hup = signal(SignalKind::hangup())?;
    let (places, mut floods) = (Places::default(), interval(FLOODS_INTERVAL));
    let (arrived, mut arrivals) = mpsc::channel(1);
    let mut loops = JoinSet::new();
    for Entrance { listener, door } in entrances {
        loops.spawn(accept(TcpListener::from_std(listener)?, door, arrived.clone()));
    }
    loop {
        tokio::select! {
            Some(arrival) = arrivals.recv() => assign(arrival, &places, workers, limits, metrics),
            _ = hup.recv() => {
                let reload = Arc::clone(&reload);
                drop(tokio::task::spawn_blocking(move || reload()));
            }
            _ = floods.tick() => log::tell_floods(clock::now()),
            _ = term.recv() => break,
            _ = int.recv() => break,
        }
    }
    // What the kernel has accepted for us already is served too.
    let _ = timeout(BREATH, async {
        while let Some(arrival) = arrivals.recv().await {
            assign(arrival, &places, workers, limits, metrics);
        }
    })
    .await;
    Ok(())
}

async fn accept(listener: TcpListener, door: Door, arrived: mpsc::Sender<Arrival>) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                let Ok(stream) = stream.into_std() else { continue };
                let peer = Peer { address, scheme: "http" };
                if arrived.send(Arrival { stream, peer, door: door.clone() }).await.is_err() {
                    return;
                }
            }
            // The client is gone, or there are no descriptors: neither ends a server.
            Err(_) => sleep(BREATH).await,
        }
    }
}

/// Hands a connection to the worker with the fewest.
fn assign(arrival: Arrival, places: &Places, workers: &[Worker], limits: &Limits, metrics: &Metrics) {
    let Some(place) = places.take(&arrival.door, limits) else { return hit(metrics, CONNECTIONS_MAX) };
    if let Some(worker) = workers.iter().min_by_key(|worker| worker.open.load(Ordering::Relaxed)) {
        worker.open.fetch_add(1, Ordering::Relaxed);
        // It is there as long as the loop that calls this.
        let _ = worker.sender.send((arrival, place));
    }
}

impl Worker {
    fn start(limits: Arc<Limits>, metrics: Metrics, stop: watch::Receiver<bool>) -> io::Result<Self> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let open = Arc::new(AtomicUsize::new(0));
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let count = Arc::clone(&open);
        let work = move || runtime.block_on(work(receiver, limits, metrics, count, stop));
        let thread = thread::Builder::new().name("linkgate-worker".into()).spawn(work)?;
        Ok(Self { sender, open, thread })
    }
}

async fn work(
    mut receiver: mpsc::UnboundedReceiver<(Arrival, Place)>,
    limits: Arc<Limits>,
    metrics: Metrics,
    open: Arc<AtomicUsize>,
    stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            arrival = receiver.recv() => {
                let Some((Arrival { stream, peer, door }, place)) = arrival else { break };
                let Ok(stream) = TcpStream::from_std(stream) else {
                    open.fetch_sub(1, Ordering::Relaxed);
                    continue;
                };
                let gauge = metrics.connections.get_or_create_owned(&metrics::Door { door: door.name() });
                gauge.inc();
                let (limits, stop, open) = (Arc::clone(&limits), stop.clone(), Arc::clone(&open));
                connections.spawn(async move {
                    connection::serve(stream, peer, door, limits, stop).await;
                    gauge.dec();
                    drop(place);
                    open.fetch_sub(1, Ordering::Relaxed);
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(Duration::from_millis(limits.grace_ms), all).await;
}
