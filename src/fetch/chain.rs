//! A redirect chain: hop after hop, each looked up before it is asked for.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::canonical::RequestUrl;

use super::asked::Asked;
use super::cache::Hops;
use super::error::FetchError;
use super::follower::Visitor;
use super::hop::Look;

/// Why a chain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stop {
    /// Where it leads is nothing that is asked.
    Arrived,
    /// It leads to what no web client asks for: a messenger, a mail address.
    NotHttp,
    /// Some host shows one thing to one and another to others.
    Unstable,
    /// It leads back to where it was.
    Loop,
    /// It has more hops than are followed, or a page that is longer than is read.
    Hops,
    /// It took longer than there was time.
    Deadline,
    /// A host did not answer as one should.
    Network,
    /// It leads into an inner network.
    RefusedAddress,
    /// A list has something on a place it leads to. That place is not asked.
    Listed,
}

impl Stop {
    /// The name that it has in reports.
    pub fn code(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::NotHttp => "not_http",
            Self::Unstable => "unstable",
            Self::Loop => "loop",
            Self::Hops => "hops",
            Self::Deadline => "deadline",
            Self::Network => "network",
            Self::RefusedAddress => "refused_address",
            Self::Listed => "listed",
        }
    }

    /// Whether everything that the chain leads to was seen.
    pub fn is_finished(self) -> bool {
        matches!(self, Self::Arrived | Self::NotHttp | Self::Listed)
    }

    /// Whether the same chain may well end in another way when it is followed again.
    pub fn may_change(self) -> bool {
        matches!(self, Self::Deadline | Self::Network)
    }
}

/// What is known of a place before it is asked for.
pub struct Place {
    /// A list has something on it: it is not asked.
    pub listed: bool,
    /// What is to be asked: itself, or URLs in it.
    pub leads: Vec<RequestUrl>,
}

/// What a chain came by.
#[derive(Clone)]
pub struct Chain {
    /// The places that were asked, in order, with the status of their answers.
    pub hops: Vec<Passed>,
    /// Why it ended.
    pub stop: Stop,
    /// What went wrong, if it is that.
    pub error: Option<FetchError>,
    /// Whether a host leads one to one place and another to another.
    pub is_unstable: bool,
    /// How long the same can be said.
    pub kept: Duration,
}

impl Chain {
    /// One that was not begun.
    pub(super) fn none(error: FetchError) -> Self {
        Self { hops: Vec::new(), stop: Stop::Network, error: Some(error), is_unstable: false, kept: Duration::ZERO }
    }
}

/// A place that was asked.
#[derive(Clone)]
pub struct Passed {
    /// It. Whoever asked for the chain did not give it: it is shown to nobody.
    pub url: RequestUrl,
    /// Status of its answer.
    pub status: u16,
}

/// Limits of one chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) hops_max: usize,
    pub(super) until: Instant,
    pub(super) look: Look,
}

/// A chain that is being followed.
pub(super) struct Walk<'w, V> {
    hops: &'w Hops,
    asked: &'w Asked,
    limits: Limits,
    visitor: V,
    steps: Vec<Step>,
    chain: Chain,
}

/// A place, and the number of the step that led there.
struct Step {
    url: RequestUrl,
    from: Option<usize>,
}

impl<'w, V: Visitor> Walk<'w, V> {
    pub(super) fn new(hops: &'w Hops, asked: &'w Asked, limits: Limits, visitor: V) -> Self {
        let (error, is_unstable, kept) = (None, false, Duration::MAX);
        let chain = Chain { hops: Vec::new(), stop: Stop::Arrived, error, is_unstable, kept };
        Self { hops, asked, limits, visitor, steps: Vec::new(), chain }
    }

    /// Follows from a place that was looked up already. A page leads to many: all are looked up before one is asked.
    pub(super) async fn from(mut self, lead: RequestUrl) -> (Chain, V) {
        let mut waiting = vec![Step { url: lead, from: None }];
        while let Some(step) = waiting.pop() {
            if self.was_met(&step) {
                continue;
            }
            if self.chain.hops.len() >= self.limits.hops_max {
                self.note(Stop::Hops);
                break;
            }
            if !self.visitor.may_ask(&step.url) {
                self.visit(step.url.expose().as_str()).await;
                self.note(Stop::Listed);
                continue;
            }
            let next = self.ask(&step.url).await;
            let from = Some(self.steps.len());
            self.steps.push(step);
            match next {
                Ok(next) => waiting.extend(next.into_iter().map(|url| Step { url, from })),
                Err(error) => self.fail(error),
            }
            if self.chain.stop == Stop::Deadline {
                break;
            }
        }
        (self.chain, self.visitor)
    }

    /// Whether a place was asked already. On the way to itself it closes a loop; two ways to one place do not.
    fn was_met(&mut self, step: &Step) -> bool {
        let was_met = self.steps.iter().any(|met| met.url == step.url);
        let mut back = step.from.and_then(|from| self.steps.get(from));
        while let Some(before) = back {
            if before.url == step.url {
                self.note(Stop::Loop);
                break;
            }
            back = before.from.and_then(|from| self.steps.get(from));
        }
        was_met
    }

    async fn ask(&mut self, url: &RequestUrl) -> Result<Vec<RequestUrl>, FetchError> {
        let kind = self.asked.kind(url.host());
        let asking = self.hops.hop(url, kind, self.limits.look);
        let Ok(hop) = timeout_at(self.limits.until, asking).await else {
            self.note(Stop::Deadline);
            return Ok(Vec::new());
        };
        let hop = hop?;
        self.chain.hops.push(Passed { url: url.clone(), status: hop.status });
        self.chain.kept = self.chain.kept.min(hop.lifetime());
        if hop.unstable {
            self.chain.is_unstable = true;
            self.note(Stop::Unstable);
        }
        if hop.is_cut {
            self.note(Stop::Hops);
        }
        let mut leads = Vec::new();
        for link in &hop.next {
            let link = if hop.redirects() { url.redirected(link) } else { link.clone() };
            let Some(place) = self.visit(&link).await else { return Ok(Vec::new()) };
            match RequestUrl::read(&link) {
                _ if place.listed => self.note(Stop::Listed),
                Err(_) => self.note(Stop::NotHttp),
                Ok(_) => {}
            }
            leads.extend(place.leads);
        }
        // The first is asked first.
        leads.reverse();
        Ok(leads)
    }

    /// What is known of a place, if that is told in time.
    async fn visit(&mut self, link: &str) -> Option<Place> {
        let place = timeout_at(self.limits.until, self.visitor.visit(link)).await.ok();
        if place.is_none() {
            self.note(Stop::Deadline);
        }
        place
    }

    fn fail(&mut self, error: FetchError) {
        self.chain.error = Some(error);
        self.note(if matches!(error, FetchError::Refused(_)) { Stop::RefusedAddress } else { Stop::Network });
    }

    /// Of several reasons the weightiest stays.
    fn note(&mut self, stop: Stop) {
        self.chain.stop = self.chain.stop.max(stop);
    }
}
