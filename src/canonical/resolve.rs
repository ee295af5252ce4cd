//! All URLs that a link stands for: itself, those nested in it, and its alias.

use std::mem;

use super::fast::{self, Plain};
use super::nested::{self, NESTED_SPARE_BYTES, Reach};
use super::parse::{self, Parsed};
use super::query;
use super::raw::{self, Scheme};
use super::table::Tables;
use super::{CanonicalUrl, HostKind, Parts};

/// Longer links are not read; no browser takes more than 2 MiB.
pub const URL_MAX_BYTES: usize = 2 << 20;
/// URLs are looked for inside URLs to this depth.
pub const DEPTH_MAX: usize = 9;
/// A link stands for at most this many URLs.
pub const URLS_MAX: usize = 64;

/// How a URL was found in a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Via {
    /// It is the link.
    #[serde(rename = "self")]
    Itself,
    /// It stands inside the link.
    Nested,
    /// It is another name of the same place.
    Alias,
    /// The link leads there.
    Redirect,
}

/// A URL that a link stands for.
#[derive(Debug, Clone)]
pub struct Located {
    /// The URL.
    pub url: CanonicalUrl,
    /// How it was found.
    pub via: Via,
}

/// Whether everything that a link stands for was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All of it.
    Whole,
    /// It is longer, deeper or wider than is looked at.
    Cut,
    /// No parser takes it for a URL, or browsers refuse its host.
    NotCanonical,
}

/// The canonical form of a link, if it has one. A link without a scheme is read as `http`.
///
/// A host that browsers refuse gives a URL with [`HostKind::Refused`](super::HostKind::Refused).
///
/// ```
/// let url = linkgate::canonical::canonical("HTTP://user@Listed.EXAMPLE:8080/a/..%2f%62?q#f").unwrap();
/// assert_eq!(url.expose(), "http://listed.example/b?q");
/// ```
pub fn canonical(link: &str) -> Option<CanonicalUrl> {
    if link.len() > URL_MAX_BYTES {
        return None;
    }
    match fast::read(link) {
        Some(plain) => Some(plain.url),
        None => canonical_the_long_way(link),
    }
}

/// The same without the short way; for tests that compare the two.
pub fn canonical_the_long_way(link: &str) -> Option<CanonicalUrl> {
    let link = raw::with_scheme(raw::trim(link));
    (raw::scheme_of(&link) == Scheme::Web).then(|| parse::read(&link)).flatten().map(|parsed| parsed.canonical())
}

/// A link, read the short or the long way.
enum Reading<'l> {
    Plain(Plain<'l>),
    Parsed(Box<Parsed>),
    /// Of a scheme that browsers do not open themselves.
    Foreign(Box<::url::Url>),
}

impl Reading<'_> {
    fn parts(&self) -> Parts<'_> {
        match self {
            Self::Plain(plain) => plain.parts(),
            Self::Parsed(parsed) => parsed.parts(),
            Self::Foreign(url) => Parts {
                scheme: url.scheme(),
                host: url.host_str().unwrap_or(""),
                path: url.path(),
                query: url.query(),
                fragment: url.fragment(),
            },
        }
    }
}

fn read<R>(link: &str, then: impl FnOnce(Reading<'_>) -> R) -> Option<R> {
    if let Some(plain) = fast::read(link) {
        return Some(then(Reading::Plain(plain)));
    }
    let trimmed = raw::with_scheme(raw::trim(link));
    if trimmed.len() != link.len()
        && let Some(plain) = fast::read(&trimmed)
    {
        return Some(then(Reading::Plain(plain)));
    }
    let link = trimmed;
    match raw::scheme_of(&link) {
        Scheme::Web | Scheme::Absent => parse::read(&link).map(|parsed| then(Reading::Parsed(Box::new(parsed)))),
        Scheme::Other => parse::standard(&link).ok().map(|url| then(Reading::Foreign(Box::new(url)))),
    }
}

/// A URL of a scheme that browsers do not open, with `http` in its place; none if it names no host with a dot or address.
fn as_web(url: &::url::Url) -> Option<CanonicalUrl> {
    let is_place = url.host_str()?.contains(['.', ':', '%', '。', '．', '｡']);
    let web = is_place.then(|| format!("http{}", url.as_str().strip_prefix(url.scheme()).unwrap_or_default()))?;
    canonical(&web).filter(|url| url.host().contains(['.', ':']))
}

/// Whether two URLs are equal but for their schemes, which never matter.
fn is_same_place(one: &CanonicalUrl, other: &CanonicalUrl) -> bool {
    one.host() == other.host() && one.path_and_query() == other.path_and_query()
}

impl Tables {
    /// Appends every URL that `link` stands for, the link itself first.
    pub fn resolve_into(&self, link: &str, urls: &mut Vec<Located>) -> Outcome {
        if link.len() > URL_MAX_BYTES {
            return Outcome::Cut;
        }
        let before = urls.len();
        let mut room = link.len() + NESTED_SPARE_BYTES;
        let mut inner = Vec::new();
        let mut outcome = self.one(link, Via::Itself, urls, &mut inner);
        for _ in 1..DEPTH_MAX {
            let mut deeper = Vec::new();
            for link in mem::take(&mut inner) {
                let Some(left) = room.checked_sub(link.len()).filter(|_| urls.len() - before < URLS_MAX) else {
                    return Outcome::Cut;
                };
                room = left;
                if self.one(&link, Via::Nested, urls, &mut deeper) == Outcome::Cut {
                    outcome = Outcome::Cut;
                }
            }
            if deeper.is_empty() {
                return outcome;
            }
            inner = deeper;
        }
        Outcome::Cut
    }

    /// Whether a rule may say that links on this host, in canonical spelling, stand for others; false for almost every host.
    pub fn may_know(&self, host: &str) -> bool {
        self.wrappers().may_know(host) || self.aliases().may_know(host)
    }

    /// Appends one URL and its alias, and collects what is nested in it.
    fn one(&self, link: &str, via: Via, urls: &mut Vec<Located>, inner: &mut Vec<String>) -> Outcome {
        let outcome = read(link, |reading| {
            let found_before = inner.len();
            let parts = reading.parts();
            let mut reach = self.wrappers().unwrap_into(&parts, inner);
            let is_wrapper = inner.len() > found_before;
            if nested::embedded_into(&parts, self.inner_schemes(), inner) == Reach::Cut {
                reach = Reach::Cut;
            }
            let aliases = self.representatives_of(&parts);
            let is_aliased = aliases.iter().any(Option::is_some);
            let itself = match reading {
                Reading::Plain(plain) => Some(plain.url),
                Reading::Parsed(parsed) => Some(parsed.canonical()),
                // The scheme never matters; what another name stands for is not looked up under an app's own words.
                Reading::Foreign(url) if !is_aliased && !is_wrapper => as_web(&url),
                Reading::Foreign(_) => None,
            };
            let outcome = match &itself {
                _ if reach == Reach::Cut => Outcome::Cut,
                Some(url) if url.host_kind() == HostKind::Refused => Outcome::NotCanonical,
                None if !is_aliased && inner.is_empty() => Outcome::NotCanonical,
                _ => Outcome::Whole,
            };
            let alias_via = if via == Via::Itself { Via::Alias } else { via };
            let others = aliases.into_iter().flatten();
            let others = others.filter(|alias| itself.as_ref().is_none_or(|url| !is_same_place(alias, url)));
            let start = urls.len();
            urls.extend(others.map(|url| Located { url, via: alias_via }));
            if let Some(url) = itself {
                urls.insert(start, Located { url, via });
            }
            outcome
        });
        outcome.unwrap_or(Outcome::NotCanonical)
    }

    /// The URL that a list means by `link`.
    ///
    /// Mostly its canonical form. Where a fragment or a messenger's scheme names the place (`signal.group/#…`,
    /// `tg://join?…`), it is the representative: without its fragment the link would mean everybody's. Any other scheme is
    /// read as `http`.
    pub fn named_by(&self, link: &str) -> Option<CanonicalUrl> {
        let plain = || canonical(link);
        if !link.contains('#') && raw::scheme_of(link) != Scheme::Other {
            return plain();
        }
        let named = read(link, |reading| {
            let aliases = self.representatives_of(&reading.parts());
            aliases.into_iter().flatten().next().or_else(|| match &reading {
                Reading::Foreign(url) => as_web(url),
                Reading::Plain(_) | Reading::Parsed(_) => None,
            })
        });
        named.flatten().or_else(plain)
    }

    /// The URL in the spellings that stand for its alias class, where those are others.
    pub fn representatives(&self, url: &CanonicalUrl) -> impl Iterator<Item = CanonicalUrl> {
        let parts =
            Parts { scheme: url.scheme(), host: url.host(), path: url.path(), query: url.query(), fragment: None };
        self.representatives_of(&parts).into_iter().flatten().filter(|alias| !is_same_place(alias, url))
    }

    /// The host that stands for another one as a whole: its front page is that one's front page.
    pub fn representative_host(&self, host: &str) -> Option<CanonicalUrl> {
        let parts = Parts { scheme: "http", host, path: "/", query: None, fragment: None };
        let mut aliases = self.representatives_of(&parts).into_iter().flatten();
        aliases.find(|alias| alias.host() != host && alias.path() == "/")
    }

    /// Two spellings at most, no place twice.
    fn representatives_of(&self, parts: &Parts<'_>) -> [Option<CanonicalUrl>; 2] {
        let [own, beside] = self.aliases().representatives(parts);
        if own.is_none() && beside.is_none() {
            return [None, None];
        }
        let [own, beside] = [own, beside].map(|alias| canonical(&alias?));
        let beside = beside.filter(|beside| own.as_ref().is_none_or(|own| !is_same_place(beside, own)));
        [own, beside]
    }

    /// The query of a URL without its tracking parameters; `None` if it has none of those.
    pub fn without_tracking(&self, url: &CanonicalUrl) -> Option<String> {
        let query = url.query()?;
        let tracking = self.tracking();
        let is_tracking = |part: &&str| {
            let name = query::without_entity(part).split('=').next().unwrap_or(part);
            tracking.is_tracking(name, url.host())
        };
        query.split('&').any(|part| is_tracking(&part)).then(|| {
            let kept: Vec<&str> = query.split('&').filter(|part| !is_tracking(part)).collect();
            kept.join("&")
        })
    }
}
