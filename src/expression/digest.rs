//! Keyed 64-bit digests: what an index holds instead of text.
//!
//! `SipHash` under a secret key: without it nobody can read a list out of the digests or aim at a collision. With ten
//! million entries and about five look-ups per link, a false hit comes once in 3 × 10¹¹ links.

use std::hash::Hasher as _;

use siphasher::sip::SipHasher13;
use smallvec::SmallVec;

/// The key of all digests of one index.
#[derive(Clone, Copy)]
pub struct DigestKey([u8; 16]);

/// A keyed digest of one expression.
pub type Digest = u64;

/// What kind of thing a digest stands for; two kinds never share a digest.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub(super) enum Kind {
    Host = 1,
    Path = 2,
    Parameter = 3,
    Label = 4,
    Address = 5,
    Network = 6,
    Sha256 = 7,
    Md5 = 8,
    Text = 9,
    PrivateLabel = 10,
}

impl DigestKey {
    /// A key of 128 bits; it must come from a secret.
    pub fn new(key: [u8; 16]) -> Self {
        Self(key)
    }

    pub(super) fn start(&self, kind: Kind) -> Running {
        let mut hasher = SipHasher13::new_with_key(&self.0);
        hasher.write_u8(kind as u8);
        Running(hasher)
    }

    /// Digest of a message that begins with its kind.
    pub(super) fn whole(&self, message: &[u8]) -> Digest {
        SipHasher13::new_with_key(&self.0).hash(message)
    }

    /// Digest of a label of a registrable domain.
    pub fn label(&self, label: &str) -> Digest {
        self.start(Kind::Label).with(label.as_bytes()).digest()
    }

    /// Digest of a label under the private section of the suffix list.
    pub fn private_label(&self, label: &str) -> Digest {
        self.start(Kind::PrivateLabel).with(label.as_bytes()).digest()
    }

    /// Digest of a SHA-256 or of a prefix of one.
    pub fn sha256(&self, bytes: &[u8]) -> Digest {
        // One short message is quicker than a stream of three parts.
        let mut message = SmallVec::<[u8; 40]>::from_slice(&[Kind::Sha256 as u8, bytes.len() as u8]);
        message.extend_from_slice(bytes);
        self.whole(&message)
    }

    /// Digest of the MD5 of a URL.
    pub fn md5(&self, md5: &[u8; 16]) -> Digest {
        self.start(Kind::Md5).with(md5).digest()
    }

    /// Digest of several fields of any text; each field's length counts, so that fields cannot run into each other.
    pub fn fields<'a>(&self, fields: impl IntoIterator<Item = &'a [u8]>) -> Digest {
        let running = fields.into_iter().fold(self.start(Kind::Text), |running, field| {
            running.with(&(field.len() as u64).to_le_bytes()).with(field)
        });
        running.digest()
    }
}

/// A digest under way: it can be read at any point and go on, so that all prefixes cost one pass.
#[derive(Clone, Copy)]
pub(super) struct Running(SipHasher13);

impl Running {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    pub(super) fn with(mut self, bytes: &[u8]) -> Self {
        self.add(bytes);
        self
    }

    pub(super) fn digest(&self) -> Digest {
        self.0.finish()
    }
}
