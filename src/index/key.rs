//! The keys of an index, all derived from one secret.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::expression::DigestKey;

use super::cold;
use super::entry::Entry;

/// The secret of an installation, 256 bits. Whoever has it and the files can test guesses against a list.
#[derive(Clone)]
pub struct StateKey([u8; StateKey::LEN]);

impl StateKey {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// Takes the key as it is.
    pub fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be written to a key file and nowhere else.
    pub fn expose(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// 256 bits for one purpose; other purposes' keys tell nothing about it.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        blake3::derive_key(purpose, &self.0)
    }
}

/// The keys that one index is built and opened with.
#[derive(Clone)]
pub struct Keys {
    pub(super) digest: DigestKey,
    pub(super) mac: [u8; 32],
    pub(super) check: [u8; 16],
    entry_id: Hmac<Sha256>,
}

impl Keys {
    /// Derives them from the state key.
    pub fn derive(state: &StateKey) -> Self {
        let [digest, _] = halves(state.derive("linkgate 2026 index digests"));
        let [check, _] = halves(state.derive("linkgate 2026 index key check"));
        let id_key = state.derive("linkgate 2026 entry ids of local lists");
        // One block of SHA-256: the key, then zeros, as HMAC itself would fill it.
        let mut block = [0; 64];
        block.iter_mut().zip(id_key).for_each(|(to, from)| *to = from);
        let entry_id = Hmac::new(&block.into());
        Self { digest: DigestKey::new(digest), mac: state.derive("linkgate 2026 index file"), check, entry_id }
    }

    /// The key of the digests.
    pub fn digest(&self) -> &DigestKey {
        &self.digest
    }

    /// The id by which reports name an entry of that list: the source's own, or the derived one.
    pub fn id_of(&self, list: &str, entry: &Entry) -> String {
        entry.id.as_deref().map_or_else(|| self.derived_id(list, entry), |own| cold::cut(own).to_owned())
    }

    /// The id of an entry by what it matches, whatever its source calls it: the source cannot choose it.
    pub fn derived_id(&self, list: &str, entry: &Entry) -> String {
        cold::id_text(&self.entry_id(list, entry.scope.name(), &entry.target.expose()))
    }

    /// The same as bytes: 80 bits of HMAC over list, scope and value.
    pub(super) fn entry_id(&self, list: &str, scope: &str, value: &str) -> [u8; 10] {
        let mut mac = self.entry_id.clone();
        for field in [list, "|", scope, "|", value] {
            mac.update(field.as_bytes());
        }
        let full = mac.finalize().into_bytes();
        let mut id = [0; 10];
        for (to, from) in id.iter_mut().zip(full) {
            *to = from;
        }
        id
    }
}

fn halves(bytes: [u8; 32]) -> [[u8; 16]; 2] {
    let (mut first, mut second) = ([0; 16], [0; 16]);
    first.iter_mut().chain(&mut second).zip(bytes).for_each(|(to, from)| *to = from);
    [first, second]
}
