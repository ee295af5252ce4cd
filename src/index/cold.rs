//! What is told of a hit but not needed to find it: entry ids and references, read only when there is a hit.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

/// What a report says of an entry beside what decided the match.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Details {
    /// The source's id, or base32 of the derived one; empty if the index file cannot be read any more.
    pub entry: String,
    /// The source's reference.
    pub source_ref: Option<String>,
    /// The source's jurisdiction.
    pub jurisdiction: Option<String>,
}

/// Records one after another; each entry has one, all its rows point to it.
pub(super) enum Cold {
    /// Built in this process.
    Memory(Vec<u8>),
    /// In an index file, from that offset on. The file stays open, so a newer file in its place does not matter.
    File { file: Arc<File>, records_at: u64 },
}

/// A field of a record is at most this long; longer ones are cut.
const FIELD_MAX_BYTES: usize = 250;
const RECORD_MAX_BYTES: usize = 3 * (FIELD_MAX_BYTES + 1);
/// In place of a length: ten bytes of a derived id follow.
const DERIVED: u8 = 0xff;

/// The id of an entry, as it goes into a record.
pub(super) enum Id<'e> {
    Own(&'e str),
    Derived([u8; 10]),
}

/// Appends a record and gives back where it begins.
pub(super) fn write(out: &mut Vec<u8>, id: &Id<'_>, others: [Option<&str>; 2]) -> u64 {
    let at = out.len() as u64;
    match id {
        Id::Own(text) => write_field(out, text),
        Id::Derived(bytes) => {
            out.push(DERIVED);
            out.extend_from_slice(bytes);
        }
    }
    for field in others {
        write_field(out, field.unwrap_or(""));
    }
    at
}

fn write_field(out: &mut Vec<u8>, text: &str) {
    let cut = cut(text);
    out.push(cut.len() as u8);
    out.extend_from_slice(cut.as_bytes());
}

/// As much of a field as is kept.
pub(super) fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(FIELD_MAX_BYTES)).unwrap_or("")
}

/// A derived id as reports show it.
pub(super) fn id_text(id: &[u8]) -> String {
    data_encoding::BASE32_NOPAD.encode(id).to_ascii_lowercase()
}

impl Cold {
    /// The record at that place. A file that cannot be read costs the details, never the hit.
    pub(super) fn details(&self, record: u64) -> Details {
        let mut buffer = [0; RECORD_MAX_BYTES];
        let bytes = match self {
            Self::Memory(records) => records.get(record as usize..),
            Self::File { file, records_at } => read_some(file, &mut buffer, records_at + record),
        };
        bytes.and_then(parse).unwrap_or_default()
    }
}

fn read_some<'b>(file: &File, buffer: &'b mut [u8], at: u64) -> Option<&'b [u8]> {
    let mut len = 0;
    while let Some(rest) = buffer.get_mut(len..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, at + len as u64) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    buffer.get(..len)
}

fn parse(bytes: &[u8]) -> Option<Details> {
    let (entry, rest) = match bytes.split_first()? {
        (&DERIVED, rest) => {
            let (id, rest) = rest.split_at_checked(10)?;
            (id_text(id), rest)
        }
        _ => read_field(bytes)?,
    };
    let (source_ref, rest) = read_field(rest)?;
    let (jurisdiction, _) = read_field(rest)?;
    let some = |text: String| (!text.is_empty()).then_some(text);
    Some(Details { entry, source_ref: some(source_ref), jurisdiction: some(jurisdiction) })
}

fn read_field(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (&len, rest) = bytes.split_first()?;
    let (field, rest) = rest.split_at_checked(usize::from(len))?;
    Some((String::from_utf8_lossy(field).into_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back() {
        let mut records = Vec::new();
        let own = write(&mut records, &Id::Own("entry-1"), [Some("case 7"), None]);
        let derived = write(&mut records, &Id::Derived([0; 10]), [None, Some("NL")]);
        let long = write(&mut records, &Id::Own(&"é".repeat(200)), [None, None]);
        let cold = Cold::Memory(records);
        let details = cold.details(own);
        assert_eq!((&*details.entry, details.source_ref.as_deref()), ("entry-1", Some("case 7")));
        let details = cold.details(derived);
        assert_eq!((&*details.entry, details.jurisdiction.as_deref()), ("aaaaaaaaaaaaaaaa", Some("NL")));
        assert_eq!(cold.details(long).entry, "é".repeat(125));
        assert_eq!(cold.details(1_000_000), Details::default());
    }
}
