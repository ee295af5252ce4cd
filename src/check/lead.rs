//! Links whose destination only their host knows: what is to be asked, and what comes of it.

use serde::{Deserialize, Serialize};

use crate::canonical::{Located, RequestUrl, Via, canonical};

use super::Snapshot;

/// A place to ask, for one link of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// Which link of the report, counted from 0.
    pub link: usize,
    /// What is to be asked. It is not listed.
    pub url: RequestUrl,
}

/// What is to be asked of a link; nothing if it is on no host that is asked.
#[derive(Debug, Default)]
pub(super) struct Leads {
    pub(super) urls: Vec<RequestUrl>,
    /// A list has something on one of them: that one is not asked.
    pub(super) is_barred: bool,
    /// There are more.
    pub(super) is_cut: bool,
}

/// A link leads to few places; of one with dozens of URLs in it, it is told that not all were asked.
const LEADS_MAX: usize = 8;

impl Snapshot {
    /// Whether links to this host, a name in canonical spelling, are followed.
    pub(super) fn asks(&self, host: &str) -> bool {
        self.asked.as_ref().is_some_and(|asked| asked.asks(host))
    }

    /// What is to be asked of all that a link stands for, by its readings as they were written; `known` says of which of its
    /// URLs a list has something.
    pub(super) fn leads(&self, readings: [Option<&str>; 2], urls: &[Located], known: &[bool]) -> Leads {
        let mut leads = Leads::default();
        let is_asked = |located: &Located| located.via != Via::Alias && self.asks(located.url.host());
        if !urls.iter().any(is_asked) {
            return leads;
        }
        let urls = || urls.iter().zip(known);
        // The link itself is barred under any of its names; a URL inside it by itself.
        let is_known = urls().any(|(located, &is_known)| located.via != Via::Nested && is_known);
        for (located, &is_known_inside) in urls().filter(|(located, _)| is_asked(located)) {
            leads.is_barred |= if located.via == Via::Nested { is_known_inside } else { is_known };
            let url = written(located, readings).filter(|url| !leads.urls.contains(url));
            leads.is_cut |= leads.urls.len() == LEADS_MAX && url.is_some();
            leads.urls.extend(url.filter(|_| !leads.is_cut));
        }
        leads
    }
}

/// As it was posted where that is known: the canonical form has no port, and other escapes.
fn written(located: &Located, readings: [Option<&str>; 2]) -> Option<RequestUrl> {
    let is_it = |reading: &&str| canonical(reading).is_some_and(|url| url == located.url);
    let written = readings.into_iter().flatten().find(is_it).unwrap_or(located.url.expose());
    RequestUrl::read(written).or_else(|_| RequestUrl::read(located.url.expose())).ok()
}
