//! The chain: what each line adds to it.

use jiff::Timestamp;

use super::{Deed, Entry};

/// What the first line is chained to.
pub(super) const BEGINNING: &str = "";

/// The line that comes after one whose chain is `before`.
pub(super) fn next(key: &[u8; 32], before: &str, (seq, at): (u64, Timestamp), deed: Deed) -> Entry {
    let chain = link(key, before, (seq, at), &deed);
    Entry { seq, at, deed, chain }
}

/// Whether a line comes after one whose chain is `before`.
pub(super) fn follows(key: &[u8; 32], before: &str, entry: &Entry) -> bool {
    link(key, before, (entry.seq, entry.at), &entry.deed) == entry.chain
}

/// What shows that a line was the last one, to whoever has the key.
pub(super) fn seal(key: &[u8; 32], seq: u64, chain: &str) -> String {
    let text = format!("head {seq} {chain}");
    data_encoding::HEXLOWER.encode(blake3::keyed_hash(key, text.as_bytes()).as_bytes())
}

fn link(key: &[u8; 32], before: &str, (seq, at): (u64, Timestamp), deed: &Deed) -> String {
    let mut hasher = blake3::Hasher::new_keyed(key);
    let (seq, at) = (seq.to_string(), at.to_string());
    for field in [before, &seq, &at, &deed.who, &deed.did, &deed.about, &deed.why] {
        hasher.update(&(field.len() as u64).to_le_bytes());
        hasher.update(field.as_bytes());
    }
    data_encoding::HEXLOWER.encode(hasher.finalize().as_bytes())
}
