//! The command line: arguments in, data to stdout, messages to stderr, an exit code at the end.

mod account;
mod announce;
mod answering;
mod args;
mod audit;
mod canaries;
mod changes;
mod check;
mod config;
mod decisions;
mod entrances;
mod explain;
mod follow;
mod generation;
mod guards;
mod hits;
mod holders;
mod in_use;
mod inspect;
#[cfg(feature = "test-hooks")]
mod inspect_fetch;
mod jsonl;
mod kept;
mod keys;
mod late;
mod lines;
mod lists;
mod manual;
mod overrides;
mod pinned;
mod platform;
mod preview;
mod printable;
mod probe;
mod prove;
mod publishers;
mod render;
mod rescan;
mod sampling;
mod self_test;
mod serve;
mod session;
mod subscriptions;
mod updater;
mod versions;
mod watch;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

pub use lines::{Checked, Links, Options, check_lines};

use args::{Arguments, Command};
use session::Settings;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// Every action is `allow`.
    Quiet,
    /// Some post's action is above `allow`.
    Found,
    /// Something failed, or input was skipped.
    Failed,
}

/// Wrong usage, as in `sysexits.h`.
const USAGE: u8 = 64;

/// What was typed cannot be meant.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

fn usage(message: impl std::fmt::Display) -> anyhow::Error {
    Usage(message.to_string()).into()
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Quiet => Self::from(0),
            Exit::Found => Self::from(1),
            Exit::Failed => Self::from(2),
        }
    }
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are errors to clap, but not to the person who asked for them.
            let usage = error.use_stderr();
            return match error.print() {
                Ok(()) if usage => ExitCode::from(USAGE),
                Ok(()) => Exit::Quiet.into(),
                Err(_) => Exit::Failed.into(),
            };
        }
    };
    match dispatch(&arguments) {
        Ok(exit) => exit.into(),
        Err(error) if is_closed_pipe(&error) => Exit::Failed.into(),
        Err(error) => {
            let _ = writeln!(anstream::stderr(), "linkgate: {error:#}");
            if error.is::<Usage>() { ExitCode::from(USAGE) } else { Exit::Failed.into() }
        }
    }
}

fn dispatch(arguments: &Arguments) -> anyhow::Result<Exit> {
    match &arguments.command {
        Command::Check(check) => check::run(arguments, check),
        Command::Rescan(rescan) => rescan::run(arguments, rescan),
        Command::Explain(explain) => explain::run(arguments, explain),
        #[cfg(feature = "test-hooks")]
        Command::Inspect { stage: args::Stage::Fetch } => inspect_fetch::run(arguments),
        Command::Inspect { stage } => inspect::run(*stage, &Settings::load(arguments)?),
        Command::Lists(command) => lists::run(command, arguments),
        Command::Audit(command) => audit::run(*command, &Settings::load(arguments)?),
        Command::SelfTest(given) => self_test::run(arguments, given),
        Command::Serve(serve) => serve::run(arguments, serve),
        Command::Keys(command) => keys::run(command),
        Command::Override(command) => overrides::run(command, &Settings::load(arguments)?),
        Command::Config { what } => config::run(*what, arguments),
        Command::Completions { shell } => {
            // It panics if its output goes away, so it gets one that cannot.
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "linkgate", &mut text);
            io::stdout().lock().write_all(&text)?;
            Ok(Exit::Quiet)
        }
        Command::Man => {
            io::stdout().lock().write_all(&manual::page(&Arguments::command())?)?;
            Ok(Exit::Quiet)
        }
    }
}

/// `1 list`, `2 lists`.
fn counted(count: impl TryInto<u64>, one: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    match count {
        1 => format!("1 {one}"),
        _ => match one.strip_suffix('y') {
            Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{count} {stem}ies"),
            _ => format!("{count} {one}s"),
        },
    }
}

/// The name that a value has in JSON.
fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// The reader of our output went away: nothing to tell anybody.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe))
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn words_are_counted_as_people_write_them() {
        for (count, one, expected) in [
            (1, "day", "1 day"),
            (2_524, "day", "2524 days"),
            (2, "key", "2 keys"),
            (1, "entry", "1 entry"),
            (0, "entry", "0 entries"),
            (2, "list", "2 lists"),
        ] {
            assert_eq!(counted(count, one), expected);
        }
    }
}
