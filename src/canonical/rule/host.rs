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

<<<<<<< HEAD
    /// What stands in the pattern's place if the host fits.
    pub(in crate::canonical) fn fits<'u>(&self, host: &'u str, suffixes: &Suffixes) -> Option<LeadFound<'u>> {
        let head = match self.tail {
            Tail::Fixed => host,
            Tail::AnySuffix => host.strip_suffix(suffixes.icann_suffix(host)?)?.strip_suffix('.')?,
=======
    /// What stands in the pattern's place if the host fits; `head` is the host without its registry's suffix.
    pub(in crate::canonical) fn fits<'u>(
        &self,
        host: &'u str,
        head: Option<&'u str>,
    ) -> Option<LeadFound<'u>> {
        let head = match self.tail {
            Tail::Fixed => host,
            Tail::AnySuffix => head?,
>>>>>>> tables
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

<<<<<<< HEAD
/// From a host to the patterns that may fit it.
///
/// A host in no table costs one probe with its last two labels, and two bit tests for names under any suffix.
#[derive(Debug, Default)]
pub(in crate::canonical) struct HostIndex {
    by_end: HashMap<Box<str>, Vec<Candidate>, BuildHasherDefault<LabelHasher>>,
    by_name: Vec<(Box<str>, Candidate)>,
    names_seen: u64,
}

/// A rule and which of its host patterns led to it.
#[derive(Debug, Clone, Copy)]
pub(in crate::canonical) struct Candidate {
    pub(in crate::canonical) rule: usize,
    pub(in crate::canonical) pattern: usize,
}

impl HostIndex {
    pub(in crate::canonical) fn add(&mut self, pattern: &HostPattern, candidate: Candidate) {
        if pattern.tail == Tail::Fixed {
            let end = host_end(&pattern.fixed).into();
            self.by_end.entry(end).or_default().push(candidate);
            return;
        }
        let name = pattern.fixed.rsplit('.').next().unwrap_or_default();
        self.names_seen |= name_bit(name);
        self.by_name.push((name.into(), candidate));
    }

    pub(in crate::canonical) fn candidates(&self, host: &str) -> impl Iterator<Item = Candidate> {
        let by_end = self.by_end.get(host_end(host)).map_or(&[][..], Vec::as_slice);
        let names = self.names(host);
        let by_name = names.into_iter().flatten().flat_map(|name| {
            let same = move |(known, _): &&(Box<str>, Candidate)| **known == *name;
            self.by_name.iter().filter(same).map(|(_, candidate)| *candidate)
        });
        by_end.iter().copied().chain(by_name)
    }

    /// The labels that may be a name under a suffix of one or two labels, if such a name is known.
    fn names<'h>(&self, host: &'h str) -> [Option<&'h str>; 2] {
        if self.names_seen == 0 {
            return [None; 2];
        }
        let mut labels = host.rsplit('.').skip(1);
        let mut name = || labels.next().filter(|label| self.names_seen & name_bit(label) != 0);
        let (second, third) = (name(), name());
        [second, third]
    }
}

/// The last two labels.
fn host_end(host: &str) -> &str {
    let dot = memchr::memrchr_iter(b'.', host.as_bytes()).nth(1);
    dot.and_then(|dot| host.get(dot + 1..)).unwrap_or(host)
}

fn name_bit(name: &str) -> u64 {
    let first = name.bytes().next().unwrap_or_default();
    1 << ((usize::from(first) + 11 * name.len()) % 64)
}

/// Fast and simple: what is hashed into the table is ours, so nobody can fill it with collisions.
#[derive(Default)]
pub(in crate::canonical) struct LabelHasher(u64);

impl Hasher for LabelHasher {
    fn write(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((word, after)) = rest.split_first_chunk::<8>() {
            self.mix(u64::from_le_bytes(*word));
            rest = after;
        }
        let last = rest.iter().fold(rest.len() as u64, |word, byte| word << 8 | u64::from(*byte));
        self.mix(last);
    }

    fn write_u8(&mut self, _end: u8) {}

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }
}

impl LabelHasher {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

=======
>>>>>>> tables
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
<<<<<<< HEAD
                assert_eq!(index.candidates(host).count(), 1, "{host} is found by its index");
=======
                let found = index.find(host).map(|found| found.candidates(host).count());
                assert_eq!(found, Some(1), "{host} is found by its index");
>>>>>>> tables
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
