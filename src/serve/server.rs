//! The server: one loop that accepts for all doors, as many workers as cores, and an end in order.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use crate::telemetry::log;

use super::closing::Announcer;
use super::connection::Shared;
use super::door::Door;
use super::hall::{End, Hall, Orders, Signals};
use super::listener::{self, AtLeast, Listener, Owner};
use super::places::Places;
use super::supervisor;
use super::worker::{Arrival, Worker};

/// Between two attempts to accept when the process has no descriptors left.
const BREATH: Duration = Duration::from_millis(50);

/// A listener and what answers behind it.
pub(super) struct Entrance {
    pub(super) listener: Listener,
    pub(super) door: Arc<Door>,
}

/// What is done before a successor starts; gives back what that has to be at least.
pub(super) type Prepare = Arc<dyn Fn() -> AtLeast + Send + Sync>;

/// What a server is given to run.
pub(super) struct Setup {
    pub(super) entrances: Vec<Entrance>,
    pub(super) shared: Arc<Shared>,
    pub(super) threads: usize,
    pub(super) reload: Arc<dyn Fn() + Send + Sync>,
    /// Rings when somebody wants a reload.
    pub(super) bell: Arc<Notify>,
    pub(super) before_handover: Prepare,
    pub(super) predecessor: Option<UnixDatagram>,
}

/// Whether connections are let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Admission {
    Open,
    /// Those that have begun; others wait for whoever comes next, if somebody does.
    Last,
    Closed,
    /// Somebody else lets them in.
    HandedOver,
}

/// Serves until SIGTERM or SIGINT, or until a successor does, then answers what is under way.
///
/// # Errors
/// If the operating system gives no thread, listener or signal.
pub(super) fn run(setup: Setup, signals: Signals) -> io::Result<()> {
    let (announcer, closing) = Announcer::new();
    let workers: io::Result<Vec<Worker>> =
        (0..setup.threads).map(|_| Worker::start(Arc::clone(&setup.shared), closing.clone())).collect();
    let workers = workers?;
    let (runtime, orders) = Orders::new(signals)?;
    let served = runtime.block_on(serve(setup, orders, &workers, &announcer));
    // Connections on which nothing is on its way end at once, others when they are answered; who never ends is cut off.
    announcer.end();
    let ending = Instant::now();
    let cut_off: usize = workers.into_iter().map(Worker::join).sum();
    // No window is open any more.
    log::tell_floods(i64::MAX);
    tracing::info!(cut_off, took_ms = ending.elapsed().as_millis() as u64, "drained");
    // A reload under way is not waited for.
    runtime.shutdown_background();
    served
}

async fn serve(setup: Setup, mut orders: Orders, workers: &[Worker], announcer: &Announcer) -> io::Result<()> {
    let Setup { entrances, shared, reload, bell, before_handover, predecessor, .. } = setup;
    let (arrived, arrivals) = mpsc::channel(1);
    let (admission, admitted) = watch::channel(Admission::Open);
    let (places, listeners) = (Places::default(), Vec::new());
    let mut hall = Hall { arrivals, workers, shared: &shared, places, listeners, before_handover };
    for Entrance { listener, door } in entrances {
        hall.listeners.push((door.name(), listener.again()?));
        tokio::spawn(accept(
            listener.owner,
            TcpListener::from_std(listener.socket)?,
            door,
            arrived.clone(),
            admitted.clone(),
        ));
    }
    drop(arrived);
    let reloads = tokio::spawn(reload_on(Arc::clone(&bell), reload));
    supervisor::ready(predecessor.as_ref());
    drop(predecessor);
    let end = hall.attend(&mut orders, &bell).await;
    reloads.abort();
    tracing::info!(connections = hall.open(), grace_ms = shared.limits.grace_ms, "draining");
    announcer.drain();
    if end == End::HandedOver {
        admission.send_replace(Admission::HandedOver);
    } else {
        supervisor::stopping();
        hall.listeners.iter().for_each(|(_, listener)| listener.close_to_new());
        admission.send_replace(Admission::Last);
    }
    hall.listeners.clear();
    hall.drain(end).await;
    if end == End::Told {
        admission.send_replace(Admission::Closed);
    }
    hall.empty().await;
    Ok(())
}

/// One reload at a time; whoever rings meanwhile gets another behind it.
async fn reload_on(bell: Arc<Notify>, reload: Arc<dyn Fn() + Send + Sync>) {
    loop {
        bell.notified().await;
        supervisor::reloading();
        let reload = Arc::clone(&reload);
        // One that panicked has changed nothing.
        let _ = spawn_blocking(move || reload()).await;
        supervisor::ready(None);
    }
}

async fn accept(
    owner: Owner,
    socket: TcpListener,
    door: Arc<Door>,
    arrived: mpsc::Sender<Arrival>,
    mut admission: watch::Receiver<Admission>,
) {
    let is_over = |now: &Admission| match now {
        Admission::Open => false,
        Admission::Last => owner == Owner::Manager,
        Admission::Closed | Admission::HandedOver => true,
    };
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            _ = admission.wait_for(is_over) => break,
        };
        match accepted {
            Ok((stream, address)) => {
                let Ok(stream) = stream.into_std() else { continue };
                let _ = arrived.send(Arrival { stream, address, door: Arc::clone(&door) }).await;
            }
            // The client is gone, or there are no descriptors: neither ends a server.
            Err(_) => sleep(BREATH).await,
        }
    }
    // What the kernel has accepted for us already is served too.
    if *admission.borrow() == Admission::Closed
        && let Ok(socket) = socket.into_std()
    {
        for (stream, address) in listener::waiting(&socket) {
            let _ = arrived.send(Arrival { stream, address, door: Arc::clone(&door) }).await;
        }
    }
}
