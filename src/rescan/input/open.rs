//! Opens an input and unpacks it: what it is packed with is told by its first bytes, never by its name.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::rescan::error::RescanError;
use crate::rescan::tally::Bad;

use super::{Input, Place};

/// An input while it is being read.
pub(super) struct Source {
    pub(super) bytes: Box<dyn Read + Send>,
    pub(super) meter: Meter,
    /// The bytes before which nothing will be read.
    pub(super) begins: u64,
}

/// What is known of an input beside its bytes.
pub(super) struct Meter {
    packing: Packing,
    /// Of packed inputs: bytes read so far, as they lie on the disk.
    taken: Arc<AtomicU64>,
}

/// What an input is packed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    None,
    Gzip,
    Zstd,
}

impl Packing {
    fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// What an input is that cannot be read, by its first bytes.
fn unsupported(start: &[u8]) -> Option<&'static str> {
    match start {
        [0xfd, b'7', b'z', b'X', b'Z', ..] => Some("packed with xz"),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some("packed with bzip2"),
        [b'P', b'K', 3, 4, ..] => Some("a zip archive"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("in UTF-16"),
        _ => None,
    }
}

impl Meter {
    /// Bytes read so far as they lie on the disk, if `offset` of them came out.
    pub(super) fn taken(&self, offset: u64) -> u64 {
        if self.packing == Packing::None { offset } else { self.taken.load(Ordering::Relaxed) }
    }

    /// What an error while reading means.
    pub(super) fn fault(&self, error: &io::Error) -> Bad {
        match (self.packing, error.kind()) {
            (Packing::None, _) => Bad::Unreadable,
            (_, io::ErrorKind::UnexpectedEof) => Bad::CutOff,
            _ => Bad::Packing,
        }
    }
}

/// Opens an input; one that is not packed and can be sought begins at `from`, all others at their start.
pub(super) fn open(input: &Input, from: u64) -> Result<Source, RescanError> {
    let failed = |error| RescanError::open(&input.name, error);
    let path = match &input.place {
        Place::Stdin => return unpacked(io::stdin(), &input.name),
        Place::File(path) => path,
    };
    let mut file = File::open(path).map_err(failed)?;
    let mut start = [0; 4];
    let can_seek = from > 0 && input.size.is_some();
    if can_seek && file.read_exact(&mut start).is_ok() {
        let begins = if Packing::of(&start) == Packing::None { from } else { 0 };
        file.seek(SeekFrom::Start(begins)).map_err(failed)?;
        return unpacked(file, &input.name).map(|source| Source { begins, ..source });
    }
    unpacked(file, &input.name)
}

fn unpacked(raw: impl Read + Send + 'static, name: &str) -> Result<Source, RescanError> {
    let failed = |error| RescanError::open(name, error);
    let taken = Arc::new(AtomicU64::new(0));
    let mut buffered = BufReader::with_capacity(BUFFER_BYTES, raw);
    let start = buffered.fill_buf().map_err(failed)?;
    if let Some(what) = unsupported(start) {
        return Err(RescanError::Unsupported { input: name.to_owned(), what });
    }
    let packing = Packing::of(start);
    let bytes: Box<dyn Read + Send> = match packing {
        Packing::None => Box::new(buffered),
        Packing::Gzip => {
            let counted = BufReader::new(Counted { inner: buffered, taken: Arc::clone(&taken) });
            Box::new(flate2::bufread::MultiGzDecoder::new(counted))
        }
        Packing::Zstd => {
            let counted = Counted { inner: buffered, taken: Arc::clone(&taken) };
            let mut decoder = zstd::Decoder::new(counted).map_err(failed)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(failed)?;
            Box::new(decoder)
        }
    };
    Ok(Source { bytes, meter: Meter { packing, taken }, begins: 0 })
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    taken: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.taken.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

const BUFFER_BYTES: usize = 64 << 10;
/// 128 MiB, what the zstd program itself takes without being asked.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;
