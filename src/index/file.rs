//! The compiled file: header, sections, MAC.
//!
//! ```text
//! magic 8 | format version u32 | header length u32 | header (JSON, padded to 8)
//! resident sections, each padded to 8 | sections read on a hit | keyed BLAKE3 over all before it, 32
//! ```
//! Numbers are little-endian. Opening reads the resident sections into memory and the rest once, for the MAC.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use bytemuck::Pod;
use serde::{Deserialize, Serialize};

use crate::canonical::Tables;

use super::cold::Cold;
use super::extra::Extras;
use super::filter::Filter;
use super::key::Keys;
use super::list::List;
use super::table::Table;
use super::traits::Traits;
use super::{Index, IndexError, atomic};

/// Its first byte begins no text, so that no list can be taken for an index.
const MAGIC: [u8; 8] = *b"\xffLgIndex";
const FORMAT_VERSION: u32 = 2;
/// A header grows with its lists, of which there are at most 4,096.
const HEADER_MAX_BYTES: u32 = 8 << 20;
const MAC_BYTES: u64 = 32;
const CHUNK_BYTES: usize = 4 << 20;
/// So many bytes at once are worth sharing among cores.
const SHARED_MIN_BYTES: usize = 512 << 10;

/// Where the record of each row stands.
pub(super) enum Records {
    Memory(Vec<u64>),
    File { file: Arc<File>, at: u64, rows: u64 },
}

impl Records {
    pub(super) fn of(&self, row: usize) -> Option<u64> {
        match self {
            Self::Memory(records) => records.get(row).copied(),
            Self::File { file, at, rows } => {
                let row = Some(row as u64).filter(|row| row < rows)?;
                let mut bytes = [0; 8];
                file.read_exact_at(&mut bytes, at + row * 8).ok()?;
                Some(u64::from_le_bytes(bytes))
            }
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    key_check: String,
    rules: String,
    lists: Vec<List>,
    traits: Traits,
    /// Bytes of each section without padding, in file order.
    sections: [u64; 12],
}

impl Index {
    /// Writes the index to a file that is there whole or not at all.
    ///
    /// # Errors
    /// If the operating system refuses, or the index was itself opened from a file.
    pub fn save(&self, path: &Path) -> Result<(), IndexError> {
        let (Records::Memory(first_records), Records::Memory(path_records), Cold::Memory(cold)) =
            (&self.first_records, &self.path_records, &self.cold)
        else {
            let source = std::io::Error::other("it was opened from a file; copy that file");
            return Err(IndexError::written(source));
        };
        let sections: [&[u8]; 12] = [
            bytemuck::cast_slice(&self.first.digests),
            bytemuck::cast_slice(&self.first.metas),
            bytemuck::cast_slice(&self.first.starts),
            bytemuck::cast_slice(&self.filter.words),
            bytemuck::cast_slice(&self.paths.digests),
            bytemuck::cast_slice(&self.paths.metas),
            bytemuck::cast_slice(&self.paths.starts),
            bytemuck::cast_slice(&self.extras.rows),
            bytemuck::cast_slice(&self.extras.parameters),
            bytemuck::cast_slice(first_records),
            bytemuck::cast_slice(path_records),
            cold,
        ];
        let header = Header {
            key_check: data_encoding::HEXLOWER.encode(&self.keys.check),
            rules: data_encoding::HEXLOWER.encode(&self.tables.id()),
            lists: self.lists.clone(),
            traits: self.traits,
            sections: sections.map(|section| section.len() as u64),
        };
        atomic::write_atomically(path, |file| {
            let mut out = Authenticated { inner: file, mac: blake3::Hasher::new_keyed(&self.keys.mac) };
            let mut json = serde_json::to_vec(&header)?;
            json.resize(json.len().next_multiple_of(8), b' ');
            out.write_all(&MAGIC)?;
            out.write_all(&FORMAT_VERSION.to_le_bytes())?;
            out.write_all(&(json.len() as u32).to_le_bytes())?;
            out.write_all(&json)?;
            for section in sections {
                out.write_all(section)?;
                out.write_all([0; 8].get(..padding(section.len() as u64) as usize).unwrap_or(&[]))?;
            }
            let mac = out.mac.finalize();
            out.inner.write_all(mac.as_bytes())
        })
        .map_err(IndexError::written)
    }

    /// Opens a file and verifies every byte of it.
    ///
    /// # Errors
    /// If it is no index, was made under another key, format or rules, or is not as it was written.
    pub fn open(path: &Path, keys: Keys, tables: Arc<Tables>) -> Result<Self, IndexError> {
        let file = File::open(path).map_err(IndexError::read)?;
        let len = file.metadata().map_err(IndexError::read)?.len();
        let mut input = Authenticated { inner: &file, mac: blake3::Hasher::new_keyed(&keys.mac) };
        let (header, header_end) = read_header(&mut input, &keys, &tables)?;
        let sizes = header.sections;
        let end = sizes.iter().try_fold(header_end, |at, size| at.checked_add(padded(*size)?));
        if end.and_then(|end| end.checked_add(MAC_BYTES)) != Some(len) {
            return Err(IndexError::Damaged);
        }
        let [digests, metas, starts, filter, path_digests, path_metas, path_starts, rows, parameters, ..] = sizes;
        let first =
            Table { digests: input.section(digests)?, metas: input.section(metas)?, starts: input.section(starts)? };
        let filter = Filter { words: input.section(filter)? };
        let paths = Table {
            digests: input.section(path_digests)?,
            metas: input.section(path_metas)?,
            starts: input.section(path_starts)?,
        };
        let extras = Extras { rows: input.section(rows)?, parameters: input.section(parameters)? };
        input.verify_rest()?;

        let [.., first_records, path_records, _] = sizes;
        let first_records_at = header_end + sizes.iter().take(9).filter_map(|size| padded(*size)).sum::<u64>();
        let path_records_at = first_records_at + first_records;
        let records_at = path_records_at + path_records;
        let file = Arc::new(file);
        let records = |at, bytes| Records::File { file: Arc::clone(&file), at, rows: bytes / 8 };
        Ok(Self {
            keys,
            tables,
            lists: header.lists,
            first,
            filter,
            paths,
            first_records: records(first_records_at, first_records),
            path_records: records(path_records_at, path_records),
            cold: Cold::File { file: Arc::clone(&file), records_at },
            extras,
            traits: header.traits,
            edges: OnceLock::new(),
        })
    }

    /// Whether a file begins as a compiled index does.
    pub fn is_index(start: &[u8]) -> bool {
        start.starts_with(&MAGIC)
    }
}

/// Reads and judges everything that tells a wrong file from a damaged one.
fn read_header(input: &mut Authenticated<&File>, keys: &Keys, tables: &Tables) -> Result<(Header, u64), IndexError> {
    let mut start = [0; 8];
    input.read_exact(&mut start).map_err(|_| IndexError::NotAnIndex)?;
    if start != MAGIC {
        return Err(IndexError::NotAnIndex);
    }
    let mut number = [0; 4];
    input.read_exact(&mut number).map_err(IndexError::read)?;
    let found = u32::from_le_bytes(number);
    if found != FORMAT_VERSION {
        return Err(IndexError::Version { found, known: FORMAT_VERSION });
    }
    input.read_exact(&mut number).map_err(IndexError::read)?;
    let len = u32::from_le_bytes(number);
    if len > HEADER_MAX_BYTES || len % 8 != 0 {
        return Err(IndexError::Damaged);
    }
    let mut json = vec![0; len as usize];
    input.read_exact(&mut json).map_err(IndexError::read)?;
    let header: Header = serde_json::from_slice(&json).map_err(|_| IndexError::Damaged)?;
    if header.key_check != data_encoding::HEXLOWER.encode(&keys.check) {
        return Err(IndexError::OtherKey);
    }
    if header.rules != data_encoding::HEXLOWER.encode(&tables.id()) {
        return Err(IndexError::OtherRules);
    }
    Ok((header, 16 + u64::from(len)))
}

/// Reads or writes, and takes every byte into a MAC.
struct Authenticated<T> {
    inner: T,
    mac: blake3::Hasher,
}

impl<T: Write> Authenticated<T> {
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.mac.update(bytes);
        self.inner.write_all(bytes)
    }
}

impl<T: Read> Authenticated<T> {
    fn read_exact(&mut self, bytes: &mut [u8]) -> std::io::Result<()> {
        self.inner.read_exact(bytes)?;
        self.take(bytes);
        Ok(())
    }

    /// Takes bytes into the MAC, on all cores where there are many.
    fn take(&mut self, bytes: &[u8]) {
        if bytes.len() >= SHARED_MIN_BYTES {
            self.mac.update_rayon(bytes);
        } else {
            self.mac.update(bytes);
        }
    }

    /// Reads a section of numbers straight into its place in memory.
    fn section<N: Pod>(&mut self, bytes: u64) -> Result<Vec<N>, IndexError> {
        let mut numbers = vec![N::zeroed(); bytes as usize / size_of::<N>()];
        for chunk in bytemuck::cast_slice_mut::<N, u8>(&mut numbers).chunks_mut(CHUNK_BYTES) {
            self.read_exact(chunk).map_err(IndexError::read)?;
        }
        let mut pad = [0; 8];
        let pad = pad.get_mut(..padding(bytes) as usize).unwrap_or(&mut []);
        self.read_exact(pad).map_err(IndexError::read)?;
        Ok(numbers)
    }

    /// Reads on to the end and compares the MAC that stands there.
    fn verify_rest(mut self) -> Result<(), IndexError> {
        let mac_len = MAC_BYTES as usize;
        let mut buffer = vec![0; CHUNK_BYTES + mac_len];
        let mut kept = 0; // bytes at the start of the buffer that may be the MAC
        loop {
            let read = match self.inner.read(buffer.get_mut(kept..).unwrap_or(&mut [])) {
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(IndexError::read(error)),
            };
            if read == 0 {
                break;
            }
            let have = kept + read;
            let settled = have.saturating_sub(mac_len);
            self.take(buffer.get(..settled).unwrap_or(&[]));
            buffer.copy_within(settled..have, 0);
            kept = have - settled;
        }
        let written: Option<[u8; 32]> = buffer.get(..kept).and_then(|bytes| bytes.try_into().ok());
        // `blake3::Hash` compares in constant time.
        let same = written.is_some_and(|written| self.mac.finalize() == blake3::Hash::from_bytes(written));
        if same { Ok(()) } else { Err(IndexError::Damaged) }
    }
}

fn padding(len: u64) -> u64 {
    len.next_multiple_of(8) - len
}

fn padded(len: u64) -> Option<u64> {
    len.checked_next_multiple_of(8)
}
