//! Where a list comes from: a file, perhaps with its format in front, and the name it goes by.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::body;
use super::detect::detect;
use super::directory;
use super::error::ListError;
use super::format::Format;
use super::options::Options;

use crate::index::Index;

/// A list file and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name that reports use.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// `None` finds out.
    pub format: Option<Format>,
}

impl Source {
    /// A source as the command line takes it: `path` or `format:path`.
    ///
    /// # Errors
    /// If what stands before the colon is no format and the whole is no path that exists.
    pub fn parse(text: &str) -> Result<Self, ListError> {
        if let Some((before, path)) = text.split_once(':')
            && !Path::new(text).exists()
        {
            return match Format::from_name(before) {
                Some(format) => Ok(Self::new(path, Some(format))),
                None if before == "auto" => Ok(Self::new(path, None)),
                None => Err(ListError::UnknownFormat { known: Format::known_names() }),
            };
        }
        Ok(Self::new(text, None))
    }

    /// A source named by its file, without what its name ends in.
    pub fn new(path: impl Into<PathBuf>, format: Option<Format>) -> Self {
        let path = path.into();
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let unpacked = file.strip_suffix(".gz").or_else(|| file.strip_suffix(".zst")).unwrap_or(&file);
        let stem = Path::new(unpacked).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        Self { name: stem.filter(|stem| !stem.is_empty()).unwrap_or_else(|| "list".to_owned()), path, format }
    }

    /// Reads and unpacks it. A compiled index is only recognised.
    pub(super) fn load(&self, options: &Options) -> Result<Loaded, ListError> {
        if self.path.is_dir() {
            return directory::load(&self.path, options).map(Loaded::Lists);
        }
        let mut input = File::open(&self.path).map_err(ListError::Io)?;
        let mut start = Vec::new();
        input.by_ref().take(START_BYTES).read_to_end(&mut start).map_err(ListError::Io)?;
        if Index::is_index(&start) {
            return Ok(Loaded::Compiled);
        }
        let file = drain(start.chain(input), options)?;
        let text = self.unpacked(file, options)?;
        let format = self.format.unwrap_or_else(|| detect(&text));
        Ok(Loaded::Lists(vec![Piece { text, format }]))
    }

    fn unpacked(&self, file: Vec<u8>, options: &Options) -> Result<Vec<u8>, ListError> {
        match body::unpack(&file, options) {
            Ok(Cow::Owned(text)) => Ok(text),
            // The file itself is the list: no second copy.
            Ok(Cow::Borrowed(_)) => Ok(file),
            // Hashes can begin like anything.
            Err(ListError::Packing | ListError::CutOff) if self.format == Some(Format::Sha256Raw) => Ok(file),
            Err(error) => Err(error),
        }
    }
}

/// What a source turned out to hold.
pub(super) enum Loaded {
    /// An index that is compiled already.
    Compiled,
    /// One list in one or more files.
    Lists(Vec<Piece>),
}

/// One unpacked file of a list.
pub(super) struct Piece {
    pub(super) text: Vec<u8>,
    pub(super) format: Format,
}

/// 16 bytes of SHA-256 over all pieces, in hex: equal for equal lists, however they were packed.
pub(super) fn version(pieces: &[Piece]) -> String {
    let mut hash = Sha256::new();
    for piece in pieces {
        if pieces.len() > 1 {
            hash.update((piece.text.len() as u64).to_le_bytes());
        }
        hash.update(&piece.text);
    }
    data_encoding::HEXLOWER.encode(hash.finalize().get(..16).unwrap_or(&[]))
}

/// A file whole; a packed one may be as large as what it unpacks to.
pub(super) fn read_file(path: &Path, options: &Options) -> Result<Vec<u8>, ListError> {
    drain(File::open(path).map_err(ListError::Io)?, options)
}

/// Enough to recognise a compiled index by.
const START_BYTES: u64 = 64;

fn drain(input: impl Read, options: &Options) -> Result<Vec<u8>, ListError> {
    match body::drain(input, options.bytes_max) {
        Err(ListError::Packing | ListError::CutOff) => {
            Err(ListError::Io(std::io::Error::other("reading stopped before the end")))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_as_people_write_them() {
        for (input, name, format) in [
            ("lists/demo.csv", "demo", None),
            ("/srv/csam.txt.gz", "csam", None),
            ("hosts:/srv/blocked.zst", "blocked", Some(Format::Hosts)),
            ("auto:a:b.txt", "a:b", None),
            ("house-jsonl:x.jsonl", "x", Some(Format::HouseJsonl)),
        ] {
            let source = Source::parse(input).unwrap();
            assert_eq!((source.name.as_str(), source.format), (name, format), "{input}");
        }
        assert_eq!(Source::parse("nothing:x.txt").unwrap_err().code(), "unknown_format");
    }
}
