//! Reader, workers, ordered writer: every core judges, the output keeps the order of the posts.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::Job;
use super::error::RescanError;
use super::input::{self, Batch, Cursor, Input};
use super::judge::{Judge, Outcome};
use super::output::Output;
use super::tally::Tally;

/// How far a rescan is.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'p> {
    /// What came of it so far.
    pub tally: &'p Tally,
    /// Bytes of the inputs read, as they lie on the disk, earlier runs included.
    pub bytes: u64,
    /// Bytes of all inputs, if that is known.
    pub bytes_total: Option<u64>,
    /// Inputs that are done.
    pub inputs: usize,
    /// The number of inputs.
    pub inputs_total: usize,
}

/// What happens during a rescan.
#[derive(Debug, Clone, Copy)]
pub enum Event<'e> {
    /// Some more posts were judged, and their findings handed to the output.
    Progress(Progress<'e>),
    /// An input cannot be read and is passed over.
    Unread(&'e RescanError),
}

/// Judges all posts that the output does not have yet. Gives back what came of all of them.
///
/// With one thread everything happens in the calling one; otherwise so many judge, one reads, and this one writes.
///
/// # Errors
/// If findings or checkpoint cannot be written. What cannot be read is counted and passed over.
pub fn run(
    job: &Job<'_>,
    threads: usize,
    output: Output,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Tally, RescanError> {
    let from = output.cursor();
    let total = job.inputs.iter().map(|input| input.size).sum::<Option<u64>>();
    let mut writer = Writer { job, output, total, begins: begins(job.inputs), failed: None, observe };
    if threads <= 1 {
        inline(job, from, &mut writer);
    } else {
        spread(job, from, threads, &mut writer);
    }
    match writer.failed {
        Some(error) => Err(error),
        None => writer.output.finish(Cursor { input: job.inputs.len(), ..Cursor::default() }),
    }
}

/// What comes of about the first `bytes` of the inputs, as they lie on the disk. Nothing is written.
pub fn sample(job: &Job<'_>, bytes: u64) -> Tally {
    let mut judge = Judge::new(job);
    let (mut tally, begins) = (Tally::default(), begins(job.inputs));
    let mut each = |batch: Batch| {
        tally.absorb(judge.batch(&batch).tally);
        tally.bytes = begins.get(batch.input).copied().unwrap_or_default() + batch.bytes;
        if tally.bytes >= bytes { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let _ = input::read(job.inputs, Cursor::default(), job.fields, &Vec::new, &mut each);
    tally
}

fn inline(job: &Job<'_>, from: Cursor, writer: &mut Writer<'_, '_>) {
    let mut judge = Judge::new(job);
    let spare = Cell::new(Vec::new());
    let mut each = |batch: Batch| {
        let outcome = judge.batch(&batch);
        let flow = writer.take(&batch, outcome);
        spare.set(batch.into_buffer());
        flow
    };
    let _ = input::read(job.inputs, from, job.fields, &|| spare.take(), &mut each);
}

fn spread(job: &Job<'_>, from: Cursor, threads: usize, writer: &mut Writer<'_, '_>) {
    let under_way = threads * BATCHES_PER_THREAD;
    // A batch may set out only when another has arrived: memory stays flat however slow the slowest part is.
    let (give_back, permits) = bounded(under_way);
    let (to_workers, batches) = bounded(under_way);
    let (to_writer, judged) = bounded(under_way);
    for _ in 0..under_way {
        let _ = give_back.send(Vec::new());
    }
    std::thread::scope(|scope| {
        scope.spawn(move || read(job, from, &permits, &to_workers));
        for _ in 0..threads {
            let (batches, to_writer) = (batches.clone(), to_writer.clone());
            scope.spawn(move || judge(job, &batches, &to_writer));
        }
        drop((batches, to_writer));
        write(writer, &judged, &give_back);
        drop((judged, give_back));
    });
}

fn read(job: &Job<'_>, from: Cursor, permits: &Receiver<Vec<u8>>, to_workers: &Sender<(u64, Batch)>) {
    let spare = Cell::new(Vec::new());
    let mut number = 0;
    let mut each = |batch| {
        let Ok(buffer) = permits.recv() else { return ControlFlow::Break(()) };
        spare.set(buffer);
        number += 1;
        to_workers.send((number - 1, batch)).map_or(ControlFlow::Break(()), ControlFlow::Continue)
    };
    let _ = input::read(job.inputs, from, job.fields, &|| spare.take(), &mut each);
}

fn judge(job: &Job<'_>, batches: &Receiver<(u64, Batch)>, to_writer: &Sender<(u64, (Batch, Outcome))>) {
    let mut judge = Judge::new(job);
    for (number, batch) in batches {
        let outcome = judge.batch(&batch);
        if to_writer.send((number, (batch, outcome))).is_err() {
            return;
        }
    }
}

/// Puts what was judged back into order.
fn write(writer: &mut Writer<'_, '_>, judged: &Receiver<(u64, (Batch, Outcome))>, give_back: &Sender<Vec<u8>>) {
    let (mut waiting, mut next) = (BTreeMap::new(), 0);
    for (number, done) in judged {
        waiting.insert(number, done);
        while let Some((batch, outcome)) = waiting.remove(&next) {
            next += 1;
            if writer.take(&batch, outcome).is_break() {
                return;
            }
            let _ = give_back.send(batch.into_buffer());
        }
    }
}

/// For every input, the bytes of those before it.
fn begins(inputs: &[Input]) -> Vec<u64> {
    let before = inputs.iter().scan(0, |sum, input| {
        let begins = *sum;
        *sum += input.size.unwrap_or_default();
        Some(begins)
    });
    before.collect()
}

/// So many batches are under way for each thread.
const BATCHES_PER_THREAD: usize = 4;

/// Takes what was judged, in order.
struct Writer<'w, 'o> {
    job: &'w Job<'w>,
    output: Output,
    total: Option<u64>,
    begins: Vec<u64>,
    failed: Option<RescanError>,
    observe: &'o mut dyn FnMut(Event<'_>),
}

impl Writer<'_, '_> {
    fn take(&mut self, batch: &Batch, outcome: Outcome) -> ControlFlow<()> {
        if let Some(fault) = &batch.fault {
            (self.observe)(Event::Unread(fault));
        }
        let bytes = self.begins.get(batch.input).copied().unwrap_or_default() + batch.bytes;
        if let Err(error) = self.output.take(outcome, batch.next, bytes) {
            self.failed = Some(error);
            return ControlFlow::Break(());
        }
        (self.observe)(Event::Progress(Progress {
            tally: self.output.tally(),
            bytes,
            bytes_total: self.total,
            inputs: batch.next.input,
            inputs_total: self.job.inputs.len(),
        }));
        ControlFlow::Continue(())
    }
}
