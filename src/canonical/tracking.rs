//! Query parameters that only tell who shared a link, and never which page it is.

use foldhash::{HashMap, HashSet};

use super::alias::Aliases;
use super::wrapper::Wrappers;

/// The table of tracking parameters.
///
/// Names are compared exactly as written. A parameter that a wrapper or alias rule reads on a host is not tracking there.
#[derive(Default)]
pub(super) struct Tracking {
    names: HashSet<Box<str>>,
    prefixes: Vec<Box<str>>,
    by_host: HashMap<Box<str>, Vec<Box<str>>>,
}

/// Why a row of the table cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrackingError {
    /// Not of one of the three forms.
    #[error("line {line}: write `name`, `prefix*` or `name@host`, one a line")]
    Row {
        /// The line, counted from one.
        line: usize,
    },
}

impl Tracking {
    pub(super) fn parse(text: &str) -> Result<Self, TrackingError> {
        let mut tracking = Self::default();
        for (number, line) in text.lines().enumerate() {
            let row = line.split('#').next().unwrap_or_default().trim();
            if !row.is_empty() {
                tracking.add(row).ok_or(TrackingError::Row { line: number + 1 })?;
            }
        }
        tracking.prefixes.sort();
        Ok(tracking)
    }

    fn add(&mut self, row: &str) -> Option<()> {
        let plain = |text: &str| !text.is_empty() && !text.contains(['*', '@', '=', '&', ' ', '\t']);
        if let Some((name, host)) = row.split_once('@') {
            (plain(name) && plain(host)).then_some(())?;
            self.by_host.entry(host.into()).or_default().push(name.into());
        } else if let Some(prefix) = row.strip_suffix('*') {
            // Shorter prefixes would eat names that mean something.
            (plain(prefix) && prefix.len() >= PREFIX_MIN).then_some(())?;
            self.prefixes.push(prefix.into());
        } else {
            plain(row).then_some(())?;
            self.names.insert(row.into());
        }
        Some(())
    }

    /// Whether the parameter is tracking on that host or everywhere.
    fn is_listed(&self, name: &str, host: &str) -> bool {
        self.names.contains(name)
            || self.prefixes.iter().any(|prefix| name.starts_with(&**prefix))
            || self.is_listed_for(name, host)
    }

    /// Rows for a host hold for everything below it.
    fn is_listed_for(&self, name: &str, host: &str) -> bool {
        if self.by_host.is_empty() {
            return false;
        }
        let dots = host.match_indices('.').map(|(dot, _)| dot + 1);
        std::iter::once(0)
            .chain(dots)
            .filter_map(|at| self.by_host.get(host.get(at..)?))
            .flatten()
            .any(|known| **known == *name)
    }
}

/// Tracking parameters, as they count beside the rules that read parameters.
#[derive(Clone, Copy)]
pub struct TrackingView<'t> {
    pub(super) tracking: &'t Tracking,
    pub(super) wrappers: &'t Wrappers,
    pub(super) aliases: &'t Aliases,
}

impl TrackingView<'_> {
    /// Whether the parameter of a link to that host can be left out of every comparison.
    pub fn is_tracking(&self, name: &str, host: &str) -> bool {
        self.tracking.is_listed(name, host) && !self.wrappers.reads(host, name) && !self.aliases.reads(host, name)
    }
}

const PREFIX_MIN: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        let tracking = Tracking::parse("# head\nfbclid # why\nutm_*\nsi@music.test\n").unwrap();
        let check = |name, host, expected| assert_eq!(tracking.is_listed(name, host), expected, "{name}");
        check("fbclid", "a.test", true);
        check("utm_source", "a.test", true);
        check("utm", "a.test", false);
        check("FBCLID", "a.test", false);
        check("si", "music.test", true);
        check("si", "www.music.test", true);
        check("si", "notmusic.test", false);
        check("id", "music.test", false);
    }

    #[test]
    fn bad_rows() {
        for bad in ["*", "u*", "a*b", "@host.test", "a@", "a b", "a=b"] {
            let parsed = Tracking::parse(&format!("fbclid\n{bad}\n"));
            assert!(matches!(parsed, Err(TrackingError::Row { line: 2 })), "{bad}");
        }
    }
}
