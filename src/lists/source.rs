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
use super::look::Look;
use super::options::Options;

use crate::index::{Index, Mode};

/// A list and what is known of it.
#[derive(Debug, Clone)]
pub struct Source {
    /// The name that reports use.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// `None` finds out.
    pub format: Option<Format>,
    /// How it is to be read.
    pub options: Options,
    /// Whether its hits are acted on.
    pub mode: Mode,
    /// On how many hosts in a million they are, by a keyed hash of the host; on others they are told.
    pub rollout_ppm: u32,
}

/// Where a list is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file.
    File(PathBuf),
    /// In the program.
    Embedded(&'static str),
    /// On standard input, once: so it never touches the disk.
    Stdin,
}

impl Source {
    /// A source as the command line takes it: `path` or `format:path`; the path `-` is standard input.
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
        let place = if path == Path::new("-") { Place::Stdin } else { Place::File(path.clone()) };
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let unpacked = file.strip_suffix(".gz").or_else(|| file.strip_suffix(".zst")).unwrap_or(&file);
        let stem = Path::new(unpacked).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let name = stem.filter(|stem| !stem.is_empty()).unwrap_or_else(|| "list".to_owned());
        Self {
            name: if place == Place::Stdin { "stdin".to_owned() } else { name },
            place,
            format,
            options: Options::default(),
            mode: Mode::Enforce,
            rollout_ppm: 1_000_000,
        }
    }

    /// A list that comes with the program.
    pub fn embedded(name: &str, text: &'static str) -> Self {
        Self { name: name.to_owned(), place: Place::Embedded(text), ..Self::new("", None) }
    }

    /// Whether it is the file at `path`, by whatever way.
    pub fn is_file(&self, path: &Path) -> bool {
        let Place::File(own) = &self.place else { return false };
        matches!((own.canonicalize(), path.canonicalize()), (Ok(own), Ok(other)) if own == other)
    }

    /// The file or directory that it is read from.
    pub fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Embedded(_) | Place::Stdin => None,
        }
    }

    /// What its file, or the files of its directory, are like now.
    pub fn look(&self) -> Option<Look> {
        self.path().map(|path| Look::at(path, &[]))
    }

    /// When its file, or one of its directory, was last written, in seconds since the Unix epoch.
    pub fn written_at(&self) -> Option<i64> {
        self.look()?.written_at
    }

    /// What errors call it: its file, or its name if it comes with the program.
    pub fn label(&self) -> String {
        match &self.place {
            Place::File(path) => path.display().to_string(),
            Place::Embedded(_) | Place::Stdin => self.name.clone(),
        }
    }

    /// Whether it is an index that is compiled already. A file that cannot be read is none.
    pub fn is_compiled(&self) -> bool {
        // What can be read only once is not for looking at.
        let Some(path) = self.path().filter(|path| path.is_file()) else { return false };
        let mut start = [0; 16];
        let read = File::open(path).and_then(|mut file| file.read(&mut start));
        read.is_ok_and(|len| Index::is_index(start.get(..len).unwrap_or(&[])))
    }

    /// Reads and unpacks it. A compiled index is only recognised.
    pub(super) fn load(&self) -> Result<Loaded, ListError> {
        match self.path().filter(|_| self.is_compiled()) {
            Some(path) => Ok(Loaded::Compiled(path.to_owned())),
            None => self.read().map(Loaded::Lists),
        }
    }

    /// Reads and unpacks a list that is not compiled.
    ///
    /// # Errors
    /// If it cannot be read, is damaged, cut off or larger than allowed.
    pub fn read(&self) -> Result<Vec<Piece>, ListError> {
        match &self.place {
            Place::File(path) if path.is_dir() => directory::load(path, &self.options),
            _ => self.pieces(self.bytes()?),
        }
    }

    /// What is in its one file, as it is.
    ///
    /// # Errors
    /// If it cannot be read, or is larger than allowed.
    pub fn bytes(&self) -> Result<Vec<u8>, ListError> {
        match &self.place {
            Place::File(path) => read_file(path, &self.options),
            Place::Embedded(text) => Ok(text.as_bytes().to_vec()),
            Place::Stdin => drain(std::io::stdin().lock(), &self.options),
        }
    }

    /// Files of a list that were read before, in the format that is set by now.
    pub fn formatted(&self, mut pieces: Vec<Piece>) -> Vec<Piece> {
        // Files of a directory have theirs by their names.
        if let [piece] = &mut *pieces {
            piece.format = self.format.unwrap_or_else(|| detect(&piece.text));
        }
        pieces
    }

    /// A file that came by another way, unpacked.
    ///
    /// # Errors
    /// If it is damaged, cut off or larger than allowed.
    pub fn pieces(&self, file: Vec<u8>) -> Result<Vec<Piece>, ListError> {
        let text = self.unpacked(file, &self.options)?;
        let format = self.format.unwrap_or_else(|| detect(&text));
        Ok(vec![Piece { text, format }])
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
    Compiled(PathBuf),
    /// One list in one or more files.
    Lists(Vec<Piece>),
}

/// One unpacked file of a list.
pub struct Piece {
    /// All of it.
    pub text: Vec<u8>,
    /// As given or as found out.
    pub format: Format,
}

/// 16 bytes of SHA-256 over all pieces, in hex: equal for equal lists, however they were packed.
pub fn version(pieces: &[Piece]) -> String {
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
            ("-", "stdin", None),
            ("hosts:-", "stdin", Some(Format::Hosts)),
            ("house-jsonl:x.jsonl", "x", Some(Format::HouseJsonl)),
        ] {
            let source = Source::parse(input).unwrap();
            assert_eq!((source.name.as_str(), source.format), (name, format), "{input}");
        }
        assert_eq!(Source::parse("nothing:x.txt").unwrap_err().code(), "unknown_format");
    }
}
