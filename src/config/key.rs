//! The state directory and the state key in it.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::index::{StateKey, atomic};

use super::ConfigError;
use super::settings::State;

/// Where the key came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOrigin {
    /// A file that was there.
    File,
    /// Made just now, in the state directory: whoever gets that directory gets key and lists together.
    Made,
}

impl State {
    /// The state directory by setting, then by the XDG variables given.
    ///
    /// # Errors
    /// If nothing names one.
    pub fn directory(&self, variable: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf, ConfigError> {
        let from_xdg = || variable("XDG_STATE_HOME").map(|dir| dir.join("linkgate"));
        let from_home = || variable("HOME").map(|home| home.join(".local/state/linkgate"));
        self.dir.clone().or_else(from_xdg).or_else(from_home).ok_or(ConfigError::NoStateDir)
    }
}

/// What to do where there is no key yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMissing {
    /// Make one: something is about to be written under it.
    Make,
    /// Say so: what is there was written under another.
    Refuse,
}

/// Reads the key from `key_file`, or from the state directory.
///
/// # Errors
/// If the file cannot be read or made, or holds no key.
pub fn state_key(
    key_file: Option<&Path>,
    missing: IfMissing,
    state_dir: impl FnOnce() -> Result<PathBuf, ConfigError>,
) -> Result<(StateKey, KeyOrigin), ConfigError> {
    let path = match key_file {
        Some(path) => path.to_owned(),
        None => state_dir()?.join("key").join("state.key"),
    };
    match fs::read(&path) {
        Ok(bytes) => parse(&bytes).map(|key| (key, KeyOrigin::File)).ok_or(ConfigError::BadKey { path }),
        Err(error) if error.kind() == io::ErrorKind::NotFound && missing == IfMissing::Refuse => {
            Err(ConfigError::NoKey { path })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && key_file.is_none() => {
            let key = make(&path).map_err(|source| ConfigError::Key {
                path: path.clone(),
                what: "made; name one by --key-file",
                source,
            })?;
            Ok((key, KeyOrigin::Made))
        }
        Err(source) => {
            Err(ConfigError::Key { path, what: "read; name one that is there, or none to have one made", source })
        }
    }
}

fn parse(bytes: &[u8]) -> Option<StateKey> {
    if let Ok(key) = bytes.try_into() {
        return Some(StateKey::new(key));
    }
    let decoded = data_encoding::HEXLOWER_PERMISSIVE.decode(bytes.trim_ascii()).ok()?;
    decoded.try_into().ok().map(StateKey::new)
}

/// Makes a key that only its owner can read, whole or not at all. If another process was quicker, its key is taken.
fn make(path: &Path) -> io::Result<StateKey> {
    let mut bytes = [0; StateKey::LEN];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let parent = path.parent().unwrap_or(Path::new("."));
    let state_dir = parent.parent().unwrap_or(parent);
    atomic::make_directory(state_dir)?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    atomic::owned_like(&fs::File::open(parent)?, state_dir);
    let only_owner = fs::Permissions::from_mode(0o600);
    let mut file = tempfile::Builder::new().permissions(only_owner).tempfile_in(parent)?;
    file.write_all(data_encoding::HEXLOWER.encode(&bytes).as_bytes())?;
    atomic::owned_like(file.as_file(), parent);
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => fs::File::open(parent)?.sync_all().map(|()| StateKey::new(bytes)),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            parse(&fs::read(path)?).ok_or_else(|| io::Error::other("the key made by another process is no key"))
        }
        Err(error) => Err(error.error),
    }
}
