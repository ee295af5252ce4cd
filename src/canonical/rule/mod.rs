//! Rules that read a URL and build others from it: the engine under `wrapper` and `alias`.
//!
//! Everything that is particular to a platform stands in the tables; nothing here knows one.

mod cid;
pub(in crate::canonical) mod codec;
pub(in crate::canonical) mod host;
mod index;
pub(in crate::canonical) mod row;
mod shape;
mod template;
mod values;
mod web;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};

use self::codec::{Codec, percent_once, percent_unreserved};
use self::host::{HostPattern, LeadFound};
use self::index::{Candidate, HostIndex};
use self::shape::Shape;
use self::template::{Found, Originals, Output, Place, Template};
use self::values::Values;
use self::web::as_url;
use super::Parts;
use super::suffix::Suffixes;

pub use self::host::HostPatternError;
pub use self::template::TemplateError;
pub(in crate::canonical) use self::web::mend;

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
    requests: Vec<Template>,
    query: Vec<Template>,
    query_parameters: Vec<Parameter>,
    fragment: Vec<Template>,
    fragment_parameters: Vec<Parameter>,
    shapes: Vec<(Place, Shape)>,
    decode: Vec<(Place, Vec<Codec>)>,
    lower: Vec<Place>,
    gives: Vec<Output>,
    default_scheme: Option<Box<str>>,
    beside: bool,
}

/// A parameter that must be there, under one of its names.
#[derive(Debug)]
struct Parameter {
    names: Vec<Box<str>>,
    values: Vec<Template>,
}

/// Rules under an index of their hosts and schemes.
pub(in crate::canonical) struct Rules {
    all: Vec<Rule>,
    by_host: HostIndex,
    by_scheme: HashMap<Box<str>, Vec<usize>>,
    suffixes: Arc<Suffixes>,
}

/// What rules look at: the URL with its path and fragment in one spelling.
struct Subject<'u> {
    path: Cow<'u, str>,
    query: Option<&'u str>,
    fragment: Option<Cow<'u, str>>,
    request: OnceCell<String>,
    original_fragment: Option<&'u str>,
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
        self.each_rule(parts, |rule, subject, lead| rule.build(subject, lead, &mut take));
    }

    /// What the first rule builds, and the first of those that stand beside others.
    pub(in crate::canonical) fn firsts(&self, parts: &Parts<'_>) -> [Option<String>; 2] {
        let (mut own, mut beside) = (None, None);
        self.each_rule(parts, |rule, subject, lead| {
            let first = if rule.beside { &mut beside } else { &mut own };
            if first.is_none() {
                rule.build(subject, lead, &mut |url| {
                    *first = Some(url);
                    Flow::Enough
                });
            }
            if own.is_some() && beside.is_some() { Flow::Enough } else { Flow::More }
        });
        [own, beside]
    }

    /// Shows the rules for that host or scheme to `visit`, in their order, until that has enough.
    fn each_rule(&self, parts: &Parts<'_>, mut visit: impl FnMut(&Rule, &Subject<'_>, LeadFound<'_>) -> Flow) {
        if !matches!(parts.scheme, "http" | "https" | "ftp") {
            self.each_rule_of_scheme(parts, visit);
            return;
        }
        let Some(fitting) = self.fitting(parts.host) else {
            return;
        };
        let subject = Subject::of_web(parts);
        for (rule, lead) in fitting {
            if visit(rule, &subject, lead) == Flow::Enough {
                return;
            }
        }
    }

    /// Whether a rule may be for that host; false for almost every host.
    pub(in crate::canonical) fn may_know(&self, host: &str) -> bool {
        self.by_host.find(host).is_some()
    }

    /// Whether a rule for that host reads a parameter of that name.
    pub(in crate::canonical) fn reads(&self, host: &str, name: &str) -> bool {
        self.fitting(host).is_some_and(|mut fitting| fitting.any(|(rule, _)| rule.reads(name)))
    }

    fn each_rule_of_scheme(
        &self,
        parts: &Parts<'_>,
        mut visit: impl FnMut(&Rule, &Subject<'_>, LeadFound<'_>) -> Flow,
    ) {
        let Some(numbers) = self.by_scheme.get(parts.scheme) else {
            return;
        };
        let subject = Subject::of_app(parts);
        for rule in numbers.iter().filter_map(|number| self.all.get(*number)) {
            if visit(rule, &subject, None) == Flow::Enough {
                return;
            }
        }
    }

    /// The rules for that host, and what stands in their patterns; none for almost every host.
    fn fitting<'u>(&self, host: &'u str) -> Option<impl Iterator<Item = (&Rule, LeadFound<'u>)>> {
        let found = self.by_host.find(host)?;
        let head = found.needs_suffix().then(|| self.suffixes.icann_head(host)).flatten();
        Some(found.candidates(host).filter_map(move |candidate| {
            let rule = self.all.get(candidate.rule)?;
            let pattern = rule.hosts.get(candidate.pattern)?;
            Some((rule, pattern.fits(host, head)?))
        }))
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
        Self::new(percent_unreserved(parts.path), parts)
    }

    /// `app:a/b`, `app://a/b` and `app:///a/b` say the same: here it is `/a/b`.
    fn of_app(parts: &Parts<'u>) -> Self {
        let path = parts.path.trim_start_matches('/');
        let whole = match (parts.host, path) {
            ("", path) => format!("/{path}"),
            (host, "") => format!("/{host}"),
            (host, path) => format!("/{host}/{path}"),
        };
        Self::new(Cow::Owned(percent_unreserved(&whole).into_owned()), parts)
    }

    fn new(path: Cow<'u, str>, parts: &Parts<'u>) -> Self {
        Self {
            path: fold_slashes(path),
            query: parts.query,
            fragment: parts.fragment.map(percent_once),
            request: OnceCell::new(),
            original_fragment: parts.fragment,
        }
    }

    /// Path, query and fragment as one text, made when a rule asks for it.
    fn request(&self) -> &str {
        self.request.get_or_init(|| {
            let mut request = self.path.to_string();
            for (mark, part) in [('?', self.query), ('#', self.original_fragment)] {
                if let Some(part) = part {
                    request.push(mark);
                    request.push_str(part);
                }
            }
            request
        })
    }

    fn originals(&self) -> Originals<'_> {
        Originals { path: &self.path, query: self.query, fragment: self.fragment.as_deref() }
    }
}

impl Rule {
    /// Builds URLs by the first route that leads to any.
    fn build(&self, subject: &Subject<'_>, lead: LeadFound<'_>, take: &mut impl FnMut(String) -> Flow) -> Flow {
        let built = self.routes(subject).find_map(|route| {
            let found = self.read_fixed(route, subject, lead)?;
            let query = Values::read(&self.query_parameters, subject.query)?;
            let fragment = Values::read(&self.fragment_parameters, subject.fragment.as_deref())?;
            let urls = self.readings(&found, [&query, &fragment], subject);
            (!urls.is_empty()).then_some(urls)
        });
        let mut urls = built.unwrap_or_default().into_iter();
        if urls.any(|url| take(url) == Flow::Enough) {
            return Flow::Enough;
        }
        Flow::More
    }

    /// The templates of path and request with their texts; a rule without any holds on every path.
    fn routes<'s>(&'s self, subject: &'s Subject<'_>) -> impl Iterator<Item = Route<'s>> {
        let any = self.paths.is_empty() && self.requests.is_empty();
        let paths = self.paths.iter().map(|path| Some((path, &*subject.path)));
        let requests = self.requests.iter().map(|request| Some((request, subject.request())));
        any.then_some(None).into_iter().chain(paths).chain(requests)
    }

    /// The places that host, route, and whole query or fragment fill.
    fn read_fixed<'u>(&self, route: Route<'u>, subject: &'u Subject<'_>, lead: LeadFound<'u>) -> Option<Found<'u>> {
        let mut found = Found::default();
        if let Some((place, labels)) = lead {
            found.set(place, labels);
        }
        let fits = route.is_none_or(|(template, text)| template.fits(text, &mut found))
            && fits_any(&self.query, subject.query, &mut found)
            && fits_any(&self.fragment, subject.fragment.as_deref(), &mut found);
        fits.then_some(found)
    }

    /// Parameters may be there several times, and servers differ in which they take: each is read.
    fn readings(&self, found: &Found<'_>, values: [&Values<'_>; 2], subject: &Subject<'_>) -> Vec<String> {
        let turns = values.iter().map(|values| values.turns()).max().unwrap_or(0);
        let reading = |turn| {
            let mut found = found.clone();
            let fits = values.iter().all(|values| values.fill(turn, &mut found));
            if fits {
                return self.finish(found, subject);
            }
            Vec::new()
        };
        (0..turns.max(1)).flat_map(reading).collect()
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

/// Servers take doubled slashes for one; where they stood in a carried URL, they are mended later.
fn fold_slashes(path: Cow<'_, str>) -> Cow<'_, str> {
    if memchr::memmem::find(path.as_bytes(), b"//").is_none() {
        return path;
    }
    let mut folded = String::with_capacity(path.len());
    for letter in path.chars() {
        if letter != '/' || !folded.ends_with('/') {
            folded.push(letter);
        }
    }
    Cow::Owned(folded)
}

/// A template and the text that it is for.
type Route<'s> = Option<(&'s Template, &'s str)>;

/// Whether the first template that fits is there; none at all fits everything.
fn fits_any<'u>(templates: &[Template], text: Option<&'u str>, found: &mut Found<'u>) -> bool {
    templates.is_empty() || text.is_some_and(|text| templates.iter().any(|template| template.fits(text, found)))
}
