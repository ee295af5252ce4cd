//! Hosts whose links say nothing about where they lead until they are asked.

use foldhash::HashMap;

use crate::canonical::{self, HostKind};

/// Lines of a table of shorteners, at most.
pub const SHORTENERS_MAX: usize = 100_000;

/// The table of hosts that are asked where their links lead.
///
/// ```
/// # use linkgate::fetch::{Kind, Shorteners};
/// let shorteners = Shorteners::parse("short.example\nlinks.example page # of profiles\n")?;
/// assert_eq!(shorteners.kind("short.example"), Some(Kind::Shortener));
/// assert_eq!(shorteners.kind("www.links.example"), Some(Kind::Page));
/// assert_eq!(shorteners.kind("other.example"), None);
/// # Ok::<(), linkgate::fetch::ShortenersError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Shorteners {
    /// By canonical host, without `www.`.
    kinds: HashMap<Box<str>, Kind>,
}

/// How a host tells where its links lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// By redirects.
    Shortener,
    /// By redirects, or by links in the page that it answers with.
    Page,
}

/// Why a table of shorteners cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShortenersError {
    /// A line is not a host, or has more behind it than `page`.
    #[error(
        "line {line} of the table of shorteners cannot be read: write `host.example` or `host.example page`, one a line"
    )]
    Line {
        /// The line, counted from one. Its text is not told: a list may have been given by mistake.
        line: usize,
    },
    /// There are more than [`SHORTENERS_MAX`] lines.
    #[error("the table of shorteners has more than {SHORTENERS_MAX} lines: name only hosts that shorten links")]
    Lines,
}

impl Shorteners {
    /// The table that comes with the program. A test holds that it can be read.
    pub fn shipped() -> Self {
        Self::parse(include_str!("../../lists/shorteners.txt")).unwrap_or_default()
    }

    /// Reads a table: one host a line, `page` behind it where pages are read, `#` before remarks.
    pub fn parse(text: &str) -> Result<Self, ShortenersError> {
        let mut shorteners = Self::default();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (number, line) in text.lines().enumerate() {
            if number >= SHORTENERS_MAX {
                return Err(ShortenersError::Lines);
            }
            let row = line.split('#').next().unwrap_or_default().trim();
            if !row.is_empty() {
                shorteners.add(row).ok_or(ShortenersError::Line { line: number + 1 })?;
            }
        }
        Ok(shorteners)
    }

    fn add(&mut self, row: &str) -> Option<()> {
        let mut words = row.split_ascii_whitespace();
        let host = canonical_host(words.next()?)?;
        let kind = match words.next() {
            None => Kind::Shortener,
            Some("page") => Kind::Page,
            Some(_) => return None,
        };
        // Of two rows for a host, the one with which more is read counts.
        let known = self.kinds.entry(without_www(&host).into()).or_insert(kind);
        *known = kind.max(*known);
        words.next().is_none().then_some(())
    }

    /// What the host is, given in its canonical spelling; `None` for all hosts that are never asked.
    pub fn kind(&self, host: &str) -> Option<Kind> {
        self.kinds.get(without_www(host)).copied()
    }

    /// Hosts in the table; a `www.` twin does not count.
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Whether no host is ever asked.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }
}

/// The name as links to it have it; `None` if it is anything but the name of a public host.
fn canonical_host(text: &str) -> Option<String> {
    let is_bare = !text.contains(['/', '\\', '?', '@', ':', '*', '%', '[', ']', ',']);
    let url = canonical::canonical(&format!("http://{text}/")).filter(|_| is_bare)?;
    (url.host_kind() == HostKind::Name && url.host().contains('.')).then(|| url.host().to_owned())
}

/// The host without its `www.`, unless that leaves a top level.
fn without_www(host: &str) -> &str {
    host.strip_prefix("www.").filter(|rest| rest.contains('.')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of that host under that table.
    fn check(table: &str, host: &str, expected: Option<Kind>) {
        assert_eq!(Shorteners::parse(table).unwrap().kind(host), expected, "{table:?} {host}");
    }

    const SHORTENER: Option<Kind> = Some(Kind::Shortener);
    const PAGE: Option<Kind> = Some(Kind::Page);

    #[test]
    fn hosts_are_found_as_they_stand() {
        for (table, host, expected) in [
            ("short.example", "short.example", SHORTENER),
            ("short.example page", "short.example", PAGE),
            ("short.example\tpage  # a remark", "short.example", PAGE),
            ("  SHORT.Example.  ", "short.example", SHORTENER),
            ("\u{feff}short.example", "short.example", SHORTENER),
            ("kürz.example", "xn--krz-hoa.example", SHORTENER),
            ("short.example\r\nother.example page\r\n", "other.example", PAGE),
            ("short.example", "www.short.example", SHORTENER),
            ("www.short.example", "short.example", SHORTENER),
            ("www.example page", "www.example", PAGE),
            ("one.example page\none.example", "one.example", PAGE),
            ("www.one.example\none.example page", "one.example", PAGE),
            ("# short.example", "short.example", None),
            ("", "short.example", None),
            ("short.example", "example", None),
            ("short.example", "a.short.example", None),
            ("short.example", "www.www.short.example", None),
            ("short.example", "notshort.example", None),
            ("short.example", "short.example.test", None),
            ("short.example", "www.example", None),
            ("short.example", "", None),
            ("www.example", "example", None),
            ("short.example", "wwwshort.example", None),
        ] {
            check(table, host, expected);
        }
    }

    #[test]
    fn what_is_no_host_is_refused_by_its_line() {
        for row in [
            "short",
            "localhost",
            "*.short.example",
            "short.*",
            "https://short.example",
            "short.example/x",
            "short.example\\x",
            "short.example:80",
            "me@short.example",
            "short.example?x",
            "short.example pages",
            "short.example Page",
            "short.example page page",
            "short.example,page",
            "page short.example",
            "192.0.2.1",
            "0xC0.0.2.1",
            "[2001:db8::1]",
            "a b.example",
            "short%2Eexample",
            ".",
            "..",
        ] {
            let text = format!("# head\n\nfine.example\n{row}\nalso-fine.example\n");
            let error = Shorteners::parse(&text).unwrap_err();
            assert_eq!(error, ShortenersError::Line { line: 4 }, "{row}");
            assert!(!error.to_string().contains(row) || row.len() < 3 || row == "short", "{error}");
        }
    }

    #[test]
    fn there_is_a_limit_on_lines() {
        let many = "# a remark\n".repeat(SHORTENERS_MAX - 1) + "short.example\n";
        check(&many, "short.example", SHORTENER);
        assert_eq!(Shorteners::parse(&(many + "# one more\n")).unwrap_err(), ShortenersError::Lines);
    }

    #[test]
    fn the_shipped_table_knows_shorteners_and_no_strangers() {
        let shipped = Shorteners::shipped();
        assert!(shipped.len() > 350 && !shipped.is_empty());
        assert!(Shorteners::default().is_empty());
        for host in ["bit.ly", "www.bit.ly", "tinyurl.com", "is.gd", "buff.ly", "maps.app.goo.gl"] {
            assert_eq!(shipped.kind(host), SHORTENER, "{host}");
        }
        for host in ["linktr.ee", "adf.ly", "t.co", "linkvertise.com", "www.beacons.ai"] {
            assert_eq!(shipped.kind(host), PAGE, "{host}");
        }
        for host in ["app.goo.gl", "google.com", "example.com", "ly", "x.bit.ly", "listed.test", "www.com"] {
            assert_eq!(shipped.kind(host), None, "{host}");
        }
    }
}
