//! Rows sorted by digest, found through buckets of its top bits: two cache lines for a look-up that finds nothing.

use std::ops::Range;

use crate::expression::Digest;

/// Rows in the order of their digests. Equal digests stand side by side.
#[derive(Default)]
pub(super) struct Table {
    pub(super) digests: Vec<u64>,
    pub(super) metas: Vec<u64>,
    /// Where each bucket begins, and the end of the last one.
    pub(super) starts: Vec<u32>,
}

/// One row before it is in a table.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) digest: Digest,
    pub(super) meta: u64,
    /// Where its record stands in the cold section.
    pub(super) record: u64,
}

impl Table {
    /// At most this many rows: bucket starts are 32 bits wide.
    pub(super) const ROWS_MAX: usize = u32::MAX as usize - 1;

    /// Builds the table and gives back where the records of its rows stand, in row order.
    pub(super) fn build(mut rows: Vec<Row>) -> (Self, Vec<u64>) {
        // Nearly all digests differ, and one number is compared faster than three.
        rows.sort_unstable_by_key(|row| row.digest);
        for same in rows.chunk_by_mut(|row, next| row.digest == next.digest).filter(|same| same.len() > 1) {
            same.sort_unstable_by_key(|row| (row.meta, row.record));
        }
        rows.dedup_by_key(|row| (row.digest, row.meta, row.record));
        let digests: Vec<u64> = rows.iter().map(|row| row.digest).collect();
        let starts = starts(&digests);
        let metas = rows.iter().map(|row| row.meta).collect();
        (Self { digests, metas, starts }, rows.iter().map(|row| row.record).collect())
    }

    /// The rows under a digest: `(row number, meta)`.
    pub(super) fn find(&self, digest: Digest) -> impl Iterator<Item = (usize, u64)> {
        self.rows_of(digest).filter_map(|row| Some((row, *self.metas.get(row)?)))
    }

    fn rows_of(&self, digest: Digest) -> Range<usize> {
        let bucket = bucket_of(digest, self.starts.len().saturating_sub(1));
        let (Some(&from), Some(&to)) = (self.starts.get(bucket), self.starts.get(bucket + 1)) else { return 0..0 };
        let (from, to) = (from as usize, to as usize);
        let Some(candidates) = self.digests.get(from..to) else { return 0..0 };
        let Some(first) = candidates.iter().position(|&candidate| candidate == digest) else { return 0..0 };
        let same = candidates.iter().skip(first).take_while(|&&candidate| candidate == digest).count();
        from + first..from + first + same
    }

    /// Bytes that stay in memory for matching.
    pub(super) fn resident_bytes(&self) -> usize {
        (self.digests.len() + self.metas.len()) * 8 + self.starts.len() * 4
    }
}

/// Number of the bucket, of `buckets` (a power of two, or none), that a digest falls into.
fn bucket_of(digest: Digest, buckets: usize) -> usize {
    let bits = buckets.trailing_zeros();
    digest.checked_shr(64 - bits).unwrap_or(0) as usize
}

/// Bucket starts for sorted digests, two to four rows a bucket.
fn starts(digests: &[u64]) -> Vec<u32> {
    const ROWS_PER_BUCKET: usize = 4;
    if digests.is_empty() {
        return Vec::new();
    }
    let buckets = digests.len().div_ceil(ROWS_PER_BUCKET).next_power_of_two();
    let mut starts = Vec::with_capacity(buckets + 1);
    for (row, &digest) in digests.iter().enumerate() {
        let bucket = bucket_of(digest, buckets);
        while starts.len() <= bucket {
            starts.push(row as u32);
        }
    }
    starts.resize(buckets + 1, digests.len() as u32);
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(digests: &[u64]) -> Table {
        let rows = digests.iter().enumerate().map(|(n, &digest)| Row { digest, meta: n as u64, record: 0 });
        Table::build(rows.collect()).0
    }

    #[test]
    fn finds_what_is_there_and_nothing_else() {
        let spread: Vec<u64> = (0..1000_u64).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
        let clustered: Vec<u64> = (0..50).collect();
        for digests in [vec![], vec![0], vec![u64::MAX], vec![7, 7, 7], spread, clustered] {
            let table = table(&digests);
            for &digest in &digests {
                let found = table.find(digest).count();
                assert_eq!(found, digests.iter().filter(|&&other| other == digest).count());
            }
            assert_eq!(table.find(0x1234_5678_9ABC_DEF0).count(), 0);
        }
    }
}
