//! What came of a rescan, for people on standard error and for programs in a file.

use std::io::{self, Write as _};
use std::path::Path;

use serde::Serialize;

use crate::cli::counted;
use crate::cli::session::warn;
use crate::index::atomic::write_atomically;
use crate::rescan::{Job, Tally};

/// What `--summary` writes.
#[derive(Serialize)]
pub(super) struct Summary<'s> {
    #[serde(flatten)]
    tally: &'s Tally,
    inputs: usize,
    /// Files of directories that are no posts by their names.
    passed_over: u64,
    /// Of this run alone.
    seconds: f64,
    now: i64,
    generation: u64,
    lists_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<String>,
}

impl<'s> Summary<'s> {
    pub(super) fn new(job: &Job<'_>, tally: &'s Tally, seconds: f64, passed_over: u64) -> Self {
        let snapshot = job.checker.snapshot();
        Self {
            tally,
            inputs: job.inputs.len(),
            passed_over,
            seconds,
            now: job.now,
            generation: snapshot.generation,
            lists_id: snapshot.lists_id().to_owned(),
            shard: job.shard.map(|shard| shard.to_string()),
        }
    }

    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        if path == Path::new("-") {
            return writeln!(io::stdout().lock(), "{text}");
        }
        write_atomically(path, |file| writeln!(file, "{text}"))
    }

    /// A line on standard error, and one for each reason why something was passed over.
    pub(super) fn tell(&self) {
        let tally = self.tally;
        let by_action = tally.by_action.iter().rev().map(|(action, count)| format!("{} {count}", action.name()));
        let by_action: Vec<String> = by_action.collect();
        let of_them = if by_action.is_empty() { String::new() } else { format!(" ({})", by_action.join(", ")) };
        let counts = [(tally.posts, "post"), (tally.links, "link"), (tally.findings, "finding")];
        let [posts, links, findings] = counts.map(|(count, one)| counted(count, one));
        let others = [
            (tally.no_id, "post", "without an id"),
            (tally.in_part, "post", "with a field that is no text, judged by the others"),
            (tally.no_posts, "record", "no post"),
            (tally.older, "post", "older"),
            (tally.other_shards, "post", "in other shards"),
            (tally.time_unread, "post", "without a time that can be read, judged all the same"),
            (self.passed_over, "file", "of another kind"),
        ];
        let others = others.into_iter().filter(|(count, ..)| *count > 0);
        let others = others.map(|(count, one, what)| format!("; {} {what}", counted(count, one)));
        let line = format!("{posts}, {links}: {findings}{of_them}") + &others.collect::<String>();
        warn(&line);
        for (bad, skipped) in &tally.skipped {
            let places: Vec<String> =
                skipped.first.iter().map(|place| format!("{}:{}", place.input, place.position)).collect();
            let more = if skipped.count > places.len() as u64 { ", …" } else { "" };
            warn(&format!(
                "{} passed over, {}: {}{more}",
                counted(skipped.count, "record"),
                bad.remedy(),
                places.join(", ")
            ));
        }
    }
}
