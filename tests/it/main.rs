//! One binary for all integration tests: it links once.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that cannot go on should stop, and one that was not run should say so"
)]

mod allocation;
mod check;
mod cli;
mod conformance;
mod download;
#[cfg(feature = "test-hooks")]
mod fetch;
mod guards;
mod hostile;
#[cfg(feature = "test-hooks")]
mod late;
mod outbox;
mod places;
mod precision;
mod real_lists;
mod rescan;
mod serve;
mod shipped;
mod spellings;
mod subscribe;
mod swap;
mod tidy;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, LazyLock};

use linkgate::canonical::{TableTexts, Tables};
use linkgate::extract::{Extractor, Options, TopLevels};

/// What a command printed, and how it ended.
struct Ran {
    stdout: String,
    stderr: String,
    code: i32,
}

/// A place of its own for state, so that tests neither meet each other nor the user's files.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_linkgate"));
        command.args(arguments).env_clear().env("XDG_STATE_HOME", self.path().join("state")).current_dir(root());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, b"")
    }

    fn run_with(&self, arguments: &[&str], stdin: &[u8]) -> Ran {
        finish(self.command(arguments), stdin)
    }
}

/// Runs a command to its end with that on its standard input.
fn finish(mut command: Command, stdin: &[u8]) -> Ran {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let stdin = stdin.to_owned();
    // A command may end before it has read everything.
    let writer = std::thread::spawn(move || drop(pipe.write_all(&stdin)));
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { stdout: text(stdout), stderr: text(stderr), code: status.code().unwrap() }
}

/// The tables as shipped.
fn tables() -> Arc<Tables> {
    static TABLES: LazyLock<Arc<Tables>> = LazyLock::new(|| Arc::new(Tables::shipped().unwrap()));
    Arc::clone(&TABLES)
}

/// An extractor that knows what the product knows, with these options.
fn extractor(options: &Options) -> Extractor {
    let deep_link_schemes = tables().aliases().deep_link_schemes().map(Into::into).collect();
    Extractor::new(Options { deep_link_schemes, ..options.clone() }, TopLevels::parse(TableTexts::shipped().suffixes))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder of suites beside the project, if it is there; tests that need it say so when it is not.
fn shared(name: &str) -> Option<PathBuf> {
    let path = root().join("../shared").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("../shared/{name} is not there: these cases were not run");
    None
}
