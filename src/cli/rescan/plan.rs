//! `--plan`: how much work a rescan is, before it is done.

use std::io::{self, Write as _};
use std::time::Instant;

use crate::cli::{Exit, counted};
use crate::rescan::{self, Job};

use super::bytes_of;

/// So much of the first input is judged to tell how fast it goes.
const SAMPLE_BYTES: u64 = 16 << 20;

pub(super) fn run(job: &Job<'_>, threads: usize, passed_over: u64) -> anyhow::Result<Exit> {
    let mut out = io::stdout().lock();
    let bytes = bytes_of(job.inputs);
    let size = bytes.map_or("of unknown size".to_owned(), |bytes| format!("{:.1} MB", bytes as f64 / 1e6));
    writeln!(out, "{}, {size}; {} of another kind", counted(job.inputs.len(), "input"), counted(passed_over, "file"))?;
    let can_sample = job.inputs.first().is_some_and(|input| input.size.is_some());
    let (Some(bytes), true) = (bytes, can_sample) else {
        writeln!(out, "standard input cannot be sampled")?;
        return Ok(Exit::Quiet);
    };
    let began = Instant::now();
    let sample = rescan::sample(job, SAMPLE_BYTES);
    let seconds = began.elapsed().as_secs_f64();
    let share = bytes as f64 / sample.bytes.max(1) as f64;
    let times = |count: u64| u128::from(count) * u128::from(bytes) / u128::from(sample.bytes.max(1));
    writeln!(
        out,
        "sample of {:.1} MB: {}, {}, {}, {} passed over",
        sample.bytes as f64 / 1e6,
        counted(sample.posts, "post"),
        counted(sample.links, "link"),
        counted(sample.findings, "finding"),
        counted(sample.bad(), "record")
    )?;
    writeln!(
        out,
        "so about {}, {}, {} in all",
        counted(times(sample.posts), "post"),
        counted(times(sample.links), "link"),
        counted(times(sample.findings), "finding")
    )?;
    writeln!(
        out,
        "about {:.0} s of one processor, {:.0} s with {}",
        seconds * share,
        seconds * share / threads as f64,
        counted(threads, "thread")
    )?;
    Ok(Exit::Quiet)
}
