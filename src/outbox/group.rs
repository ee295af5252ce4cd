//! Group commit: whoever waits goes into one transaction, and is answered when that is on the disk.
//!
//! A durable commit takes milliseconds however much is in it, so ten thousand that come at once must not take ten thousand.

use std::io;
use std::thread;

use tokio::sync::{mpsc, oneshot};

use super::OutboxError;
use super::books::{Books, Changes, Store};

/// Beyond that, whoever wants something done waits in front.
const WAITING_MAX: usize = 1_024;
/// A transaction is held in memory until it is done.
const TRANSACTION_MAX_BYTES: usize = 16 << 20;

/// What one caller wants done.
trait Job: Send {
    fn bytes(&self) -> usize;
    fn run(&mut self, books: &mut Books<'_>) -> Result<Changes, redb::Error>;
    fn answer(self: Box<Self>, outcome: Result<(), OutboxError>);
}

struct Asked<W, T> {
    bytes: usize,
    work: Option<W>,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, OutboxError>>,
}

impl<W, T> Job for Asked<W, T>
where
    W: FnOnce(&mut Books<'_>) -> Result<(T, Changes), redb::Error> + Send,
    T: Send,
{
    fn bytes(&self) -> usize {
        self.bytes
    }

    fn run(&mut self, books: &mut Books<'_>) -> Result<Changes, redb::Error> {
        let Some(work) = self.work.take() else { return Ok(Changes::None) };
        let (result, changes) = work(books)?;
        self.result = Some(result);
        Ok(changes)
    }

    fn answer(self: Box<Self>, outcome: Result<(), OutboxError>) {
        let Self { result, reply, .. } = *self;
        // Whoever asked may have gone; what is done is done.
        let _ = reply.send(outcome.and_then(|()| result.ok_or(OutboxError::Ended)));
    }
}

/// The way to the one thread that has the file. Clones lead to the same; it ends with the last of them.
#[derive(Clone)]
pub(super) struct Group(mpsc::Sender<Box<dyn Job>>);

impl Group {
    /// Starts the thread. `told` learns how many tasks and events there are, at first and with every change; `went` how each
    /// transaction ended.
    pub(super) fn start(
        store: Store,
        told: impl Fn(u64, u64) + Send + 'static,
        went: impl Fn(&Result<(), OutboxError>) + Send + 'static,
    ) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel(WAITING_MAX);
        let work = move || serve(store, waiting, &told, &went);
        thread::Builder::new().name("linkgate-outbox".into()).spawn(work)?;
        Ok(Self(jobs))
    }

    /// Does it together with whatever else waits. Without changes it has been done when this returns; changes are durable.
    pub(super) async fn run<T, W>(&self, bytes: usize, work: W) -> Result<T, OutboxError>
    where
        T: Send + 'static,
        W: FnOnce(&mut Books<'_>) -> Result<(T, Changes), redb::Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Asked { bytes, work: Some(work), result: None, reply });
        self.0.send(job).await.map_err(|_| OutboxError::Ended)?;
        answer.await.unwrap_or(Err(OutboxError::Ended))
    }
}

fn serve(
    mut store: Store,
    mut waiting: mpsc::Receiver<Box<dyn Job>>,
    told: &impl Fn(u64, u64),
    went: &impl Fn(&Result<(), OutboxError>),
) {
    went(&store.transact(|books| tell(books, told).map(|()| Changes::None)));
    while let Some(first) = waiting.blocking_recv() {
        let mut bytes = first.bytes();
        let mut jobs = vec![first];
        while bytes < TRANSACTION_MAX_BYTES
            && jobs.len() < WAITING_MAX
            && let Ok(next) = waiting.try_recv()
        {
            bytes += next.bytes();
            jobs.push(next);
        }
        let outcome = store.transact(|books| {
            let mut changes = Changes::None;
            for job in &mut jobs {
                if job.run(books)? == Changes::Some {
                    changes = Changes::Some;
                }
            }
            tell(books, told).map(|()| changes)
        });
        went(&outcome);
        for job in jobs {
            job.answer(outcome.clone());
        }
    }
}

fn tell(books: &Books<'_>, told: &impl Fn(u64, u64)) -> Result<(), redb::Error> {
    told(books.tasks.len()?, books.events.len()?);
    Ok(())
}
