//! What is surely not there, told from one cache line: a split block Bloom filter before the host table.
//!
//! Each digest sets eight bits of one block of 256; a look-up reads that block alone. With twelve bits a digest about one
//! foreign digest in two hundred passes, and costs a probe of the table, never a wrong answer.
//! Source: Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom Filters", 2007; the Parquet format's form.

use crate::expression::Digest;

const WORDS_PER_BLOCK: usize = 8;
const BITS_PER_DIGEST: usize = 12;
/// Odd numbers that spread 32 bits over the eight words of a block.
const SALTS: [u32; WORDS_PER_BLOCK] =
    [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

/// Blocks of eight words. An empty filter lets nothing pass.
#[derive(Default)]
pub(super) struct Filter {
    pub(super) words: Vec<u32>,
}

impl Filter {
    pub(super) fn of(digests: &[Digest]) -> Self {
        let blocks = (digests.len() * BITS_PER_DIGEST).div_ceil(32 * WORDS_PER_BLOCK);
        let mut filter = Self { words: vec![0; blocks * WORDS_PER_BLOCK] };
        for &digest in digests {
            let at = filter.block_at(digest);
            let block = filter.words.get_mut(at..at + WORDS_PER_BLOCK).unwrap_or_default();
            for (word, bit) in block.iter_mut().zip(bits(digest)) {
                *word |= bit;
            }
        }
        filter
    }

    /// False if the digest is surely not among those the filter was made of.
    pub(super) fn may_have(&self, digest: Digest) -> bool {
        let at = self.block_at(digest);
        let block: Option<&[u32; WORDS_PER_BLOCK]> = self.words.get(at..).and_then(<[u32]>::first_chunk);
        block.is_some_and(|block| block.iter().zip(bits(digest)).all(|(word, bit)| word & bit != 0))
    }

    /// Bytes that stay in memory.
    pub(super) fn resident_bytes(&self) -> usize {
        size_of_val(&*self.words)
    }

    /// The high half of a digest chooses the block, the low half the bits in it.
    fn block_at(&self, digest: Digest) -> usize {
        let blocks = (self.words.len() / WORDS_PER_BLOCK) as u64;
        (((digest >> 32) * blocks) >> 32) as usize * WORDS_PER_BLOCK
    }
}

fn bits(digest: Digest) -> [u32; WORDS_PER_BLOCK] {
    SALTS.map(|salt| 1 << ((digest as u32).wrapping_mul(salt) >> 27))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(from: u64, count: u64) -> Vec<Digest> {
        let mix = |n: u64| {
            (n ^ (n >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).wrapping_mul(0xBF58_476D_1CE4_E5B9)
        };
        (from..from + count).map(mix).collect()
    }

    #[test]
    fn what_is_there_passes_and_little_else() {
        for count in [0, 1, 2, 100, 10_000] {
            let there = digests(1, count);
            let filter = Filter::of(&there);
            assert!(there.iter().all(|&digest| filter.may_have(digest)), "{count}");
            let strangers = digests(1_000_000, 10_000).into_iter().filter(|&digest| filter.may_have(digest)).count();
            assert!(strangers < 200, "{strangers} of 10,000 strangers pass among {count}");
        }
    }
}
