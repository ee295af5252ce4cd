//! `linkgate lists`: compile lists into one file, and tell their state.

use std::io::{self, Write};
use std::path::Path;

use crate::index::Keys;
use crate::lists::{self, Keyring, Source, SourceReport, SourceState};
use crate::telemetry::clock;

use super::args::{Arguments, ListsCommand};
use super::session::{self, Settings};
use super::{Exit, usage};

pub(super) fn run(command: &ListsCommand, arguments: &Arguments) -> anyhow::Result<Exit> {
    let settings = Settings::load(arguments)?;
    match command {
        ListsCommand::Compile { sources, out, explain } => {
            compile(&settings, sources, out, if *explain { Told::InFull } else { Told::Briefly })
        }
        ListsCommand::Status { json, lists } => {
            let states = states(&settings, lists)?;
            let mut out = io::stdout().lock();
            if *json {
                writeln!(out, "{}", serde_json::to_string(&states)?)?;
            } else {
                states.iter().try_for_each(|state| line(state, &mut out))?;
            }
            let all_live = states.iter().all(|state| state.last_error.is_none());
            Ok(if all_live { Exit::Quiet } else { Exit::Failed })
        }
    }
}

/// How much is told of lines that were not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Briefly,
    InFull,
}

fn compile(settings: &Settings, sources: &[String], out: &Path, told: Told) -> anyhow::Result<Exit> {
    let sources = settings.sources(sources)?;
    if sources.iter().any(|source| source.is_file(out)) {
        return Err(usage("--out names one of the sources; a compiled list holds no text to get it back from"));
    }
    let keys = Keys::derive(&settings.key()?);
    let compiled = lists::compile(&sources, Keyring { build: keys, open: None }, &settings.tables)?;
    let Some(index) = compiled.built else {
        anyhow::bail!("all sources are compiled already");
    };
    index.save(out)?;
    let mut stdout = io::stdout().lock();
    for report in &compiled.reports {
        match told {
            Told::InFull => account(report, &mut stdout)?,
            Told::Briefly => session::tell(report),
        }
    }
    writeln!(stdout, "{} entries of {} lists in {}", index.entries(), index.lists().len(), out.display())?;
    Ok(Exit::Quiet)
}

/// What became of the lines of one list, by counts and line numbers.
fn account(report: &SourceReport, out: &mut impl Write) -> io::Result<()> {
    let lines = &report.lines;
    writeln!(
        out,
        "{} ({}): {} lines = {} taken + {} refused + {} ignored; {} entries",
        report.name,
        report.format,
        lines.lines,
        lines.taken,
        lines.refused(),
        lines.ignored(),
        lines.entries
    )?;
    for (reason, tally) in &lines.refused {
        writeln!(out, "  refused {:>8}  {}; {}", tally.count, reason.text(), numbers(&tally.lines, tally.count))?;
    }
    for (reason, tally) in &lines.ignored {
        writeln!(out, "  ignored {:>8}  {}", tally.count, reason.text())?;
    }
    for (remark, tally) in &lines.remarks {
        writeln!(out, "  note    {:>8}  {}; {}", tally.count, remark.text(), numbers(&tally.lines, tally.count))?;
    }
    Ok(())
}

fn numbers(lines: &[u64], count: u64) -> String {
    let named: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let more = if (lines.len() as u64) < count { ", …" } else { "" };
    format!("line {}{more}", named.join(", "))
}

fn states(settings: &Settings, given: &[String]) -> anyhow::Result<Vec<SourceState>> {
    let state = |source: &Source| {
        let keys = settings.keyring(std::slice::from_ref(source))?;
        Ok(lists::status(source, keys, &settings.tables, clock::now()))
    };
    settings.sources(given)?.iter().map(state).collect()
}

fn line(state: &SourceState, out: &mut impl Write) -> io::Result<()> {
    let entries: Vec<String> = state.entries.iter().map(|(scope, count)| format!("{count} {scope}")).collect();
    write!(out, "{:<20} {:<8} {}", state.name, state.state, entries.join(", "))?;
    if let Some(error) = &state.last_error {
        write!(out, "{}", error.code)?;
    }
    if let Some(age) = state.age_s {
        write!(out, "  ({age} s old)")?;
    }
    writeln!(out)
}
