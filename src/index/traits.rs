//! What an index holds at all, so that a look-up asks only for what can be there.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::expression::TopLevel;

/// Which rare kinds of entry an index has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Traits {
    /// Names of one label: whole top levels.
    pub(super) top_levels: bool,
    pub(super) labels: bool,
    pub(super) private_labels: bool,
    pub(super) networks: Networks,
    /// Bit `n` is set if there are SHA-256 of `n` bytes.
    pub(super) sha256_lens: u64,
    pub(super) md5: bool,
}

impl Traits {
    /// Whether whole top levels are looked up.
    pub(super) fn top_level(&self) -> TopLevel {
        if self.top_levels { TopLevel::LookedUp } else { TopLevel::Skipped }
    }
}

/// Prefix lengths of networks, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Networks {
    v4: u64,
    /// Lengths 0 to 63, 64 to 127, 128.
    v6: [u64; 3],
}

impl Networks {
    pub(super) fn insert(&mut self, address: IpAddr, len: u8) {
        match address {
            IpAddr::V4(_) => self.v4 |= 1 << len.min(32),
            IpAddr::V6(_) => {
                if let Some(word) = self.v6.get_mut(usize::from(len / 64)) {
                    *word |= 1 << (len % 64);
                }
            }
        }
    }

    /// The lengths that networks around `address` can have.
    pub(super) fn lengths(self, address: IpAddr) -> impl Iterator<Item = u8> {
        let words = match address {
            IpAddr::V4(_) => [self.v4, 0, 0],
            IpAddr::V6(_) => self.v6,
        };
        (0..=128_u8).filter(move |len| words.get(usize::from(len / 64)).is_some_and(|word| word >> (len % 64) & 1 == 1))
    }
}
