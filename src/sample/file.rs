//! The sample on disk: one sealed file, replaced as a whole.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::canonical::Tables;
use crate::index::{Probe, SealError, StateKey, atomic};

use super::{LINKS_MAX, Sample};

/// More than the largest sample of two words for each link besides its probe, sealed.
const FILE_MAX_BYTES: u64 = LINKS_MAX as u64 * (Probe::WORDS_MAX as u64 + 2) * 8;

/// Why the sample of before cannot be used, or that of now not be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// It cannot be read.
    #[error("{path} cannot be read; see to the rights of its directory")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("{path} cannot be written; see to the room on its disk and to the rights of its directory")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It was sealed under another key, by another version or under other tables, or it is damaged.
    #[error("{path} was made under another key or other rules, or is damaged; it is made anew")]
    Other {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be sealed.
    #[error("what was checked lately cannot be sealed")]
    Seal(#[from] SealError),
}

/// Where the sample of an installation is kept.
pub(super) struct SampleFile {
    path: PathBuf,
    key: StateKey,
    purpose: String,
}

impl SampleFile {
    pub(super) fn in_dir(state_dir: &Path, key: &StateKey, tables: &Arc<Tables>) -> Self {
        // Read by other rules a link has other forms.
        let rules = data_encoding::HEXLOWER.encode(&tables.id());
        let purpose = format!("linkgate 2026 sample of checks, first form, rules {rules}");
        Self { path: state_dir.join("sample"), key: key.clone(), purpose }
    }

    /// What was kept; an empty sample if nothing was.
    pub(super) fn read(&self) -> Result<Sample, SampleError> {
        let path = || self.path.clone();
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Sample::default()),
            Err(source) => return Err(SampleError::Read { path: path(), source }),
        };
        let mut sealed = Vec::new();
        let read = file.take(FILE_MAX_BYTES + 1).read_to_end(&mut sealed);
        read.map_err(|source| SampleError::Read { path: path(), source })?;
        let plain = self.key.unseal(&self.purpose, &sealed).map_err(|_| SampleError::Other { path: path() })?;
        drop(sealed);
        let words: Vec<u64> = plain.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
        decode(&words).ok_or_else(|| SampleError::Other { path: path() })
    }

    pub(super) fn write(&self, sample: &Sample) -> Result<(), SampleError> {
        let plain: Vec<u8> = encode(sample).into_iter().flat_map(u64::to_le_bytes).collect();
        let sealed = self.key.seal(&self.purpose, &plain)?;
        drop(plain);
        atomic::write_atomically(&self.path, |file| file.write_all(&sealed))
            .map_err(|source| SampleError::Write { path: self.path.clone(), source })
    }
}

fn encode(sample: &Sample) -> Vec<u64> {
    let Sample { began, seen, now, before } = sample;
    let mut words = vec![began.cast_unsigned(), *seen];
    for probes in [now, before] {
        words.push(probes.len() as u64);
        for probe in probes {
            words.push(probe.words().len() as u64);
            words.extend(probe.words());
        }
    }
    words
}

fn decode(mut words: &[u64]) -> Option<Sample> {
    let mut next = || words.split_off_first().copied();
    let (began, seen) = (next()?.cast_signed(), next()?);
    let [now, before] = [probes(&mut words)?, probes(&mut words)?];
    Some(Sample { began, seen, now, before })
}

fn probes(words: &mut &[u64]) -> Option<Vec<Probe>> {
    let count = *words.split_off_first()?;
    (0..count).map(|_| probe(words)).collect()
}

fn probe(words: &mut &[u64]) -> Option<Probe> {
    let len = usize::try_from(*words.split_off_first()?).ok()?;
    Probe::from_words(words.split_off(..len)?)
}
