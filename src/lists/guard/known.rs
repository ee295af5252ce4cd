//! What the guards know: whose hosts, labels and hashes an entry must not take without a human.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use foldhash::HashMap;
use ipnet::IpNet;
use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::canonical::{self, Suffixes, TableTexts, Tables};
use crate::index::{Entry, Target};
use crate::lists::report::Refusal;

use super::code::Hold;
use super::entry::EntryRuling;
use super::options::GuardOptions;

/// The texts that guards are made of.
#[derive(Clone, Copy)]
pub struct GuardTexts<'t> {
    /// `protected.txt`
    pub protected: &'t str,
    /// `common_labels.txt`
    pub common_labels: &'t str,
    /// `public_suffix_list.dat`, the same that the tables are made of.
    pub suffixes: &'t str,
}

impl GuardTexts<'static> {
    /// The texts that stand in `lists/` and come with the program.
    pub fn shipped() -> Self {
        Self {
            protected: include_str!("../../../lists/protected.txt"),
            common_labels: include_str!("../../../lists/common_labels.txt"),
            suffixes: TableTexts::shipped().suffixes,
        }
    }
}

/// The guards of one installation: what everybody must not hit, and what is the operator's own.
///
/// ```
/// # use linkgate::canonical::Tables;
/// # use linkgate::index::{Entry, Scope, Target};
/// # use linkgate::lists::guard::{EntryRuling, GuardOptions, GuardTexts, Guards, Hold};
/// let tables = Tables::shipped()?;
/// let guards = Guards::new(&GuardTexts::shipped(), &tables, GuardOptions::default()).protecting(&["platform.example"]);
/// let entry = |host: &str| Entry::new(Scope::Domain, Target::Host(host.into()));
/// assert_eq!(guards.entry(&entry("cdn.platform.example"), &tables), EntryRuling::Hold(Hold::OwnHost));
/// assert_eq!(guards.entry(&entry("listed.example"), &tables), EntryRuling::Accept);
/// # Ok::<(), linkgate::canonical::TableError>(())
/// ```
#[derive(Clone)]
pub struct Guards {
    pub(super) options: GuardOptions,
    shared: Arc<Known>,
    /// Of lists of known good values.
    good: Arc<Known>,
    own: Arc<Known>,
    /// Digest of all that they were made of.
    made_of: [u8; 32],
}

/// Hosts and labels by why they are known, and the hashes of those hosts.
#[derive(Default)]
struct Known {
    hosts: HashMap<Box<str>, Hold>,
    labels: HashMap<Box<str>, Hold>,
    networks: Vec<IpNet>,
    hashes: OnceLock<Hashes>,
}

/// Hashes of what takes a whole host, and of what is no place at all.
struct Hashes {
    sha256: BTreeMap<[u8; 32], EntryRuling>,
    md5: HashMap<[u8; 16], EntryRuling>,
}

impl std::fmt::Debug for Guards {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guards").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Guards {
    /// Guards with these tables. A row that is no host guards nothing.
    pub fn new(texts: &GuardTexts<'_>, tables: &Tables, options: GuardOptions) -> Self {
        let mut known = Known::default();
        for host in rows(texts.protected) {
            known.protect(host, Hold::ProtectedHost, tables.suffixes());
        }
        for rule in suffix_rules(texts.suffixes) {
            known.add_suffix(&rule, tables.suffixes());
        }
        for label in rows(texts.common_labels) {
            known.labels.entry(label.into()).or_insert(Hold::CommonLabel);
        }
        let made_of = digest(&[texts.protected, texts.common_labels, texts.suffixes, &format!("{options:?}")]);
        Self { options, shared: Arc::new(known), good: Arc::default(), own: Arc::default(), made_of }
    }

    /// The same guards for an operator whose hosts, addresses and networks these are.
    #[must_use]
    pub fn protecting(&self, protect: &[impl AsRef<str>]) -> Self {
        let mut own = Known::default();
        for value in protect.iter().map(|value| value.as_ref().trim()) {
            if let Ok(network) = value.parse::<IpNet>() {
                own.networks.push(network);
            } else if let Ok(address) = value.parse::<IpAddr>() {
                own.networks.push(address.into());
            } else if let Some(host) = own_host(value) {
                own.hosts.insert(host.into(), Hold::OwnHost);
            }
        }
        let words = protect.iter().map(AsRef::as_ref).collect::<Vec<&str>>();
        Self { own: Arc::new(own), ..self.with("protect", &words) }
    }

    /// The same guards with the entries of lists of known good values, such as MISP warning lists.
    #[must_use]
    pub fn knowing_good<'e>(&self, entries: impl IntoIterator<Item = &'e Entry>, tables: &Tables) -> Self {
        let (mut good, mut words) = (Known::default(), Vec::new());
        for entry in entries {
            match &entry.target {
                Target::Host(host) => {
                    good.protect(host, Hold::ProtectedHost, tables.suffixes());
                    words.push(host.to_string());
                }
                Target::Ip(address) => good.networks.push((*address).into()),
                Target::Cidr(address, bits) => good.networks.extend(IpNet::new(*address, *bits)),
                // A page that is known good says nothing of its host.
                _ => {}
            }
        }
        words.extend(good.networks.iter().map(ToString::to_string));
        let words = words.iter().map(String::as_str).collect::<Vec<&str>>();
        Self { good: Arc::new(good), ..self.with("good", &words) }
    }

    /// Equal for guards that hold the same.
    pub fn made_of(&self) -> &[u8; 32] {
        &self.made_of
    }

    fn with(&self, what: &str, words: &[&str]) -> Self {
        let before = data_encoding::HEXLOWER.encode(&self.made_of);
        Self { made_of: digest(&[&[&*before, what], words].concat()), ..self.clone() }
    }

    /// Why an entry must not take that host as a whole.
    pub(super) fn host(&self, host: &str, suffixes: &Suffixes) -> Option<Hold> {
        let parents = std::iter::successors(Some(host), |host| host.split_once('.').map(|(_, parent)| parent));
        let is_below_own = || parents.into_iter().any(|parent| self.own.hosts.contains_key(parent));
        // What stands above takes it down as well.
        let is_above_own = || self.own.hosts.keys().any(|own| is_below(own, host));
        if !self.own.hosts.is_empty() && (is_below_own() || is_above_own()) {
            return Some(Hold::OwnHost);
        }
        let is_suffix = || !host.contains('.') || suffixes.is_public_suffix(host);
        let known = self.good.hosts.get(host).or_else(|| self.shared.hosts.get(host));
        known.copied().or_else(|| is_suffix().then_some(Hold::PublicSuffix))
    }

    /// Why an entry must not take that label under every suffix.
    pub(super) fn label(&self, label: &str, suffixes: &Suffixes) -> Option<Hold> {
        let is_own = |own: &str| suffixes.icann_label(own) == Some(label) || suffixes.private_label(own) == Some(label);
        if self.own.hosts.keys().any(|own| is_own(own)) {
            return Some(Hold::OwnHost);
        }
        let (unicode, _) = idna::domain_to_unicode(label);
        let letters = unicode.chars().filter(|letter| letter.is_alphanumeric()).count();
        let is_top_level = || suffixes.is_public_suffix(label);
        match self.shared.labels.get(label).or_else(|| self.good.labels.get(label)) {
            Some(hold) => Some(*hold),
            None if is_top_level() => Some(Hold::CommonLabel),
            None if letters < self.options.label_min_letters => Some(Hold::ShortLabel),
            None if !unicode.contains(char::is_alphabetic) => Some(Hold::ShortLabel),
            None => None,
        }
    }

    /// Why an entry must not take that network, as far as somebody's addresses are in it.
    pub(super) fn network_of(&self, network: IpNet) -> Option<Hold> {
        let meets = |known: &Known| known.networks.iter().any(|one| one.contains(&network) || network.contains(one));
        let own = meets(&self.own).then_some(Hold::OwnHost);
        own.or_else(|| meets(&self.good).then_some(Hold::ProtectedHost))
    }

    /// What becomes of a SHA-256 of an expression, or of a prefix of one.
    pub(super) fn sha256(&self, prefix: &[u8]) -> EntryRuling {
        let mut first = [0; 32];
        first.iter_mut().zip(prefix).for_each(|(to, from)| *to = *from);
        let known = [&self.own, &self.good, &self.shared].into_iter().find_map(|known| {
            let (hash, ruling) = known.hashes().sha256.range(first..).next()?;
            hash.starts_with(prefix).then_some(*ruling)
        });
        known.unwrap_or(EntryRuling::Accept)
    }

    /// What becomes of an MD5 of a URL.
    pub(super) fn md5(&self, hash: &[u8; 16]) -> EntryRuling {
        let known =
            [&self.own, &self.good, &self.shared].into_iter().find_map(|known| known.hashes().md5.get(hash).copied());
        known.unwrap_or(EntryRuling::Accept)
    }
}

impl Known {
    /// A protected host stands for itself, its `www.` twin, and what takes it down from above.
    fn protect(&mut self, host: &str, hold: Hold, suffixes: &Suffixes) {
        let registrable_len = suffixes.registrable(host).map_or(host.len(), str::len);
        let parents = std::iter::successors(Some(host), |host| host.split_once('.').map(|(_, parent)| parent));
        for parent in parents.take_while(|parent| parent.len() >= registrable_len) {
            self.hosts.entry(parent.into()).or_insert(hold);
        }
        self.hosts.entry(["www.", host].concat().into()).or_insert(hold);
        for label in [suffixes.icann_label(host), suffixes.private_label(host)].into_iter().flatten() {
            self.labels.entry(label.into()).or_insert(Hold::ProtectedHost);
        }
    }

    /// A suffix stands for itself, what is above it, and, if it is a company's, the company's label.
    fn add_suffix(&mut self, rule: &str, suffixes: &Suffixes) {
        let parents = std::iter::successors(Some(rule), |host| host.split_once('.').map(|(_, parent)| parent));
        for parent in parents.take_while(|parent| parent.contains('.')) {
            self.hosts.entry(parent.into()).or_insert(Hold::PublicSuffix);
        }
        if let Some(label) = suffixes.icann_label(rule) {
            self.labels.entry(label.into()).or_insert(Hold::CommonLabel);
        }
    }

    /// Made when a list of hashes first asks: other lists should not pay for it.
    fn hashes(&self) -> &Hashes {
        self.hashes.get_or_init(|| {
            let hosts = self.hosts.iter().map(|(host, hold)| (format!("{host}/"), EntryRuling::Hold(*hold)));
            let no_link = NO_PLACE.map(|text| (text.to_owned(), EntryRuling::Refuse(Refusal::NoLink)));
            let texts: Vec<(String, EntryRuling)> = hosts.chain(no_link).collect();
            Hashes {
                sha256: texts.iter().map(|(text, ruling)| (Sha256::digest(text).into(), *ruling)).collect(),
                md5: texts.iter().map(|(text, ruling)| (Md5::digest(text).into(), *ruling)).collect(),
            }
        })
    }
}

/// Of texts one after the other, so that none can stand for two.
fn digest(texts: &[&str]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    }
    hasher.finalize().into()
}

fn is_below(host: &str, parent: &str) -> bool {
    host.strip_suffix(parent).is_some_and(|before| before.ends_with('.'))
}

/// The canonical host of what an operator wrote: a host, or a URL of it.
fn own_host(value: &str) -> Option<String> {
    let bare = value.strip_prefix("*.").or_else(|| value.strip_prefix('.')).unwrap_or(value);
    let link = if bare.contains("://") { bare.to_owned() } else { format!("http://{bare}") };
    canonical::canonical(&link).map(|url| url.host().to_owned())
}

/// The rows of a table of one word a line.
fn rows(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|row| !row.is_empty() && !row.starts_with('#'))
}

/// The names in a public suffix list, in ASCII, without the stars before them. Exceptions are no suffixes.
fn suffix_rules(text: &str) -> impl Iterator<Item = String> {
    let rows = text.lines().map(str::trim).filter(|row| !row.is_empty() && !row.starts_with("//"));
    rows.filter(|row| !row.starts_with('!')).filter_map(|row| {
        let name = row.strip_prefix("*.").unwrap_or(row);
        if name.is_ascii() { Some(name.to_owned()) } else { canonical::ascii_host(name) }
    })
}

/// What a broken tool hashes in place of a URL. No link has such an expression, and who lists it meant every link.
const NO_PLACE: [&str; 2] = ["", "/"];
