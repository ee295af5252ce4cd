//! `linkgate rescan`: posts that are published already in, findings out.

mod args;
mod plan;
mod progress;
mod summary;

use std::path::Path;

use anyhow::Context as _;

use crate::check::Checker;
use crate::rescan::{
    self, Checkpoint, Form, Found, Input, Job, OtherLists, Output, RescanError, Reveal, Shown, Target,
};
use crate::telemetry::clock;
use crate::verdict::Action;

use super::args::Arguments;
use super::session::{KeyFor, Session};
use super::{Exit, usage};

pub(super) use args::RescanArguments;
use progress::Teller;

pub(super) fn run(arguments: &Arguments, rescan: &RescanArguments) -> anyhow::Result<Exit> {
    let fields = rescan.fields();
    if rescan.since.is_some() && fields.time.is_empty() {
        return Err(usage("--since needs to know where posts have their time; name it with --time"));
    }
    let target = target(&rescan.out);
    let kept = kept(rescan, &target)?;
    let Found { inputs, passed_over } = rescan::find(&rescan.inputs, rescan.input_format)?;
    let (checker, before) = checkers(arguments, rescan)?;
    let job = Job {
        inputs: &inputs,
        fields: &fields,
        checker: &checker,
        before: before.as_ref(),
        now: kept.as_ref().map_or_else(clock::now, |kept| kept.now),
        since: rescan.since,
        shard: rescan.shard.map(|shard| shard.keyed(checker.snapshot().lists_id())),
        shown: if rescan.all { Shown::All } else { Shown::Findings },
        reveal: if rescan.show_links { Reveal::Links } else { Reveal::Nothing },
        form: form(&rescan.out),
    };
    if rescan.plan {
        return plan::run(&job, rescan.threads(), passed_over);
    }
    let lists = if rescan.other_lists { OtherLists::Accepted } else { OtherLists::Refused };
    let state = match (&rescan.checkpoint, kept) {
        (None, _) => None,
        (Some(path), Some(kept)) => Some((&**path, kept.go_on(&job, lists)?)),
        (Some(path), None) => Some((&**path, Checkpoint::begin(&job))),
    };
    let output = Output::open(&target, job.form, state)?;
    let mut teller = Teller::new(rescan.progress);
    let tally = rescan::run(&job, rescan.threads(), output, &mut |event| teller.tell(&event));
    let seconds = teller.finish();
    let tally = tally?;
    let whole = summary::Summary::new(&job, &tally, seconds, passed_over);
    if let Some(path) = &rescan.summary {
        whole.write(path).with_context(|| format!("the summary cannot be written to {}", path.display()))?;
    }
    whole.tell();
    if tally.bad() > rescan.allow_bad {
        let records = super::counted(tally.bad(), "record");
        anyhow::bail!("{records} could not be read; --allow-bad {} accepts that", tally.bad());
    }
    Ok(if tally.strictest > Some(Action::Allow) { Exit::Found } else { Exit::Quiet })
}

fn target(out: &Path) -> Target {
    if out == Path::new("-") { Target::Stdout } else { Target::File(out.to_owned()) }
}

fn form(out: &Path) -> Form {
    let is_csv = out.extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case("csv"));
    if is_csv { Form::Csv } else { Form::Jsonl }
}

/// How far an earlier run came.
fn kept(rescan: &RescanArguments, target: &Target) -> anyhow::Result<Option<Checkpoint>> {
    let Some(path) = &rescan.checkpoint else { return Ok(None) };
    if *target == Target::Stdout {
        return Err(usage("--checkpoint needs --out FILE: what went to standard output cannot be taken back"));
    }
    if rescan.restart {
        return match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(RescanError::Checkpoint(error).into()),
            _ => Ok(None),
        };
    }
    Ok(Checkpoint::load(path)?)
}

/// What posts are judged by, and what they were judged by before.
fn checkers(arguments: &Arguments, rescan: &RescanArguments) -> anyhow::Result<(Checker, Option<Checker>)> {
    let [old, new] = &*rescan.only_new else {
        // Entries without an id of their own are told by one that follows from the key: runs that belong together need
        // the same one.
        let key = if rescan.checkpoint.is_some() { KeyFor::ManyRuns } else { KeyFor::OneRun };
        return Ok((Session::open_under(arguments, &rescan.lists, key)?.checker, None));
    };
    let open = |source: &String| {
        Ok::<_, anyhow::Error>(Session::open_under(arguments, std::slice::from_ref(source), KeyFor::ManyRuns)?.checker)
    };
    Ok((open(new)?, Some(open(old)?)))
}

/// Bytes of all inputs, if that is known.
fn bytes_of(inputs: &[Input]) -> Option<u64> {
    inputs.iter().map(|input| input.size).sum()
}
