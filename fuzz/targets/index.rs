//! Any bytes as a compiled list: nothing panics, and no changed byte goes unseen.
#![no_main]

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use libfuzzer_sys::{Corpus, fuzz_target};
use linkgate::canonical::Tables;
use linkgate::index::{Builder, Index, Keys, List, StateKey};
use linkgate::lists::{self, Format, Options};

/// A compiled list as it was written, and a place to put a changed one.
struct Sample {
    tables: Arc<Tables>,
    keys: Keys,
    written: Vec<u8>,
    place: PathBuf,
}

static SAMPLE: LazyLock<Sample> = LazyLock::new(|| sample().expect("the demo list compiles"));

fn sample() -> Result<Sample, Box<dyn std::error::Error>> {
    let tables = Arc::new(Tables::shipped()?);
    let keys = Keys::derive(&StateKey::new([7; StateKey::LEN]));
    let mut entries = Vec::new();
    let demo = include_bytes!("../../lists/demo.csv");
    lists::read(demo, Format::HouseCsv, &Options::default(), &tables, &mut |entry| entries.push(entry))?;
    let mut builder = Builder::new(keys.clone(), Arc::clone(&tables));
    let number = builder.list(List::new("demo", "1"))?;
    for entry in &entries {
        builder.add(number, entry)?;
    }
    let place = std::env::temp_dir().join(format!("linkgate-fuzz-{}.lgx", std::process::id()));
    builder.finish().save(&place)?;
    let written = std::fs::read(&place)?;
    Ok(Sample { tables, keys, written, place })
}

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some((&shape, rest)) = data.split_first() else { return Corpus::Reject };
    let sample = &*SAMPLE;
    let bytes = match shape % 3 {
        0 => rest.to_vec(),
        1 => changed(&sample.written, rest),
        _ => headed(&sample.written, rest),
    };
    std::fs::write(&sample.place, &bytes).expect("the temporary directory can be written to");
    let opened = Index::open(&sample.place, sample.keys.clone(), Arc::clone(&sample.tables));
    assert_eq!(opened.is_ok(), bytes == sample.written, "{} bytes", bytes.len());
    Corpus::Keep
});

/// The file with single bytes changed, and perhaps cut or made longer: three bytes of `edits` for each change.
fn changed(written: &[u8], edits: &[u8]) -> Vec<u8> {
    let mut bytes = written.to_vec();
    for edit in edits.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([edit[0], edit[1]]));
        match edit[2] {
            0 => bytes.truncate(at),
            1 => bytes.push(edit[0]),
            mask => {
                let len = bytes.len().max(1);
                if let Some(byte) = bytes.get_mut(at % len) {
                    *byte ^= mask;
                }
            }
        }
    }
    bytes
}

/// The header with a piece of it replaced and its length put right, before the sections as they were written.
fn headed(written: &[u8], edit: &[u8]) -> Vec<u8> {
    let len = written.get(12..16).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes);
    let (header, sections) = written[16..].split_at(len as usize);
    let mut header = header.to_vec();
    if let [low, high, removed, piece @ ..] = edit {
        let from = usize::from(u16::from_le_bytes([*low, *high])) % header.len();
        let to = (from + usize::from(*removed)).min(header.len());
        header.splice(from..to, piece.iter().copied());
    }
    header.resize(header.len().next_multiple_of(8), b' ');
    let len = u32::try_from(header.len()).unwrap_or_default().to_le_bytes();
    [&written[..12], &len, &header, sections].concat()
}
