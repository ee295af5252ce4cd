//! Under what a look-up asks for one URL, as text for people.

use std::fmt::Write as _;
use std::net::IpAddr;

use serde_json::{Value, json};

use crate::canonical::{self, CanonicalUrl, Tables};
use crate::expression::{self, safe_browsing};

/// Everything that an entry can be found under, by kind.
pub(super) struct Forms {
    /// Hosts and paths.
    expressions: Vec<String>,
    /// First labels of the registrable domain.
    labels: Vec<String>,
    /// The address, and the IPv4 address inside an IPv6 one; networks are looked for around each.
    addresses: Vec<IpAddr>,
    /// Expressions of Safe Browsing and their SHA-256.
    hashes: Vec<(String, String)>,
    md5: String,
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
            hashes.push((text.to_owned(), data_encoding::HEXLOWER.encode(&safe_browsing::sha256(text))));
        });
        Self {
            expressions: expression::forms(url),
            labels: labels.into_iter().map(str::to_owned).collect(),
            addresses: address.into_iter().chain(address.and_then(canonical::embedded)).collect(),
            hashes,
            md5: data_encoding::HEXLOWER.encode(&safe_browsing::md5_url(url)),
        }
    }

    /// The fields that `explain --json` has for a URL.
    pub(super) fn fields(&self) -> Value {
        let hashes: Vec<Value> =
            self.hashes.iter().map(|(text, sha256)| json!({"expression": text, "sha256": sha256})).collect();
        json!({
            "expressions": self.expressions,
            "labels": self.labels,
            "addresses": self.addresses,
            "hashes": hashes,
            "md5": self.md5,
        })
    }

    /// A line each, its kind in front of the first.
    pub(super) fn describe(&self, text: &mut String) {
        lines("looked up", self.expressions.iter().cloned(), text);
        lines("label", self.labels.iter().map(|label| format!("{label}, under any suffix")), text);
        lines("address", self.addresses.iter().map(|address| format!("{address}, and networks around it")), text);
        let hashes = self.hashes.iter().map(|(text, sha256)| format!("{} of {text}", shortened(sha256)));
        lines("sha256", hashes, text);
        lines("md5", std::iter::once(self.md5.clone()), text);
    }
}

fn lines(kind: &str, forms: impl Iterator<Item = String>, text: &mut String) {
    for (number, form) in forms.enumerate() {
        let kind = if number == 0 { kind } else { "" };
        let _ = writeln!(text, "{kind:<11} {form}");
    }
}

/// The digits that are enough to find a hash in a list.
fn shortened(sha256: &str) -> String {
    format!("{}…", sha256.get(..16).unwrap_or(sha256))
}
