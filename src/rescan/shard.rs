//! A share of the posts for each of several machines, by a keyed hash of the post's id.

use std::str::FromStr;

/// One share: `i/n`, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u64,
    count: u64,
    key: [u8; 32],
}

/// A share cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write it as 1/4, 2/4, 3/4, 4/4 for four machines; at most {} of them", Shard::COUNT_MAX)]
pub struct ShardError;

impl Shard {
    /// Most shares.
    pub const COUNT_MAX: u64 = 65_536;

    /// The same share under the lists in use: nobody who writes posts knows their id, so nobody can aim at a machine.
    #[must_use]
    pub fn keyed(self, lists_id: &str) -> Self {
        Self { key: blake3::derive_key("linkgate 2026 shards of a rescan", lists_id.as_bytes()), ..self }
    }

    /// Whether a post is among this share. Posts without an id go by where they stand.
    pub(super) fn has(&self, ids: &[&str], input: &str, position: u64) -> bool {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        for id in ids {
            hasher.update(&(id.len() as u64).to_le_bytes()).update(id.as_bytes());
        }
        if ids.is_empty() {
            hasher.update(input.as_bytes()).update(&position.to_le_bytes());
        }
        let mut first = [0; 8];
        first.iter_mut().zip(hasher.finalize().as_bytes()).for_each(|(to, from)| *to = *from);
        u64::from_le_bytes(first) % self.count == self.index
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index + 1, self.count)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let (index, count) = text.split_once('/').ok_or(ShardError)?;
        let (index, count): (u64, u64) =
            (index.parse().map_err(|_| ShardError)?, count.parse().map_err(|_| ShardError)?);
        let fits = (1..=count).contains(&index) && count <= Self::COUNT_MAX;
        if fits { Ok(Self { index: index - 1, count, key: [0; 32] }) } else { Err(ShardError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_written_from_one() {
        for (text, expected) in [
            ("1/4", true),
            ("4/4", true),
            ("0/4", false),
            ("5/4", false),
            ("1/0", false),
            ("1", false),
            ("1/65537", false),
        ] {
            assert_eq!(text.parse::<Shard>().is_ok(), expected, "{text}");
        }
    }

    #[test]
    fn every_post_is_in_one_share_and_shares_are_even() {
        let shards: Vec<Shard> = (1..=4).map(|n| format!("{n}/4").parse::<Shard>().unwrap().keyed("lists")).collect();
        let mut counts = [0; 4];
        for id in 0..4000 {
            let id = id.to_string();
            let ids = [&*id];
            let mut having = (0..4).filter(|&n| shards[n].has(&ids, "a", 1));
            counts[having.next().unwrap()] += 1;
            assert_eq!(having.next(), None);
        }
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }
}
