//! One entry: whether it goes live, can be meant by nobody, or waits for a human.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::canonical::{self, CanonicalUrl, Tables};
use crate::fetch::special;
use crate::index::{Entry, Target};
use crate::lists::report::Refusal;
use crate::lists::value::is_top_level;

use super::code::Hold;
use super::known::Guards;

/// What becomes of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryRuling {
    /// It goes live.
    Accept,
    /// Nobody can mean it.
    Refuse(Refusal),
    /// It waits for a human.
    Hold(Hold),
}

impl Guards {
    /// Judges an entry by what it takes. An exception takes nothing, so it waits only if it could undo a whole list.
    pub fn entry(&self, entry: &Entry, tables: &Tables) -> EntryRuling {
        let hold = match &entry.target {
            Target::Host(host) => self.host(host, tables.suffixes()),
            Target::Url(url) => self.url(url, tables),
            Target::Label(label) => self.label(label, tables.suffixes()),
            Target::Ip(address) => self.network((*address).into()),
            Target::Cidr(address, bits) => {
                IpNet::new(*address, *bits).map_or(Some(Hold::WideNetwork), |net| self.network(net))
            }
            Target::Sha256(bytes) => return self.sha256(bytes),
            Target::Md5(hash) => return self.md5(hash),
        };
        if let Target::Host(host) = &entry.target
            && hold == Some(Hold::PublicSuffix)
            && is_word(host, tables)
        {
            return EntryRuling::Refuse(Refusal::NoLink);
        }
        let matters = |hold: &Hold| !entry.exception || matches!(hold, Hold::PublicSuffix | Hold::WideNetwork);
        hold.filter(matters).map_or(EntryRuling::Accept, EntryRuling::Hold)
    }

    /// A page deep inside any host is welcome; its front page stands for the host, and so does a lone star.
    fn url(&self, url: &CanonicalUrl, tables: &Tables) -> Option<Hold> {
        let has_parameters = url.query().is_some_and(|query| canonical::parameters(query).next().is_some());
        if !url.path().trim_matches(['/', '*']).is_empty() || has_parameters {
            return None;
        }
        match url.address() {
            Some(address) => self.network(address.into()),
            None => self.host(url.host(), tables.suffixes()),
        }
    }

    fn network(&self, network: IpNet) -> Option<Hold> {
        let min_bits = match network {
            IpNet::V4(_) => self.options.network_v4_min_bits,
            IpNet::V6(_) => self.options.network_v6_min_bits,
        };
        if let Some(hold) = self.network_of(network) {
            return Some(hold);
        }
        if is_special(network.network()) || is_special(network.broadcast()) {
            return Some(Hold::SpecialNetwork);
        }
        (network.prefix_len() < min_bits).then_some(Hold::WideNetwork)
    }
}

/// Whether it is a bare word and no top level: no public link has such a host, but pages that say "forbidden" do.
fn is_word(host: &str, tables: &Tables) -> bool {
    !host.contains('.') && !is_top_level(host, tables)
}

/// Whether the address leads to no public place. Those of documentation lead nowhere either, but test entries have them.
fn is_special(address: IpAddr) -> bool {
    special(address).is_some_and(|block| block != "documentation")
}
