//! The values of parameters in a query or fragment.

use std::borrow::Cow;

use super::Parameter;
use super::codec::percent_once;
use super::template::Found;
use crate::canonical::query::without_entity;

/// The values of a rule's parameters in one URL, decoded once as forms are.
pub(super) struct Values<'r>(Vec<(&'r Parameter, Vec<String>)>);

impl<'r> Values<'r> {
    /// None if a parameter is missing.
    pub(super) fn read(parameters: &'r [Parameter], text: Option<&str>) -> Option<Self> {
        let values = parameters.iter().map(|parameter| {
            let values: Vec<_> = pairs(text.unwrap_or_default())
                .filter(|(name, _)| parameter.names.iter().any(|known| **known == **name))
                .map(|(_, value)| form_value(value))
                .take(VALUES_MAX)
                .collect();
            (!values.is_empty()).then_some((parameter, values))
        });
        values.collect::<Option<_>>().map(Self)
    }

    pub(super) fn turns(&self) -> usize {
        self.0.iter().map(|(_, values)| values.len()).max().unwrap_or(0)
    }

    pub(super) fn fill(&self, turn: usize, found: &mut Found<'_>) -> bool {
        self.0.iter().all(|(parameter, values)| {
            let value = values.get(turn).or_else(|| values.last());
            value.is_some_and(|value| parameter.fill(value, found))
        })
    }
}

impl Parameter {
    fn fill(&self, value: &str, found: &mut Found<'_>) -> bool {
        self.values.iter().any(|template| {
            let mut own = Found::default();
            let fits = template.fits(value, &mut own);
            if fits {
                found.take_over(own);
            }
            fits
        })
    }
}

fn form_value(value: &str) -> String {
    percent_once(&value.replace('+', " ")).trim().to_owned()
}

fn pairs(text: &str) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
    text.split('&').map(|pair| {
        let pair = without_entity(pair);
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (percent_once(name), value)
    })
}

/// How often one parameter of a URL is read.
const VALUES_MAX: usize = 8;
