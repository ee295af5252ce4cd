//! Under what a look-up asks for one URL, as text for people.

use std::net::IpAddr;

use serde::Serialize;

use crate::canonical::{self, CanonicalUrl, Tables};
use crate::expression::{self, safe_browsing};

/// Everything that an entry can be found under, by kind.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Forms {
    /// Hosts and paths.
    pub expressions: Vec<String>,
    /// First labels of the registrable domain.
    pub labels: Vec<String>,
    /// The address, and the IPv4 address inside an IPv6 one; networks are looked for around each.
    pub addresses: Vec<IpAddr>,
    /// Expressions of Safe Browsing and their hashes.
    pub hashes: Vec<Hashed>,
    /// MD5 of the lower-cased URL without its scheme, in hex.
    pub md5: String,
}

/// An expression of Safe Browsing.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Hashed {
    /// As text.
    pub expression: String,
    /// Its SHA-256, in hex.
    pub sha256: String,
}

impl Forms {
    pub(super) fn of(url: &CanonicalUrl, tables: &Tables) -> Self {
        let suffixes = tables.suffixes();
        let address = url.address();
        let mut labels = Vec::new();
        if address.is_none() {
            labels.extend(suffixes.icann_label(url.host()).into_iter().chain(suffixes.private_label(url.host())));
            labels.dedup();
        }
        let mut hashes = Vec::new();
        safe_browsing::hashed(url, tables.without_tracking(url).as_deref(), |text| {
            let sha256 = data_encoding::HEXLOWER.encode(&safe_browsing::sha256(text));
            hashes.push(Hashed { expression: text.to_owned(), sha256 });
        });
        Self {
            expressions: expression::forms(url),
            labels: labels.into_iter().map(str::to_owned).collect(),
            addresses: address.into_iter().chain(address.and_then(canonical::embedded)).collect(),
            hashes,
            md5: data_encoding::HEXLOWER.encode(&safe_browsing::md5_url(url)),
        }
    }
}
