//! Templates of paths and values: fixed text with named places.

use std::borrow::Cow;

use memchr::memmem;

/// How many places one rule may name.
pub(in crate::canonical) const PLACES_MAX: usize = 8;

/// The number of a named place within its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::canonical) struct Place(usize);

/// The names of a rule's places.
#[derive(Debug, Default)]
pub(in crate::canonical) struct Places(Vec<String>);

impl Places {
    /// The place of that name, made if it is new; none if the rule has too many.
    pub(in crate::canonical) fn make(&mut self, name: &str) -> Result<Place, TemplateError> {
        if let Some(place) = self.find(name) {
            return Ok(place);
        }
        if self.0.len() == PLACES_MAX {
            return Err(TemplateError::TooManyPlaces);
        }
        self.0.push(name.to_owned());
        Ok(Place(self.0.len() - 1))
    }

    pub(in crate::canonical) fn find(&self, name: &str) -> Option<Place> {
        self.0.iter().position(|known| known == name).map(Place)
    }
}

/// What was found in the places of a rule.
#[derive(Debug, Clone, Default)]
pub(in crate::canonical) struct Found<'u>([Option<Cow<'u, str>>; PLACES_MAX]);

impl<'u> Found<'u> {
    pub(in crate::canonical) fn set(&mut self, place: Place, text: impl Into<Cow<'u, str>>) {
        if let Some(slot) = self.0.get_mut(place.0) {
            *slot = Some(text.into());
        }
    }

    pub(in crate::canonical) fn get(&self, place: Place) -> Option<&str> {
        self.0.get(place.0)?.as_deref()
    }

    /// Takes what was found in a text that does not live as long.
    pub(in crate::canonical) fn take_over(&mut self, other: Found<'_>) {
        for (slot, text) in self.0.iter_mut().zip(other.0) {
            if let Some(text) = text {
                *slot = Some(Cow::Owned(text.into_owned()));
            }
        }
    }
}

/// Why a template cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A brace is open or empty.
    #[error("a brace in `{0}` is open, empty or stray; write places as {{name}} or {{name...}}")]
    Brace(String),
    /// Nothing fixed stands between two places.
    #[error("two places in `{0}` touch; put fixed text between them")]
    Touching(String),
    /// A place is used that nothing fills.
    #[error("nothing fills the place `{0}`; name it in host, path, query or fragment")]
    Unfilled(String),
    /// A rule has more places than it may.
    #[error("a rule names at most {PLACES_MAX} places; use `*` for what is not needed")]
    TooManyPlaces,
}

/// Whether a plain place ends at the next slash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::canonical) enum Within {
    /// A path: `{x}` is at most one segment.
    Path,
    /// A value: `{x}` is all that the fixed text around it leaves.
    Value,
}

/// Fixed text and places, matched against a path or a value.
#[derive(Debug)]
pub(in crate::canonical) struct Template {
    pieces: Vec<Piece>,
    within: Within,
}

#[derive(Debug)]
enum Piece {
    Text(Box<str>),
    Plain(Option<Place>),
    Rest(Option<Place>),
    Anything,
}

impl Template {
    pub(in crate::canonical) fn parse(text: &str, within: Within, places: &mut Places) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, after) = next_piece(text, rest, places)?;
            let fixed = |piece: &Piece| matches!(piece, Piece::Text(_));
            if pieces.last().is_some_and(|last| !fixed(last) && !fixed(&piece)) {
                return Err(TemplateError::Touching(text.to_owned()));
            }
            pieces.push(piece);
            rest = after;
        }
        Ok(Self { pieces, within })
    }

    /// Whether the text fits; fills the places. Fixed text is compared without regard to ASCII case, and slashes at the end
    /// of a path count for nothing.
    pub(in crate::canonical) fn fits<'u>(&self, text: &'u str, found: &mut Found<'u>) -> bool {
        let mut rest = text;
        let mut pieces = self.pieces.iter().peekable();
        while let Some(piece) = pieces.next() {
            let next = match pieces.peek() {
                Some(Piece::Text(next)) => Some(&**next),
                _ => None,
            };
            let after = match piece {
                Piece::Anything => return true,
                Piece::Text(fixed) => skip_fixed(rest, fixed),
                Piece::Plain(place) => take(rest, plain_len(self.within, rest, next), *place, found),
                Piece::Rest(place) => take(rest, rest_len(rest, next), *place, found),
            };
            let Some(after) = after else { return false };
            rest = after;
        }
        match self.within {
            Within::Path => rest.bytes().all(|byte| byte == b'/'),
            Within::Value => rest.is_empty(),
        }
    }
}

fn next_piece<'t>(whole: &str, rest: &'t str, places: &mut Places) -> Result<(Piece, &'t str), TemplateError> {
    if let Some(after) = rest.strip_prefix("**") {
        return Ok((Piece::Anything, after));
    }
    if let Some(after) = rest.strip_prefix('*') {
        return Ok((Piece::Plain(None), after));
    }
    let Some(open) = rest.strip_prefix('{') else {
        let end = rest.find(['{', '*']).unwrap_or(rest.len());
        let (fixed, after) = rest.split_at(end);
        if fixed.contains('}') {
            return Err(TemplateError::Brace(whole.to_owned()));
        }
        return Ok((Piece::Text(fixed.into()), after));
    };
    let (name, after) = open
        .split_once('}')
        .filter(|(name, _)| !name.is_empty() && !name.contains('{'))
        .ok_or_else(|| TemplateError::Brace(whole.to_owned()))?;
    let piece = match name.strip_suffix("...") {
        Some(name) => Piece::Rest(Some(places.make(name)?)),
        None => Piece::Plain(Some(places.make(name)?)),
    };
    Ok((piece, after))
}

fn skip_fixed<'u>(rest: &'u str, fixed: &str) -> Option<&'u str> {
    let (head, after) = rest.split_at_checked(fixed.len())?;
    head.eq_ignore_ascii_case(fixed).then_some(after)
}

fn take<'u>(rest: &'u str, len: Option<usize>, place: Option<Place>, found: &mut Found<'u>) -> Option<&'u str> {
    let (taken, after) = rest.split_at_checked(len.filter(|len| *len > 0)?)?;
    if let Some(place) = place {
        found.set(place, taken);
    }
    Some(after)
}

/// Up to the first place where the fixed text follows, in a path within one segment.
fn plain_len(within: Within, rest: &str, next: Option<&str>) -> Option<usize> {
    let end = match within {
        Within::Path => memchr::memchr(b'/', rest.as_bytes()).unwrap_or(rest.len()),
        Within::Value => rest.len(),
    };
    match next {
        Some(next) if within == Within::Value || !next.starts_with('/') => {
            memmem::find(rest.get(..end)?.as_bytes(), next.as_bytes())
        }
        _ => Some(end),
    }
}

/// Up to the last place where the fixed text follows.
fn rest_len(rest: &str, next: Option<&str>) -> Option<usize> {
    match next {
        Some(next) => memmem::rfind(rest.as_bytes(), next.as_bytes()),
        None => Some(rest.len()),
    }
}

/// What a rule builds: fixed text, places, and parts of the URL as they are.
#[derive(Debug)]
pub(in crate::canonical) struct Output(Vec<Part>);

#[derive(Debug)]
enum Part {
    Text(Box<str>),
    Place(Place),
    Path,
    Query,
    Fragment,
}

/// The parts of the URL that an output may copy.
#[derive(Clone, Copy)]
pub(in crate::canonical) struct Originals<'u> {
    /// With its leading slash.
    pub(in crate::canonical) path: &'u str,
    /// Without `?`.
    pub(in crate::canonical) query: Option<&'u str>,
    /// Without `#`.
    pub(in crate::canonical) fragment: Option<&'u str>,
}

impl Output {
    pub(in crate::canonical) fn parse(text: &str, places: &Places) -> Result<Self, TemplateError> {
        let brace = || TemplateError::Brace(text.to_owned());
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((fixed, open)) = rest.split_once('{') {
            let (name, after) = open.split_once('}').ok_or_else(brace)?;
            parts.push(Part::Text(fixed.into()));
            parts.push(match name {
                "path" => Part::Path,
                "query" => Part::Query,
                "fragment" => Part::Fragment,
                name => Part::Place(places.find(name).ok_or_else(|| TemplateError::Unfilled(name.to_owned()))?),
            });
            rest = after;
        }
        parts.push(Part::Text(rest.into()));
        Ok(Self(parts))
    }

    /// The text, if every place in it was filled.
    pub(in crate::canonical) fn render(&self, found: &Found<'_>, originals: Originals<'_>) -> Option<String> {
        let mut text = String::new();
        let marked = |mark: char, part: Option<&str>, text: &mut String| {
            if let Some(part) = part {
                text.push(mark);
                text.push_str(part);
            }
        };
        for part in &self.0 {
            match part {
                Part::Text(fixed) => text.push_str(fixed),
                Part::Place(place) => text.push_str(found.get(*place)?),
                Part::Path => text.push_str(originals.path),
                Part::Query => marked('?', originals.query, &mut text),
                Part::Fragment => marked('#', originals.fragment, &mut text),
            }
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates() {
        let check = |template: &str, within, text: &str, expected: Option<&str>| {
            let mut places = Places::default();
            let template = Template::parse(template, within, &mut places).unwrap();
            let mut found = Found::default();
            let fits = template.fits(text, &mut found);
            let x = places.find("x").and_then(|x| found.get(x)).unwrap_or("");
            assert_eq!(fits.then_some(x), expected, "{text}");
        };
        let path = |template, text, expected| check(template, Within::Path, text, expected);
        path("/url", "/url", Some(""));
        path("/url", "/URL//", Some(""));
        path("/url", "/urls", None);
        path("/{x}", "/a/", Some("a"));
        path("/{x}", "/a/b", None);
        path("/{x}", "/", None);
        path("/a/{x}/b", "/a/y/b", Some("y"));
        path("/c/s/{x...}", "/c/s/listed.example/a/", Some("listed.example/a/"));
        path("/web/*/{x...}", "/web/2020/http://a.test/", Some("http://a.test/"));
        path("/v2/___{x...}___.*", "/v2/___http://a.test/b___.Zz", Some("http://a.test/b"));
        path("/+{x}", "/+Abc", Some("Abc"));
        path("/{x}.json", "/abc.json", Some("abc"));
        path("/{x}.json", "/abc.xml", None);
        path("/a/**", "/a/b/c", Some(""));
        let value = |template, text, expected| check(template, Within::Value, text, expected);
        value("a1{x}", "a1aHR0/cA", Some("aHR0/cA"));
        value("a1{x}", "b1aHR0cA", None);
        value("!{x}!*", "!id!key", Some("id"));
        value("1", "12", None);
    }

    #[test]
    fn bad_templates() {
        for bad in ["/{", "/{}", "/}", "/{a{b}}"] {
            let parsed = Template::parse(bad, Within::Path, &mut Places::default());
            assert!(matches!(parsed, Err(TemplateError::Brace(_))), "{bad}");
        }
        let touching = Template::parse("/{a}{b}", Within::Path, &mut Places::default());
        assert!(matches!(touching, Err(TemplateError::Touching(_))));
        let many = "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}";
        let many = Template::parse(many, Within::Path, &mut Places::default());
        assert!(matches!(many, Err(TemplateError::TooManyPlaces)));
        let unfilled = Output::parse("https://{x}", &Places::default());
        assert!(matches!(unfilled, Err(TemplateError::Unfilled(_))));
    }
}
