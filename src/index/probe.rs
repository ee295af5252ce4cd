//! What a look-up would ask for a link, as keyed digests alone: kept when the link is long forgotten, and held against any
//! index under the same key and rules.
//!
//! A look-up of a URL asks as it goes, and only what the index can have; a probe holds all that any index could be asked.

use std::net::IpAddr;
use std::sync::Arc;

use crate::canonical::{self, CanonicalUrl, Tables};
use crate::expression::{Digest, DigestKey, Reach, Relation, TopLevel, safe_browsing};

use super::entry::Scope;
use super::extra;
use super::meta::{Meta, RowKind};
use super::{Index, Keys};

/// The forms of all URLs that a link stands for. Clones share them.
///
/// Without the key it tells how many forms there are, and whether two probes share one.
#[derive(Clone)]
pub struct Probe(Arc<[u64]>);

/// A URL in a probe: a head, and digests in this order.
struct Forms<'w> {
    is_name: bool,
    /// The host without its first label is its twin.
    has_www: bool,
    /// From the top level to the host; of an address, itself and the one inside it.
    hosts: &'w [Digest],
    /// Networks, labels and hashes: who has one of them matches.
    alone: &'w [Digest],
    /// On the host itself, from the root to the whole path.
    paths: &'w [Digest],
    /// The same on its twin, or on the address inside it.
    other_paths: &'w [Digest],
    /// Sorted.
    parameters: &'w [Digest],
}

const RUNS: usize = 5;
/// How many bits of a head count each run.
const COUNT_BITS: u32 = 12;
const IS_NAME: u64 = 1 << 60;
const HAS_WWW: u64 = 1 << 61;

impl Probe {
    /// A probe has at most this many words; URLs that do not fit are left out.
    pub const WORDS_MAX: usize = 256;
    /// Longer URLs are left out.
    pub const URL_MAX_BYTES: usize = 4 << 10;

    /// All that look-ups of these URLs ask of an index under these keys and rules.
    pub fn of<'u>(urls: impl IntoIterator<Item = &'u CanonicalUrl>, keys: &Keys, tables: &Tables) -> Self {
        let mut words = Vec::new();
        for url in urls.into_iter().filter(|url| url.expose().len() <= Self::URL_MAX_BYTES) {
            let before = words.len();
            write(&mut words, url, keys.digest(), tables);
            if words.len() > Self::WORDS_MAX {
                words.truncate(before);
            }
        }
        Self(words.into())
    }

    /// As it is kept.
    pub fn words(&self) -> &[u64] {
        &self.0
    }

    /// What was kept; nothing if it is longer than any probe.
    pub fn from_words(words: &[u64]) -> Option<Self> {
        (words.len() <= Self::WORDS_MAX).then(|| Self(words.into()))
    }

    fn urls(&self) -> impl Iterator<Item = Forms<'_>> {
        let mut rest = &*self.0;
        std::iter::from_fn(move || Forms::read(&mut rest))
    }
}

fn write(words: &mut Vec<u64>, url: &CanonicalUrl, key: &DigestKey, tables: &Tables) {
    let mut head = if url.address().is_none() { IS_NAME } else { 0 };
    let mut hosts = Vec::new();
    key.host_forms(url, TopLevel::LookedUp, |form| {
        hosts.push(form.digest);
        head |= if form.relation == Relation::WithoutWww { HAS_WWW } else { 0 };
    });
    let paths_on = |host: &str| {
        let mut paths = Vec::new();
        key.path_forms(host, url.path(), |form| paths.push(form.digest));
        paths
    };
    let inner = url.address().and_then(canonical::embedded).map(|inner| paths_on(&inner.to_string()));
    let twin = || url.host().strip_prefix("www.").map(paths_on);
    let other_paths = inner.or_else(twin).unwrap_or_default();
    let mut parameters: Vec<Digest> = key.parameters(url.query().unwrap_or("")).collect();
    parameters.sort_unstable();
    let runs: [Vec<Digest>; RUNS] = [hosts, alone(url, key, tables), paths_on(url.host()), other_paths, parameters];
    for (number, run) in (0..).zip(&runs) {
        // Longer ones are not kept at all.
        head |= (run.len() as u64 & ((1 << COUNT_BITS) - 1)) << (COUNT_BITS * number);
    }
    words.push(head);
    words.extend(runs.iter().flatten());
}

/// Each once: expressions with and without a query are often the same.
fn alone(url: &CanonicalUrl, key: &DigestKey, tables: &Tables) -> Vec<Digest> {
    let mut digests = vec![key.md5(&safe_browsing::md5_url(url))];
    if let Some(address) = url.address() {
        for address in [Some(address), canonical::embedded(address)].into_iter().flatten() {
            digests.extend((0..=bits(address)).map(|len| key.network(address, len)));
        }
    } else {
        let (label, private) = (tables.suffixes().icann_label(url.host()), tables.suffixes().private_label(url.host()));
        digests.extend(label.map(|label| key.label(label)));
        digests.extend(private.filter(|_| private != label).map(|label| key.private_label(label)));
    }
    let stripped = tables.without_tracking(url);
    safe_browsing::hashed(url, stripped.as_deref(), |expression| {
        digests.push(key.sha256(&safe_browsing::sha256(expression)));
    });
    digests.sort_unstable();
    digests.dedup();
    digests
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

impl<'w> Forms<'w> {
    fn read(words: &mut &'w [u64]) -> Option<Self> {
        let head = *words.split_off_first()?;
        let mut counts = head;
        let mut run = || {
            let count = counts as usize & ((1 << COUNT_BITS) - 1);
            counts >>= COUNT_BITS;
            words.split_off(..count)
        };
        let (hosts, alone, paths, other_paths, parameters) = (run()?, run()?, run()?, run()?, run()?);
        let (is_name, has_www) = (head & IS_NAME != 0, head & HAS_WWW != 0);
        Some(Self { is_name, has_www, hosts, alone, paths, other_paths, parameters })
    }

    /// The forms of the host, without a top level above it unless that is looked up.
    fn hosts(&self, top: TopLevel) -> impl Iterator<Item = (Digest, Relation)> {
        let count = self.hosts.len();
        let skipped = usize::from(self.is_name && count > 1 && top == TopLevel::Skipped);
        self.hosts.iter().enumerate().skip(skipped).map(move |(at, &digest)| {
            let relation = match count - at {
                1 => Relation::Same,
                _ if !self.is_name => Relation::Same,
                2 if self.has_www => Relation::WithoutWww,
                _ => Relation::Parent,
            };
            (digest, relation)
        })
    }
}

fn reaching(paths: &[Digest]) -> impl Iterator<Item = (Digest, Reach)> {
    let last = paths.len().saturating_sub(1);
    paths.iter().enumerate().map(move |(at, &digest)| (digest, if at == last { Reach::Whole } else { Reach::Prefix }))
}

impl Index {
    /// Whether an entry matches at `now` what the probe stands for, and no exception of its list does. A part of a hash
    /// proves nothing, and does not count.
    ///
    /// The same as with [`Index::look_up`] for each URL of the probe.
    pub fn would_match(&self, probe: &Probe, now: i64) -> bool {
        probe.urls().any(|forms| {
            let mut asking = Asking { index: self, now, listed: Vec::new(), excepted: Vec::new() };
            asking.ask(&forms);
            asking.listed.iter().any(|list| !asking.excepted.contains(list))
        })
    }
}

/// One URL that is asked for.
struct Asking<'i> {
    index: &'i Index,
    now: i64,
    /// Lists with an entry that matches.
    listed: Vec<u16>,
    /// Lists with an exception that matches.
    excepted: Vec<u16>,
}

impl Asking<'_> {
    fn ask(&mut self, forms: &Forms<'_>) {
        let (mut same, mut twin) = (false, false);
        for (digest, relation) in forms.hosts(self.index.traits.top_level()) {
            let [has_same, has_twin] = self.host(digest, relation);
            same |= has_same;
            twin |= has_twin;
        }
        for &digest in forms.alone {
            self.first(digest, |_| true);
        }
        let extras = &self.index.extras;
        let has_all = |meta: &Meta| extra::includes(forms.parameters, extras.parameters(meta.extra));
        if same {
            self.paths(forms.paths, has_all);
        }
        if forms.is_name && twin {
            self.paths(forms.other_paths, |meta| meta.www_twin && has_all(meta));
        } else if !forms.is_name && same {
            self.paths(forms.other_paths, has_all);
        }
    }

    /// Whether the host, and whether its twin, has entries with paths.
    fn host(&mut self, digest: Digest, relation: Relation) -> [bool; 2] {
        let mut has_paths = false;
        self.first(digest, |meta| match meta.kind {
            RowKind::HasPaths => {
                has_paths = true;
                false
            }
            RowKind::Entry(Scope::Host) => match relation {
                Relation::Same => true,
                Relation::WithoutWww => meta.www_twin,
                Relation::Parent => false,
            },
            RowKind::Entry(Scope::Subdomains) => relation != Relation::Same,
            RowKind::Entry(_) => true,
        });
        [Relation::Same, Relation::WithoutWww].map(|which| has_paths && relation == which)
    }

    fn first(&mut self, digest: Digest, mut fits: impl FnMut(&Meta) -> bool) {
        for (_, bits) in self.index.first.find(digest) {
            let meta = Meta::unpack(bits);
            if fits(&meta) {
                self.note(meta);
            }
        }
    }

    fn paths(&mut self, paths: &[Digest], fits: impl Fn(&Meta) -> bool) {
        for (digest, reach) in reaching(paths) {
            for (_, bits) in self.index.paths.find(digest) {
                let meta = Meta::unpack(bits);
                if (reach == Reach::Whole || meta.kind == RowKind::Entry(Scope::UrlPrefix)) && fits(&meta) {
                    self.note(meta);
                }
            }
        }
    }

    fn note(&mut self, meta: Meta) {
        if !self.index.extras.holds(meta.extra, self.now) {
            return;
        }
        if meta.exception {
            self.excepted.push(meta.list);
        } else if !meta.partial_hash {
            self.listed.push(meta.list);
        }
    }
}
