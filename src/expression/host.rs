//! Host forms: a host and its parents, an address, the networks around it.

use std::net::IpAddr;

use smallvec::SmallVec;

use crate::canonical::{self, CanonicalUrl, HostKind};

use super::digest::{Digest, DigestKey, Kind};

/// One form of a host, as a look-up meets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostForm {
    /// Digest of the form.
    pub digest: Digest,
    /// How the form relates to the link's host.
    pub relation: Relation,
    /// Length of the form in bytes: the longer, the more specific.
    pub len: usize,
}

/// How a form relates to the host of the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// It is the host.
    Same,
    /// It is the host without its first label, which is `www`.
    WithoutWww,
    /// It is a parent of the host.
    Parent,
}

impl DigestKey {
    /// Digest of a host name; labels are taken from the right, so that all parents of a host cost one pass.
    pub fn host(&self, name: &str) -> Digest {
        let mut running = self.start(Kind::Host);
        for (label, _) in labels(name) {
            running.add(label.as_bytes());
        }
        running.digest()
    }

    /// Digest of an address.
    pub fn address(&self, address: IpAddr) -> Digest {
        self.network_of(Kind::Address, address, 0)
    }

    /// Digest of the network of `prefix_len` bits that holds `address`.
    pub fn network(&self, address: IpAddr, prefix_len: u8) -> Digest {
        self.network_of(Kind::Network, masked(address, prefix_len), prefix_len)
    }

    fn network_of(&self, kind: Kind, address: IpAddr, prefix_len: u8) -> Digest {
        let start = self.start(kind).with(&[prefix_len]);
        match address {
            IpAddr::V4(address) => start.with(&address.octets()).digest(),
            IpAddr::V6(address) => start.with(&address.octets()).digest(),
        }
    }

    /// Calls `meet` with the host of a URL and every parent down to two labels; with one label too if `top` says so.
    ///
    /// An address has no parents: it meets itself, and the IPv4 address inside an IPv6 one.
    pub fn host_forms(&self, url: &CanonicalUrl, top: TopLevel, mut meet: impl FnMut(HostForm)) {
        let mut same = |digest| meet(HostForm { digest, relation: Relation::Same, len: url.host().len() });
        if let Some(address) = url.address() {
            same(self.address(address));
            if let Some(inner) = canonical::embedded(address) {
                same(self.address(inner));
            }
            return;
        }
        // Text that is no address: a name, or what browsers refuse.
        debug_assert!(matches!(url.host_kind(), HostKind::Name | HostKind::Refused));
        self.name_forms(url.host(), top, meet);
    }

    /// The same for a host that is no address.
    pub fn name_forms(&self, host: &str, top: TopLevel, mut meet: impl FnMut(HostForm)) {
        // A few short messages are quicker than one that is read again and again on its way.
        let mut message = SmallVec::<[u8; NAME_BYTES]>::from_slice(&[Kind::Host as u8]);
        for (label, start) in labels(host) {
            message.extend_from_slice(label.as_bytes());
            let relation = relation(host, start);
            let is_top = label.len() + start == host.len();
            if relation == Relation::Same || !is_top || top == TopLevel::LookedUp {
                meet(HostForm { digest: self.whole(&message), relation, len: host.len() - start });
            }
        }
    }
}

/// Longer names are rare.
const NAME_BYTES: usize = 64;

/// The labels of a name from the last to the first, each but the last with the dot behind it, and where it starts.
fn labels(name: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut end = name.len();
    let mut done = false;
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let label_end = if end == name.len() { end } else { end - 1 };
        let start =
            name.get(..label_end).and_then(|rest| memchr::memrchr(b'.', rest.as_bytes())).map_or(0, |dot| dot + 1);
        let label = name.get(start..end)?;
        done = start == 0;
        end = start;
        Some((label, start))
    })
}

/// Whether names of one label are looked up above a longer host: only if a list says something of a whole top level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopLevel {
    /// No entry names one.
    Skipped,
    /// Some entry does.
    LookedUp,
}

fn relation(host: &str, start: usize) -> Relation {
    match host.get(..start) {
        Some("") => Relation::Same,
        Some("www.") => Relation::WithoutWww,
        _ => Relation::Parent,
    }
}

/// The address with all bits after the prefix zero.
pub fn masked(address: IpAddr, prefix_len: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix_len.min(32))).unwrap_or(0);
            IpAddr::V4((u32::from(address) & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix_len.min(128))).unwrap_or(0);
            IpAddr::V6((u128::from(address) & mask).into())
        }
    }
}
