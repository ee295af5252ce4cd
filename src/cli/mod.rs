//! The command line: arguments in, data to stdout, messages to stderr, an exit code at the end.

mod args;
mod inspect;
mod jsonl;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use args::{Arguments, Command};

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
            Exit::Failed.into()
        }
    }
}

fn dispatch(arguments: &Arguments) -> anyhow::Result<Exit> {
    match &arguments.command {
        Command::Inspect { stage } => inspect::run(*stage),
    }
}

/// The reader of our output went away: nothing to tell anybody.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
