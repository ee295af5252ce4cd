//! `linkgate lists`: compile lists into one file, and tell their state.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context as _;

use crate::config::IfMissing;
use crate::index::Keys;
use crate::lists::{self, Account, Keyring, Source, SourceReport, SourceState, Tally, Unit};
use crate::telemetry::clock;

use super::args::{Arguments, ListsCommand};
use super::sampling::Sampling;
use super::session::{self, Settings};
use super::{Exit, account, changes, counted, guards, usage, versions};

pub(super) fn run(command: &ListsCommand, arguments: &Arguments) -> anyhow::Result<Exit> {
    let settings = Settings::load(arguments)?;
    match command {
        ListsCommand::Compile { sources, out, explain } => {
            let index = compile(&settings, sources, out)?;
            let mut stdout = io::stdout().lock();
            for (report, source) in index.reports.iter().zip(sources) {
                if *explain {
                    account_of(report, &mut stdout)?;
                } else {
                    let counts = Account::of(&report.lines, report.format);
                    let wide = guards::told(&report.lines);
                    account::tell((&report.name, &counts, &wide), &account::explaining(arguments, Some(source)));
                }
            }
            writeln!(
                stdout,
                "{} of {} in {}",
                counted(index.entries, "entry"),
                counted(index.reports.len(), "list"),
                out.display()
            )?;
            Ok(Exit::Quiet)
        }
        ListsCommand::Fetch { names } => versions::fetch(&settings, names),
        ListsCommand::Diff { name, first, second, json } => {
            let difference = versions::difference(&settings, name, (*first, *second))?;
            let text = if *json { serde_json::to_string(&difference)? + "\n" } else { versions::lines(&difference) };
            write!(io::stdout().lock(), "{text}")?;
            Ok(Exit::Quiet)
        }
        ListsCommand::Preview { name, posts } => versions::preview(&settings, name, posts.as_deref()),
        ListsCommand::Approve { name, what, by } => versions::approve(&settings, name, what, by),
        ListsCommand::Refuse { name, what, by } => versions::refuse(&settings, name, what, by),
        ListsCommand::Changes { names, after, entries } => {
            let told = if *entries { changes::Told::Entries } else { changes::Told::Versions };
            changes::run(&settings, names, *after, told)
        }
        ListsCommand::Export { name, version, out } => versions::export(&settings, name, *version, out),
        ListsCommand::Rollback { name, to, by } => versions::roll_back(&settings, name, *to, by),
        ListsCommand::Status { json, explain, lists } => {
            let mut states = states(&settings, lists)?;
            let kept: Vec<String> =
                settings.kept()?.into_iter().filter(|_| lists.is_empty()).map(|list| list.name.clone()).collect();
            let is_kept = |state: &SourceState| kept.contains(&state.name);
            if *explain && lists.is_empty() {
                settings.explain(&mut states)?;
            }
            let mut out = io::stdout().lock();
            if *json {
                writeln!(out, "{}", serde_json::to_string(&states)?)?;
            } else {
                for state in &states {
                    line(state, &mut out)?;
                    if *explain {
                        state.reports.iter().try_for_each(|report| account_of(report, &mut out))?;
                    }
                }
            }
            for state in &states {
                if let Some(error) = &state.last_error {
                    let kept = if state.number.is_some() { "; the version from before answers on" } else { "" };
                    // Those of lists by which no versions are kept name their file.
                    let name = if is_kept(state) { format!("{}: ", state.name) } else { String::new() };
                    session::warn(&format!("{name}{}{kept}", error.text));
                }
            }
            let all_live = states.iter().all(|state| state.last_error.is_none());
            Ok(if all_live { Exit::Quiet } else { Exit::Failed })
        }
    }
}

/// What was written.
struct Written {
    entries: u64,
    reports: Vec<SourceReport>,
}

fn compile(settings: &Settings, sources: &[String], out: &Path) -> anyhow::Result<Written> {
    let sources = settings.sources(sources)?;
    if let Some(source) = sources.iter().find(|source| source.is_compiled()) {
        return Err(usage(format!("{} is compiled already; compile the lists that it was made from", source.label())));
    }
    if sources.iter().any(|source| source.is_file(out)) {
        return Err(usage("--out names one of the sources; a compiled list holds no text to get it back from"));
    }
    let keys = Keys::derive(&settings.key()?);
    let compiled = lists::compile(&sources, Keyring { build: keys, open: None }, &settings.tables)?;
    let index = compiled.built.context("there is nothing to compile")?;
    index.save(out).with_context(|| out.display().to_string())?;
    Ok(Written { entries: index.entries(), reports: compiled.reports })
}

/// What a report counts, as a word.
pub(super) fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Record => "record",
        Unit::Object => "object",
        _ => "line",
    }
}

/// What became of the lines of one list, by counts and line numbers.
fn account_of(report: &SourceReport, out: &mut impl Write) -> io::Result<()> {
    let lines = &report.lines;
    let numbers = |tally: &Tally| numbers(tally, lines.unit);
    writeln!(
        out,
        "{} ({}): {} = {} taken + {} refused + {} ignored; {}",
        report.name,
        report.format,
        counted(lines.lines, unit(lines.unit)),
        lines.taken,
        lines.refused(),
        lines.ignored(),
        counted(lines.entries, "entry")
    )?;
    for (reason, tally) in &lines.refused {
        writeln!(out, "  refused {:>8}  {}; {}", tally.count, reason.text(), numbers(tally))?;
    }
    for (reason, tally) in &lines.ignored {
        writeln!(out, "  ignored {:>8}  {}", tally.count, reason.text())?;
    }
    for (remark, tally) in &lines.remarks {
        writeln!(out, "  note    {:>8}  {}; {}", tally.count, remark.text(), numbers(tally))?;
    }
    Ok(())
}

/// The first places: of a table the lines on which its records begin, of a JSON document its objects from 1.
fn numbers(tally: &Tally, unit: Unit) -> String {
    let named: Vec<String> = tally.lines.iter().map(ToString::to_string).collect();
    let more = if (tally.lines.len() as u64) < tally.count { ", …" } else { "" };
    let kind = if unit == Unit::Object { "object" } else { "line" };
    let plural = if tally.count == 1 { "" } else { "s" };
    format!("{kind}{plural} {}{more}", named.join(", "))
}

/// The state of each source by itself.
pub(super) fn states(settings: &Settings, given: &[String]) -> anyhow::Result<Vec<SourceState>> {
    let state = |source: &Source| {
        let keys = settings.keyring(std::slice::from_ref(source))?;
        Ok(lists::status(source, keys, &settings.tables, clock::now()))
    };
    let mut states: Vec<SourceState> = settings.sources(given)?.iter().map(state).collect::<anyhow::Result<_>>()?;
    let kept = settings.kept()?;
    if given.is_empty() && !kept.is_empty() {
        // What changed a moment ago is told as it is.
        settings.look_at_files(given, &Sampling::default())?;
        let store = settings.store(IfMissing::Make)?;
        for setting in kept {
            states.push(settings.state_of(&store, setting, clock::now())?);
        }
    }
    Ok(states)
}

fn line(state: &SourceState, out: &mut impl Write) -> io::Result<()> {
    let entries: Vec<String> = state.entries.iter().map(|(scope, count)| format!("{count} {scope}")).collect();
    write!(out, "{:<20} {:<8} {}", state.name, state.state, entries.join(", "))?;
    if let Some(error) = &state.last_error {
        let gap = if entries.is_empty() { "" } else { "  " };
        write!(out, "{gap}{}", error.code)?;
    }
    if let Some(age) = state.age_s {
        let verb = if state.number.is_some() { "as of" } else { "changed" };
        write!(out, "  ({verb} {} ago)", duration(age))?;
    }
    writeln!(out)?;
    if let Some(number) = state.number {
        let held =
            if state.held == 0 { String::new() } else { format!(", {} held back", counted(state.held, "entry")) };
        let earlier: Vec<String> = state.earlier.iter().map(u64::to_string).collect();
        let earlier =
            if earlier.is_empty() { String::new() } else { format!("; earlier ones: {}", earlier.join(", ")) };
        let how = if state.held == 0 { String::new() } else { format!(": `linkgate lists preview {}`", state.name) };
        writeln!(out, "  version {number}{held}{how}{earlier}")?;
    }
    if state.refuses {
        writeln!(out, "  its source has a version that somebody refused or went back from; the next one is taken")?;
    }
    if let Some(pending) = &state.pending {
        let (name, number, entries) = (&state.name, pending.number, counted(pending.entries, "entry"));
        writeln!(
            out,
            "  version {number}, {entries}, waits for approval ({}): `linkgate lists preview {name}`",
            pending.code
        )?;
    }
    Ok(())
}

/// The largest unit is enough to see whether a list is stale.
fn duration(seconds: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(24 * 60 * 60, "day"), (60 * 60, "hour"), (60, "minute")];
    let unit = UNITS.into_iter().find(|(length, _)| seconds >= *length).unwrap_or((1, "second"));
    counted(seconds / unit.0, unit.1)
}
