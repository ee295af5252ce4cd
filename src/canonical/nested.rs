//! Any web URL that stands inside the path, query or fragment of another one.
//!
//! No table is needed for these: whatever looks like a URL there is looked up too. Escapes are undone round by round, and a
//! URL is taken from the first round that shows it, so that its own escapes survive.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memchr2};

use super::Parts;
use super::rule::codec::percent_once;
use super::rule::mend;

/// How many URLs one URL gives at most.
pub const NESTED_MAX: usize = 32;
/// All URLs inside one are together at most this much longer than it.
pub const NESTED_SPARE_BYTES: usize = 64 << 10;

/// Whether all URLs inside were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a URL that was not looked at must not pass as unlisted"]
pub enum Reach {
    /// All of them.
    Whole,
    /// There are more than the limits allow.
    Cut,
}

/// Adds the URLs that stand inside this one, at most [`NESTED_MAX`] of them.
///
/// `schemes` are those of apps whose links are looked for too, such as `tg`.
pub fn embedded_into(parts: &Parts<'_>, schemes: &[Box<str>], out: &mut Vec<String>) -> Reach {
    let len = [Some(parts.path), parts.query, parts.fragment].into_iter().flatten().map(str::len).sum::<usize>();
    let room = len + NESTED_SPARE_BYTES;
    let mut finder = Finder { start: out.len(), out, schemes, reach: Reach::Whole, room };
    finder.path(parts.path, parts.query);
    if let Some(query) = parts.query {
        finder.parameters(query);
    }
    if let Some(fragment) = parts.fragment {
        finder.parameters(fragment);
    }
    finder.reach
}

/// Adds a URL unless it is there already since `start`.
pub(super) fn push(url: String, start: usize, out: &mut Vec<String>) {
    if !out.iter().skip(start).any(|known| *known == url) {
        out.push(url);
    }
}

struct Finder<'o> {
    out: &'o mut Vec<String>,
    schemes: &'o [Box<str>],
    start: usize,
    reach: Reach,
    /// How many bytes of URLs may still be given.
    room: usize,
}

impl Finder<'_> {
    /// A URL in a path ends with its segment if its slashes are escaped, else it takes the outer query along.
    fn path(&mut self, path: &str, query: Option<&str>) {
        if !may_carry(path) {
            return;
        }
        if memchr(b'%', path.as_bytes()).is_some() {
            for segment in path.split('/').filter(|segment| may_carry(segment)) {
                self.rounds(segment, Tail::None);
            }
        }
        self.rounds(path, Tail::Query(query));
    }

    fn parameters(&mut self, text: &str) {
        // Without early exit the compiler makes wide comparisons of it; most queries are short and carry nothing.
        let hint = |byte: u8| matches!(byte, b':' | b'%' | b'/' | b'\\');
        if !text.bytes().fold(false, |seen, byte| seen | hint(byte)) {
            return;
        }
        let mut at = 0;
        for pair in text.split('&') {
            let after = text.get(at + pair.len()..).unwrap_or_default();
            at += pair.len() + 1;
            let value = memchr(b'=', pair.as_bytes()).and_then(|equals| pair.get(equals + 1..));
            self.whole_value(value.unwrap_or(pair));
            if may_carry(pair) {
                self.rounds(pair, Tail::Parameters(after));
            }
        }
    }

    /// A value that is a URL without a scheme, or with a scheme and no slashes, as browsers take it.
    fn whole_value(&mut self, value: &str) {
        let mut value = Cow::Borrowed(value.trim_start_matches('+'));
        if !value.starts_with(['/', '\\', '%', 'h', 'H']) && !self.starts_app(&value) {
            return;
        }
        for _ in 0..ROUNDS_MAX {
            if let Some((scheme, rest)) = value.split_once(':').filter(|(scheme, _)| self.is_app(scheme)) {
                self.give(&format!("{scheme}://{}", rest.trim_start_matches('/')));
                return;
            }
            if value.starts_with(['/', '\\']) || has_bare_scheme(&value) {
                if let Some(url) = mend(&value) {
                    self.give(&url);
                }
                return;
            }
            let Some(once) = unescaped(&value) else {
                return;
            };
            value = Cow::Owned(once);
        }
    }

    /// Looks for URLs in the text and under its escapes. What one round has found hides nothing: the next rounds look at
    /// what stands before it, and what stands inside it is found when it is looked at itself.
    fn rounds(&mut self, text: &str, tail: Tail<'_>) {
        let first = self.scan(text, tail);
        let mut layer = Cow::Borrowed(text.get(..first).unwrap_or(text));
        for _ in 0..ROUNDS_MAX {
            if self.reach == Reach::Cut || !may_carry(&layer) {
                return;
            }
            let Some(mut once) = unescaped(&layer) else {
                return;
            };
            once.truncate(self.scan(&once, tail.of_decoded()));
            layer = Cow::Owned(once);
        }
        if may_carry(&layer) && unescaped(&layer).is_some() {
            self.reach = Reach::Cut;
        }
    }

    /// Gives every URL in the text, each up to its end, and returns where the first starts.
    fn scan(&mut self, text: &str, tail: Tail<'_>) -> usize {
        let mut first = text.len();
        for colon in memchr_iter(b':', text.as_bytes()) {
            let Some(at) = scheme_start(text, colon).or_else(|| self.app_start(text, colon)) else {
                continue;
            };
            first = first.min(at);
            if self.reach == Reach::Cut {
                break;
            }
            let found = text.get(at..).unwrap_or_default();
            self.give_with(found, tail);
        }
        first
    }

    /// Where the scheme of an app starts before a colon that a slash follows.
    fn app_start(&self, text: &str, colon: usize) -> Option<usize> {
        if text.as_bytes().get(colon + 1..)?.first() != Some(&b'/') {
            return None;
        }
        let before = text.as_bytes().get(..colon)?;
        let letters = before.iter().rev().take(SCHEME_MAX_BYTES + 1).take_while(|byte| is_scheme_byte(**byte)).count();
        let at = colon - letters;
        self.is_app(text.get(at..colon)?).then_some(at)
    }

    /// Whether the value begins with the scheme of an app and a colon, plain or escaped.
    fn starts_app(&self, value: &str) -> bool {
        let end = memchr2(b':', b'%', value.as_bytes());
        end.and_then(|end| value.get(..end)).is_some_and(|scheme| self.is_app(scheme))
    }

    fn is_app(&self, scheme: &str) -> bool {
        self.schemes.iter().any(|known| known.eq_ignore_ascii_case(scheme))
    }

    fn give_with(&mut self, text: &str, tail: Tail<'_>) {
        let found = until_end(text);
        match tail {
            _ if found.len() < text.len() => self.give(found),
            Tail::Query(Some(query)) => self.give(&format!("{found}?{}", until_end(query))),
            // Unescaped parameters after a question mark may belong to either URL; ones too many do no harm.
            Tail::Parameters(after) if memchr(b'?', found.as_bytes()).is_some() => {
                self.give(&format!("{found}{}", until_end(after)));
            }
            _ => self.give(found),
        }
    }

    /// A plus sign is a space to a form and itself to everybody else: both readings are given.
    fn give(&mut self, found: &str) {
        let found = until_end(found);
        self.give_one(found);
        if let Some(plus) = memchr(b'+', found.as_bytes()) {
            self.give_one(found.get(..plus).unwrap_or_default());
        }
    }

    fn give_one(&mut self, url: &str) {
        let url = url.trim_end_matches(['.', ',', ';', ':', '!', ')', '\'', '+']);
        let Some(room) = self.room.checked_sub(url.len()) else {
            self.reach = Reach::Cut;
            return;
        };
        self.room = room;
        let Some(url) = mend(url) else { return };
        if self.out.len() - self.start < NESTED_MAX {
            push(url, self.start, self.out);
        } else if !self.out.iter().skip(self.start).any(|known| *known == url) {
            self.reach = Reach::Cut;
        }
    }
}

/// What may follow a URL that runs to the end of its text.
#[derive(Clone, Copy)]
enum Tail<'u> {
    None,
    Query(Option<&'u str>),
    Parameters(&'u str),
}

impl Tail<'_> {
    /// Behind escaped text, parameters are the outer URL's.
    fn of_decoded(self) -> Self {
        match self {
            Self::Parameters(_) => Self::None,
            other => other,
        }
    }
}

/// Whether a colon, an escape of one, or an escape that hides either stands in the text, or two escaped slashes.
fn may_carry(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some(first) = memchr2(b':', b'%', bytes) else {
        return false;
    };
    let rest = bytes.get(first..).unwrap_or_default();
    memchr(b':', rest).is_some() || memchr_iter(b'%', rest).any(|at| hides_url(rest.get(at + 1..)))
}

/// `%3a`, `%25`, `%2f` or `%5c` after the percent sign.
fn hides_url(escape: Option<&[u8]>) -> bool {
    matches!(escape, Some([b'3', b'a' | b'A', ..] | [b'2', b'5' | b'f' | b'F', ..] | [b'5', b'c' | b'C', ..]))
}

/// Where `http` or `https` starts before a colon that a slash follows.
fn scheme_start(text: &str, colon: usize) -> Option<usize> {
    let after = text.as_bytes().get(colon + 1)?;
    if !matches!(after, b'/' | b'\\') {
        return None;
    }
    ["https", "http"].into_iter().find_map(|scheme| {
        let at = colon.checked_sub(scheme.len())?;
        text.get(at..colon)?.eq_ignore_ascii_case(scheme).then_some(at)
    })
}

fn is_scheme_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

/// One round of escapes undone, if there is any.
fn unescaped(text: &str) -> Option<String> {
    match percent_once(text) {
        Cow::Owned(once) if once != text => Some(once),
        _ => None,
    }
}

/// Whether a host stands right behind `http:` or `https:`.
fn has_bare_scheme(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once(':') else {
        return false;
    };
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    is_web && rest.contains('.') && rest.starts_with(|first: char| first.is_ascii_alphanumeric())
}

fn until_end(text: &str) -> &str {
    let end = text.bytes().position(|byte| byte <= b' ' || matches!(byte, b'"' | b'<' | b'>' | b'`' | 0x7f));
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// Longer names are no scheme that is looked for.
const SCHEME_MAX_BYTES: usize = 32;
/// How many rounds of escapes are undone.
const ROUNDS_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn embedded(path: &str, query: &str, fragment: &str) -> (Vec<String>, Reach) {
        let mut out = Vec::new();
        let part = |text| Some(text).filter(|text: &&str| !text.is_empty());
        let parts =
            Parts { scheme: "https", host: "outer.example", path, query: part(query), fragment: part(fragment) };
        let reach = embedded_into(&parts, &["tg".into(), "ftp".into()], &mut out);
        (out, reach)
    }

    fn check(path: &str, query: &str, expected: &[&str]) {
        assert_eq!(embedded(path, query, ""), (expected.iter().map(ToString::to_string).collect(), Reach::Whole));
    }

    #[test]
    fn in_queries() {
        let query = |query, expected: &[&str]| check("/", query, expected);
        let a = "https://listed.example/a";
        query("u=https://listed.example/a", &[a]);
        query("u=https%3A%2F%2Flisted.example%2Fa&x=1", &[a]);
        query("u=https%253A%252F%252Flisted.example%252Fa", &[a]);
        query("u=%68ttps:%2f/listed.example/a", &[a]);
        query("u=HTTPS:/listed.example/a", &[a]);
        query("u=https:%5C%5Clisted.example/a", &[a]);
        query("https://listed.example/a", &[a]);
        query("x=1&u=https://listed.example/a?b=1&c=2", &["https://listed.example/a?b=1&c=2"]);
        query("u=https%3A%2F%2Flisted.example%2Fa%3Fb%3D1%26c%3D2&x=1", &["https://listed.example/a?b=1&c=2"]);
        query("u=https%3A%2F%2Flisted.example%2Fa%2523b", &["https://listed.example/a%23b"]);
        query("text=look:+https%3A%2F%2Flisted.example%2Fa,+now", &["https://listed.example/a,+now", a]);
        query("text=look%20https%3A%2F%2Flisted.example%2Fa%20now", &[a]);
        query("next=//listed.example/a", &["http://listed.example/a"]);
        query("next=%2F%2Flisted.example%2Fa", &["http://listed.example/a"]);
        query("next=https:listed.example/a", &[a]);
        query("u=http://a.test/http://b.test/", &["http://a.test/http://b.test/", "http://b.test/"]);
        query("u=http%253A%252F%252Fa.test&v=http://b.test", &["http://a.test", "http://b.test"]);
        query("u=http%253A%252F%252Fa.test+http://b.test", &["http://b.test", "http://a.test"]);
    }

    #[test]
    fn in_paths() {
        let a = "https://listed.example/a";
        check("/x/https://listed.example/a", "", &[a]);
        check("/x/https:/listed.example/a", "", &[a]);
        check("/x/https%3A%2F%2Flisted.example%2Fa", "", &[a]);
        check("/%68ttps://listed.example/a", "", &[a]);
        check("/x/https%3A%2F%2Flisted.example%2Fa/y", "", &[a, "https://listed.example/a/y"]);
        check("/x/https://listed.example/a", "b=1", &["https://listed.example/a?b=1"]);
    }

    #[test]
    fn links_of_apps() {
        let join = "tg://join?invite=AbC";
        check("/", "u=tg://join?invite=AbC", &[join]);
        check("/", "u=tg%3A%2F%2Fjoin%3Finvite%3DAbC&x=1", &[join]);
        check("/", "u=TG:join?invite=AbC", &["TG://join?invite=AbC"]);
        check("/", "u=tg%253Ajoin%253Finvite%253DAbC", &[join]);
        check("/", "u=tg://resolve?domain=a&post=12", &["tg://resolve?domain=a", "tg://resolve?domain=a&post=12"]);
        check("/x/tg://join", "invite=AbC", &[join]);
        check("/x/tg%3A%2F%2Fjoin%3Finvite=AbC", "", &[join]);
        check("/", "u=ftp://listed.example/a", &["ftp://listed.example/a"]);
        assert_eq!(embedded("/", "", "?tgaddr=tg%3A%2F%2Fjoin%3Finvite%3DAbC").0, [join]);
        for query in ["u=xtg://join", "u=tgx://join", "u=tg", "u=a:tg", "u=tg.example:80", "tg=1", "u=app://join"] {
            check("/", query, &[]);
        }
    }

    #[test]
    fn in_fragments() {
        let (out, _) = embedded("/", "", "!/go?u=https%3A%2F%2Flisted.example%2Fa");
        assert_eq!(out, ["https://listed.example/a"]);
    }

    #[test]
    fn nothing_inside() {
        for path in ["/", "/http/listed.example", "/a:b/c%20d", "/a//b.example/c", "/https", "/x:/y", "/%3A%2F%2F"] {
            check(path, "", &[]);
        }
        for query in ["a=1&b=2", "t=12:30", "u=/local//path", "u=//", "p=http", "u=ftp.example", "x=%zz%2", "=&&=%"] {
            check("/", query, &[]);
        }
    }

    #[test]
    fn one_past_the_limit_is_told() {
        let query =
            |count| (0..count).map(|number| format!("u{number}=http://a{number}.test/")).collect::<Vec<_>>().join("&");
        assert_eq!(embedded("/", &query(NESTED_MAX), "").1, Reach::Whole);
        let (out, reach) = embedded("/", &query(NESTED_MAX + 1), "");
        assert_eq!((out.len(), reach), (NESTED_MAX, Reach::Cut));
        let deep = format!("u=http%{}3A//a.test", "25".repeat(ROUNDS_MAX + 1));
        assert_eq!(embedded("/", &deep, "").1, Reach::Cut);
    }

    #[test]
    fn hostile_input_takes_linear_time() {
        for unit in ["http://", "%25", "%68ttp:", "&u=//", "&u=%2f%2f", "::", "/http%3A%2F%2F"] {
            let time = |bytes: usize| {
                let text = format!("/{}", unit.repeat(bytes / unit.len()));
                let start = std::time::Instant::now();
                let _ = embedded(&text, &text, &text);
                start.elapsed()
            };
            let (small, large) = (time(1 << 18).max(time(1 << 18)), time(1 << 20));
            assert!(large < small * 16 + std::time::Duration::from_millis(50), "{unit}: {small:?} {large:?}");
        }
    }
}
