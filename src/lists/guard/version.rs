//! Versions as lists state them: which of two is the older one.

use std::cmp::Ordering;

use crate::lists::date::{self, Day};

/// How `new` stands to `base`; `None` if they cannot be compared.
///
/// Dates and moments compare as such, numbers by their parts: `1.10` comes after `1.9`.
pub(super) fn compare(base: &str, new: &str) -> Option<Ordering> {
    match (Version::read(base)?, Version::read(new)?) {
        (Version::Moment(base), Version::Moment(new)) => Some(new.cmp(&base)),
        (Version::Parts(base), Version::Parts(new)) => Some(new.cmp(&base)),
        _ => None,
    }
}

/// Whether it is a number or a date at all.
pub(super) fn is_comparable(text: &str) -> bool {
    Version::read(text).is_some()
}

enum Version {
    Moment(i64),
    Parts(Vec<u64>),
}

impl Version {
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        // A bare number could be seconds, a serial or a count: it compares as a number.
        if text.contains(['-', ':'])
            && let Some(moment) = date::seconds(text, Day::Begins)
        {
            return Some(Self::Moment(moment));
        }
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let parts: Option<Vec<u64>> = text.split(['.', '-', '_', ' ']).map(|part| part.parse().ok()).collect();
        parts.map(|mut parts| {
            // `2` and `2.0` are one.
            while parts.len() > 1 && parts.last() == Some(&0) {
                parts.pop();
            }
            Self::Parts(parts)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_and_newer() {
        use Ordering::{Equal, Greater, Less};
        for (base, new, expected) in [
            ("7", "6", Some(Less)),
            ("7", "7", Some(Equal)),
            ("7", "8", Some(Greater)),
            ("9", "10", Some(Greater)),
            ("1.9", "1.10", Some(Greater)),
            ("1.9", "1.9.1", Some(Greater)),
            ("2.0", "2", Some(Equal)),
            ("v3", "2", Some(Less)),
            ("0", "0", Some(Equal)),
            ("2026010102", "2026010101", Some(Less)),
            ("2026-01-02", "2026-01-01", Some(Less)),
            ("2026-01-31", "2026-02-01", Some(Greater)),
            ("2026-01-01T12:00:00Z", "2026-01-01T12:00:00+01:00", Some(Less)),
            ("2026-01-01", "2026-01-01T00:00:01Z", Some(Greater)),
            ("20260101", "2026-01-02", None),
            ("7", "soon", None),
            ("", "7", None),
            ("7", "", None),
            ("7", "99999999999999999999999", None),
        ] {
            assert_eq!(compare(base, new), expected, "{base} {new}");
        }
    }
}
