//! One hop: a host is asked where a link leads, and looked at once more where its answer may be meant for programs alone.
//!
//! What a hop says depends on no list, so it can be kept whatever lists do.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::canonical::RequestUrl;
use crate::extract::{Extractor, TextFormat};

use super::client::{Agent, Answer, Ask, Client, Page};
use super::error::FetchError;
use super::page;
use super::shorteners::Kind;

/// Where a link leads.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hop {
    /// Status of the last answer.
    pub(super) status: u16,
    /// URLs in full, or links of other schemes. None: it leads nowhere else.
    pub(super) next: Vec<String>,
    /// Two looks came to different hosts.
    pub(super) unstable: bool,
    /// There is more on the page than was read.
    pub(super) is_cut: bool,
    /// How long it may be kept, in seconds.
    pub(super) kept_s: u64,
}

/// So many links of a page are looked at.
const PAGE_LINKS_MAX: usize = 200;
/// How long an answer is kept that others do not get.
const UNSTABLE_KEPT_S: u64 = 60;

/// How a link is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Look {
    /// As ourselves, and once more if that looks odd.
    First,
    /// In any case once more, as somebody else.
    Twice,
}

/// Asks for one hop.
#[derive(Clone)]
pub(super) struct Asker {
    pub(super) client: Client,
    pub(super) extractor: Arc<Extractor>,
}

impl Asker {
    /// Where `url` leads. Hosts of a kind that is read have their page read.
    pub(super) async fn hop(&self, url: &RequestUrl, kind: Option<Kind>, look: Look) -> Result<Hop, FetchError> {
        let first = self.look(url, kind, Agent::Own).await?;
        let is_odd = kind.is_some() && first.stays_at(url) && !first.only_encrypts(url);
        if look == Look::First && !is_odd {
            return Ok(first);
        }
        // Whoever shows browsers something else: what they are shown counts as well.
        // Whoever shows them nothing at all has told us more.
        match self.look(url, kind, Agent::Browser).await {
            Ok(second) => Ok(first.and(second)),
            Err(_) => Ok(first),
        }
    }

    async fn look(&self, url: &RequestUrl, kind: Option<Kind>, agent: Agent) -> Result<Hop, FetchError> {
        if kind == Some(Kind::Page) {
            return Ok(self.read(url, self.client.ask(url, Ask::Page, agent).await?));
        }
        // Of hosts that nobody knows a HEAD proves nothing: they may answer what they like.
        if agent == Agent::Own && kind == Some(Kind::Shortener) {
            let head = self.client.ask(url, Ask::Head, agent).await;
            match head {
                Ok(answer) if answer.location.is_some() => return Ok(self.read(url, answer)),
                // Some hosts know no HEAD, and some hide behind it.
                Ok(_) | Err(FetchError::Status(_) | FetchError::Garbled) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.read(url, self.client.ask(url, Ask::Get, agent).await?))
    }

    fn read(&self, url: &RequestUrl, answer: Answer) -> Hop {
        let Answer { status, location, page, lifetime } = answer;
        let mut next: Vec<String> = location.map(|location| url.onward(&location)).into_iter().collect();
        let is_cut = page.is_some_and(|page| self.read_page(url, &page, &mut next));
        Hop { status, next, unstable: false, is_cut, kept_s: lifetime.as_secs() }
    }

    /// Adds where a page leads; gives back whether there may be more.
    fn read_page(&self, url: &RequestUrl, page: &Page, next: &mut Vec<String>) -> bool {
        next.extend(page::refresh(&page.text).map(|target| url.onward(&target)));
        let found = self.extractor.links(&page.text, TextFormat::Html);
        let outward = |link: &String| RequestUrl::read(link).map_or(true, |link| link.host() != url.host());
        let links = found.links.into_iter().filter(|link| !link.weak).map(|link| link.url.into_owned());
        let before = next.len();
        next.extend(links.filter(outward));
        let mut seen = HashSet::new();
        next.retain(|link| seen.insert(link.clone()));
        let is_cut = page.is_cut || found.overflow || next.len() > before + PAGE_LINKS_MAX;
        next.truncate(before + PAGE_LINKS_MAX);
        is_cut
    }
}

impl Hop {
    /// How long it may be kept.
    pub(super) fn lifetime(&self) -> Duration {
        Duration::from_secs(self.kept_s)
    }

    /// Whether it is a redirect by its status, not a page or a field that sends its reader on.
    pub(super) fn redirects(&self) -> bool {
        self.status / 100 == 3
    }

    /// Whether it leads nowhere, or back to the same host.
    fn stays_at(&self, url: &RequestUrl) -> bool {
        self.hosts().iter().all(|host| host.as_deref() == Some(url.host()))
    }

    /// Whether it leads to the same place by https: as usual as can be.
    fn only_encrypts(&self, url: &RequestUrl) -> bool {
        let encrypted = url.expose_asked().replacen("http://", "https://", 1);
        !url.is_encrypted() && matches!(&*self.next, [only] if *only == encrypted)
    }

    fn hosts(&self) -> Vec<Option<String>> {
        let host = |link: &String| RequestUrl::read(link).ok().map(|url| url.host().to_owned());
        let mut hosts: Vec<_> = self.next.iter().map(host).collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }

    /// Both looks as one.
    fn and(mut self, second: Self) -> Self {
        let differ = self.hosts() != second.hosts();
        if differ && second.redirects() {
            self.status = second.status;
        }
        self.next.extend(second.next);
        self.next.sort_unstable();
        self.next.dedup();
        self.unstable = differ;
        self.is_cut |= second.is_cut;
        self.kept_s = if differ { UNSTABLE_KEPT_S } else { self.kept_s.min(second.kept_s) };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(next: &[&str]) -> Hop {
        let next = next.iter().map(|&link| link.to_owned()).collect();
        Hop { status: 302, next, unstable: false, is_cut: false, kept_s: 600 }
    }

    #[test]
    fn two_looks_that_come_to_different_hosts_are_unstable() {
        for (first, second, unstable) in [
            (&["https://a.example/x?1"][..], &["https://a.example/x?2"][..], false),
            (&["https://a.example/"], &["https://b.example/"], true),
            (&[], &["https://b.example/"], true),
            (&["https://a.example/"], &[], true),
            (&[], &[], false),
        ] {
            let both = hop(first).and(hop(second));
            assert_eq!(both.unstable, unstable, "{first:?} {second:?}");
            assert_eq!(both.kept_s == UNSTABLE_KEPT_S, unstable, "{first:?} {second:?}");
            assert!(first.iter().chain(second).all(|link| both.next.iter().any(|next| next == link)));
        }
    }

    #[test]
    fn what_stays_is_odd() {
        let url = RequestUrl::read("https://a.example/x").unwrap();
        for (next, expected) in [
            (&[][..], true),
            (&["https://a.example/y"], true),
            (&["https://b.example/"], false),
            (&["tg://resolve?domain=x"], false),
        ] {
            assert_eq!(hop(next).stays_at(&url), expected, "{next:?}");
        }
    }

    #[test]
    fn the_same_place_by_https_is_not_odd() {
        for (from, next, expected) in [
            ("http://a.example/x?y", "https://a.example/x?y", true),
            ("http://a.example/x", "https://a.example/y", false),
            ("https://a.example/x", "https://a.example/x", false),
            ("http://a.example/x", "https://b.example/x", false),
        ] {
            assert_eq!(hop(&[next]).only_encrypts(&RequestUrl::read(from).unwrap()), expected, "{from} {next}");
        }
    }
}
