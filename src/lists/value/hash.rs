//! Hashes in hex.

use crate::lists::report::Refusal;

/// A SHA-256 or a prefix of one, 4 to 32 bytes.
pub(super) fn sha256(text: &str) -> Result<Box<[u8]>, Refusal> {
    hex_bytes(text).filter(|bytes| (4..=32).contains(&bytes.len())).ok_or(Refusal::NotAHash)
}

/// An MD5.
pub(in crate::lists) fn md5(text: &str) -> Result<[u8; 16], Refusal> {
    hex_bytes(text).and_then(|bytes| bytes.as_ref().try_into().ok()).ok_or(Refusal::NotAHash)
}

/// Bytes of a text in hex of any case.
pub(in crate::lists) fn hex_bytes(text: &str) -> Option<Box<[u8]>> {
    if text.len() > 64 {
        return None;
    }
    data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok().map(Vec::into_boxed_slice)
}
