//! `linkgate rescan`: posts that are published already in, findings out.

mod args;
mod paths;
mod plan;
mod progress;
mod summary;

use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context as _;

use crate::check::Checker;
use crate::rescan::{
    self, Checkpoint, Form, Found, Input, Job, OtherLists, Output, RescanError, Reveal, Shown, Tally, Target,
};
use crate::telemetry::clock;
use crate::verdict::Action;

use super::args::Arguments;
use super::follow::{self, Pace};
use super::session::{KeyFor, Session, Settings, warn};
use super::{Exit, account, usage};

use args::ProgressKind;
pub(super) use args::RescanArguments;
use progress::Teller;

pub(super) fn run(arguments: &Arguments, rescan: &RescanArguments) -> anyhow::Result<Exit> {
    let fields = rescan.fields();
    if rescan.since.is_some() && fields.time.is_empty() {
        return Err(usage("--since needs to know where posts have their time; name it with --time"));
    }
    let reads_posts = rescan.inputs.iter().any(|input| input == "-");
    account::reads_once(&rescan.lists, reads_posts.then_some("posts"))?;
    let target = target(&rescan.out);
    // Entries without an id of their own are told by one that follows from the key: runs that belong together, and lists
    // that are compared, need the same one.
    let is_one_run = rescan.checkpoint.is_none() && rescan.only_new.is_empty();
    let key = if is_one_run { KeyFor::OneRun } else { KeyFor::ManyRuns };
    let settings = Settings::load_for(arguments, key)?;
    paths::guard(&settings, arguments, rescan)?;
    let kept = kept(rescan, &target)?;
    let Found { inputs, passed_over, .. } = rescan::find(&rescan.inputs, rescan.input_format, &paths::written(rescan))?;
    let (checker, before) = checkers(&settings, arguments, rescan)?;
    let pace = rescan.follow.then_some(Pace::Steady(rescan.follow_rate));
    let given = if rescan.only_new.is_empty() { &rescan.lists } else { &rescan.only_new };
    let following = pace.map(|pace| follow::patient(&settings, given, pace)).transpose()?;
    let checker = match &following {
        Some(following) => follow::asking(&checker, &following.deep),
        None => checker,
    };
    let job = Job {
        inputs: &inputs,
        fields: &fields,
        checker: &checker,
        following: following.as_ref(),
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
    if let Some((path, state)) = &state {
        prepare(path, state, rescan)?;
    }
    let output = Output::open(&target, job.form, state)?;
    let mut teller = Teller::new(rescan.progress);
    let tally = rescan::run(&job, rescan.threads(), output, &mut |event| teller.tell(&event));
    let seconds = teller.finish();
    let tally = tally?;
    let whole = summary::Summary::new(&job, &tally, seconds, passed_over);
    if let Some(path) = &rescan.summary {
        whole.write(path).with_context(|| format!("the summary cannot be written to {}", path.display()))?;
    }
    if rescan.progress != ProgressKind::Json {
        whole.tell();
    }
    judge_the_run(&tally, rescan.allow_bad)
}

/// How it ends: as a failure if something could not be read, or if nothing was a post.
fn judge_the_run(tally: &Tally, allow_bad: u64) -> anyhow::Result<Exit> {
    if tally.bad() > allow_bad {
        let records = super::counted(tally.bad(), "record");
        anyhow::bail!("{records} could not be read; --allow-bad {} accepts that", tally.bad());
    }
    if tally.posts + tally.older + tally.other_shards == 0 && tally.no_posts > 0 {
        let records = super::counted(tally.no_posts, "record");
        anyhow::bail!("nothing was judged: none of {records} is a post; see --preset, --text, --links and --items");
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
    if rescan.inputs.iter().any(|input| input == "-") {
        return Err(usage("--checkpoint needs files: standard input cannot be read again"));
    }
    if rescan.restart { Ok(None) } else { Ok(Checkpoint::load(path)?) }
}

/// The last step before the output is touched: a checkpoint that is to be forgotten must not count on it any more.
fn prepare(path: &Path, state: &Checkpoint, rescan: &RescanArguments) -> anyhow::Result<()> {
    if state.is_done() {
        warn("an earlier run has judged everything; --restart begins anew");
    }
    match if rescan.restart { std::fs::remove_file(path) } else { Ok(()) } {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(RescanError::Checkpoint(error).into()),
        _ => Ok(()),
    }
}

/// What posts are judged by, and what they were judged by before.
fn checkers(
    settings: &Settings,
    arguments: &Arguments,
    rescan: &RescanArguments,
) -> anyhow::Result<(Checker, Option<Checker>)> {
    let open = |lists: &[String]| Ok::<_, anyhow::Error>(Session::whole(settings, arguments, lists)?.checker);
    if let [old, new] = &*rescan.only_new {
        return Ok((open(std::slice::from_ref(new))?, Some(open(std::slice::from_ref(old))?)));
    }
    if rescan.lists.is_empty() && settings.loaded.config.lists.is_empty() {
        warn("no list is given or configured: judged by the demo list of reserved names; see --lists");
    }
    Ok((open(&rescan.lists)?, None))
}

/// Bytes of all inputs, if that is known.
fn bytes_of(inputs: &[Input]) -> Option<u64> {
    inputs.iter().map(|input| input.size).sum()
}
