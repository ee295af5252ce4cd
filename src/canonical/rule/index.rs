//! The fast way from a host to its rules.
//!
//! Almost every host is in no table. Its last two labels are one test of a small bit map, and the label before any suffix is
//! another; only then a table is probed.

use foldhash::{HashMap, HashMapExt as _};
use memchr::memrchr;

use super::host::{HostPattern, Key};

/// From a host to the patterns that may fit it.
pub(in crate::canonical) struct HostIndex {
    hosts: HashMap<Box<str>, Vec<Candidate>>,
    below: HashMap<Box<str>, Vec<Candidate>>,
    names: HashMap<Box<str>, Vec<Candidate>>,
    ends_seen: Box<[u64; WORDS]>,
    names_seen: u64,
}

/// A rule and which of its host patterns led to it.
#[derive(Debug, Clone, Copy)]
pub(in crate::canonical) struct Candidate {
    pub(in crate::canonical) rule: usize,
    pub(in crate::canonical) pattern: usize,
}

/// A host that some pattern may fit.
pub(in crate::canonical) struct Found<'i, 'h> {
    index: &'i HostIndex,
    end: Option<&'h str>,
    names: [Option<&'h str>; 2],
}

impl Default for HostIndex {
    fn default() -> Self {
        Self {
            hosts: HashMap::new(),
            below: HashMap::new(),
            names: HashMap::new(),
            ends_seen: Box::new([0; WORDS]),
            names_seen: 0,
        }
    }
}

impl HostIndex {
    pub(in crate::canonical) fn add(&mut self, pattern: &HostPattern, candidate: Candidate) {
        let (table, key) = match pattern.key() {
            Key::Host(host) => {
                self.see_end(Labels::of(host).end);
                (&mut self.hosts, host)
            }
            Key::Below(host) => {
                let end = Labels::of(host).end;
                self.see_end(end);
                (&mut self.below, end)
            }
            Key::Name(name) => {
                self.names_seen |= name_bit(name);
                (&mut self.names, name)
            }
        };
        table.entry(key.into()).or_default().push(candidate);
    }

    /// None for a host that no pattern can fit.
    pub(in crate::canonical) fn find<'h>(&self, host: &'h str) -> Option<Found<'_, 'h>> {
        let labels = Labels::of(host);
        let end = Some(labels.end).filter(|end| self.has_seen_end(end));
        let known = |name: &&str| self.names_seen & name_bit(name) != 0;
        let names = labels.names.map(|name| name.filter(known));
        if end.is_none() && names == [None; 2] {
            return None;
        }
        Some(Found { index: self, end, names })
    }

    fn see_end(&mut self, end: &str) {
        let (word, bit) = end_bit(end);
        if let Some(word) = self.ends_seen.get_mut(word) {
            *word |= bit;
        }
    }

    fn has_seen_end(&self, end: &str) -> bool {
        let (word, bit) = end_bit(end);
        self.ends_seen.get(word).is_some_and(|word| word & bit != 0)
    }
}

impl<'i> Found<'i, '_> {
    /// Whether patterns with any suffix are among the candidates.
    pub(in crate::canonical) fn needs_suffix(&self) -> bool {
        let known = |name: &&str| self.index.names.contains_key(*name);
        self.names.iter().flatten().any(known)
    }

    /// The patterns that may fit, those for that very host first.
    pub(in crate::canonical) fn candidates(&self, host: &str) -> impl Iterator<Item = Candidate> + use<'i> {
        let index = self.index;
        let end = self.end.map(|end| {
            let twin = host.strip_prefix("www.");
            [index.hosts.get(host), twin.and_then(|twin| index.hosts.get(twin)), index.below.get(end)]
        });
        let names = self.names.map(|name| name.and_then(|name| index.names.get(name)));
        let lists = end.into_iter().flatten().chain(names).flatten();
        lists.flatten().copied()
    }
}

/// The labels of a host that tables are keyed by.
struct Labels<'h> {
    /// The last two labels.
    end: &'h str,
    /// The labels before a suffix of one or of two labels.
    names: [Option<&'h str>; 2],
}

impl<'h> Labels<'h> {
    fn of(host: &'h str) -> Self {
        let before = |end: usize| memrchr(b'.', host.as_bytes().get(..end)?);
        let last = before(host.len());
        let second = last.and_then(before);
        let third = second.and_then(before);
        let after = |dot: Option<usize>| dot.map_or(0, |dot| dot + 1);
        Self {
            end: host.get(after(second)..).unwrap_or(host),
            names: [
                last.and_then(|last| host.get(after(second)..last)),
                second.and_then(|second| host.get(after(third)..second)),
            ],
        }
    }
}

/// A place in the bit map, from the last eight letters and the length.
fn end_bit(end: &str) -> (usize, u64) {
    let bytes = end.as_bytes();
    let word = bytes.last_chunk::<8>().map_or_else(
        || bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        |last| u64::from_be_bytes(*last),
    );
    let hash = (word ^ (bytes.len() as u64) << 59).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 50;
    ((hash / 64) as usize, 1 << (hash % 64))
}

fn name_bit(name: &str) -> u64 {
    let first = name.bytes().next().unwrap_or_default();
    1 << ((usize::from(first) + 11 * name.len()) % 64)
}

/// 16,384 bits: a few hundred hosts leave it almost empty.
const WORDS: usize = 256;
