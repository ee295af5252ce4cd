//! Public suffixes: where the part of a host begins that somebody has registered.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use publicsuffix::{List, Psl};

/// The Public Suffix List, its two sections side by side.
///
/// Feed it canonical hosts. IP literals, single labels and names with empty labels have no registrable domain. Unicode and
/// punycode spellings are both known; the answer is always a piece of what was asked.
pub struct Suffixes {
    icann: List,
    private: List,
}

/// Why a text is not a public suffix list.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SuffixError {
    /// Without its section markers the list cannot tell registries from hosting companies.
    #[error("the section marker `{0}` is missing; take the list as it is published")]
    SectionMissing(&'static str),
    /// A rule that the list format does not allow.
    #[error("a rule of the {section} section is malformed ({reason}); take the list as it is published")]
    Rule {
        /// The section of the rule.
        section: &'static str,
        /// What the parser says: its error is none that could be a source.
        reason: String,
    },
}

impl Suffixes {
    /// Reads a list in its published format, both sections.
    pub fn parse(text: &str) -> Result<Self, SuffixError> {
        if !text.contains(ICANN_MARKER) {
            return Err(SuffixError::SectionMissing(ICANN_MARKER));
        }
        let cut = text
            .find(PRIVATE_MARKER)
            .and_then(|at| text.get(..at)?.rfind('\n'))
            .ok_or(SuffixError::SectionMissing(PRIVATE_MARKER))?;
        let (icann, private) = text.split_at(cut);
        Ok(Self { icann: section(icann, "ICANN")?, private: section(private, "private")? })
    }

    /// The registrable domain: the public suffix and one label.
    pub fn registrable<'h>(&self, host: &'h str) -> Option<&'h str> {
        self.registrable_by(host, Self::suffix_len)
    }

    /// The public suffix of a host; of a single label only if a registry runs it.
    pub fn suffix<'h>(&self, host: &'h str) -> Option<&'h str> {
        let name = name(host)?;
        let len = self.suffix_len(&name);
        if len == host.len() && !self.is_listed(&name) {
            return None;
        }
        host.get(host.len().checked_sub(len)?..)
    }

    /// The host without its registry's suffix and the dot before it.
    pub(super) fn icann_head<'h>(&self, host: &'h str) -> Option<&'h str> {
        host.strip_suffix(self.icann_suffix(host)?)?.strip_suffix('.')
    }

    /// The public suffix under the rules of registries alone.
    pub fn icann_suffix<'h>(&self, host: &'h str) -> Option<&'h str> {
        let len = self.icann_len(&name(host)?);
        host.get(host.len().checked_sub(len)?..)
    }

    /// The first label of the registrable domain under the rules of registries alone.
    pub fn icann_label<'h>(&self, host: &'h str) -> Option<&'h str> {
        first_label(self.registrable_by(host, Self::icann_len)?)
    }

    /// The first label of the registrable domain, customers of hosting companies included.
    pub fn private_label<'h>(&self, host: &'h str) -> Option<&'h str> {
        first_label(self.registrable(host)?)
    }

    /// Whether the host is itself a listed public suffix, so that everything below it belongs to strangers.
    pub fn is_public_suffix(&self, host: &str) -> bool {
        name(host).is_some_and(|name| self.suffix_len(&name) == name.len() && self.is_listed(&name))
    }

    fn registrable_by<'h>(&self, host: &'h str, suffix_len: fn(&Self, &str) -> usize) -> Option<&'h str> {
        let name = name(host)?;
        let before = name.len().checked_sub(suffix_len(self, &name) + 1)?;
        let start = name.get(..before)?.rfind('.').map_or(0, |dot| dot + 1);
        host.get(start..).filter(|_| start < before)
    }

    /// The longer of both sections' answers; a rule of the private section always goes below one of a registry.
    fn suffix_len(&self, name: &str) -> usize {
        let private = self.private.find(labels(name));
        let icann = self.icann_len(name);
        if private.typ.is_some() { private.len.max(icann) } else { icann }
    }

    fn icann_len(&self, name: &str) -> usize {
        self.icann.find(labels(name)).len
    }

    fn is_listed(&self, name: &str) -> bool {
        self.icann.find(labels(name)).typ.is_some() || self.private.find(labels(name)).typ.is_some()
    }
}

fn section(text: &str, section: &'static str) -> Result<List, SuffixError> {
    text.parse().map_err(|error: publicsuffix::Error| SuffixError::Rule { section, reason: error.to_string() })
}

/// The host as the lists want it, or nothing for what is not a name. Lengths stay the same, so that answers can be cut
/// from the host as it was given.
fn name(host: &str) -> Option<Cow<'_, str>> {
    let odd = host.is_empty()
        || host.starts_with(['.', '['])
        || host.ends_with('.')
        || host.contains("..")
        || host.contains(':');
    if odd || is_ipv4(host) {
        return None;
    }
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Some(Cow::Owned(host.to_ascii_lowercase()));
    }
    Some(Cow::Borrowed(host))
}

fn is_ipv4(host: &str) -> bool {
    host.ends_with(|last: char| last.is_ascii_digit()) && host.parse::<Ipv4Addr>().is_ok()
}

fn labels(name: &str) -> impl Iterator<Item = &[u8]> {
    name.as_bytes().rsplit(|byte| *byte == b'.')
}

fn first_label(domain: &str) -> Option<&str> {
    domain.split('.').next()
}

const ICANN_MARKER: &str = "===BEGIN ICANN DOMAINS===";
const PRIVATE_MARKER: &str = "===BEGIN PRIVATE DOMAINS===";

#[cfg(test)]
mod tests {
    use super::*;

    fn suffixes() -> Suffixes {
        Suffixes::parse(include_str!("../../lists/public_suffix_list.dat")).unwrap()
    }

    #[test]
    fn registrable_domains() {
        let suffixes = suffixes();
        let check = |host, expected: Option<&str>| {
            assert_eq!(suffixes.registrable(host), expected, "{host}");
        };
        check("a.b.listed.example", Some("listed.example"));
        check("listed.example", Some("listed.example"));
        check("a.b.example.co.uk", Some("example.co.uk"));
        check("someone.github.io", Some("someone.github.io"));
        check("www.city.kobe.jp", Some("city.kobe.jp"));
        check("www.食狮.公司.cn", Some("食狮.公司.cn"));
        check("www.xn--85x722f.xn--55qx5d.cn", Some("xn--85x722f.xn--55qx5d.cn"));
        check("Listed.EXAMPLE", Some("Listed.EXAMPLE"));
        for none in [
            "",
            ".",
            "com",
            "co.uk",
            "github.io",
            "example",
            ".listed.example",
            "a..example",
            "listed.example.",
            "192.0.2.1",
            "[2001:db8::1]",
            "2001:db8::1",
        ] {
            check(none, None);
        }
    }

    #[test]
    fn labels_under_each_section() {
        let suffixes = suffixes();
        assert_eq!(suffixes.icann_label("a.someone.github.io"), Some("github"));
        assert_eq!(suffixes.private_label("a.someone.github.io"), Some("someone"));
        assert_eq!(suffixes.icann_label("www.listed.co.uk"), Some("listed"));
        assert_eq!(suffixes.icann_label("co.uk"), None);
        assert_eq!(suffixes.icann_label("192.0.2.1"), None);
    }

    #[test]
    fn suffixes_themselves() {
        let suffixes = suffixes();
        for suffix in ["com", "co.uk", "github.io", "c.mm"] {
            assert!(suffixes.is_public_suffix(suffix), "{suffix}");
            assert_eq!(suffixes.suffix(suffix), Some(suffix));
        }
        for other in ["localhost", "example", "listed.example", "city.kobe.jp", "192.0.2.1"] {
            assert!(!suffixes.is_public_suffix(other), "{other}");
        }
        assert_eq!(suffixes.suffix("localhost"), None);
        assert_eq!(suffixes.suffix("listed.example"), Some("example"));
    }

    #[test]
    fn a_list_without_markers_is_refused() {
        for text in ["", "com\nnet\n", "// ===BEGIN ICANN DOMAINS===\ncom\n"] {
            assert!(matches!(Suffixes::parse(text), Err(SuffixError::SectionMissing(_))));
        }
    }
}
