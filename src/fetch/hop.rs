//! One hop: a host is asked where a link leads, and looked at once more where its answer may be meant for programs alone.
//!
//! What a hop says depends on no list, so it can be kept whatever lists do.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::canonical::RequestUrl;
use crate::extract::{Extractor, TextFormat};

use super::client::{Agent, Answer, Ask, Client};
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
    /// How long it may be kept, in seconds.
    pub(super) kept_s: u64,
}

/// Of a page that many links are looked at; the others are not, which the hop does not hide: it is an error.
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
            return self.read(url, self.client.ask(url, Ask::Page, agent).await?);
        }
        if agent == Agent::Own {
            let head = self.client.ask(url, Ask::Head, agent).await;
            match head {
                Ok(answer) if answer.location.is_some() => return self.read(url, answer),
                // Some hosts know no HEAD, and some hide behind it.
                Ok(_) | Err(FetchError::Status(_) | FetchError::Garbled) => {}
                Err(error) => return Err(error),
            }
        }
        self.read(url, self.client.ask(url, Ask::Get, agent).await?)
    }

    fn read(&self, url: &RequestUrl, answer: Answer) -> Result<Hop, FetchError> {
        let Answer { status, location, page, lifetime } = answer;
        let mut next: Vec<String> = location.map(|location| url.onward(&location)).into_iter().collect();
        if let Some(page) = page {
            next.extend(page::refresh(&page).map(|target| url.onward(&target)));
            let found = self.extractor.links(&page, TextFormat::Html);
            if found.overflow || found.links.len() > PAGE_LINKS_MAX {
                return Err(FetchError::TooLarge);
            }
            let outward = |link: &str| RequestUrl::read(link).map_or(true, |link| link.host() != url.host());
            next.extend(
                found
                    .links
                    .into_iter()
                    .filter(|link| !link.weak)
                    .map(|link| link.url.into_owned())
                    .filter(|link| outward(link)),
            );
            next.sort_unstable();
            next.dedup();
        }
        Ok(Hop { status, next, unstable: false, kept_s: lifetime.as_secs() })
    }
}

impl Hop {
    /// How long it may be kept.
    pub(super) fn lifetime(&self) -> Duration {
        Duration::from_secs(self.kept_s)
    }

    /// Whether it leads nowhere, or back to the same host.
    fn stays_at(&self, url: &RequestUrl) -> bool {
        self.hosts().iter().all(|host| host.as_deref() == Some(url.host()))
    }

    /// Whether it leads to the same place by https: as usual as can be.
    fn only_encrypts(&self, url: &RequestUrl) -> bool {
        let encrypted = url.expose().as_str().replacen("http://", "https://", 1);
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
        self.next.extend(second.next);
        self.next.sort_unstable();
        self.next.dedup();
        self.unstable = differ;
        self.kept_s = if differ { UNSTABLE_KEPT_S } else { self.kept_s.min(second.kept_s) };
        if differ && second.status / 100 == 3 {
            self.status = second.status;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(next: &[&str]) -> Hop {
        let next = next.iter().map(|&link| link.to_owned()).collect();
        Hop { status: 302, next, unstable: false, kept_s: 600 }
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
