//! What can be wrong with a configuration: which file, which key, what to do.

use std::io;
use std::path::PathBuf;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {path} cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not TOML.
    #[error("{path} is not TOML, see line {line}; `linkgate config default` shows the form")]
    NotToml {
        /// The file.
        path: PathBuf,
        /// Where.
        line: usize,
    },
    /// A key that nothing reads.
    #[error("{origin}: unknown key `{key}`{hint}")]
    UnknownKey {
        /// The file or the environment.
        origin: String,
        /// The key.
        key: String,
        /// The nearest known key.
        hint: String,
    },
    /// A value of the wrong kind.
    #[error("{origin}: `{key}` {problem}")]
    BadValue {
        /// The file, the environment or a flag.
        origin: String,
        /// The key.
        key: String,
        /// What is expected.
        problem: String,
    },
    /// The state key cannot be read or made.
    #[error("the key file {path} cannot be {what}")]
    Key {
        /// The file.
        path: PathBuf,
        /// `read` or `made`, and what to do.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// There is no key where one is needed to open something.
    #[error("there is no key in {path}; give the one that the file was made with by --key-file")]
    NoKey {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The key file holds no key.
    #[error("the key file {path} holds no key, which is 32 bytes or 64 hex digits; give the right file by --key-file")]
    BadKey {
        /// The file.
        path: PathBuf,
    },
    /// No place for what is kept between runs.
    #[error("no state directory: set [state] dir, LINKGATE_STATE_DIR, XDG_STATE_HOME or HOME")]
    NoStateDir,
}
