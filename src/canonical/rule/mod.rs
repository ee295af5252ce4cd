//! Rules that read a URL and build others from it: the engine under `wrapper` and `alias`.
//!
//! Everything that is particular to a platform stands in the tables; nothing here knows one.

pub(in crate::canonical) mod codec;
pub(in crate::canonical) mod host;
pub(in crate::canonical) mod row;
mod shape;
mod template;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use self::codec::{Codec, percent_once, percent_unreserved};
use self::host::{Candidate, HostIndex, HostPattern, LeadFound};
use self::shape::Shape;
use self::template::{Found, Originals, Output, Place, Template};
use super::Parts;
use super::suffix::Suffixes;

pub use self::host::HostPatternError;
pub use self::template::TemplateError;

/// Why a row cannot be a rule.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// A template is malformed.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A host pattern is malformed.
    #[error(transparent)]
    Host(#[from] HostPatternError),
    /// A shared name that the table does not have.
    #[error("`{0}` stands neither under [hosts] nor under [shapes]; add it or correct the name")]
    Unknown(String),
    /// A rule without a place to look at, or with two.
    #[error("a rule needs either `host` or `scheme`")]
    Nowhere,
}

/// What is wrong with a rule, under its name.
pub(in crate::canonical) type NamedError = (String, RuleError);

/// One rule: where it holds, what it reads, what it gives.
#[derive(Debug)]
pub(in crate::canonical) struct Rule {
    hosts: Vec<HostPattern>,
    schemes: Vec<Box<str>>,
    paths: Vec<Template>,
    query: Option<Template>,
    query_parameters: Vec<Parameter>,
    fragment: Option<Template>,
    fragment_parameters: Vec<Parameter>,
    shapes: Vec<(Place, Shape)>,
    decode: Vec<(Place, Vec<Codec>)>,
    lower: Vec<Place>,
    gives: Vec<Output>,
    default_scheme: Option<Box<str>>,
}

/// A parameter that must be there, under one of its names.
#[derive(Debug)]
struct Parameter {
    names: Vec<Box<str>>,
    value: Template,
}

/// Rules under an index of their hosts and schemes.
pub(in crate::canonical) struct Rules {
    all: Vec<Rule>,
    by_host: HostIndex,
    by_scheme: HashMap<Box<str>, Vec<usize>>,
    suffixes: Arc<Suffixes>,
}

/// What rules look at: the URL with its path in one spelling.
struct Subject<'u> {
    path: Cow<'u, str>,
    query: Option<&'u str>,
    fragment: Option<&'u str>,
}

impl Rules {
    pub(in crate::canonical) fn new(rules: Vec<Rule>, suffixes: Arc<Suffixes>) -> Self {
        let mut by_host = HostIndex::default();
        let mut by_scheme = HashMap::<_, Vec<_>>::new();
        for (number, rule) in rules.iter().enumerate() {
            for (at, pattern) in rule.hosts.iter().enumerate() {
                by_host.add(pattern, Candidate { rule: number, pattern: at });
            }
            for scheme in &rule.schemes {
                by_scheme.entry(scheme.clone()).or_default().push(number);
            }
        }
        Self { all: rules, by_host, by_scheme, suffixes }
    }

    /// Schemes other than the web's that some rule reads.
    pub(in crate::canonical) fn schemes(&self) -> impl Iterator<Item = &str> {
        self.by_scheme.keys().map(|scheme| &**scheme)
    }

    /// Gives what the rules build from the URL to `take`, until that has enough.
    pub(in crate::canonical) fn each(&self, parts: &Parts<'_>, mut take: impl FnMut(String) -> Flow) {
        if !matches!(parts.scheme, "http" | "https" | "ftp") {
            self.each_of_scheme(parts, &mut take);
            return;
        }
        let mut candidates = self.by_host.candidates(parts.host).peekable();
        if candidates.peek().is_none() {
            return;
        }
        let subject = Subject::of_web(parts);
        for candidate in candidates {
            let Some((rule, lead)) = self.fitting(candidate, parts.host) else {
                continue;
            };
            if rule.build(&subject, lead, &mut take) == Flow::Enough {
                return;
            }
        }
    }

    /// Whether a rule for that host reads a parameter of that name.
    pub(in crate::canonical) fn reads(&self, host: &str, name: &str) -> bool {
        self.by_host
            .candidates(host)
            .filter_map(|candidate| self.fitting(candidate, host))
            .any(|(rule, _)| rule.reads(name))
    }

    fn each_of_scheme(&self, parts: &Parts<'_>, take: &mut impl FnMut(String) -> Flow) {
        let Some(numbers) = self.by_scheme.get(parts.scheme) else {
            return;
        };
        let subject = Subject::of_app(parts);
        for rule in numbers.iter().filter_map(|number| self.all.get(*number)) {
            if rule.build(&subject, None, take) == Flow::Enough {
                return;
            }
        }
    }

    fn fitting<'u>(&self, candidate: Candidate, host: &'u str) -> Option<(&Rule, LeadFound<'u>)> {
        let rule = self.all.get(candidate.rule)?;
        let pattern = rule.hosts.get(candidate.pattern)?;
        Some((rule, pattern.fits(host, &self.suffixes)?))
    }
}

/// Whether the receiver wants more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::canonical) enum Flow {
    /// Go on.
    More,
    /// Stop here.
    Enough,
}

impl<'u> Subject<'u> {
    fn of_web(parts: &Parts<'u>) -> Self {
        Self { path: percent_unreserved(parts.path), query: parts.query, fragment: parts.fragment }
    }

    /// `app:a/b`, `app://a/b` and `app:///a/b` say the same: here it is `/a/b`.
    fn of_app(parts: &Parts<'u>) -> Self {
        let path = parts.path.trim_start_matches('/');
        let whole = match parts.host {
            "" => format!("/{path}"),
            host => format!("/{host}/{path}"),
        };
        Self { path: Cow::Owned(percent_unreserved(&whole).into_owned()), query: parts.query, fragment: parts.fragment }
    }

    fn originals(&self) -> Originals<'_> {
        Originals { path: &self.path, query: self.query, fragment: self.fragment }
    }
}

impl Rule {
    /// Builds one URL for each reading: parameters may be there several times, and servers differ in which they take.
    fn build(&self, subject: &Subject<'_>, lead: LeadFound<'_>, take: &mut impl FnMut(String) -> Flow) -> Flow {
        let Some(found) = self.read_fixed(subject, lead) else {
            return Flow::More;
        };
        let query = Values::read(&self.query_parameters, subject.query);
        let fragment = Values::read(&self.fragment_parameters, subject.fragment);
        let (Some(query), Some(fragment)) = (query, fragment) else {
            return Flow::More;
        };
        for turn in 0..query.turns().max(fragment.turns()).max(1) {
            let mut found = found.clone();
            let fits = query.fill(turn, &mut found) && fragment.fill(turn, &mut found);
            let built = fits.then(|| self.finish(found, subject)).into_iter().flatten();
            for url in built {
                if take(url) == Flow::Enough {
                    return Flow::Enough;
                }
            }
        }
        Flow::More
    }

    /// The places that host, path, and whole query or fragment fill.
    fn read_fixed<'u>(&self, subject: &'u Subject<'_>, lead: LeadFound<'u>) -> Option<Found<'u>> {
        let mut found = Found::default();
        if let Some((place, labels)) = lead {
            found.set(place, labels);
        }
        let fits_path = self.paths.is_empty() || self.paths.iter().any(|path| path.fits(&subject.path, &mut found));
        let fits = fits_path
            && fits_whole(self.query.as_ref(), subject.query, &mut found)
            && fits_whole(self.fragment.as_ref(), subject.fragment, &mut found);
        fits.then_some(found)
    }

    fn finish(&self, mut found: Found<'_>, subject: &Subject<'_>) -> Vec<String> {
        let decoded = self.decode.iter().all(|(place, codecs)| {
            let text = found.get(*place).map(ToOwned::to_owned);
            let plain = text.and_then(|text| codecs.iter().try_fold(text, |text, codec| codec.decode(&text)));
            plain.is_some_and(|plain| {
                found.set(*place, plain);
                true
            })
        });
        let shaped = |(place, shape): &(Place, Shape)| found.get(*place).is_some_and(|text| shape.holds(text));
        if !decoded || !self.shapes.iter().all(shaped) {
            return Vec::new();
        }
        for place in &self.lower {
            if let Some(lower) = found.get(*place).map(str::to_ascii_lowercase) {
                found.set(*place, lower);
            }
        }
        let render = |output: &Output| output.render(&found, subject.originals());
        let url = |text: String| as_url(&text, self.default_scheme.as_deref());
        self.gives.iter().filter_map(render).filter_map(url).collect()
    }

    fn reads(&self, name: &str) -> bool {
        let parameters = self.query_parameters.iter();
        parameters.flat_map(|parameter| &parameter.names).any(|known| **known == *name)
    }
}

fn fits_whole<'u>(template: Option<&Template>, text: Option<&'u str>, found: &mut Found<'u>) -> bool {
    template.is_none_or(|template| text.is_some_and(|text| template.fits(text, found)))
}

/// The values of a rule's parameters in one URL, decoded once as forms are.
struct Values<'r>(Vec<(&'r Parameter, Vec<String>)>);

impl<'r> Values<'r> {
    /// None if a parameter is missing.
    fn read(parameters: &'r [Parameter], text: Option<&str>) -> Option<Self> {
        let values = parameters.iter().map(|parameter| {
            let values: Vec<_> = pairs(text.unwrap_or_default())
                .filter(|(name, _)| parameter.names.iter().any(|known| **known == **name))
                .map(|(_, value)| percent_once(&value.replace('+', " ")).into_owned())
                .take(VALUES_MAX)
                .collect();
            (!values.is_empty()).then_some((parameter, values))
        });
        values.collect::<Option<_>>().map(Self)
    }

    fn turns(&self) -> usize {
        self.0.iter().map(|(_, values)| values.len()).max().unwrap_or(0)
    }

    fn fill(&self, turn: usize, found: &mut Found<'_>) -> bool {
        self.0.iter().all(|(parameter, values)| {
            let value = values.get(turn).or_else(|| values.last());
            value.is_some_and(|value| parameter.fill(value, found))
        })
    }
}

impl Parameter {
    fn fill(&self, value: &str, found: &mut Found<'_>) -> bool {
        let mut own = Found::default();
        let fits = self.value.fits(value, &mut own);
        if fits {
            found.take_over(own);
        }
        fits
    }
}

fn pairs(text: &str) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
    text.split('&').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (percent_once(name), value)
    })
}

/// The text as a URL with a scheme: unwraps further rounds of escapes, mends the slashes after a web scheme, and adds the
/// rule's own scheme where none stands.
fn as_url(text: &str, default_scheme: Option<&str>) -> Option<String> {
    let mut text = Cow::Borrowed(text.trim());
    for _ in 0..ROUNDS_MAX {
        if let Some(url) = mend(&text) {
            return Some(url);
        }
        let once = percent_once(&text).into_owned();
        if *once == *text {
            break;
        }
        text = Cow::Owned(once);
    }
    let host = text.split(['/', '?', '#']).next().unwrap_or_default();
    let scheme = default_scheme.filter(|_| host.contains('.') && !host.contains(char::is_whitespace))?;
    Some(format!("{scheme}://{text}"))
}

/// The text if it has a scheme or starts with two slashes, with exactly two slashes after a web scheme.
pub(in crate::canonical) fn mend(text: &str) -> Option<String> {
    for scheme in ["https:", "http:"] {
        let head = text.get(..scheme.len()).unwrap_or_default();
        if head.eq_ignore_ascii_case(scheme) {
            let rest = text.get(scheme.len()..)?.trim_start_matches(['/', '\\']);
            return (!rest.is_empty()).then(|| format!("{scheme}//{rest}"));
        }
    }
    if text.starts_with(['/', '\\']) && text.get(1..)?.starts_with(['/', '\\']) {
        let rest = text.trim_start_matches(['/', '\\']);
        return rest.contains('.').then(|| format!("http://{rest}"));
    }
    let (scheme, _) = text.split_once("://")?;
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(letters);
    is_scheme.then(|| text.to_owned())
}

/// How often one parameter of a URL is read.
const VALUES_MAX: usize = 8;
/// How many rounds of escapes are undone around a carried URL.
const ROUNDS_MAX: usize = 6;
