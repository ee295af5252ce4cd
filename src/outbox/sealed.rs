//! What stands in the file of a record: sealed, and bound to its id, so that rows cannot be swapped.

use crate::index::{SealError, StateKey};

use super::OutboxError;

const ID_BYTES: usize = 16;
const OWNER_LENGTH_BYTES: usize = 4;

/// Seals records of one kind.
#[derive(Clone)]
pub(super) struct Sealer {
    pub(super) key: StateKey,
    pub(super) purpose: &'static str,
}

/// An opened record.
#[derive(PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) owner: String,
    pub(super) content: Vec<u8>,
}

impl Sealer {
    pub(super) fn seal(&self, id: u128, owner: &str, content: &[u8]) -> Result<Vec<u8>, OutboxError> {
        let length = u32::try_from(owner.len()).unwrap_or(u32::MAX).to_be_bytes();
        let plain = [&id.to_be_bytes()[..], &length, owner.as_bytes(), content].concat();
        Ok(self.key.seal(self.purpose, &plain)?)
    }

    /// Opens what was sealed under that id.
    pub(super) fn open(&self, id: u128, sealed: &[u8]) -> Result<Opened, OutboxError> {
        let plain = self.key.unseal(self.purpose, sealed)?;
        parse(id, &plain).ok_or(OutboxError::Seal(SealError::Broken))
    }
}

fn parse(id: u128, plain: &[u8]) -> Option<Opened> {
    let (own_id, rest) = plain.split_first_chunk::<ID_BYTES>()?;
    let (length, rest) = rest.split_first_chunk::<OWNER_LENGTH_BYTES>()?;
    let (owner, content) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    if u128::from_be_bytes(*own_id) != id {
        return None;
    }
    Some(Opened { owner: str::from_utf8(owner).ok()?.to_owned(), content: content.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_open_under_their_own_id_and_purpose() {
        let own = Sealer { key: StateKey::new([1; 32]), purpose: "a" };
        for (owner, content) in [("", &b""[..]), ("composer", b"x"), ("é", &[0; 1_000])] {
            let sealed = own.seal(7, owner, content).unwrap();
            let opened = own.open(7, &sealed).ok().unwrap();
            assert!(opened == Opened { owner: owner.into(), content: content.into() });
            assert!(own.open(8, &sealed).is_err(), "rows cannot be swapped");
            assert!(Sealer { purpose: "b", ..own.clone() }.open(7, &sealed).is_err());
        }
        let short = own.key.seal("a", &7u128.to_be_bytes()).unwrap();
        assert!(own.open(7, &short).is_err());
    }
}
