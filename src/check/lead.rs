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

/// What is to be asked of a link.
pub(super) enum Leads {
    /// These; none if it is on no host that is asked.
    Open(Vec<RequestUrl>),
    /// A host would be asked, but a list has something on the link. Who may not be told of that list must not learn it from
    /// this: to them it is a host that does not answer.
    Barred,
}

/// A link leads to few places; the others of a link with dozens of URLs in it are not asked.
const LEADS_MAX: usize = 8;

impl Snapshot {
    /// Whether links to this host, a name in canonical spelling, are followed.
    pub(super) fn asks(&self, host: &str) -> bool {
        self.asked.as_ref().is_some_and(|asked| asked.asks(host))
    }

    /// What is to be asked of all that a link stands for, by its readings as they were written.
    pub(super) fn leads(&self, readings: [Option<&str>; 2], urls: &[Located]) -> Leads {
        let is_asked = |located: &&Located| located.via != Via::Alias && self.asks(located.url.host());
        if !urls.iter().any(|located| is_asked(&located)) {
            return Leads::Open(Vec::new());
        }
        // The link itself is barred under any of its names; a URL inside it by itself.
        let is_known = urls.iter().any(|located| located.via != Via::Nested && self.knows(&located.url));
        let mut leads = Vec::new();
        for located in urls.iter().filter(is_asked).take(LEADS_MAX) {
            let is_barred = if located.via == Via::Nested { self.knows(&located.url) } else { is_known };
            if is_barred {
                return Leads::Barred;
            }
            // As it was posted where that is known: the canonical form has no port, and other escapes.
            let is_it = |reading: &&str| canonical(reading).is_some_and(|url| url == located.url);
            let written = readings.into_iter().flatten().find(is_it).unwrap_or(located.url.expose());
            let read = RequestUrl::read(written).or_else(|_| RequestUrl::read(located.url.expose()));
            leads.extend(read.ok().filter(|url| !leads.contains(url)));
        }
        Leads::Open(leads)
    }
}
