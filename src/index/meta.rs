//! What a look-up needs to know of a row, in 64 bits.

use super::entry::{Action, Category, Scope};

/// Decides, with the digest, whether a row is a hit and what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meta {
    pub(super) list: u16,
    pub(super) kind: RowKind,
    pub(super) exception: bool,
    pub(super) category: Category,
    pub(super) confidence: u8,
    pub(super) action: Option<Action>,
    pub(super) disputed: bool,
    /// Covers the `www.` twin too.
    pub(super) www_twin: bool,
    /// Stored under the representative of its alias class, not under its own spelling.
    pub(super) alias: bool,
    /// The entry is a part of a hash and proves nothing alone.
    pub(super) partial_hash: bool,
    /// One more than the number of its row in the extras; 0 if it has none.
    pub(super) extra: u32,
}

/// What a row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowKind {
    /// An entry of this scope.
    Entry(Scope),
    /// A sign that the host has entries with paths.
    HasPaths,
}

/// How many bits each field takes, from the lowest.
const LIST_BITS: u32 = 12;
const KIND_BITS: u32 = 4;
const CATEGORY_BITS: u32 = 4;
const CONFIDENCE_BITS: u32 = 7;
const ACTION_BITS: u32 = 3;
const EXTRA_BITS: u32 = 27;
const HAS_PATHS: u64 = (1 << KIND_BITS) - 1;

impl Meta {
    /// One index holds at most this many lists.
    pub(super) const LISTS_MAX: usize = 1 << LIST_BITS;
    /// And at most this many rows of extras.
    pub(super) const EXTRAS_MAX: usize = (1 << EXTRA_BITS) - 2;

    pub(super) fn has_paths() -> Self {
        Self {
            list: 0,
            kind: RowKind::HasPaths,
            exception: false,
            category: Category::Other,
            confidence: 0,
            action: None,
            disputed: false,
            www_twin: false,
            alias: false,
            partial_hash: false,
            extra: 0,
        }
    }

    pub(super) fn pack(self) -> u64 {
        let kind = match self.kind {
            RowKind::Entry(scope) => scope as u64,
            RowKind::HasPaths => HAS_PATHS,
        };
        let mut packer = Packer::default();
        packer.put(u64::from(self.list), LIST_BITS);
        packer.put(kind, KIND_BITS);
        packer.put(self.category as u64, CATEGORY_BITS);
        packer.put(u64::from(self.confidence), CONFIDENCE_BITS);
        packer.put(self.action.map_or(0, |action| action as u64 + 1), ACTION_BITS);
        for flag in [self.exception, self.disputed, self.www_twin, self.alias, self.partial_hash] {
            packer.put(u64::from(flag), 1);
        }
        packer.put(u64::from(self.extra), EXTRA_BITS);
        packer.bits
    }

    pub(super) fn unpack(bits: u64) -> Self {
        let mut unpacker = Unpacker(bits);
        let list = unpacker.take(LIST_BITS) as u16;
        let kind = match unpacker.take(KIND_BITS) {
            HAS_PATHS => RowKind::HasPaths,
            scope => RowKind::Entry(Scope::from_bits(scope)),
        };
        let category = Category::from_bits(unpacker.take(CATEGORY_BITS));
        let confidence = unpacker.take(CONFIDENCE_BITS) as u8;
        let action = Action::from_bits(unpacker.take(ACTION_BITS));
        let mut flag = || unpacker.take(1) == 1;
        let [exception, disputed, www_twin, alias, partial_hash] = [flag(), flag(), flag(), flag(), flag()];
        let extra = unpacker.take(EXTRA_BITS) as u32;
        Self { list, kind, exception, category, confidence, action, disputed, www_twin, alias, partial_hash, extra }
    }
}

#[derive(Default)]
struct Packer {
    bits: u64,
    used: u32,
}

impl Packer {
    fn put(&mut self, value: u64, width: u32) {
        self.bits |= (value & ((1 << width) - 1)) << self.used;
        self.used += width;
    }
}

struct Unpacker(u64);

impl Unpacker {
    fn take(&mut self, width: u32) -> u64 {
        let value = self.0 & ((1 << width) - 1);
        self.0 >>= width;
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_survives() {
        let plain = Meta::has_paths();
        let full = Meta {
            list: 4095,
            kind: RowKind::Entry(Scope::Md5Url),
            exception: true,
            category: Category::Other,
            confidence: 100,
            action: Some(Action::Reject),
            disputed: true,
            www_twin: true,
            alias: true,
            partial_hash: true,
            extra: Meta::EXTRAS_MAX as u32,
        };
        for meta in [plain, full, Meta { kind: RowKind::Entry(Scope::Domain), action: Some(Action::Allow), ..plain }] {
            assert_eq!(Meta::unpack(meta.pack()), meta);
        }
    }
}
