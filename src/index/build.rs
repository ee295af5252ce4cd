//! Entries → an index.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use crate::canonical::{self, CanonicalUrl, Tables};
use crate::expression::Digest;

use super::cold::{self, Cold};
use super::entry::{Entry, Scope, Target};
use super::extra::ExtrasBuilder;
use super::filter::Filter;
use super::key::Keys;
use super::list::{Counts, List};
use super::meta::{Meta, RowKind};
use super::table::{Row, Table};
use super::{Index, IndexError, Traits};

/// Collects entries, list by list.
pub struct Builder {
    keys: Keys,
    tables: Arc<Tables>,
    lists: Vec<(List, Counts)>,
    first: Vec<Row>,
    paths: Vec<Row>,
    records: Vec<u8>,
    extras: ExtrasBuilder,
    traits: Traits,
}

/// The number of a list within an index under construction.
#[derive(Debug, Clone, Copy)]
pub struct ListNumber(u16);

impl Builder {
    /// An empty index under these keys and rules.
    pub fn new(keys: Keys, tables: Arc<Tables>) -> Self {
        Self {
            keys,
            tables,
            lists: Vec::new(),
            first: Vec::new(),
            paths: Vec::new(),
            records: Vec::new(),
            extras: ExtrasBuilder::default(),
            traits: Traits::default(),
        }
    }

    /// Begins a list.
    ///
    /// # Errors
    /// If there are 4,096 already, or one of that name.
    pub fn list(&mut self, list: List) -> Result<ListNumber, IndexError> {
        if self.lists.len() >= Meta::LISTS_MAX {
            return Err(IndexError::TooLarge { what: "lists" });
        }
        if self.lists.iter().any(|(other, _)| other.name == list.name) {
            return Err(IndexError::TwoListsOfOneName { name: list.name });
        }
        self.lists.push((list, Counts::default()));
        Ok(ListNumber(self.lists.len() as u16 - 1))
    }

    /// Adds an entry to a list of this index.
    ///
    /// # Errors
    /// If the index is full, at 4 G rows or 134 M entries with validity or parameters.
    pub fn add(&mut self, number: ListNumber, entry: &Entry) -> Result<(), IndexError> {
        let full =
            self.first.len().max(self.paths.len()) >= Table::ROWS_MAX - 4 || self.extras.len() >= Meta::EXTRAS_MAX;
        if full {
            return Err(IndexError::TooLarge { what: "entries" });
        }
        let Some((list, counts)) = self.lists.get_mut(usize::from(number.0)) else { return Ok(()) };
        counts.add(entry);
        let derived;
        let id = if let Some(id) = &entry.id {
            cold::Id::Own(id)
        } else {
            derived = entry.target.expose();
            cold::Id::Derived(self.keys.entry_id(&list.name, entry.scope.name(), &derived))
        };
        let meta = Meta {
            list: number.0,
            kind: RowKind::Entry(entry.scope),
            exception: entry.exception,
            category: entry.category.unwrap_or(list.default_category),
            confidence: entry.confidence.unwrap_or(100).min(100),
            action: entry.action,
            disputed: entry.disputed,
            www_twin: list.www_twin,
            alias: false,
            partial_hash: false,
            extra: 0,
        };
        let label_private = list.label_private;
        let record = cold::write(&mut self.records, &id, [entry.source_ref.as_deref(), entry.jurisdiction.as_deref()]);
        let valid = (entry.valid_from, entry.valid_until);
        Rows { builder: self, meta, record, valid, label_private }.add(&entry.target);
        Ok(())
    }

    /// The finished index.
    pub fn finish(self) -> Index {
        let counted = |(list, counts): (List, Counts)| List { entries: counts.by_name(), ..list };
        let (first, first_records) = Table::build(self.first);
        let (paths, path_records) = Table::build(self.paths);
        Index {
            keys: self.keys,
            tables: self.tables,
            lists: self.lists.into_iter().map(counted).collect(),
            filter: Filter::of(&first.digests),
            first,
            paths,
            first_records: super::Records::Memory(first_records),
            path_records: super::Records::Memory(path_records),
            cold: Cold::Memory(self.records),
            extras: self.extras.finish(),
            traits: self.traits,
            edges: OnceLock::new(),
        }
    }
}

/// The rows of one entry on their way in.
struct Rows<'b> {
    builder: &'b mut Builder,
    meta: Meta,
    record: u64,
    valid: (Option<i64>, Option<i64>),
    label_private: bool,
}

impl Rows<'_> {
    fn add(&mut self, target: &Target) {
        let key = *self.builder.keys.digest();
        match target {
            Target::Host(name) => self.name(name),
            Target::Url(url) => self.url(url),
            Target::Ip(address) => self.first_row(key.address(folded(*address))),
            Target::Cidr(address, len) => {
                self.builder.traits.networks.insert(*address, *len);
                self.first_row(key.network(*address, *len));
            }
            Target::Label(label) => {
                self.builder.traits.labels = true;
                self.first_row(key.label(label));
                if self.label_private {
                    self.builder.traits.private_labels = true;
                    self.first_row(key.private_label(label));
                }
            }
            Target::Sha256(bytes) => {
                self.builder.traits.sha256_lens |= 1_u64 << bytes.len().min(32);
                self.meta.partial_hash = bytes.len() < 32;
                self.first_row(key.sha256(bytes));
            }
            Target::Md5(md5) => {
                self.builder.traits.md5 = true;
                self.first_row(key.md5(md5));
            }
        }
    }

    fn name(&mut self, name: &str) {
        let is_host = self.meta.kind == RowKind::Entry(Scope::Host);
        self.builder.traits.top_levels |= !name.contains('.');
        let stored = if is_host { self.twin_form(name) } else { name };
        self.first_row(self.builder.keys.digest().host(stored));
        if is_host
            && !self.meta.exception
            && let Some(representative) = self.builder.tables.representative_host(name)
        {
            self.meta.alias = true;
            let stored = self.twin_form(representative.host());
            self.first_row(self.builder.keys.digest().host(stored));
        }
    }

    fn url(&mut self, url: &CanonicalUrl) {
        self.url_rows(url);
        if self.meta.exception {
            return; // It holds for its own spelling only.
        }
        let tables = Arc::clone(&self.builder.tables);
        for representative in tables.representatives(url) {
            self.meta.alias = true;
            self.url_rows(&representative);
        }
    }

    fn url_rows(&mut self, url: &CanonicalUrl) {
        let key = *self.builder.keys.digest();
        let stored = match url.address() {
            Some(_) => url.host(),
            None => self.twin_form(url.host()),
        };
        let marker = url.address().map_or_else(|| key.host(stored), |address| key.address(address));
        self.builder.first.push(Row { digest: marker, meta: Meta::has_paths().pack(), record: 0 });
        let parameters = self.wanted_parameters(url);
        self.path_row(key.path(stored, url.path()), parameters);
    }

    /// The parameters that a link must have: those of the entry, without known tracking ones unless it has only such.
    fn wanted_parameters(&self, url: &CanonicalUrl) -> Vec<Digest> {
        let key = *self.builder.keys.digest();
        let telling = self.builder.tables.without_tracking(url);
        let telling = telling.as_deref().filter(|query| canonical::parameters(query).next().is_some());
        let wanted = telling.or(url.query()).unwrap_or("");
        key.parameters(wanted).collect()
    }

    /// The name under which a host is stored: without `www.` where the list covers the twin.
    fn twin_form<'n>(&self, name: &'n str) -> &'n str {
        let bare = name.strip_prefix("www.").filter(|bare| bare.contains('.') && self.meta.www_twin);
        bare.unwrap_or(name)
    }

    fn first_row(&mut self, digest: Digest) {
        let row = self.row(digest, vec![]);
        self.builder.first.push(row);
    }

    fn path_row(&mut self, digest: Digest, parameters: Vec<Digest>) {
        let row = self.row(digest, parameters);
        self.builder.paths.push(row);
    }

    fn row(&mut self, digest: Digest, parameters: Vec<Digest>) -> Row {
        let extra = self.builder.extras.add(self.valid, parameters);
        Row { digest, meta: Meta { extra, ..self.meta }.pack(), record: self.record }
    }
}

/// An IPv6 address that stands for an IPv4 one is that one.
fn folded(address: IpAddr) -> IpAddr {
    canonical::embedded(address).unwrap_or(address)
}
