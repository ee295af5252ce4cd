//! Small files that only the installation can read: sealed under a key derived from the state key.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use super::StateKey;

const NONCE_BYTES: usize = 24;

impl StateKey {
    /// Seals `plain` for one purpose. The nonce is random and stands in front.
    ///
    /// # Errors
    /// If the operating system gives no random bytes.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| SealError::NoRandom)?;
        let payload = Payload { msg: plain, aad: purpose.as_bytes() };
        let sealed = self.cipher(purpose).encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Broken)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Opens what [`StateKey::seal`] gave for the same purpose.
    ///
    /// # Errors
    /// If it was sealed with another key or for another purpose, or a byte changed.
    pub fn unseal(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::Broken)?;
        let payload = Payload { msg: sealed, aad: purpose.as_bytes() };
        self.cipher(purpose).decrypt(&XNonce::from(*nonce), payload).map_err(|_| SealError::Broken)
    }

    fn cipher(&self, purpose: &str) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.derive(purpose).into())
    }
}

/// Why something cannot be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes")]
    NoRandom,
    /// Another key, another purpose or a changed byte.
    #[error("it was sealed with another key, or is damaged; give the key it was made with by --key-file")]
    Broken,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_and_purpose_open_it() {
        let (key, other) = (StateKey::new([1; 32]), StateKey::new([2; 32]));
        let sealed = key.seal("a", b"listed.example").unwrap();
        assert_eq!(key.unseal("a", &sealed).unwrap(), b"listed.example");
        assert_eq!(key.unseal("b", &sealed), Err(SealError::Broken));
        assert_eq!(other.unseal("a", &sealed), Err(SealError::Broken));
        for at in 0..sealed.len() {
            let mut bad = sealed.clone();
            bad[at] ^= 1;
            assert_eq!(key.unseal("a", &bad), Err(SealError::Broken));
        }
        assert_eq!(key.unseal("a", b""), Err(SealError::Broken));
    }
}
