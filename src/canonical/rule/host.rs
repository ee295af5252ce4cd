//! Which hosts a rule is for.

use super::template::{Place, Places, TemplateError};

/// One host pattern: `name.tld` with its `www.` twin, `*.name.tld`, `{x}.name.tld`, `{x...}.name.tld`, or `name.*` for the
/// name under every registry's suffix.
#[derive(Debug)]
pub(in crate::canonical) struct HostPattern {
    lead: Lead,
    fixed: Box<str>,
    tail: Tail,
}

#[derive(Debug)]
enum Lead {
    /// The host itself and its `www.` twin.
    Twin,
    /// One or more labels, unnamed.
    Any,
    /// One label.
    One(Place),
    /// One or more labels.
    Many(Place),
}

#[derive(Debug, PartialEq, Eq)]
enum Tail {
    Fixed,
    AnySuffix,
}

/// What stood in a pattern's place.
pub(in crate::canonical) type LeadFound<'u> = Option<(Place, &'u str)>;

/// Why a host pattern cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostPatternError {
    /// A place is written wrongly.
    #[error(transparent)]
    Place(#[from] TemplateError),
    /// The fixed part is too short, or not a host in canonical spelling.
    #[error("the host pattern `{0}` needs two fixed labels (one before `.*`) in lower case")]
    Fixed(String),
}

impl HostPattern {
    pub(in crate::canonical) fn parse(text: &str, places: &mut Places) -> Result<Self, HostPatternError> {
        let (lead, rest) = lead(text, places)?;
        let (fixed, tail) = match rest.strip_suffix(".*") {
            Some(fixed) => (fixed, Tail::AnySuffix),
            None => (rest, Tail::Fixed),
        };
        let labels_min = if tail == Tail::Fixed { 2 } else { 1 };
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
        let labels = fixed.split('.');
        if !fixed.bytes().all(plain) || labels.clone().any(str::is_empty) || labels.count() < labels_min {
            return Err(HostPatternError::Fixed(text.to_owned()));
        }
        Ok(Self { lead, fixed: fixed.into(), tail })
    }

    /// What stands in the pattern's place if the host fits; `head` is the host without its registry's suffix.
    pub(in crate::canonical) fn fits<'u>(&self, host: &'u str, head: Option<&'u str>) -> Option<LeadFound<'u>> {
        let head = match self.tail {
            Tail::Fixed => host,
            Tail::AnySuffix => head?,
        };
        let before = head.strip_suffix(&*self.fixed)?;
        if let Lead::Twin = self.lead {
            return (before.is_empty() || before == "www.").then_some(None);
        }
        let labels = before.strip_suffix('.').filter(|labels| !labels.is_empty())?;
        match self.lead {
            Lead::One(_) if labels.contains('.') => None,
            Lead::One(place) | Lead::Many(place) => Some(Some((place, labels))),
            Lead::Any | Lead::Twin => Some(None),
        }
    }

    pub(super) fn key(&self) -> Key<'_> {
        match (&self.lead, &self.tail) {
            (_, Tail::AnySuffix) => Key::Name(self.fixed.rsplit('.').next().unwrap_or_default()),
            (Lead::Twin, Tail::Fixed) => Key::Host(&self.fixed),
            (_, Tail::Fixed) => Key::Below(&self.fixed),
        }
    }
}

/// What a pattern is found by.
pub(super) enum Key<'p> {
    /// A whole host.
    Host(&'p str),
    /// A host that something stands before.
    Below(&'p str),
    /// The last label before any suffix.
    Name(&'p str),
}

fn lead<'t>(text: &'t str, places: &mut Places) -> Result<(Lead, &'t str), HostPatternError> {
    if let Some(rest) = text.strip_prefix("*.") {
        return Ok((Lead::Any, rest));
    }
    let Some(open) = text.strip_prefix('{') else {
        return Ok((Lead::Twin, text));
    };
    let (name, rest) = open
        .split_once("}.")
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| TemplateError::Brace(text.to_owned()))?;
    Ok(match name.strip_suffix("...") {
        Some(name) => (Lead::Many(places.make(name)?), rest),
        None => (Lead::One(places.make(name)?), rest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::rule::index::{Candidate, HostIndex};
    use crate::canonical::suffix::Suffixes;

    #[test]
    fn host_patterns() {
        let suffixes = Suffixes::parse(include_str!("../../../lists/public_suffix_list.dat")).unwrap();
        let check = |pattern: &str, host: &str, expected: Option<&str>| {
            let pattern = HostPattern::parse(pattern, &mut Places::default()).unwrap();
            let head = suffixes.icann_head(host);
            let fits = pattern.fits(host, head);
            let lead = fits.map(|found| found.map_or("", |(_, lead)| lead));
            assert_eq!(lead, expected, "{host}");
            let mut index = HostIndex::default();
            index.add(&pattern, Candidate { rule: 0, pattern: 0 });
            if expected.is_some() {
                let found = index.find(host).map(|found| found.candidates(host).count());
                assert_eq!(found, Some(1), "{host} is found by its index");
            }
        };
        check("one.test", "one.test", Some(""));
        check("one.test", "www.one.test", Some(""));
        check("one.test", "x.one.test", None);
        check("one.test", "everyone.test", None);
        check("*.one.test", "a.b.one.test", Some(""));
        check("*.one.test", "one.test", None);
        check("{x}.one.test", "a.one.test", Some("a"));
        check("{x}.one.test", "a.b.one.test", None);
        check("{x...}.one.test", "a.b.one.test", Some("a.b"));
        check("one.*", "one.co.uk", Some(""));
        check("one.*", "www.one.test", Some(""));
        check("one.*", "one.github.io", None);
        check("two.one.*", "two.one.com", Some(""));
        check("*.one.*", "two.one.com", Some(""));
        check("one.*", "one", None);
    }

    #[test]
    fn bad_patterns() {
        for bad in ["test", "*.test", "One.test", "one..test", "{x.one.test", "{}.one.test", ".*", "*"] {
            assert!(HostPattern::parse(bad, &mut Places::default()).is_err(), "{bad}");
        }
    }
}
