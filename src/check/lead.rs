//! Links whose destination only their host knows: what is to be asked, and what comes of it.

use serde::{Deserialize, Serialize};

use crate::canonical::{Located, RequestUrl, Via};

use super::Snapshot;

/// A place to ask, for one link of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// Which link of the report, counted from 0.
    pub link: usize,
    /// What is to be asked. It is not listed.
    pub url: RequestUrl,
}

/// A link leads to few places; the others of a link with dozens of URLs in it are not asked.
const LEADS_MAX: usize = 8;

impl Snapshot {
    /// Whether links to this host, a name in canonical spelling, are followed.
    pub(super) fn asks(&self, host: &str) -> bool {
        self.asked.as_ref().is_some_and(|asked| asked.asks(host))
    }

    /// What is to be asked of all that `link` stands for; nothing if any list has something on any of it.
    pub(super) fn leads(&self, link: &str, urls: &[Located]) -> Vec<RequestUrl> {
        let is_asked = |located: &&Located| located.via != Via::Alias && self.asks(located.url.host());
        if !urls.iter().any(|located| is_asked(&located)) || urls.iter().any(|located| self.knows(&located.url)) {
            return Vec::new();
        }
        let mut leads = Vec::new();
        for located in urls.iter().filter(is_asked).take(LEADS_MAX) {
            // As it was posted where that is known: the canonical form has no port, and other escapes.
            let posted = RequestUrl::read(link).ok();
            let posted = posted.filter(|url| located.via == Via::Itself && url.host() == located.url.host());
            let read = posted.or_else(|| RequestUrl::read(located.url.expose()).ok());
            leads.extend(read.filter(|url| !leads.contains(url)));
        }
        leads
    }
}
