//! The tables as they are written: TOML rows → rules.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::codec::Codec;
use super::host::HostPattern;
use super::shape::{Shape, ShapeRow};
use super::template::{Output, Place, Places, Template, TemplateError, Within};
use super::{NamedError, Parameter, Rule, RuleError};

/// A table: shared names, then rows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::canonical) struct Sheet {
    /// What rows have that say nothing else.
    #[serde(default)]
    defaults: Defaults,
    /// Lists of host patterns that rows call `@name`.
    #[serde(default)]
    hosts: BTreeMap<String, Vec<String>>,
    /// Shapes that rows call by name.
    #[serde(default)]
    shapes: BTreeMap<String, ShapeRow>,
    #[serde(rename = "rule")]
    rows: Vec<Row>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Defaults {
    #[serde(default)]
    gives: OneOrMany<String>,
    default_scheme: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    /// Other schemes than the web's; without it, `http` and `https`.
    #[serde(default)]
    scheme: OneOrMany<String>,
    #[serde(default)]
    host: OneOrMany<String>,
    #[serde(default)]
    path: OneOrMany<String>,
    /// Path, query and fragment as one text, for rules that take the rest of the URL.
    #[serde(default)]
    request: OneOrMany<String>,
    query: Option<Reading>,
    fragment: Option<Reading>,
    #[serde(default, rename = "where")]
    shapes: BTreeMap<String, String>,
    #[serde(default)]
    decode: BTreeMap<String, OneOrMany<Codec>>,
    #[serde(default)]
    lower: OneOrMany<String>,
    gives: Option<OneOrMany<String>>,
    default_scheme: Option<String>,
    /// The rule's answer stands beside that of another rule, not instead of it.
    #[serde(default)]
    beside: bool,
    #[serde(rename = "source")]
    _source: IgnoredAny,
    #[serde(default, rename = "examples")]
    _examples: IgnoredAny,
}

/// A query or fragment: the whole text, or parameters of which each must be there.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reading {
    Parameters(BTreeMap<String, OneOrMany<String>>),
    Whole(OneOrMany<String>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl<T> OneOrMany<T> {
    fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

impl Sheet {
    /// The rules of the table in their order; an error names its rule.
    pub(in crate::canonical) fn rules(&self) -> Result<Vec<Rule>, NamedError> {
        let rule = |row| self.rule(row).map_err(|error| (row.name.clone(), error));
        self.rows.iter().map(rule).collect()
    }

    fn rule(&self, row: &Row) -> Result<Rule, RuleError> {
        let mut places = Places::default();
        let hosts = self.hosts(row, &mut places)?;
        let paths = templates(&row.path, Within::Path, &mut places)?;
        let requests = templates(&row.request, Within::Path, &mut places)?;
        let (query, query_parameters) = reading(row.query.as_ref(), &mut places)?;
        let (fragment, fragment_parameters) = reading(row.fragment.as_ref(), &mut places)?;
        if hosts.is_empty() == row.scheme.as_slice().is_empty() {
            return Err(RuleError::Nowhere);
        }
        let gives = row.gives.as_ref().unwrap_or(&self.defaults.gives);
        let default_scheme = row.default_scheme.as_ref().or(self.defaults.default_scheme.as_ref());
        Ok(Rule {
            hosts,
            schemes: row.scheme.as_slice().iter().map(|scheme| scheme.as_str().into()).collect(),
            paths,
            requests,
            query,
            query_parameters,
            fragment,
            fragment_parameters,
            shapes: self.shapes(row, &places)?,
            decode: decode(row, &places)?,
            lower: each(row.lower.as_slice(), |name| place(name, &places))?,
            gives: each(gives.as_slice(), |text| Ok(Output::parse(text, &places)?))?,
            default_scheme: default_scheme.map(|scheme| scheme.as_str().into()),
            beside: row.beside,
        })
    }

    fn hosts(&self, row: &Row, places: &mut Places) -> Result<Vec<HostPattern>, RuleError> {
        let mut patterns = Vec::new();
        for host in row.host.as_slice() {
            let group = match host.strip_prefix('@') {
                Some(name) => self.hosts.get(name).ok_or_else(|| RuleError::Unknown(host.clone()))?,
                None => std::slice::from_ref(host),
            };
            for pattern in group {
                patterns.push(HostPattern::parse(pattern, places)?);
            }
        }
        Ok(patterns)
    }

    fn shapes(&self, row: &Row, places: &Places) -> Result<Vec<(Place, Shape)>, RuleError> {
        let shape = |(name, shape): (&String, &String)| {
            let known = self.shapes.get(shape);
            let known = known.ok_or_else(|| RuleError::Unknown(shape.clone()))?;
            Ok((place(name, places)?, Shape::from(known)))
        };
        row.shapes.iter().map(shape).collect()
    }
}

type Read = (Vec<Template>, Vec<Parameter>);

fn reading(reading: Option<&Reading>, places: &mut Places) -> Result<Read, TemplateError> {
    Ok(match reading {
        None => (Vec::new(), Vec::new()),
        Some(Reading::Whole(texts)) => (templates(texts, Within::Value, places)?, Vec::new()),
        Some(Reading::Parameters(rows)) => {
            let parameters = rows.iter().map(|(names, texts)| {
                Ok(Parameter {
                    names: names.split('|').map(Into::into).collect(),
                    values: templates(texts, Within::Value, places)?,
                })
            });
            (Vec::new(), parameters.collect::<Result<_, _>>()?)
        }
    })
}

fn templates(texts: &OneOrMany<String>, within: Within, places: &mut Places) -> Result<Vec<Template>, TemplateError> {
    let template = |text: &String| Template::parse(text, within, places);
    texts.as_slice().iter().map(template).collect()
}

fn decode(row: &Row, places: &Places) -> Result<Vec<(Place, Vec<Codec>)>, RuleError> {
    let step = |(name, codecs): (&String, &OneOrMany<Codec>)| Ok((place(name, places)?, codecs.as_slice().to_vec()));
    row.decode.iter().map(step).collect()
}

fn place(name: &str, places: &Places) -> Result<Place, RuleError> {
    let unfilled = || TemplateError::Unfilled(name.to_owned());
    Ok(places.find(name).ok_or_else(unfilled)?)
}

fn each<T>(texts: &[String], make: impl Fn(&str) -> Result<T, RuleError>) -> Result<Vec<T>, RuleError> {
    texts.iter().map(|text| make(text)).collect()
}
