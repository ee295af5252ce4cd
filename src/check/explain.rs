//! Every step of one URL, as data: what it stands for, under what it is looked up, what is found.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Serialize;

use crate::canonical::{Located, Outcome, Suffixes, Tables, Via};

use super::forms::Forms;
use super::{Checker, Post, Report, masked};

/// The steps of one URL. They show what the caller gave, and nothing of the lists.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// As it was given.
    pub input: String,
    /// What it shows to people, if it is written in disguise.
    pub read_as: Option<String>,
    /// Whether everything that it stands for was found.
    pub outcome: Outcome,
    /// Every URL that it stands for, itself first.
    pub urls: Vec<Step>,
    /// What a check tells of it.
    pub report: Report,
}

/// One URL that the given one stands for.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// How it was found.
    pub via: Via,
    /// Its canonical form.
    pub canonical: String,
    /// Its host.
    pub host: String,
    /// Its path.
    pub path: String,
    /// Its query.
    pub query: Option<String>,
    /// The registrable domain of its host.
    pub registrable: Option<String>,
    /// What is left of its query without known tracking parameters, if it has such.
    #[serde(skip)]
    pub telling: Option<String>,
    /// Under what it is looked up.
    #[serde(flatten)]
    pub forms: Forms,
}

/// The steps for whoever may not see links: each masked, its forms counted.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Redacted {
    /// What was given, masked.
    pub input: String,
    /// What it shows to people, masked.
    pub read_as: Option<String>,
    /// Whether everything that it stands for was found.
    pub outcome: Outcome,
    /// Every URL that it stands for, itself first.
    pub urls: Vec<RedactedStep>,
    /// What a check tells of it.
    pub report: Report,
}

/// One URL of [`Redacted`].
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct RedactedStep {
    /// How it was found.
    pub via: Via,
    /// It, masked.
    pub link: String,
    /// Under how many hosts and paths it is looked up.
    pub expressions: usize,
    /// Under how many labels.
    pub labels: usize,
    /// Under how many addresses.
    pub addresses: usize,
    /// Under how many hashes.
    pub hashes: usize,
}

impl Explanation {
    /// The steps without any host, path, expression or hash.
    #[must_use]
    pub fn redacted(self, suffixes: &Suffixes) -> Redacted {
        let hide = |link: &str| masked(link, suffixes);
        let step = |Step { via, canonical, forms, .. }: &Step| RedactedStep {
            via: *via,
            link: hide(canonical),
            expressions: forms.expressions.len(),
            labels: forms.labels.len(),
            addresses: forms.addresses.len(),
            hashes: forms.hashes.len(),
        };
        Redacted {
            input: hide(&self.input),
            read_as: self.read_as.as_deref().map(hide),
            outcome: self.outcome,
            urls: self.urls.iter().map(step).collect(),
            report: self.report,
        }
    }
}

impl Checker {
    /// Every step of one URL at `now`, in seconds since the Unix epoch.
    ///
    /// It is checked as one attached link: nothing is looked for around it.
    pub fn explain(&self, url: &str, now: i64) -> Explanation {
        let snapshot = self.snapshot();
        let attached = [url];
        let post = Post { attached: &attached, ..Post::default() };
        let read_as = self.links(&post).into_iter().find_map(|link| link.other_reading).map(Cow::into_owned);
        let mut urls = Vec::new();
        let outcome = snapshot.tables.resolve_into(url, &mut urls);
        if let Some(other) = &read_as {
            snapshot.tables.resolve_into(other, &mut urls);
        }
        let mut seen = HashSet::new();
        urls.retain(|Located { url, .. }| seen.insert((url.host().to_owned(), url.path_and_query().to_owned())));
        let report = self.check_against(&snapshot, &post, now);
        let urls = urls.iter().map(|located| Step::of(located, &snapshot.tables)).collect();
        Explanation { input: url.to_owned(), read_as, outcome, urls, report }
    }
}

impl Step {
    fn of(Located { url, via }: &Located, tables: &Tables) -> Self {
        Self {
            via: *via,
            canonical: url.expose().to_owned(),
            host: url.host().to_owned(),
            path: url.path().to_owned(),
            query: url.query().map(str::to_owned),
            registrable: tables.suffixes().registrable(url.host()).map(str::to_owned),
            telling: tables.without_tracking(url),
            forms: Forms::of(url, tables),
        }
    }
}
