//! Canonical URL → hits: host forms first, path forms only where a host is known to have paths.

use std::net::IpAddr;

use crate::canonical::{self, CanonicalUrl};
use crate::expression::safe_browsing;
use crate::expression::{Digest, DigestKey, HostForm, Reach, Relation};

use super::Index;
use super::entry::{Action, Category, Scope};
use super::extra;
use super::meta::{Meta, RowKind};

/// One entry that matches a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Number of the list within its index.
    pub list: u16,
    /// How the entry matched.
    pub scope: Scope,
    /// The entry is an exception.
    pub exception: bool,
    /// What the entry is about.
    pub category: Category,
    /// 0 to 100.
    pub confidence: u8,
    /// What the list asks for, if it says so.
    pub action: Option<Action>,
    /// Another organisation disagrees.
    pub disputed: bool,
    /// Found under the representative spelling of an alias class.
    pub alias: bool,
    /// Whether the entry holds at the moment that was asked for.
    pub holds: bool,
    /// The entry is a part of a hash: it proves nothing alone.
    pub partial_hash: bool,
    /// Length in bytes of the form that the entry names, 0 for hashes, labels and networks: the longer, the more specific.
    pub specificity: usize,
    /// Where the details stand.
    pub(super) place: Place,
}

/// The row of a hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    First(usize),
    Path(usize),
}

impl Index {
    /// Appends every entry that matches `url` at `now`, in seconds since the Unix epoch.
    ///
    /// Almost every link ends after its host forms: one to three digests and as many probes.
    pub fn look_up(&self, url: &CanonicalUrl, now: i64, hits: &mut Vec<Hit>) {
        self.look_up_ever(url, now, hits);
        hits.retain(|hit| hit.holds);
    }

    /// The same with entries that do not hold yet or any more.
    pub fn look_up_ever(&self, url: &CanonicalUrl, now: i64, hits: &mut Vec<Hit>) {
        Search { index: self, key: *self.keys.digest(), url, now, hits }.run();
    }

    /// The hashes of `url` that begin as the entry of a hit does, if that is one of a hash, and how many bytes of each it has.
    pub fn begun_like(&self, url: &CanonicalUrl, hit: &Hit) -> Vec<([u8; 32], usize)> {
        let mut begun = Vec::new();
        self.hashes(url, |hash, len| {
            let digest = self.keys.digest().sha256(hash.get(..len).unwrap_or(hash));
            let is_it = self.rows_of(digest).any(|(row, _)| Place::First(row) == hit.place);
            if is_it && !begun.contains(&(*hash, len)) {
                begun.push((*hash, len));
            }
        });
        begun
    }

    /// Calls `meet` with SHA-256 of every Safe Browsing expression, and of those of the URL without its tracking parameters,
    /// and with every length at which one may stand here.
    fn hashes(&self, url: &CanonicalUrl, mut meet: impl FnMut(&[u8; 32], usize)) {
        let lens = self.traits.sha256_lens;
        let stripped = self.tables.without_tracking(url);
        safe_browsing::hashed(url, stripped.as_deref(), |expression| {
            let hash = safe_browsing::sha256(expression);
            let mut rest = lens;
            while rest != 0 {
                meet(&hash, rest.trailing_zeros() as usize);
                rest &= rest - 1;
            }
        });
    }

    /// Rows of the first table under a digest; for almost every digest there are none, and one cache line tells.
    fn rows_of(&self, digest: Digest) -> impl Iterator<Item = (usize, u64)> {
        self.filter.may_have(digest).then(|| self.first.find(digest)).into_iter().flatten()
    }

    /// Whether an entry may match some URL on this host, a name in canonical spelling; false for almost every host.
    pub fn may_know(&self, host: &str) -> bool {
        let traits = &self.traits;
        if traits.labels || traits.sha256_lens != 0 || traits.md5 {
            return true;
        }
        let mut may_know = false;
        let meet = |form: HostForm| may_know |= self.filter.may_have(form.digest);
        self.keys.digest().name_forms(host, traits.top_level(), meet);
        may_know
    }
}

/// One look-up under way.
struct Search<'s> {
    index: &'s Index,
    key: DigestKey,
    url: &'s CanonicalUrl,
    now: i64,
    hits: &'s mut Vec<Hit>,
}

impl Search<'_> {
    fn run(mut self) {
        let (key, url, traits) = (self.key, self.url, &self.index.traits);
        let mut with_paths = WithPaths::default();
        key.host_forms(url, traits.top_level(), |form| self.host_form(form, &mut with_paths));
        if let Some(address) = url.address() {
            self.networks(address);
        } else if traits.labels {
            self.labels();
        }
        if with_paths.any() {
            self.paths(with_paths);
        }
        if traits.sha256_lens != 0 {
            self.hashes();
        }
        if traits.md5 {
            self.first(key.md5(&safe_browsing::md5_url(url)));
        }
    }

    fn host_form(&mut self, form: HostForm, with_paths: &mut WithPaths) {
        for (row, bits) in self.index.rows_of(form.digest) {
            let meta = Meta::unpack(bits);
            let matches = match meta.kind {
                RowKind::HasPaths => {
                    with_paths.note(form.relation);
                    false
                }
                RowKind::Entry(Scope::Host) => match form.relation {
                    Relation::Same => true,
                    Relation::WithoutWww => meta.www_twin,
                    Relation::Parent => false,
                },
                RowKind::Entry(Scope::Subdomains) => form.relation != Relation::Same,
                RowKind::Entry(_) => true,
            };
            if matches {
                self.keep(meta, Place::First(row), form.len);
            }
        }
    }

    fn networks(&mut self, address: IpAddr) {
        for address in [Some(address), canonical::embedded(address)].into_iter().flatten() {
            for len in self.index.traits.networks.lengths(address) {
                self.first(self.key.network(address, len));
            }
        }
    }

    fn labels(&mut self) {
        let (suffixes, host) = (self.index.tables.suffixes(), self.url.host());
        let label = suffixes.icann_label(host);
        if let Some(label) = label {
            self.first(self.key.label(label));
        }
        let private = suffixes.private_label(host).filter(|_| self.index.traits.private_labels);
        if let Some(private) = private.filter(|_| private != label) {
            self.first(self.key.private_label(private));
        }
    }

    fn paths(&mut self, with_paths: WithPaths) {
        let (key, url, extras) = (self.key, self.url, &self.index.extras);
        let mut parameters: Vec<Digest> = key.parameters(url.query().unwrap_or("")).collect();
        parameters.sort_unstable();
        let has_all = |meta: &Meta| extra::includes(&parameters, extras.parameters(meta.extra));
        if with_paths.same {
            self.paths_of(url.host(), has_all);
            if let Some(inner) = url.address().and_then(canonical::embedded) {
                self.paths_of(&inner.to_string(), has_all);
            }
        }
        if let Some(bare) = url.host().strip_prefix("www.").filter(|_| with_paths.without_www) {
            self.paths_of(bare, |meta| meta.www_twin && has_all(meta));
        }
    }

    fn paths_of(&mut self, host: &str, fits: impl Fn(&Meta) -> bool) {
        let (key, path) = (self.key, self.url.path());
        key.path_forms(host, path, |form| {
            self.path(form.digest, form.len, |meta| {
                (form.reach == Reach::Whole || meta.kind == RowKind::Entry(Scope::UrlPrefix)) && fits(meta)
            });
        });
    }

    fn hashes(&mut self) {
        let (index, key) = (self.index, self.key);
        index.hashes(self.url, |hash, len| self.first(key.sha256(hash.get(..len).unwrap_or(hash))));
    }

    fn first(&mut self, digest: Digest) {
        for (row, bits) in self.index.rows_of(digest) {
            self.keep(Meta::unpack(bits), Place::First(row), 0);
        }
    }

    fn path(&mut self, digest: Digest, len: usize, fits: impl Fn(&Meta) -> bool) {
        for (row, bits) in self.index.paths.find(digest) {
            let meta = Meta::unpack(bits);
            if fits(&meta) {
                self.keep(meta, Place::Path(row), len);
            }
        }
    }

    fn keep(&mut self, meta: Meta, place: Place, specificity: usize) {
        let RowKind::Entry(scope) = meta.kind else { return };
        self.hits.push(Hit {
            list: meta.list,
            scope,
            exception: meta.exception,
            category: meta.category,
            confidence: meta.confidence,
            action: meta.action,
            disputed: meta.disputed,
            alias: meta.alias,
            holds: self.index.extras.holds(meta.extra, self.now),
            partial_hash: meta.partial_hash,
            specificity,
            place,
        });
    }
}

/// Which forms of the host have entries with paths.
#[derive(Debug, Clone, Copy, Default)]
struct WithPaths {
    same: bool,
    without_www: bool,
}

impl WithPaths {
    fn note(&mut self, relation: Relation) {
        match relation {
            Relation::Same => self.same = true,
            Relation::WithoutWww => self.without_www = true,
            Relation::Parent => {}
        }
    }

    fn any(self) -> bool {
        self.same || self.without_www
    }
}
